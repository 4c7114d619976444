/** Products of every form and awkward size against sums in double precision. */
import { describe, expect, test } from 'vitest';
import { blasBackends } from '../blas/node/testing.ts';
import type { Activation, GemmShape, Kernels } from '../kernels.ts';
import { createReferenceBackend } from '../reference/reference-backend.ts';
import { backends, noise, read, storageOf } from './testing.ts';

/** op(a) op(b) in double precision, and Σ |a| |b|, by which the error of a float32 sum is bounded. */
function exact(a: Float32Array, b: Float32Array, shape: GemmShape): { sum: Float64Array; size: Float64Array } {
  const { m, n, k, transA, transB, aOffset = 0, bOffset = 0 } = shape;
  const sum = new Float64Array(m * n);
  const size = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const x = a[aOffset + (transA ? p * m + i : i * k + p)];
      for (let j = 0; j < n; j++) {
        const term = x * b[bOffset + (transB ? j * k + p : p * n + j)];
        sum[i * n + j] += term;
        size[i * n + j] += Math.abs(term);
      }
    }
  }
  return { sum, size };
}

/** Rounding of chains of at most 256 terms, with room; a missing or doubled term shows as 1 / k of the size, far more. */
const EPSILON = 3e-6;

const sizes = [0, 1, 3, 4, 5, 7, 8, 9];
const shapes: [number, number, number][] = [];
for (const m of sizes) for (const n of sizes) for (const k of [0, 1, 3, 8, 17]) shapes.push([m, n, k]);
shapes.push([127, 130, 9], [130, 127, 127], [127, 9, 300], [5, 130, 257], [1, 1, 1000], [131, 1, 513], [1, 1030, 70], [64, 64, 256]);
shapes.push(
  [3, 1033, 40],
  [2, 37, 784],
  [16, 512, 100],
  [260, 24, 24],
  [131, 15, 333],
  [6, 16, 100],
  [37, 1, 26],
  [1, 10, 784],
  [7, 300, 129],
  [0, 130, 300],
  [130, 0, 300],
  [130, 130, 0],
);

describe.each([...backends, ...blasBackends])('$name', ({ kernels }) => {
  for (const transA of [false, true]) {
    for (const transB of [false, true]) {
      test(`gemm${transA ? ', a transposed' : ''}${transB ? ', b transposed' : ''}`, () => {
        for (const [m, n, k] of shapes) {
          for (const accumulate of [false, true]) {
            const shape = { m, n, k, transA, transB, aOffset: 3, bOffset: 5, cOffset: 2 };
            const a = noise(m * k + 9, 1);
            const b = noise(k * n + 9, 2);
            const before = noise(m * n + 9, 3);
            const [sa, sb, sc] = [storageOf(kernels, a), storageOf(kernels, b), storageOf(kernels, before)];
            kernels.gemm(sa, sb, sc, shape, accumulate);
            const c = read(kernels, sc);
            const { sum, size } = exact(a, b, shape);
            for (let i = 0; i < m * n; i++) {
              const start = accumulate ? before[2 + i] : 0;
              const error = Math.abs(c[2 + i] - (sum[i] + start));
              if (!(error <= EPSILON * (size[i] + Math.abs(start)))) expect.fail(`${m}x${n}x${k}: c[${i}] is off by ${error}`);
            }
            // nothing is written outside of c
            for (const i of [0, 1, ...[0, 1, 2, 3, 4, 5, 6].map(j => m * n + 2 + j)]) expect(c[i]).toBe(before[i]);
            for (const storage of [sa, sb, sc]) kernels.free(storage);
          }
        }
      });
    }
  }

  const functions: Record<Activation, (x: number) => number> = {
    none: x => x,
    relu: x => Math.max(x, 0),
    tanh: Math.tanh,
    sigmoid: x => 1 / (1 + Math.exp(-x)),
  };

  test.each(Object.keys(functions) as Activation[])('linear, %s', activation => {
    for (const [m, n, k] of shapes) {
      for (const biased of [true, false]) {
        const [x, w, bias] = [noise(m * k, 4), noise(n * k, 5), noise(n, 6)];
        const stores = [x, w, bias, noise(m * n, 7)].map(v => storageOf(kernels, v));
        const [sx, sw, sb, sy] = stores;
        kernels.linear(sx, sw, biased ? sb : null, sy, m, n, k, activation);
        const y = read(kernels, sy);
        const { sum, size } = exact(x, w, { m, n, k, transA: false, transB: true });
        for (let i = 0; i < m * n; i++) {
          const right = functions[activation](sum[i] + (biased ? bias[i % n] : 0));
          const error = Math.abs(y[i] - right);
          if (!(error <= EPSILON * (size[i] + 1))) expect.fail(`${m}x${n}x${k}: y[${i}] is ${y[i]}, not ${right}`);
        }
        for (const storage of stores) kernels.free(storage);
      }
    }
  });

  test('NaN and infinity pass', () => {
    const [a, b] = [storageOf(kernels, [1, NaN, Infinity, 0]), storageOf(kernels, [1, 2, 3, 4])];
    const c = kernels.alloc(4);
    kernels.gemm(a, b, c, { m: 2, n: 2, k: 2, transA: false, transB: false }, false);
    expect([...kernels.view(c)]).toEqual([NaN, NaN, Infinity, Infinity]);
  });
});

test.each([...backends, ...blasBackends])('$name: the gradients of a linear layer, small and large', ({ kernels }) => {
  const reference = createReferenceBackend('float64');
  for (const [m, n, k] of [
    [1, 1, 1],
    [16, 16, 2],
    [5, 7, 3],
    [0, 4, 3],
    [33, 40, 70],
    [130, 24, 24],
  ]) {
    for (const activation of ['none', 'relu', 'tanh', 'sigmoid'] as const) {
      const given = [noise(m * k, 1), noise(n * k, 2), noise(m * n, 3), noise(m * n, 4)];
      const run = (on: Kernels, wanted: boolean[]): (number[] | null)[] => {
        const [x, w, y, dy] = given.map(values => storageOf(on, values));
        const [dx, dw, db] = [m * k, n * k, n].map((size, i) => (wanted[i] ? storageOf(on, new Float32Array(size).fill(9)) : null));
        on.linearGrad(x, w, y, dy, dx, dw, db, m, n, k, activation);
        return [dx, dw, db].map(storage => storage && Array.from(on.view(storage)));
      };
      const want = run(reference, [true, true, true]);
      for (const wanted of [
        [true, true, true],
        [false, true, false],
        [true, false, false],
        [false, false, true],
      ]) {
        run(kernels, wanted).forEach((got, i) => {
          got?.forEach((value, j) => {
            const size = 1 + Math.abs(want[i]![j]);
            if (!(Math.abs(value - want[i]![j]) <= 1e-5 * size)) expect.fail(`${m} ${n} ${k} ${activation}: ${i}, ${j}: ${value}`);
          });
          expect(got === null).toBe(!wanted[i]);
        });
      }
    }
  }
});
