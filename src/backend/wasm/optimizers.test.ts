/** Optimizer updates over several steps against double precision, and dropout's masks. */

import { describe, expect, test } from 'vitest';
import { randomWord } from '../../random.ts';
import type { Kernels, RandomKey, Storage } from '../kernels.ts';
import { maskLength } from '../kernels.ts';
import { createReferenceBackend } from '../reference/reference-backend.ts';
import { backends, noise, row, storageOf } from './testing.ts';
import { createWasmBackend } from './wasm-backend.ts';

const STEPS = 20;

/** One update of a kernel under test: on θ, the gradient, and up to three state tensors that start at 0. */
type Update = (kernels: Kernels, theta: Storage, grad: Storage, state: Storage[], n: number, t: number) => void;

const sgd = { weightDecay: 0, momentum: 0.9, share: 0.5, alongVelocity: -0.1, alongGradient: 0 };
const adam = { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, shrink: 1, alongGradient: 0 };
const rmsprop = { lr: 0.01, alpha: 0.9, eps: 1e-3, weightDecay: 0.1, momentum: 0.9 };

const corrected = (t: number): { correction2: number; alongMoment: number } => ({
  correction2: 1 - 0.99 ** t,
  alongMoment: 0.01 / (1 - 0.9 ** t),
});

const updates: Record<string, Update> = {
  'sgd without velocity': (k, x, g, _, n) => k.sgd(row(n, x, g, null), { ...sgd, weightDecay: 0.1, alongGradient: -0.1 }),
  'sgd along the velocity': (k, x, g, [v], n) => k.sgd(row(n, x, g, v), sgd),
  'sgd along both, with decay': (k, x, g, [v], n) => k.sgd(row(n, x, g, v), { ...sgd, weightDecay: 0.1, alongGradient: -0.05 }),
  adam: (k, x, g, [m, v], n, t) => k.adam(row(n, x, g, m, v, null), { ...adam, ...corrected(t) }),
  'adam, with decay': (k, x, g, [m, v], n, t) => k.adam(row(n, x, g, m, v, null), { ...adam, ...corrected(t), weightDecay: 0.1 }),
  'adam, decoupled decay': (k, x, g, [m, v], n, t) => k.adam(row(n, x, g, m, v, null), { ...adam, ...corrected(t), shrink: 0.999 }),
  'adam, the largest v': (k, x, g, [m, v, w], n, t) => k.adam(row(n, x, g, m, v, w), { ...adam, ...corrected(t), beta2: 0.5 }),
  'adam, along the gradient too': (k, x, g, [m, v], n, t) =>
    k.adam(row(n, x, g, m, v, null), { ...adam, ...corrected(t), alongGradient: 0.02 }),
  adamax: (k, x, g, [m, u], n) => k.adamax(row(n, x, g, m, u), { lr: 0.01, beta1: 0.9, beta2: 0.9, eps: 1e-8, weightDecay: 0.1 }),
  adagrad: (k, x, g, [s], n) => k.adagrad(row(n, x, g, s), { lr: 0.1, eps: 1e-10, weightDecay: 0.1 }),
  rmsprop: (k, x, g, [s], n) => k.rmsprop(row(n, x, g, s, null, null), rmsprop),
  'rmsprop, centered': (k, x, g, [s, m], n) => k.rmsprop(row(n, x, g, s, m, null), rmsprop),
  'rmsprop, momentum': (k, x, g, [s, v], n) => k.rmsprop(row(n, x, g, s, null, v), rmsprop),
  'rmsprop, both': (k, x, g, [s, m, v], n) => k.rmsprop(row(n, x, g, s, m, v), rmsprop),
  adadelta: (k, x, g, [s, d], n) => k.adadelta(row(n, x, g, s, d), { lr: 1, rho: 0.9, eps: 1e-4, weightDecay: 0.1 }),
};

/** θ and the state after some steps of `update` on this backend, each block with three elements more than are asked for. */
function run(kernels: Kernels, update: Update, n: number): number[][] {
  const block = (values: ArrayLike<number>): Storage => storageOf(kernels, [...Array.from(values), 7, 7, 7]);
  const theta = block(noise(n, 1));
  const state = [0, 1, 2].map(() => block(new Float64Array(n)));
  for (let t = 1; t <= STEPS; t++) {
    const grad = block(noise(n, 10 + t));
    update(kernels, theta, grad, state, n, t);
    kernels.free(grad);
  }
  return [theta, ...state].map(storage => Array.from(kernels.view(storage)));
}

