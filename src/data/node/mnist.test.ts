import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../errors.ts';
import { encodeIdx } from '../idx.ts';
import { download } from './download.ts';
import { cacheFolder, findFile, readIdx, writeAtomically } from './files.ts';
import { mnist } from './mnist.ts';

const root = mkdtempSync(join(tmpdir(), 'chainrule-mnist-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;
const fresh = (): string => {
  const folder = join(root, String(counter++));
  mkdirSync(folder);
  return folder;
};

const images = (n: number): Uint8Array => encodeIdx(new Uint8Array(n * 784).fill(7), [n, 28, 28]);
const labels = (...values: number[]): Uint8Array => encodeIdx(Uint8Array.from(values), [values.length]);

function write(folder: string, files: Record<string, Uint8Array>): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  return folder;
}
const small = (): Record<string, Uint8Array> => ({
  'train-images-idx3-ubyte': images(3),
  'train-labels.idx1-ubyte': labels(1, 2, 3),
  't10k-images-idx3-ubyte.gz': gzipSync(images(2)),
  't10k-labels.idx1-ubyte.gz': gzipSync(labels(0, 9)),
});

// a folder of the person who runs the tests must not answer for the ones made here
beforeEach(() => void vi.stubEnv('CHAINRULE_DATA', ''));
afterEach(() => vi.unstubAllEnvs());

describe('a folder of IDX files', () => {
  it('is read under either naming, plain or gzip, directly or in a subfolder', async () => {
    for (const folder of ['.', 'mnist']) {
      const data = fresh();
      write(join(data, folder), small());
      const { train, test } = await mnist({ data });
      expect([train.length, test.length]).toEqual([3, 2]);
      expect([train.target(2), test.target(1)]).toEqual([3, 9]);
      expect(train.raw(0)[0]).toBe(7);
      expect(train.featureShape).toEqual([1, 28, 28]);
      expect(train.normalization).toEqual({ scale: 1 / 255, mean: 0.1307, std: 0.3081 });
      expect(train.provenance).toContain('not verified: train-images-idx3-ubyte, ');
    }
    const data = fresh();
    write(join(data, 'fashion-mnist'), small());
    vi.stubEnv('CHAINRULE_DATA', data);
    expect((await mnist({ fashion: true })).train.classNames[9]).toBe('Ankle boot');
  });

  it('says what is missing', async () => {
    const empty = fresh();
    await expect(mnist({ data: empty })).rejects.toThrow(
      `data: ${empty} holds no MNIST files; expected train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (each plain or .gz), in it or in ${join(empty, 'mnist')}`,
    );
    await expect(mnist({ data: join(empty, 'no') })).rejects.toThrow(`data: ${join(empty, 'no')} is not there`);
    vi.stubEnv('CHAINRULE_DATA', join(empty, 'no'));
    await expect(mnist()).rejects.toThrow(`CHAINRULE_DATA: ${join(empty, 'no')} is not there`);
    const part = write(fresh(), { 'train-images-idx3-ubyte': images(1) });
    await expect(mnist({ data: part })).rejects.toThrow(`${part}: train-labels-idx1-ubyte (plain or .gz) is missing`);
  });

  it('says what is wrong, with file and offset', async () => {
    const broken = (files: Record<string, Uint8Array>) => write(fresh(), { ...small(), ...files });
    let data = broken({ 'train-labels.idx1-ubyte': labels(1, 10, 3) });
    await expect(mnist({ data })).rejects.toThrow(`${join(data, 'train-labels.idx1-ubyte')}: at byte 9, label 1 is 10, expected 0 to 9`);
    data = broken({ 't10k-labels.idx1-ubyte.gz': gzipSync(labels(0, 200)) });
    await expect(mnist({ data })).rejects.toThrow('at byte 9 of the decompressed content, label 1 is 200');
    data = broken({ 'train-labels.idx1-ubyte': labels(1, 2) });
    await expect(mnist({ data })).rejects.toThrow(
      `${join(data, 'train-images-idx3-ubyte')} holds 3 images, ${join(data, 'train-labels.idx1-ubyte')} 2 labels; each image needs one label`,
    );
    data = broken({ 'train-images-idx3-ubyte': encodeIdx(new Uint8Array(3), [3]) });
    await expect(mnist({ data })).rejects.toThrow('expected images of uint8 [n, 28, 28], found uint8 [3]');
    data = broken({ 'train-labels.idx1-ubyte': encodeIdx(Float32Array.of(1, 2, 3), [3]) });
    await expect(mnist({ data })).rejects.toThrow('expected labels of uint8 [n], found float32 [3]');
    data = broken({ 'train-images-idx3-ubyte': images(3).subarray(0, 100) });
    await expect(mnist({ data })).rejects.toThrow('at byte 100, the file ends early');
    data = broken({ 't10k-images-idx3-ubyte.gz': gzipSync(images(2)).subarray(0, 20) });
    await expect(mnist({ data })).rejects.toThrow('the gzip content is cut short or damaged');
  });

  it('reads single files', async () => {
    const folder = write(fresh(), small());
    expect(findFile(folder, 't10k-images-idx3-ubyte')).toBe(join(folder, 't10k-images-idx3-ubyte.gz'));
    expect((await readIdx(join(folder, 't10k-images-idx3-ubyte.gz'))).shape).toEqual([2, 28, 28]);
    await expect(readIdx(join(folder, 'no'))).rejects.toThrow('the file cannot be read (ENOENT');
  });
});

describe('files', () => {
  it('are written whole, and leave nothing behind when that fails', async () => {
    const folder = fresh();
    await writeAtomically(join(folder, 'a', 'b'), Uint8Array.of(1, 2));
    await writeAtomically(join(folder, 'a', 'b'), Uint8Array.of(3));
    expect(Array.from(readFileSync(join(folder, 'a', 'b')))).toEqual([3]);
    mkdirSync(join(folder, 'a', 'taken', 'x'), { recursive: true });
    await expect(writeAtomically(join(folder, 'a', 'taken'), Uint8Array.of(1))).rejects.toThrow();
    expect(readdirSync(join(folder, 'a')).sort()).toEqual(['b', 'taken']);
  });

  it('are cached where the platform keeps such things', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'chainrule'));
    expect(cacheFolder({}, 'linux')).toMatch(/\.cache.chainrule$/);
    expect(cacheFolder({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'chainrule', 'Cache'));
  });
});

