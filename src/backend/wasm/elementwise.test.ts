/** Binary functions under every kind of broadcast, and the kernels that move elements. */
import { describe, expect, test } from 'vitest';
import type { BinaryName, BroadcastPlan, CopyPlan } from '../kernels.ts';
import { backends, noise, read, storageOf } from './testing.ts';

const f = Math.fround;

const functions: Record<BinaryName, (a: number, b: number) => number> = {
  add: (a, b) => f(a + b),
  sub: (a, b) => f(a - b),
  mul: (a, b) => f(a * b),
  div: (a, b) => f(a / b),
  pow: (a, b) => f(a ** b),
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  eq: (a, b) => Number(a === b),
  ne: (a, b) => Number(a !== b),
  lt: (a, b) => Number(a < b),
  le: (a, b) => Number(a <= b),
  gt: (a, b) => Number(a > b),
  ge: (a, b) => Number(a >= b),
  reluGrad: (a, b) => (b > 0 ? a : 0),
  sigmoidGrad: (a, b) => f(f(a * b) * f(1 - b)),
  tanhGrad: (a, b) => f(a * f(1 - f(b * b))),
};

const plans: BroadcastPlan[] = [
  { dims: [], aStrides: [], bStrides: [] },
  ...[0, 1, 2, 3, 4, 5, 8, 33].map(n => ({ dims: [n], aStrides: [1], bStrides: [1] })),
  { dims: [7], aStrides: [0], bStrides: [1] },
  { dims: [7], aStrides: [1], bStrides: [0] },
  { dims: [7], aStrides: [0], bStrides: [0] },
  { dims: [3, 5], aStrides: [5, 1], bStrides: [0, 1] }, // a row on b's side
  { dims: [3, 5], aStrides: [0, 1], bStrides: [5, 1] },
  { dims: [3, 5], aStrides: [5, 1], bStrides: [1, 0] }, // a column
  { dims: [3, 5], aStrides: [1, 0], bStrides: [0, 1] }, // an outer product
  { dims: [5, 1], aStrides: [1, 1], bStrides: [0, 0] },
  { dims: [2, 3, 5], aStrides: [15, 5, 1], bStrides: [3, 1, 0] },
  { dims: [2, 3, 5], aStrides: [5, 0, 1], bStrides: [0, 5, 1] },
  { dims: [2, 2, 3, 5], aStrides: [30, 15, 5, 1], bStrides: [2, 1, 0, 0] },
  { dims: [2, 0, 3], aStrides: [0, 3, 1], bStrides: [0, 3, 1] },
  { dims: [4, 3], aStrides: [1, 4], bStrides: [3, 1] }, // transposed: not from broadcasting, yet allowed
];

const at = (dims: readonly number[], strides: readonly number[], i: number): number => {
  let index = 0;
  for (let d = dims.length - 1; d >= 0; d--) {
    index += (i % dims[d]) * strides[d];
    i = Math.floor(i / dims[d]);
  }
  return index;
};

const sizeOf = (dims: readonly number[]): number => dims.reduce((size, n) => size * n, 1);

