import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLoopback, studioServer } from './server.ts';

const root = mkdtempSync(join(tmpdir(), 'chainrule-studio-'));
const folder = join(root, 'studio');
mkdirSync(join(folder, 'assets'), { recursive: true });
mkdirSync(join(root, 'studio-other'));
writeFileSync(join(folder, 'index.html'), '<!doctype html>');
writeFileSync(join(folder, 'sw.js'), '// worker');
writeFileSync(join(folder, 'assets/index-AbCd1234.js'), 'export {};');
writeFileSync(join(folder, 'assets/font-AbCd1234.woff2'), 'font');
writeFileSync(join(folder, 'names with space.csv'), 'a,b');
writeFileSync(join(folder, '.hidden'), 'hidden');
writeFileSync(join(root, 'secret.txt'), 'secret');
writeFileSync(join(root, 'studio-other/secret.txt'), 'secret');
symlinkSync(join(root, 'secret.txt'), join(folder, 'link.txt'));
symlinkSync(root, join(folder, 'up'));
symlinkSync(join(folder, 'index.html'), join(folder, 'inside.html'));

const server = studioServer(folder, ['https://data.example']);
let port = 0;
beforeAll(
  () =>
    new Promise<void>(resolve =>
      server.listen(0, '127.0.0.1', () => {
        port = (server.address() as AddressInfo).port;
        resolve();
      }),
    ),
);
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(root, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The path goes out as it is written: no client tidies it up. */
function get(path: string, { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers: { host: `localhost:${port}`, ...headers } }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', text => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

describe('serves', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/index.html?x=1', 'text/html; charset=utf-8'],
    ['/assets/index-AbCd1234.js', 'text/javascript; charset=utf-8'],
    ['/assets/font-AbCd1234.woff2', 'font/woff2'],
    ['/names%20with%20space.csv', 'text/csv; charset=utf-8'],
    ['/inside.html', 'text/html; charset=utf-8'],
  ])('%s as %s', async (path, type) => {
    const { status, headers } = await get(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(type);
  });

  it('isolates the page, and lets it run and reach only what it must', async () => {
    const { headers } = await get('/');
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
    expect(headers['x-content-type-options']).toBe('nosniff');
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain("connect-src 'self' https://data.example;");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('keeps what has a hash in its name, and asks again for the rest', async () => {
    expect((await get('/assets/index-AbCd1234.js')).headers['cache-control']).toContain('immutable');
    for (const path of ['/', '/sw.js']) expect((await get(path)).headers['cache-control']).toBe('no-cache');
    const { headers } = await get('/');
    const again = await get('/', { headers: { 'if-none-match': headers.etag! } });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  it('answers HEAD without a body', async () => {
    const { status, body, headers } = await get('/', { method: 'HEAD' });
    expect([status, body, headers['content-length']]).toEqual([200, '', '15']);
  });
});

describe('serves nothing', () => {
  it.each([
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2E%2E%2Fsecret.txt',
    '/..%2fsecret.txt',
    '/assets/../../secret.txt',
    '/..%5csecret.txt',
    '/%252e%252e/secret.txt',
    '/../studio-other/secret.txt',
    '/link.txt',
    '/up/secret.txt',
    '/up/studio/index.html/../../secret.txt',
    '/.hidden',
    '/assets',
    '/assets/',
    '/nothing.js',
    '/index.html%00.js',
    '/%',
    '//etc/passwd',
    'http://elsewhere/secret.txt',
  ])('outside its folder, or that is not there: %s', async path => {
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  it.each(['evil.example', `evil.example:80`, 'localhost.evil.example', '127.0.0.1.evil.example', '0.0.0.0', '192.168.0.5'])(
    'under another name: %s',
    async host => {
      const { status, body, headers } = await get('/', { headers: { host } });
      expect([status, body]).toEqual([403, 'The studio answers to localhost only.\n']);
      expect(headers['content-security-policy']).toBeDefined();
    },
  );

  it('for other methods', async () => {
    const { status, headers } = await get('/', { method: 'POST' });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

it('knows the names of this machine', () => {
  for (const host of ['localhost', 'localhost:4270', 'LOCALHOST:1', '127.0.0.1:80', '127.8.8.8', '[::1]:4270', '[::1]'])
    expect(isLoopback(host)).toBe(true);
  for (const host of [undefined, '', 'localhost:', 'localhost:123456', 'xlocalhost', '1127.0.0.1', '::1'])
    expect(isLoopback(host)).toBe(false);
});
