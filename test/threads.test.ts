import { afterEach, expect, test } from 'vitest';
import { until } from '../src/backend/wasm/pool-testing.ts';
import { WasmBackend } from '../src/backend/wasm/wasm-backend.ts';
import { setBackend } from '../src/index.ts';
import { experimentRun, smallRun } from './browser/small-run.ts';

afterEach(() => setBackend('wasm'));

const limits = { elements: 0, costlyElements: 0, multiplications: 0 };
const runs = async () => [smallRun(), await experimentRun()];

test('whole trainings leave the same bits with 1, 2, 3 and 4 threads, whether they are there from the beginning or not', async () => {
  setBackend(new WasmBackend({ threads: 1 }));
  const right = await runs();
  for (const threads of [2, 3, 4]) {
    const kernels = new WasmBackend({ threads, limits });
    if (threads > 2) await until(() => kernels.threadsReady().ready === threads - 1, 'all are ready');
    setBackend(kernels);
    expect(await runs(), `${threads} threads`).toEqual(right);
    const { pieces } = kernels.threadsReady();
    expect(pieces).toHaveLength(threads - 1);
    for (const done of pieces) expect(done).toBeGreaterThan(20);
    expect(kernels.traits).not.toHaveProperty('threadsDied');
    kernels.setThreads(1);
  }
});
