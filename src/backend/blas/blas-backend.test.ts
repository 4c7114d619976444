/** The backend beside the one it builds on. Its products in every form are tested with those of the WebAssembly kernels (wasm/gemm.test.ts). */
import { describe, expect, test } from 'vitest';
import type { Kernels, Storage } from '../kernels.ts';
import { until } from '../wasm/pool-testing.ts';
import { noise, read, storageOf } from '../wasm/testing.ts';
import { createWasmBackend } from '../wasm/wasm-backend.ts';
import { BlasBackend } from './blas-backend.ts';
import type { BlasLibrary, Sgemm } from './library.ts';
import { library } from './node/testing.ts';

/** The addresses of a fake library count from 1000; its product writes what it was called with. */
function fakeLibrary(): { readonly library: BlasLibrary; readonly calls: Parameters<Sgemm>[]; readonly buffers: ArrayBufferLike[] } {
  const calls: Parameters<Sgemm>[] = [];
  const buffers: ArrayBufferLike[] = [];
  const library: BlasLibrary = {
    kind: 'FakeBLAS',
    version: '1.2',
    path: '/lib/libfake.so',
    threads: 3,
    elsewhere: null,
    sgemm: (...call) => void calls.push(call),
    addressOf: buffer => 1000 * buffers.push(buffer),
  };
  return { library, calls, buffers };
}

const at = (storage: Storage): number => (storage as unknown as { address: number }).address;

describe('the calls', () => {
  test('name what computes, and promise no bits', () => {
    const { name, traits } = new BlasBackend(fakeLibrary().library);
    expect(name).toBe('blas');
    expect(traits).toMatchObject({ blas: 'FakeBLAS 1.2', library: '/lib/libfake.so', threads: 3, deterministic: false });
  });

  test('are in place, with leading dimensions as the operands are stored', () => {
    const { library, calls } = fakeLibrary();
    const kernels = new BlasBackend(library, { smallest: 1 });
    const [a, b, c] = [kernels.alloc(100), kernels.alloc(100), kernels.alloc(100)];
    kernels.gemm(a, b, c, { m: 2, n: 3, k: 4, transA: false, transB: true, aOffset: 1, bOffset: 2, cOffset: 3 }, false);
    kernels.gemm(a, b, c, { m: 2, n: 3, k: 4, transA: true, transB: false }, true);
    expect(calls).toEqual([
      [101, 111, 112, 2, 3, 4, 1, 1000 + at(a) + 4, 4, 1000 + at(b) + 8, 4, 0, 1000 + at(c) + 12, 3],
      [101, 112, 111, 2, 3, 4, 1, 1000 + at(a), 2, 1000 + at(b), 3, 1, 1000 + at(c), 3],
    ]);
  });

  test('small products, and those without any multiplication, are not the library’s', () => {
    const { library, calls } = fakeLibrary();
    const kernels = new BlasBackend(library);
    const [a, b, c] = [storageOf(kernels, [1, 2]), storageOf(kernels, [3, 4]), kernels.alloc(1)];
    kernels.gemm(a, b, c, { m: 1, n: 1, k: 2, transA: false, transB: false }, false);
    expect([...read(kernels, c)]).toEqual([11]);
    const always = new BlasBackend(library, { smallest: 0 });
    always.gemm(always.alloc(0), always.alloc(0), always.alloc(6), { m: 2, n: 3, k: 0, transA: false, transB: false }, false);
    expect(calls).toEqual([]);
  });

  test('follow the memory when it grows', () => {
    const { library, calls, buffers } = fakeLibrary();
    const kernels = new BlasBackend(library, { smallest: 1 });
    const a = kernels.alloc(16);
    const product = (): void => kernels.gemm(a, a, a, { m: 4, n: 4, k: 4, transA: false, transB: false }, false);
    product();
    product();
    kernels.alloc(4e6); // 16 MB, more than there was
    product();
    expect(buffers.length).toBe(2);
    expect(calls.map(call => call[7] - at(a))).toEqual([1000, 1000, 2000]);
  });
});

describe.skipIf(library === null || library.elsewhere === null)('a library that several threads may call', () => {
  const products = [false, true].flatMap(transA => [false, true].map(transB => ({ transA, transB })));
  const sizes = [
    { m: 70, n: 261, k: 129 },
    { m: 301, n: 67, k: 100 },
  ];

  test('computes the products of every form with them, plain and added to c', async () => {
    const kernels = new BlasBackend(library!, { threads: 3 });
    expect(kernels.traits).toMatchObject({ threads: 3, deterministic: false });
    await until(() => kernels.threadsReady().ready === 2, 'both threads are ready');
    const wasm = createWasmBackend({ threads: 1 });
    for (const { m, n, k } of sizes) {
      for (const shape of products) {
        for (const accumulate of [false, true]) {
          const run = (backend: Kernels): Float32Array => {
            const [a, b, c] = [noise(m * k, 1), noise(k * n, 2), noise(m * n, 3)].map(values => storageOf(backend, values));
            backend.gemm(a, b, c, { m, n, k, ...shape }, accumulate);
            return read(backend, c);
          };
          const want = run(wasm);
          const worst = run(kernels).reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0);
          expect(worst, JSON.stringify({ m, n, k, ...shape, accumulate })).toBeLessThan(1e-5);
        }
      }
    }
    await until(() => {
      const [a, b, c] = [1, 2, 3].map(seed => storageOf(kernels, noise(300 * 300, seed)));
      kernels.gemm(a, b, c, { m: 300, n: 300, k: 300, transA: false, transB: false }, false);
      for (const storage of [a, b, c]) kernels.free(storage);
      return kernels.threadsReady().pieces.every(done => done > 0);
    }, 'both have taken part');
    kernels.setThreads(1);
    expect(kernels.traits.threads).toBe(1);
  });
});

describe.skipIf(library === null)('a real library', () => {
  test('agrees with the WebAssembly kernels on a layer, also after the memory has grown', () => {
    const [m, n, k] = [65, 130, 259];
    const layer = (kernels: Kernels): Float32Array => {
      const [x, w, bias] = [noise(m * k, 1), noise(n * k, 2), noise(n, 3)].map(values => storageOf(kernels, values));
      const y = kernels.alloc(m * n);
      kernels.linear(x, w, bias, y, m, n, k, 'tanh');
      return read(kernels, y);
    };
    const want = layer(createWasmBackend());
    const kernels = new BlasBackend(library!);
    for (const grown of [false, true]) {
      if (grown) kernels.alloc(4e7);
      layer(kernels).forEach((value, i) => {
        expect(Math.abs(value - want[i])).toBeLessThan(1e-5);
      });
    }
  });
});
