/** What the pool owes to those who are still at work when one of them is lost, or when some are not there. */
import threads from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Kernels } from '../kernels.ts';
import { Allocator } from './allocator.ts';
import type { KernelExports } from './exports.ts';
import { loadModule } from './loading.ts';
import { CONTROL_BYTES, layout, Pool } from './pool.ts';
import { until } from './pool-testing.ts';
import { noise, read, storageOf } from './testing.ts';
import { makeMemory } from './threads.ts';
import { createWasmBackend, WasmBackend } from './wasm-backend.ts';

const original = threads.Worker;
/** What to make of the worker's script for a seat before it is started. */
let sabotage = (script: string, _seat: number): string => script;
let started = 0;

beforeEach(() => {
  sabotage = script => script;
  started = 0;
  threads.Worker = class extends original {
    constructor(script: string | URL, options: threads.WorkerOptions) {
      super(sabotage(String(script), options.workerData.seat), options);
      started++;
    }
  };
});
afterEach(() => {
  threads.Worker = original;
});

/** Waits without giving up this thread, as the pool itself does, and throws after ten seconds. */
function spinUntil(done: () => boolean): void {
  const end = performance.now() + 10_000;
  while (!done()) if (performance.now() > end) throw new Error('it did not come to be');
}

test('where two hang in one job it is one error, and neither can find the next job', async () => {
  const { memory } = makeMemory(256);
  const control = new Allocator(memory).reserve(CONTROL_BYTES);
  const words = new Int32Array(memory.buffer, control, CONTROL_BYTES / 4);
  const job = { kernel: 0, total: 3, grain: 1, count: 2, local: -1, localBytes: 0 };
  let calls = 0;
  // In the first job this thread is at its piece until the other two have taken one each.
  const fill = (): void => {
    calls++;
    if (calls === 1) spinUntil(() => Atomics.load(words, layout.NEXT) >= Math.ceil(job.total / job.grain));
  };
  const { module } = loadModule(undefined, true);
  const pool = new Pool({ memory, module, control, kernels: { fill } as unknown as KernelExports, patience: 100 });
  sabotage = script => script.replace('kernel(...given);', 'for (;;);');
  pool.resize(3);
  await until(() => pool.helpers() === 2, 'both are ready');
  expect(() => pool.run(job, [0, 0, 0, 0], [0, 0, 0, 0])).toThrow('a worker thread has died, or hangs, in the middle of a computation');
  expect(calls).toBe(1);
  expect(pool.helpers()).toBe(0);
  pool.run({ ...job, total: 1 }, [0, 0, 0, 0], [0, 0, 0, 0]);
  expect(calls).toBe(2);
  await until(() => pool.deaths === 2, 'both have ended');
  pool.resize(1);
});

const [m, n, k] = [130, 129, 90];
const shape = { m, n, k, transA: false, transB: false };
/** A product and a softmax, which use local memory. */
function results(kernels: Kernels): readonly Float32Array[] {
  const stores = [noise(m * k, 1), noise(k * n, 2), noise(m * n, 3), noise(m * n, 4)].map(values => storageOf(kernels, values));
  try {
    kernels.gemm(stores[0], stores[1], stores[2], shape, false);
    kernels.logSoftmax(stores[2], stores[3], m, n);
    return [read(kernels, stores[2]), read(kernels, stores[3])];
  } finally {
    for (const store of stores) kernels.free(store);
  }
}

test('a thread has local memory of its own also where one of lower number did not start', async () => {
  sabotage = (script, seat) => (seat === 0 ? 'throw new Error("on purpose")' : script);
  const kernels = new WasmBackend({ threads: 3, limits: { elements: 0, costlyElements: 0, multiplications: 0 } });
  const right = results(createWasmBackend({ threads: 1 }));
  await until(() => {
    kernels.threadsReady();
    return kernels.traits.threads === 2 && kernels.threadsReady().ready === 1;
  }, 'the second stands alone');
  const before = kernels.threadsReady().pieces[1];
  for (let i = 0; i < 200; i++)
    expect(results(kernels).every((values, j) => Buffer.compare(Buffer.from(values.buffer), Buffer.from(right[j].buffer)) === 0)).toBe(
      true,
    );
  expect(kernels.threadsReady().pieces[1] - before).toBeGreaterThan(100);
  kernels.setThreads(1);
});

test('local memory has places for those that have not left yet', async () => {
  const { memory } = makeMemory(256);
  const control = new Allocator(memory).reserve(CONTROL_BYTES);
  const { module } = loadModule(undefined, true);
  const pool = new Pool({ memory, module, control, kernels: { fill: () => {} } as unknown as KernelExports });
  pool.resize(2);
  expect(pool.places).toBe(2);
  pool.resize(4);
  expect(pool.places).toBe(4);
  await until(() => pool.helpers() === 3, 'three are ready');
  pool.resize(2);
  expect(pool).toMatchObject({ threads: 2, places: 4 });
  pool.resize(1);
});

test('small operations start no thread', () => {
  const kernels = new WasmBackend({ threads: 3 });
  const [x, y] = [noise(65_536, 1), noise(65_536, 2)].map(values => storageOf(kernels, values));
  kernels.unary('relu', x, y, 65_535, 0);
  kernels.softmax(x, y, 100, 163);
  kernels.gemm(x, x, y, { m: 99, n: 100, k: 101, transA: false, transB: false }, false);
  expect(started).toBe(0);
  kernels.unary('relu', x, y, 65_536, 0);
  expect(started).toBe(2);
  kernels.setThreads(1);
});
