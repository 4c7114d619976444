import { expect, inject, test } from 'vitest';
import { setBackend } from '../../src/backend/current.ts';
import { until } from '../../src/backend/wasm/pool-testing.ts';
import { WasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { experimentRun, smallRun } from './small-run.ts';

test('in an isolated page threads share the work, to the bits of Node', async () => {
  expect(crossOriginIsolated).toBe(true);
  const kernels = new WasmBackend({ threads: 3, limits: { elements: 0, costlyElements: 0, multiplications: 0 } });
  expect(kernels.traits).toMatchObject({ threads: 3 });
  await until(() => kernels.threadsReady().ready === 2, 'both threads are ready');
  expect(kernels.threadsReady().pieces).toHaveLength(2);
  // On a busy machine the main thread may have done all pieces before another got to run: again, until each has done some.
  const end = performance.now() + 30_000;
  do {
    setBackend(kernels);
    try {
      expect(smallRun()).toEqual(inject('nodeRun'));
    } finally {
      setBackend('wasm');
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  } while (kernels.threadsReady().pieces.some(done => done === 0) && performance.now() < end);
  for (const done of kernels.threadsReady().pieces) expect(done).toBeGreaterThan(0);
  expect(kernels.traits).not.toHaveProperty('threadsMissing');
  kernels.setThreads(1);
});

test('another one augments images ahead of training, to the bits of Node', async () => {
  const kernels = new WasmBackend({ threads: 1, processors: 2 });
  const end = performance.now() + 30_000;
  do {
    setBackend(kernels);
    try {
      expect(await experimentRun()).toEqual(inject('nodeExperiment'));
    } finally {
      setBackend('wasm');
    }
  } while (!(kernels.aheadReady().pieces[0] > 0) && performance.now() < end);
  expect(kernels.aheadReady().pieces[0]).toBeGreaterThan(0);
  kernels.setThreads(1, false);
});
