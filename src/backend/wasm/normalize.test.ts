/** Normalization kernels against a plain computation in double precision, with features far from 0. */
import { describe, expect, test } from 'vitest';
import { maskLength, type Storage } from '../kernels.ts';
import { createReferenceBackend } from '../reference/reference-backend.ts';
import { backends, noise, storageOf } from './testing.ts';

const EPS = 1e-5;
/** What features are centred on, one after the other: a plain one, one of mean 1000, one far on the other side, one tiny. */
const CENTRES = [0, 1000, -5000, 1e-3];
const shapes = [
  { outer: 2, n: 1, inner: 1 },
  { outer: 5, n: 3, inner: 1 },
  { outer: 64, n: 33, inner: 1 },
  { outer: 700, n: 4, inner: 1 },
  { outer: 1, n: 7, inner: 10 },
  { outer: 3, n: 5, inner: 3 },
  { outer: 2, n: 4, inner: 1003 },
  { outer: 4, n: 6, inner: 16 },
];

interface Normal {
  readonly y: Float64Array;
  readonly dx: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly dweight: Float64Array;
  readonly dbias: Float64Array;
}

/** The formulas, written out by themselves: x̂ first, everything from it. */
function plain(x: Float32Array, dy: Float32Array, w: Float32Array, b: Float32Array, outer: number, n: number, inner: number): Normal {
  const result: Normal = {
    y: new Float64Array(x.length),
    dx: new Float64Array(x.length),
    mean: new Float64Array(n),
    variance: new Float64Array(n),
    dweight: new Float64Array(n),
    dbias: new Float64Array(n),
  };
  for (let f = 0; f < n; f++) {
    const places: number[] = [];
    for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) places.push((o * n + f) * inner + i);
    const mean = (g: (at: number) => number): number => places.reduce((sum, at) => sum + g(at), 0) / places.length;
    const mu = mean(at => x[at]);
    const variance = mean(at => (x[at] - mu) ** 2);
    const xhat = (at: number): number => (x[at] - mu) / Math.sqrt(variance + EPS);
    const [mdy, mdyx] = [mean(at => dy[at]), mean(at => dy[at] * xhat(at))];
    result.mean[f] = mu;
    result.variance[f] = variance;
    result.dbias[f] = mdy * places.length;
    result.dweight[f] = mdyx * places.length;
    for (const at of places) {
      result.y[at] = w[f] * xhat(at) + b[f];
      result.dx[at] = (w[f] / Math.sqrt(variance + EPS)) * (dy[at] - mdy - xhat(at) * mdyx);
    }
  }
  return result;
}

/** The largest error, relative to the larger of the element and the root mean square of all. */
function worst(got: ArrayLike<number>, want: Float64Array): number {
  const rms = Math.sqrt(want.reduce((sum, v) => sum + v * v, 0) / Math.max(1, want.length));
  let error = 0;
  for (let i = 0; i < want.length; i++) error = Math.max(error, Math.abs(got[i] - want[i]) / Math.max(Math.abs(want[i]), rms, 1e-30));
  return error;
}

const all = [...backends, { name: 'reference, float32', kernels: createReferenceBackend('float32') }];