describe.each(backends)('$name', ({ kernels }) => {
  test.each(Object.keys(functions) as BinaryName[])('%s', name => {
    const a = noise(64, 1).map((x, i) => (i % 5 === 0 ? 0.5 : name === 'pow' ? Math.abs(x) : x));
    const b = noise(64, 2).map((x, i) => (i % 5 === 0 ? 0.5 : x));
    if (name === 'maximum' || name === 'minimum') a[7] = b[9] = NaN;
    const [sa, sb] = [storageOf(kernels, a), storageOf(kernels, b)];
    for (const plan of plans) {
      const n = sizeOf(plan.dims);
      const out = storageOf(kernels, new Float32Array(n + 4).fill(42));
      kernels.binary(name, sa, sb, out, plan);
      const y = read(kernels, out);
      for (let i = 0; i < n; i++) {
        const right = functions[name](a[at(plan.dims, plan.aStrides, i)], b[at(plan.dims, plan.bStrides, i)]);
        if (name === 'pow') expect(Math.abs(y[i] - right)).toBeLessThanOrEqual(1.2e-7 * right);
        else expect(y[i] + 0, `${name} ${JSON.stringify(plan)} ${i}`).toBe(right + 0);
      }
      expect([...y.subarray(n)]).toEqual([42, 42, 42, 42]);
      kernels.free(out);
    }
  });

  test('in place: the output may be an input', () => {
    const a = noise(37, 3);
    const [sa, sb] = [storageOf(kernels, a), storageOf(kernels, a)];
    kernels.binary('mul', sa, sb, sa, { dims: [37], aStrides: [1], bStrides: [1] });
    kernels.unary('neg', sa, sa, 37, 0);
    expect([...kernels.view(sa)]).toEqual([...a].map(x => -f(x * x)));
  });

  test('fill, where and axpby stop at n', () => {
    for (const n of [0, 1, 2, 3, 4, 5, 16, 19]) {
      const [c, a, b] = [noise(n, 1).map(x => Number(x > 0)), noise(n, 2), noise(n, 3)];
      if (n > 4) c[4] = NaN; // not zero: true
      const [sc, sa, sb] = [c, a, b].map(x => storageOf(kernels, x));
      const out = storageOf(kernels, new Float32Array(n + 3).fill(9));
      kernels.where(sc, sa, sb, out, n);
      expect([...kernels.view(out)]).toEqual([...[...c].map((x, i) => (x !== 0 ? a[i] : b[i])), 9, 9, 9]);
      kernels.fill(out, n, 1.5);
      kernels.axpby(-2, sa, 1, out, n);
      expect([...kernels.view(out)]).toEqual([...[...a].map(x => f(1.5 - 2 * x)), 9, 9, 9]);
      kernels.fill(out, n, 1.5);
      kernels.axpby(-2, sa, 0.5, out, n);
      expect([...kernels.view(out)]).toEqual([...[...a].map(x => f(0.75 - 2 * x)), 9, 9, 9]);
    }
  });

  test('strided copies', () => {
    const copies: CopyPlan[] = [
      { dims: [], from: 3, fromStrides: [], to: 1, toStrides: [] },
      { dims: [5], from: 4, fromStrides: [-1], to: 0, toStrides: [1] },
      { dims: [5], from: 1, fromStrides: [0], to: 2, toStrides: [2] },
      { dims: [3, 7], from: 2, fromStrides: [7, 1], to: 1, toStrides: [8, 1] },
      { dims: [3, 7], from: 2, fromStrides: [1, 0], to: 1, toStrides: [7, 1] },
      ...[1, 3, 4, 5, 8, 11].map(n => ({ dims: [n, 9], from: 1, fromStrides: [1, n], to: 2, toStrides: [9, 1] })),
      { dims: [6, 8], from: 0, fromStrides: [8, 1], to: 0, toStrides: [1, 6] },
      { dims: [4, 8], from: 3, fromStrides: [1, 4], to: 31, toStrides: [-8, 1] },
      { dims: [2, 3, 4], from: 0, fromStrides: [4, 8, 1], to: 0, toStrides: [12, 4, 1] },
      { dims: [3, 2, 4, 2], from: 0, fromStrides: [2, 24, 6, 1], to: 0, toStrides: [16, 8, 2, 1] },
      { dims: [2, 0, 4], from: 0, fromStrides: [4, 8, 1], to: 0, toStrides: [12, 4, 1] },
    ];
    const x = noise(128, 5);
    const from = storageOf(kernels, x);
    for (const plan of copies) {
      const right = new Float32Array(128).fill(8);
      const out = storageOf(kernels, right);
      for (let i = 0; i < sizeOf(plan.dims); i++) {
        right[plan.to + at(plan.dims, plan.toStrides, i)] = x[plan.from + at(plan.dims, plan.fromStrides, i)];
      }
      kernels.copy(from, out, plan);
      expect([...kernels.view(out)], JSON.stringify(plan)).toEqual([...right]);
    }
  });

  test('rows and elements by index', () => {
    for (const cols of [1, 3, 4, 6]) {
      const x = noise(5 * cols, 1);
      const index = [4, 0, 4, 2];
      const [sx, si] = [storageOf(kernels, x), storageOf(kernels, index)];
      const rows = kernels.alloc(4 * cols);
      kernels.gatherRows(sx, si, rows, 4, cols);
      const gathered = index.flatMap(r => [...x.subarray(r * cols, (r + 1) * cols)]);
      expect([...kernels.view(rows)]).toEqual(gathered);

      const sum = storageOf(kernels, x);
      kernels.scatterAddRows(rows, si, sum, 4, cols);
      const times = [1, 0, 1, 0, 2];
      expect([...kernels.view(sum)]).toEqual(
        [...x].map((v, i) => f(f(v + (times[Math.floor(i / cols)] > 0 ? v : 0)) + (times[Math.floor(i / cols)] > 1 ? v : 0))),
      );

      const columns = [0, cols - 1, 0, cols >> 1, 0];
      const [sc, picked, back] = [storageOf(kernels, columns), kernels.alloc(5), storageOf(kernels, x)];
      kernels.pick(sx, sc, picked, 5, cols);
      expect([...kernels.view(picked)]).toEqual(columns.map((c, i) => x[i * cols + c]));
      kernels.unpick(picked, sc, back, 5, cols);
      expect([...kernels.view(back)]).toEqual([...x].map((v, i) => (i % cols === columns[Math.floor(i / cols)] ? v : 0)));
    }
  });
});