describe.each(backends)('$name', ({ kernels }) => {
  test.each(Object.entries(updates))('%s: as in double precision', (_, update) => {
    for (const n of [0, 1, 3, 4, 9, 64]) {
      const [got, want] = [run(kernels, update, n), run(createReferenceBackend('float64'), update, n)];
      want.forEach((block, b) => {
        block.forEach((value, i) => {
          expect(Math.abs(got[b][i] - value), `block ${b}, element ${i} of ${n}`).toBeLessThanOrEqual(3e-6 * Math.max(1, Math.abs(value)));
        });
      });
    }
  });

  test('several tensors in one call, as in calls of their own', () => {
    const sizes = [5, 0, 64, 1, 33];
    const blocks = (): Storage[][] =>
      sizes.map((n, i) => [1, 2, 3, 4].map(salt => storageOf(kernels, [...noise(n, 10 * i + salt).map(Math.abs), 7, 7])));
    const [together, alone] = [blocks(), blocks()];
    const column = (i: number): Storage[] => together.map(tensors => tensors[i]);
    const options = { ...adam, ...corrected(3) };
    kernels.adam({ count: 5, sizes, theta: column(0), grad: column(1), state: [column(2), column(3), null] }, options);
    alone.forEach(([x, g, m, v], i) => {
      kernels.adam(row(sizes[i], x, g, m, v, null), options);
    });
    const values = (of: Storage[][]): number[][] => of.flat().map(storage => Array.from(kernels.view(storage)));
    expect(values(together)).toEqual(values(alone));
  });

  test('a centered rmsprop whose spread rounds below 0 stays a number', () => {
    const [x, g, s, m] = [[1], [0.1], [0], [0]].map(v => storageOf(kernels, v));
    for (let t = 0; t < 3000; t++)
      kernels.rmsprop(row(1, x, g, s, m, null), { lr: 1e-6, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0 });
    expect(kernels.view(x)[0]).not.toBeNaN();
  });

  const keys: RandomKey[] = [
    { key0: 0, key1: 0, counter: 0 },
    { key0: 0xdeadbeef, key1: 0x12345678, counter: 1 },
    { key0: 1, key1: 0xffffffff, counter: 0xfffffffb }, // the counter wraps round
    { key0: 0x80000000, key1: 7, counter: 0x7ffffff2 },
  ];

  test('a dropout mask is the sequence of src/random.ts', () => {
    for (const key of keys) {
      for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 40, 1003]) {
        for (const p of [0, 0.3, 0.5, 0.999]) {
          const x = noise(n, 4).map(v => v + 2);
          const [sx, out, back] = [storageOf(kernels, x), ...[0, 1].map(() => storageOf(kernels, new Float32Array(n + 3).fill(6)))];
          const mask = kernels.alloc(maskLength(n));
          kernels.dropout(sx, out, n, p, key, mask);
          kernels.dropoutGrad(sx, mask, back, n, p);
          // The gradient of the elements themselves is their dropout.
          expect(kernels.view(back)).toEqual(kernels.view(out));
          const y = kernels.view(out);
          const scale = Math.fround(1 / (1 - p));
          for (let i = 0; i < n; i++) {
            const keep = randomWord(key, i) >= Math.floor(p * 2 ** 32);
            if (y[i] !== (keep ? Math.fround(x[i] * scale) : 0)) expect.fail(`element ${i} of ${n}, p ${p}: ${y[i]}`);
          }
          expect([...y.subarray(n)]).toEqual([6, 6, 6]);
          for (const storage of [sx, out, back, mask]) kernels.free(storage);
        }
      }
    }
  });

  test('dropout of all, and of NaN', () => {
    const [x, out, mask] = [storageOf(kernels, [1, NaN, Infinity]), kernels.alloc(3), kernels.alloc(1)];
    kernels.dropout(x, out, 3, 1, keys[0], mask);
    expect([...kernels.view(out)]).toEqual([0, 0, 0]);
    kernels.dropoutGrad(x, mask, out, 3, 1);
    expect([...kernels.view(out)]).toEqual([0, 0, 0]);
  });
});

test('Threefry-2x32-20 gives the published words', () => {
  // key and counter of zeros, and of all ones: known answers of the paper's own code
  const word = (key0: number, key1: number): number => {
    const kernels = backends[0].kernels;
    // the word is found by bisection: with x = 1, element 0 is kept exactly while p 2^32 ≤ word
    const [x, out, mask] = [storageOf(kernels, [1]), kernels.alloc(1), kernels.alloc(1)];
    let [low, high] = [0, 2 ** 32];
    while (high - low > 1) {
      const middle = (low + high) / 2;
      kernels.dropout(x, out, 1, middle / 2 ** 32, { key0, key1, counter: 0 }, mask);
      if (kernels.view(out)[0] !== 0) low = middle;
      else high = middle;
    }
    return low;
  };
  expect(word(0, 0)).toBe(0x6b200159);
});

test('two instances compute the same bits', () => {
  for (const simd of ['wide', 'relaxed', 'plain'] as const) {
    const run = (): Uint32Array => {
      const kernels = createWasmBackend({ simd });
      kernels.alloc(12_345); // other addresses
      const [x, w, b] = [noise(33 * 300, 1), noise(20 * 300, 2), noise(20, 3)].map(v => storageOf(kernels, v));
      const [y, p] = [kernels.alloc(33 * 20), kernels.alloc(33 * 20)];
      kernels.linear(x, w, b, y, 33, 20, 300, 'tanh');
      kernels.softmax(y, p, 33, 20);
      kernels.dropout(p, p, 660, 0.1, { key0: 5, key1: 6, counter: 0 }, kernels.alloc(maskLength(660)));
      kernels.unary('sin', p, p, 660, 0);
      return new Uint32Array(Float32Array.from(kernels.view(p)).buffer);
    };
    expect(run()).toEqual(run());
  }
});

test('traits say which build runs and whether its bits are promised', () => {
  expect(createWasmBackend({ simd: 'plain', threads: 1 }).traits).toEqual({ simd: 'plain', fma: false, threads: 1, deterministic: false });
  const { traits } = createWasmBackend({ simd: 'relaxed' });
  expect(traits.simd).toBe('relaxed');
  expect(traits.deterministic).toBe(traits.fma);
});
