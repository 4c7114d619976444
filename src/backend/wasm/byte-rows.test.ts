/** Rows of bytes from all over a large array: the same numbers from a copy of its own as from where they were. */
import { describe, expect, test } from 'vitest';
import type { Kernels } from '../kernels.ts';
import { createReferenceBackend } from '../reference/reference-backend.ts';
import { backends, noise, read } from './testing.ts';
import { createWasmBackend } from './wasm-backend.ts';

/** Rows in which zeros run on for a while, begin anywhere and end anywhere. */
function pictures(n: number, cols: number): Uint8Array {
  const ink = noise(Math.ceil((n * cols) / 11), 3);
  return Uint8Array.from(noise(n * cols, 4), (value, i) => (ink[Math.floor(i / 11)] > 0 ? 128 + 127 * value : 0));
}

const decoded = (
  kernels: Kernels,
  bytes: Uint8Array,
  index: Uint32Array,
  table: Float32Array,
  cols: number,
  lasting: boolean,
): Float32Array => {
  const out = kernels.alloc(index.length * cols + 5);
  kernels.fill(out, index.length * cols + 5, 7);
  kernels.decodeRows(bytes, index, table, out, cols, lasting);
  const found = read(kernels, out);
  kernels.free(out);
  expect(found.subarray(index.length * cols)).toEqual(new Float32Array(5).fill(7));
  return found.subarray(0, index.length * cols);
};

const reference = createReferenceBackend('float32');
const limits = { elements: 0, costlyElements: 0, multiplications: 0 };

describe.each([...backends, { name: 'two threads', kernels: createWasmBackend({ threads: 2, limits }) }])('$name', ({ kernels }) => {
  test.each([1, 3, 16, 17, 64, 100, 784])('%i columns', async cols => {
    const n = Math.ceil(2 ** 17 / cols); // large enough for a copy to be kept
    const bytes = pictures(n, cols);
    for (const count of [1, 5, 128]) {
      const index = Uint32Array.from({ length: count }, (_, i) => (i * 7919) % n);
      for (const table of [noise(256, 5), noise(256, 6)]) {
        const expected = decoded(reference, bytes, index, table, cols, false);
        for (const lasting of [false, true]) expect(decoded(kernels, bytes, index, table, cols, lasting)).toEqual(expected);
      }
      await new Promise(resolve => setTimeout(resolve, 5)); // threads start between calls
    }
  });

  test('more rows than are touched at a time, longer rows than that, and rows of nothing', () => {
    const table = noise(256, 5);
    for (const [n, cols] of [
      [400, 1000],
      [3, 150_000],
      [5, 0],
    ]) {
      const bytes = pictures(n, cols);
      const index = Uint32Array.from({ length: n }, (_, i) => n - 1 - i);
      for (const lasting of [false, true])
        expect(decoded(kernels, bytes, index, table, cols, lasting)).toEqual(decoded(reference, bytes, index, table, cols, false));
    }
  });
});

test('bytes that may change are read as they are', () => {
  const kernels = createWasmBackend({ threads: 1 });
  const bytes = pictures(2000, 100);
  const table = noise(256, 5);
  const index = Uint32Array.of(3);
  expect(decoded(kernels, bytes, index, table, 100, false)).toEqual(Float32Array.from(bytes.subarray(300, 400), byte => table[byte]));
  bytes.fill(9);
  expect(decoded(kernels, bytes, index, table, 100, false)).toEqual(new Float32Array(100).fill(table[9]));
});

test('a copy is made once, counts as nobody’s, and where there is no room none is', () => {
  const kernels = createWasmBackend({ threads: 1, maxMebibytes: 4 });
  const table = noise(256, 5);
  const [small, large] = [pictures(1000, 1000), pictures(8000, 1000)];
  const index = Uint32Array.of(1, 999, 0);
  const { live } = kernels.usage();
  decoded(kernels, small, index, table, 1000, true);
  const { carved } = kernels.usage();
  for (let i = 0; i < 5; i++) decoded(kernels, small, index, table, 1000, true);
  expect(kernels.usage().carved).toBe(carved);
  expect(kernels.usage().live).toBe(live);
  expect(decoded(kernels, large, index, table, 1000, true)).toEqual(decoded(reference, large, index, table, 1000, true));
});
