/** Reductions and the softmax family. */
import { describe, expect, test } from 'vitest';
import type { ReduceName } from '../kernels.ts';
import { backends, noise, read, storageOf } from './testing.ts';

const steps: Record<ReduceName, [number, (a: number, b: number) => number]> = {
  sum: [0, (a, b) => a + b],
  mean: [0, (a, b) => a + b],
  max: [-Infinity, Math.max],
  min: [Infinity, Math.min],
  prod: [1, (a, b) => a * b],
};

const shapes: [number, number, number][] = [
  [1, 0, 1],
  [0, 3, 2],
  [3, 0, 2],
  [2, 130, 5],
];
for (const n of [1, 2, 3, 4, 5, 15, 16, 17, 31, 600]) for (const inner of [1, 2, 4, 7, 16, 19]) shapes.push([3, n, inner]);

describe.each(backends)('$name', ({ kernels }) => {
  test.each(Object.keys(steps) as ReduceName[])('%s', name => {
    const [start, step] = steps[name];
    for (const [outer, n, inner] of shapes) {
      const x = noise(outer * n * inner, 7).map(v => (name === 'prod' ? 1 + v / 50 : v));
      const [sx, out] = [storageOf(kernels, x), storageOf(kernels, new Float32Array(outer * inner + 3).fill(5))];
      kernels.reduce(name, sx, out, outer, n, inner);
      const y = read(kernels, out);
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          let right = start;
          let size = 0;
          for (let j = 0; j < n; j++) {
            right = step(right, x[(o * n + j) * inner + i]);
            size += Math.abs(x[(o * n + j) * inner + i]);
          }
          if (name === 'mean') [right, size] = [right / n, size / n];
          const sums = name === 'sum' || name === 'mean';
          const tolerance = name === 'max' || name === 'min' || n === 0 ? 0 : sums ? 1e-6 * size : 4e-5 * right;
          const got = y[o * inner + i];
          if (!(Object.is(got, right) || got === right || Math.abs(got - right) <= tolerance))
            expect.fail(`${name} [${outer}, ${n}, ${inner}]: ${got}, not ${right}`);
        }
      }
      expect([...y.subarray(outer * inner)]).toEqual([5, 5, 5]);
      kernels.free(sx);
      kernels.free(out);
    }
  });

  test('max and min pass NaN on from any place', () => {
    for (const n of [1, 5, 16, 35]) {
      for (let at = 0; at < n; at++) {
        const x = noise(n, 2);
        x[at] = NaN;
        const [sx, out] = [storageOf(kernels, x), kernels.alloc(1)];
        for (const name of ['max', 'min'] as const) {
          kernels.reduce(name, sx, out, 1, n, 1);
          expect(kernels.view(out)[0]).toBeNaN();
        }
        kernels.free(sx);
        kernels.free(out);
      }
    }
  });

  test.each([1, 3])('the error of a sum does not grow with its length (%i columns)', inner => {
    const n = 1_000_000;
    const x = new Float32Array(n * inner).map((_, i) => 0.1 + ((i * 7919) % 1000) / 1000);
    let right = 0;
    for (let i = 0; i < n; i++) right += x[i * inner];
    const [sx, out] = [storageOf(kernels, x), kernels.alloc(inner)];
    kernels.reduce('sum', sx, out, 1, n, inner);
    expect(Math.abs(kernels.view(out)[0] / right - 1)).toBeLessThan(1e-7); // one chain of float32 would be off by 1e-3
    kernels.free(sx);
    kernels.free(out);
  });

  test('argmax takes the first of equals, and NaN over all', () => {
    const argmax = (values: number[], outer: number, n: number, inner: number): number[] => {
      const [sx, out] = [storageOf(kernels, values), kernels.alloc(outer * inner)];
      kernels.argmax(sx, out, outer, n, inner);
      return [...kernels.view(out)];
    };
    expect(argmax([1, 3, 3, 2, 5, 4, 5, 5], 2, 4, 1)).toEqual([1, 0]);
    expect(argmax([1, NaN, 9, NaN], 1, 4, 1)).toEqual([1]);
    expect(argmax([NaN, 1, 2, 3], 1, 4, 1)).toEqual([0]);
    expect(argmax([1, 6, 3, 5, 2, 6], 1, 3, 2)).toEqual([1, 0]);
    expect(argmax([-Infinity, -Infinity], 1, 2, 1)).toEqual([0]);
  });

  test('cumsum', () => {
    const [sx, out] = [storageOf(kernels, [1, 2, 3, 4, 5, 6, 7, 8]), kernels.alloc(8)];
    kernels.cumsum(sx, out, 2, 4, 1);
    expect([...kernels.view(out)]).toEqual([1, 3, 6, 10, 5, 11, 18, 26]);
    kernels.cumsum(sx, out, 1, 4, 2);
    expect([...kernels.view(out)]).toEqual([1, 2, 4, 6, 9, 12, 16, 20]);
  });

  const scales = [1, 30, 1e4];

  test.each(scales)('softmax, its logarithm and cross entropy, logits to ±%d', scale => {
    for (const [rows, cols] of [
      [1, 1],
      [3, 2],
      [4, 10],
      [2, 16],
      [3, 1000],
    ]) {
      for (const smoothing of [0, 0.1]) {
        const x = noise(rows * cols, 3).map(v => v * scale);
        const labels = Array.from({ length: rows }, (_, i) => (i * 7) % cols);
        const dlosses = noise(rows, 8);
        const [sx, sl, sd] = [x, labels, dlosses].map(v => storageOf(kernels, v));
        const [p, lp, ce, losses, dx] = [x.length, x.length, x.length, rows, x.length].map(n => kernels.alloc(n));
        kernels.softmax(sx, p, rows, cols);
        kernels.logSoftmax(sx, lp, rows, cols);
        kernels.softmaxCrossEntropy(sx, sl, losses, ce, rows, cols, smoothing);
        kernels.softmaxCrossEntropyGrad(ce, sl, sd, dx, rows, cols, smoothing, false);
        const [yp, ylp, yce, yl, ydx] = [p, lp, ce, losses, dx].map(s => read(kernels, s));
        for (let i = 0; i < rows; i++) {
          const z = Array.from(x.subarray(i * cols, (i + 1) * cols));
          const top = Math.max(...z);
          const lse = Math.log(z.reduce((sum, v) => sum + Math.exp(v - top), 0)) + top;
          let loss = 0;
          for (let c = 0; c < cols; c++) {
            const right = Math.exp(z[c] - lse);
            const q = (1 - smoothing) * Number(c === labels[i]) + smoothing / cols;
            loss -= q * (z[c] - lse);
            // the exponent itself is rounded, by up to half a unit in the last place of the logit
            const tolerance = 3e-7 * (1 + scale / 4) * right + 1e-37;
            expect(Math.abs(yp[i * cols + c] - right)).toBeLessThanOrEqual(tolerance);
            expect(yce[i * cols + c]).toBe(yp[i * cols + c]);
            expect(Math.abs(ylp[i * cols + c] - (z[c] - lse))).toBeLessThanOrEqual(3e-7 * (1 + Math.abs(z[c] - lse)));
            expect(Math.abs(ydx[i * cols + c] - dlosses[i] * (right - q))).toBeLessThanOrEqual(2e-7 + tolerance);
          }
          expect(Math.abs(yl[i] - loss)).toBeLessThanOrEqual(4e-7 * (1 + loss));
        }
        for (const s of [sx, sl, sd, p, lp, ce, losses, dx]) kernels.free(s);
      }
    }
  });

  test('a logit of -∞ has probability 0 and harms no other class', () => {
    const [x, label] = [storageOf(kernels, [-Infinity, 0, 0]), storageOf(kernels, [1])];
    const [loss, p] = [kernels.alloc(1), kernels.alloc(3)];
    kernels.softmaxCrossEntropy(x, label, loss, p, 1, 3, 0);
    expect([...kernels.view(p)]).toEqual([0, 0.5, 0.5]);
    expect(kernels.view(loss)[0]).toBeCloseTo(Math.LN2, 6);
  });
});