describe.each(all)('$name', ({ kernels }) => {
  test.each(shapes)('[$outer, $n, $inner]: forward, statistics and gradients', shape => {
    const { outer, n, inner } = shape;
    const size = outer * n * inner;
    const x = noise(size, 3).map((v, i) => v + CENTRES[(Math.floor(i / inner) % n) % 4]);
    const [dy, w, b] = [noise(size, 4), noise(n, 5), noise(n, 6)];
    const want = plain(x, dy, w, b, outer, n, inner);
    const [sx, sdy, sw, sb] = [x, dy, w, b].map(v => storageOf(kernels, v));
    // one element more than asked for, to see that nothing is written past the end
    const [y, dx] = [kernels.alloc(size + 1), kernels.alloc(size + 1)];
    const [mean, rest, variance, dweight, dbias] = Array.from({ length: 5 }, () => kernels.alloc(n + 1));
    for (const out of [y, dx, mean, rest, variance, dweight, dbias]) kernels.fill(out, out.length, 42);
    const statistics = { mean, rest, variance };
    kernels.batchNorm(sx, sw, sb, y, statistics, shape, EPS);
    kernels.batchNormGrad(sx, sdy, sw, statistics, dx, dweight, dbias, shape, EPS);
    const read = (s: typeof y): number[] => [...kernels.view(s)].slice(0, s.length);
    for (const out of [y, dx, mean, rest, variance, dweight, dbias]) expect(read(out).at(-1)).toBe(42);
    expect(worst(read(y), want.y)).toBeLessThan(6e-7);
    expect(worst(read(variance), want.variance)).toBeLessThan(3e-7);
    expect(worst(read(dweight), want.dweight)).toBeLessThan(1e-6);
    expect(worst(read(dbias), want.dbias)).toBeLessThan(1e-6);
    // of two values, x̂ is ±1 whatever they are: the gradient is a difference of nearly equal numbers
    expect(worst(read(dx), want.dx)).toBeLessThan(outer * inner === 2 ? 1e-2 : 3e-6);
    const exact = read(mean).map((m, f) => m + read(rest)[f]);
    want.mean.forEach((m, f) => {
      expect(Math.abs(exact[f] - m)).toBeLessThan(1e-9 + 1e-12 * Math.abs(m));
    });

    kernels.normalize(sx, mean, variance, sw, sb, y, shape, EPS);
    const means = read(mean);
    const byGiven = Float64Array.from(x, (v, i) => {
      const f = Math.floor(i / inner) % n;
      return (w[f] * (v - means[f])) / Math.sqrt(read(variance)[f] + EPS) + b[f];
    });
    if (size < 1000) expect(worst(read(y), byGiven)).toBeLessThan(6e-7);
  });

  test('without weight and bias; only what is wanted is written', () => {
    const shape = { outer: 4, n: 2, inner: 1 };
    const [x, dy] = [storageOf(kernels, [1, 5, 2, 6, 3, 7, 4, 9]), storageOf(kernels, [1, 0, 0, 0, 0, 0, 0, 0])];
    const [y, mean, rest, variance] = [kernels.alloc(8), kernels.alloc(2), kernels.alloc(2), kernels.alloc(2)];
    kernels.batchNorm(x, null, null, y, { mean, rest, variance }, shape, 0);
    expect([...kernels.view(mean)].slice(0, 2)).toEqual([2.5, 6.75]);
    expect([...kernels.view(variance)].slice(0, 2)).toEqual([1.25, 2.1875]);
    expect(kernels.view(y)[0]).toBeCloseTo(-1.5 / Math.sqrt(1.25), 6);
    kernels.batchNormGrad(x, dy, null, { mean, rest, variance }, y, null, null, shape, 0);
    // dx = (dy - 1/4 - x̂ mean(x̂ dy)) / σ with x̂ = -1.5/σ at the first
    const sigma = Math.sqrt(1.25);
    expect(kernels.view(y)[0]).toBeCloseTo((1 - 0.25 - (1.5 * 1.5) / 1.25 / 4) / sigma, 6);
    expect(Math.abs(kernels.view(y)[1])).toBe(0);
  });

  test.each([
    [2, 1],
    [5, 3],
    [64, 33],
    [3, 16],
    [128, 48],
    [131, 100],
    [700, 20],
  ])('[%i, %i]: with ReLU and dropout after it, the bits of one after the other', (outer, n) => {
    const shape = { outer, n, inner: 1 };
    const size = outer * n;
    const read = (s: Storage): number[] => [...kernels.view(s)].slice(0, s.length);
    const filled = (length: number): Storage => {
      const out = kernels.alloc(length + 1);
      kernels.fill(out, length + 1, 42);
      return out;
    };
    const values = noise(size, 3);
    if (size > 10) values[7] = Number.POSITIVE_INFINITY;
    const [x, dy, w, b] = [values, noise(size, 4), noise(n, 5), noise(n, 6)].map(v => storageOf(kernels, v));
    for (const p of [0, 0.3]) {
      for (const counter of [0, 7, 4294967286, 4294967289]) {
        const key = { key0: 12, key1: 4000000000, counter };
        const run = (isOne: boolean): number[][] => {
          const [y, dx, g] = [filled(size), filled(size), kernels.alloc(size)];
          const [mean, rest, variance, dweight, dbias] = Array.from({ length: 5 }, () => filled(n));
          const statistics = { mean, rest, variance };
          if (isOne) {
            kernels.batchNormRelu(x, w, b, y, statistics, outer, n, EPS, { p, key });
            kernels.batchNormReluGrad(x, y, dy, w, statistics, dx, dweight, dbias, outer, n, EPS, p);
          } else {
            const mask = kernels.alloc(maskLength(size));
            kernels.batchNorm(x, w, b, g, statistics, shape, EPS);
            kernels.unary('relu', g, y, size, 0);
            if (p > 0) kernels.dropout(y, y, size, p, key, mask);
            if (p > 0) kernels.dropoutGrad(dy, mask, g, size, p);
            kernels.binary('reluGrad', p > 0 ? g : dy, y, g, { dims: [size], aStrides: [1], bStrides: [1] });
            kernels.batchNormGrad(x, g, w, statistics, dx, dweight, dbias, shape, EPS);
          }
          return [y, dx, mean, rest, variance, dweight, dbias].map(read);
        };
        const [one, other] = [run(true), run(false)];
        expect(one).toEqual(other);
        for (const out of one) expect(out.at(-1)).toBe(42);
        if (size > 1000) expect(one[0].filter(v => v === 0).length / size).toBeGreaterThan(p > 0 ? 0.55 : 0.4);
      }
    }
  });

  test('a constant feature has variance exactly 0 and gives the bias', () => {
    const shape = { outer: 3, n: 1, inner: 1 };
    const [x, y] = [storageOf(kernels, [1000.1, 1000.1, 1000.1]), kernels.alloc(3)];
    const [mean, rest, variance] = [kernels.alloc(1), kernels.alloc(1), kernels.alloc(1)];
    kernels.batchNorm(x, storageOf(kernels, [2]), storageOf(kernels, [0.5]), y, { mean, rest, variance }, shape, EPS);
    expect(kernels.view(variance)[0]).toBeLessThan(1e-15);
    for (const v of kernels.view(y).subarray(0, 3)) expect(v).toBeCloseTo(0.5, 6);
  });

  test('rows over the limit are scaled back to it, others untouched', () => {
    for (const cols of [1, 2, 3, 4, 5, 100, 700]) {
      const w = noise(3 * cols, 8).map((v, i) => v * (i < cols ? 10 : i < 2 * cols ? 1e-3 : 5));
      const norm = (row: ArrayLike<number>): number => Math.hypot(...Array.from(row));
      const storage = storageOf(kernels, [...w, 42]);
      kernels.limitRowNorms(storage, 3, cols, 0.5);
      const got = kernels.view(storage);
      expect(got[3 * cols]).toBe(42);
      for (let r = 0; r < 3; r++) {
        const before = w.subarray(r * cols, (r + 1) * cols);
        const factor = Math.min(1, 0.5 / norm(before));
        before.forEach((v, c) => {
          expect(Math.abs(got[r * cols + c] - v * factor)).toBeLessThanOrEqual(3e-7 * Math.abs(v * factor));
        });
        if (factor === 1) expect([...got.subarray(r * cols, (r + 1) * cols)]).toEqual([...before]);
      }
    }
  });
});
