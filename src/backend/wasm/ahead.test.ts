/** Images resampled by a thread that works ahead: the same bits, whatever becomes of it. */
import threads from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import type { ImagesAhead, ImageWarp, Storage } from '../kernels.ts';
import { until } from './pool-testing.ts';
import { noise, read } from './testing.ts';
import { WasmBackend } from './wasm-backend.ts';

const [n, height, width] = [60, 28, 28];
const size = height * width;
const pixels = Uint8Array.from(noise(n * size, 3), value => (value > 0 ? 255 * value : 0));
const index = Uint32Array.from({ length: n }, (_, i) => (i * 7) % n);
const table = noise(256, 4);
const warp: ImageWarp = {
  channels: 1,
  height,
  width,
  background: table[0],
  maps: noise(6 * n, 5).map((value, i) => (i % 6 < 4 ? [1, 0, 0, 1][i % 6] + value / 5 : 3 * value)),
  blocks: Int32Array.from(index, (_, i) => 100 * i),
  field: { spacing: 7, amplitude: 4, key0: 1, key1: 2 },
};

const begin = (kernels: WasmBackend, from = pixels): ImagesAhead | null => kernels.warpAhead(from, index, table, warp);

function written(kernels: WasmBackend, write: (out: Storage) => void): Float32Array {
  const out = kernels.alloc(n * size);
  try {
    write(out);
    return read(kernels, out);
  } finally {
    kernels.free(out);
  }
}
const alone = new WasmBackend({ threads: 1, processors: 1 });
const right = written(alone, out => alone.warpImages(pixels, index, table, warp, out));

describe('a thread that works ahead', () => {
  const original = threads.Worker;
  let started: threads.Worker[] = [];
  /** What to make of the worker's script before it is started. */
  let sabotage = (script: string): string => script;

  beforeAll(() => {
    threads.Worker = class extends original {
      constructor(script: string | URL, options?: threads.WorkerOptions) {
        super(sabotage(String(script)), options);
        started.push(this);
      }
    };
  });
  afterEach(async () => {
    sabotage = script => script;
    await Promise.all(started.map(worker => worker.terminate()));
    started = [];
  });
  afterAll(() => {
    threads.Worker = original;
  });

  const make = (): WasmBackend => new WasmBackend({ threads: 1, processors: 2, patience: 200 });
  /** Begins images again and again, until the thread has taken some. */
  async function taken(kernels: WasmBackend): Promise<ImagesAhead> {
    let images: ImagesAhead | null = null;
    const before = kernels.aheadReady().pieces[0] ?? 0;
    await until(() => {
      images?.drop();
      images = begin(kernels);
      for (const end = performance.now() + 3; performance.now() < end && kernels.aheadReady().pieces[0] === before; );
      return kernels.aheadReady().pieces[0] > before;
    }, 'the thread has done a piece');
    return images!;
  }

  test('makes what would be made at once, while other kernels run', async () => {
    const kernels = make();
    const images = await taken(kernels);
    const other = Uint8Array.from(pixels, byte => 255 - byte);
    expect(written(kernels, out => kernels.warpImages(other, index, table, warp, out))).not.toEqual(right);
    expect(written(kernels, out => images.take(out))).toEqual(right);
    expect(started).toHaveLength(1);
  });

  test('is not waited for: what it has not begun is made at once', () => {
    const kernels = make();
    expect(written(kernels, out => begin(kernels)!.take(out))).toEqual(right);
  });

  test('has one batch at a time, which may be given up', async () => {
    const kernels = make();
    const images = await taken(kernels);
    expect(begin(kernels)).toBeNull();
    images.drop();
    const other = Uint8Array.from(pixels, byte => 255 - byte);
    begin(kernels, other)!.drop();
    expect(written(kernels, out => begin(kernels)!.take(out))).toEqual(right);
  });

  test('is there only where a processor is left for it, and only if it may be', async () => {
    const kernels = make();
    const images = await taken(kernels);
    const ended = new Promise(resolve => started[0].once('exit', resolve));
    kernels.setThreads(1, false);
    expect(written(kernels, out => images.take(out))).toEqual(right);
    expect(await ended).toBe(0);
    expect(begin(kernels)).toBeNull();
    kernels.setThreads(2);
    expect(begin(kernels)).toBeNull();
    kernels.setThreads(1);
    expect(written(kernels, out => begin(kernels)!.take(out))).toEqual(right);
    expect(begin(alone)).toBeNull();
    expect(kernels.traits).not.toHaveProperty('threadsDied');
  });

  test('leaves images that are only moved to the thread that trains', () => {
    const maps = Float32Array.from({ length: 6 * n }, (_, i) => [1, 0, 0, 1, 2, -1][i % 6]);
    expect(make().warpAhead(pixels, index, table, { ...warp, maps, field: null })).toBeNull();
  });

  test('is replaced where it dies between two batches, and named in the metadata', async () => {
    const kernels = make();
    (await taken(kernels)).drop();
    await started[0].terminate();
    expect(kernels.traits).toMatchObject({ threads: 1, threadsDied: 1 });
    expect(written(kernels, out => begin(kernels)!.take(out))).toEqual(right);
    (await taken(kernels)).drop();
    expect(started).toHaveLength(2);
  });

  test.each([
    ['dies', 'process.exit(1);'],
    ['hangs', 'for (;;);'],
  ])('is an error where it %s at a batch', async (_, instead) => {
    sabotage = script => script.replace('kernel(...given);', instead);
    const kernels = make();
    await until(() => kernels.aheadReady().ready === 1, 'the thread is ready');
    sabotage = script => script;
    const spoil = (): void => {
      const images = begin(kernels)!;
      for (const end = performance.now() + 3; performance.now() < end; );
      written(kernels, out => images.take(out));
    };
    await expect(
      until(() => {
        spoil();
        return false;
      }, 'it is noticed'),
    ).rejects.toThrow(
      new UserError(
        'a worker thread has died, or hangs, in the middle of a computation, and its part of the result is missing',
        'Go on from the last checkpoint. With setThreads(n, { ahead: false }) no worker makes images ahead.',
      ),
    );
    // without it
    expect(written(kernels, out => kernels.warpImages(pixels, index, table, warp, out))).toEqual(right);
  });

  test('is done without where it does not start', async () => {
    sabotage = () => 'throw new Error("on purpose")';
    const kernels = make();
    await until(() => {
      const images = begin(kernels);
      if (images !== null) expect(written(kernels, out => images.take(out))).toEqual(right);
      return images === null;
    }, 'no more are started');
  });
});
