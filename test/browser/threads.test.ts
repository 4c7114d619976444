import { expect, inject, test } from 'vitest';
import { setBackend } from '../../src/backend/current.ts';
import { until } from '../../src/backend/wasm/pool-testing.ts';
import { WasmBackend } from '../../src/backend/wasm/wasm-backend.ts';
import { smallRun } from './small-run.ts';

test('in an isolated page threads share the work, to the bits of Node', async () => {
  expect(crossOriginIsolated).toBe(true);
  const kernels = new WasmBackend({ threads: 3, limits: { elements: 0, costlyElements: 0, multiplications: 0 } });
  expect(kernels.traits).toMatchObject({ threads: 3 });
  await until(() => kernels.threadsReady().ready === 2, 'both threads are ready');
  setBackend(kernels);
  try {
    expect(smallRun()).toEqual(inject('nodeRun'));
  } finally {
    setBackend('wasm');
  }
  const { pieces } = kernels.threadsReady();
  expect(pieces).toHaveLength(2);
  for (const done of pieces) expect(done).toBeGreaterThan(20);
  expect(kernels.traits).not.toHaveProperty('threadsMissing');
  kernels.setThreads(1);
});
