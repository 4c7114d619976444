import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { studio } from './harness.ts';

const built = fileURLToPath(new URL('../../dist/studio', import.meta.url));
const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** A host that knows nothing of the studio, and sends no headers but the type. */
const plain = createServer((request, response) => {
  const path = new URL(request.url!, 'http://localhost').pathname;
  const file = join(built, path === '/' ? 'index.html' : path);
  response.setHeader('Content-Type', types[extname(file)] ?? 'application/octet-stream');
  createReadStream(file)
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});
beforeAll(() => new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  plain.close();
  plain.closeAllConnections();
});

/** Large enough that its products are shared out. */
const LARGE = '#/mnist?e=digits-train%3D1000~validation%3D200~hidden%3D512,256~epochs%3D1';

async function trained(page: Page): Promise<{ readonly threads: string; readonly sha256: string }> {
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await page.getByText('Done: all epochs were trained.').waitFor({ timeout: 90_000 });
  await page.locator('.print code').waitFor();
  return {
    threads: (await page.locator('dt', { hasText: 'Threads at work' }).locator('+ dd').textContent())!,
    sha256: (await page.locator('.print code').textContent())!,
  };
}

describe('the MNIST lab', () => {
  const served = studio();
  const anywhere = studio(() => `http://localhost:${(plain.address() as AddressInfo).port}/`);

  test('trains on several threads where the page is isolated, and on one anywhere else, which it says, to the same bits', async () => {
    const isolated = await served.open(LARGE);
    const many = await trained(isolated);
    expect(await isolated.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(Number(many.threads) > 1).toBe(availableParallelism() > 1);
    expect(await isolated.getByText('One thread trains').count()).toBe(0);
    await isolated.close();

    const alone = await anywhere.open(LARGE);
    const one = await trained(alone);
    expect(await alone.evaluate(() => crossOriginIsolated)).toBe(false);
    expect(one.threads).toBe('1');
    expect(await alone.getByText('One thread trains').count()).toBe(1);
    expect(one.sha256).toBe(many.sha256);
  });
});