/** Serves until the test file ends. */
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});
function serve(handler: RequestListener): Promise<string> {
  return new Promise(resolve => {
    const server = createServer(handler).listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/files/`),
    );
    servers.push(server);
  });
}

describe('download', () => {
  const content = Uint8Array.from({ length: 50_000 }, (_, i) => i % 256);
  const digest = createHash('sha256').update(content).digest('hex');
  const check = async (bytes: Uint8Array): Promise<number> => {
    if (createHash('sha256').update(bytes).digest('hex') !== digest) throw new UserError('the hash is not right');
    return bytes.length;
  };
  let good: string;
  let missing: string;
  let wrong: string;
  let silent: string;
  let short: string;
  let large: string;
  beforeAll(async () => {
    good = await serve((_, response) => response.end(content));
    missing = await serve((_, response) => response.writeHead(404).end());
    wrong = await serve((_, response) => response.end('<html>'));
    silent = await serve((_, response) => void response.writeHead(200, { 'content-length': 10 }).write('abc'));
    short = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('abc', () => response.destroy());
    });
    large = await serve((_, response) => {
      response.write(new Uint8Array(400_000));
      response.end(new Uint8Array(400_000));
    });
  });

  it('takes the first mirror that has the file whole', async () => {
    const seen: number[] = [];
    const { url, bytes, value } = await download({
      mirrors: [missing, wrong, good],
      file: 'a.gz',
      check,
      onProgress: p => seen.push(p.received),
    });
    expect(url).toBe(`${good}a.gz`);
    expect(new Uint8Array(bytes)).toEqual(content);
    expect(value).toBe(50_000);
    expect(seen.at(-1)).toBe(50_000);
  });

  it('names every mirror with its reason when none has it', async () => {
    const nobody = 'http://127.0.0.1:1/';
    const failed = download({ mirrors: [missing, wrong, silent, short, large, nobody], file: 'a.gz', check, timeout: 300, limit: 500_000 });
    const message = await failed.then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message.split('\n')).toEqual([
      'a.gz could not be downloaded:',
      `  ${missing}a.gz: the server answered 404 Not Found`,
      `  ${wrong}a.gz: the hash is not right`,
      `  ${silent}a.gz: no answer for 0.3 s`,
      expect.stringMatching(/: (other side closed|terminated|.*ECONNRESET.*|UND_ERR_SOCKET.*)$/),
      `  ${large}a.gz: more than 500000 bytes, the most that is accepted`,
      expect.stringMatching(/: (.*ECONNREFUSED.*|bad port)$/),
    ]);
  });

  it('a dataset that cannot be had says what else can be done', async () => {
    const error = await mnist({ cache: fresh(), mirrors: [missing, wrong] }).catch((e: Error) => e);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toContain('MNIST: train-images-idx3-ubyte.gz could not be downloaded:\n');
    expect((error as Error).message).toContain(`${wrong}train-images-idx3-ubyte.gz: not a gzip file: it begins with 3c 68 74 6d`);
    expect((error as Error).message).toContain(
      '\nEither give a folder with the four files (--data DIR, or the environment variable CHAINRULE_DATA), or use the embedded data set: digits',
    );
    const strange = await serve((_, response) => response.end(gzipSync(images(2))));
    await expect(mnist({ cache: fresh(), mirrors: [strange] })).rejects.toThrow(
      "the sha256 of content is not the one of MNIST's train-images-idx3-ubyte; the file is damaged or another one",
    );
    await expect(mnist({ cache: fresh(), mirrors: [strange], fashion: true })).rejects.toThrow(
      "the md5 of gzip is not the one of Fashion-MNIST's",
    );
  });
});

const real = [process.env.CHAINRULE_DATA, join(import.meta.dirname, '../../../../shared/data/mnist')].find(
  folder => folder && existsSync(join(folder, 'train-images-idx3-ubyte.gz')),
);
if (real === undefined) console.warn('MNIST is not here (set CHAINRULE_DATA to its folder): the tests that read it are skipped');

describe.skipIf(real === undefined)('the real MNIST', () => {
  it('is read and verified from a folder', async () => {
    const { train, test } = await mnist({ data: real! });
    expect([train.length, test.length]).toEqual([60_000, 10_000]);
    expect(train.provenance).toBe(`MNIST, from folder ${real}, verified`);
    expect(train.classCounts()).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    const x = new Float32Array(60_000 * 28);
    let sum = 0;
    let squares = 0;
    for (let start = 0; start < 60_000; start += 2142) {
      const n = Math.min(2142, 60_000 - start);
      const part = x.subarray(0, n * 784);
      train.fillBatch(
        Uint32Array.from({ length: n }, (_, i) => start + i),
        part,
      );
      for (const value of part) {
        sum += value;
        squares += value * value;
      }
    }
    expect(sum / 47_040_000).toBeCloseTo(0, 3);
    expect(squares / 47_040_000).toBeCloseTo(1, 3);
    await expect(mnist({ data: real!, fashion: true })).rejects.toThrow(`${real} holds MNIST, not Fashion-MNIST`);
  });

  it('is downloaded, verified, kept, and read from the cache; a damaged copy is got again', async () => {
    const asked: string[] = [];
    const mirror = await serve((request, response) => {
      asked.push(request.url!);
      response.end(readFileSync(join(real!, request.url!.replace('/files/', ''))));
    });
    const cache = fresh();
    const first = await mnist({ cache, mirrors: [mirror] });
    expect(first.train.provenance).toBe(`MNIST, from ${new URL(mirror).host}, verified`);
    expect(asked.length).toBe(4);
    const second = await mnist({ cache, mirrors: [mirror] });
    expect(second.test.provenance).toBe(`MNIST, from cache ${join(cache, 'mnist')}, verified`);
    expect(asked.length).toBe(4);
    const path = join(cache, 'mnist', 't10k-labels-idx1-ubyte.gz');
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    await mnist({ cache, mirrors: [mirror] });
    expect(asked.slice(4)).toEqual(['/files/t10k-labels-idx1-ubyte.gz']);
    expect(gunzipSync(readFileSync(path)).length).toBe(10_008);
    expect(statSync(path).size).toBeGreaterThan(1000);
  });
});
