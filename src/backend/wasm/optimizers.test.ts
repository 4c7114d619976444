/** Optimizer updates over several steps against plain loops in double precision, and dropout's masks. */
import { describe, expect, test } from 'vitest';
import { randomWord } from '../../random.ts';
import type { AdamOptions, RandomKey, SgdOptions } from '../kernels.ts';
import { backends, noise, storageOf } from './testing.ts';
import { createWasmBackend } from './wasm-backend.ts';

const STEPS = 20;

function expectNear(got: ArrayLike<number>, right: ArrayLike<number>, tolerance: number): void {
  for (let i = 0; i < right.length; i++) expect(Math.abs(got[i] - right[i]), `element ${i}`).toBeLessThanOrEqual(tolerance);
}

describe.each(backends)('$name', ({ kernels }) => {
  for (const momentum of [0, 0.9]) {
    for (const nesterov of momentum === 0 ? [false] : [false, true]) {
      for (const [weightDecay, dampening] of [
        [0, 0],
        [0.1, 0],
        [0.1, nesterov ? 0 : 0.5],
      ]) {
        test(`sgd, momentum ${momentum}, nesterov ${nesterov}, decay ${weightDecay}, dampening ${dampening}`, () => {
          const n = 7;
          const theta = Float64Array.from(noise(n, 1));
          const velocity = new Float64Array(n);
          const [st, sv] = [storageOf(kernels, theta), storageOf(kernels, new Float32Array(n).fill(99))];
          for (let step = 0; step < STEPS; step++) {
            const first = step === 0;
            const options: SgdOptions = { lr: 0.1, momentum, dampening, nesterov, weightDecay, first };
            const grad = noise(n, 10 + step);
            for (let i = 0; i < n; i++) {
              const g = grad[i] + weightDecay * theta[i];
              velocity[i] = first ? g : momentum * velocity[i] + (1 - dampening) * g;
              theta[i] -= 0.1 * (momentum === 0 ? g : nesterov ? g + momentum * velocity[i] : velocity[i]);
            }
            const sg = storageOf(kernels, grad);
            kernels.sgd(st, sg, momentum === 0 ? null : sv, n, options);
            kernels.free(sg);
          }
          expectNear(kernels.view(st), theta, 3e-6);
          if (momentum !== 0) expectNear(kernels.view(sv), velocity, 3e-6);
        });
      }
    }
  }

  for (const weightDecay of [0, 0.1]) {
    for (const decoupled of weightDecay === 0 ? [false] : [false, true]) {
      test(`adam, decay ${weightDecay}, decoupled ${decoupled}`, () => {
        const n = 9;
        const [lr, beta1, beta2, eps] = [0.01, 0.9, 0.999, 1e-8];
        const theta = Float64Array.from(noise(n, 1));
        const m = new Float64Array(n);
        const v = new Float64Array(n);
        const [st, sm, sv] = [theta, m, v].map(x => storageOf(kernels, x));
        for (let t = 1; t <= STEPS; t++) {
          const grad = noise(n, 30 + t);
          const [correction1, correction2] = [1 - beta1 ** t, 1 - beta2 ** t];
          for (let i = 0; i < n; i++) {
            if (decoupled) theta[i] *= 1 - lr * weightDecay;
            const g = grad[i] + (decoupled ? 0 : weightDecay * theta[i]);
            m[i] = beta1 * m[i] + (1 - beta1) * g;
            v[i] = beta2 * v[i] + (1 - beta2) * g * g;
            theta[i] -= ((lr / correction1) * m[i]) / (Math.sqrt(v[i]) / Math.sqrt(correction2) + eps);
          }
          const sg = storageOf(kernels, grad);
          const options: AdamOptions = { lr, beta1, beta2, eps, weightDecay, decoupled, correction1, correction2 };
          kernels.adam(st, sg, sm, sv, n, options);
          kernels.free(sg);
        }
        expectNear(kernels.view(st), theta, 2e-6);
        expectNear(kernels.view(sm), m, 1e-6);
        expectNear(kernels.view(sv), v, 1e-7);
      });
    }
  }

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
          const [sx, out] = [storageOf(kernels, x), storageOf(kernels, new Float32Array(n + 3).fill(6))];
          kernels.dropout(sx, out, n, p, key);
          const y = kernels.view(out);
          const scale = Math.fround(1 / (1 - p));
          for (let i = 0; i < n; i++) {
            const keep = randomWord(key, i) >= Math.floor(p * 2 ** 32);
            if (y[i] !== (keep ? Math.fround(x[i] * scale) : 0)) expect.fail(`element ${i} of ${n}, p ${p}: ${y[i]}`);
          }
          expect([...y.subarray(n)]).toEqual([6, 6, 6]);
          kernels.free(sx);
          kernels.free(out);
        }
      }
    }
  });

  test('dropout of all, and of NaN', () => {
    const [x, out] = [storageOf(kernels, [1, NaN, Infinity]), kernels.alloc(3)];
    kernels.dropout(x, out, 3, 1, keys[0]);
    expect([...kernels.view(out)]).toEqual([0, 0, 0]);
  });
});

test('Threefry-2x32-20 gives the published words', () => {
  // key and counter of zeros, and of all ones: known answers of the paper's own code
  const word = (key0: number, key1: number): number => {
    const kernels = backends[0].kernels;
    // the word is found by bisection: with x = 1, element 0 is kept exactly while p 2^32 ≤ word
    const [x, out] = [storageOf(kernels, [1]), kernels.alloc(1)];
    let [low, high] = [0, 2 ** 32];
    while (high - low > 1) {
      const middle = (low + high) / 2;
      kernels.dropout(x, out, 1, middle / 2 ** 32, { key0, key1, counter: 0 });
      if (kernels.view(out)[0] !== 0) low = middle;
      else high = middle;
    }
    return low;
  };
  expect(word(0, 0)).toBe(0x6b200159);
});

test('two instances compute the same bits', () => {
  for (const simd of ['relaxed', 'plain'] as const) {
    const run = (): Uint32Array => {
      const kernels = createWasmBackend({ simd });
      kernels.alloc(12_345); // other addresses
      const [x, w, b] = [noise(33 * 300, 1), noise(20 * 300, 2), noise(20, 3)].map(v => storageOf(kernels, v));
      const [y, p] = [kernels.alloc(33 * 20), kernels.alloc(33 * 20)];
      kernels.linear(x, w, b, y, 33, 20, 300, 'tanh');
      kernels.softmax(y, p, 33, 20);
      kernels.dropout(p, p, 660, 0.1, { key0: 5, key1: 6, counter: 0 });
      kernels.unary('sin', p, p, 660, 0);
      return new Uint32Array(Float32Array.from(kernels.view(p)).buffer);
    };
    expect(run()).toEqual(run());
  }
});

test('traits say which build runs and whether its bits are promised', () => {
  expect(createWasmBackend({ simd: 'plain' }).traits).toEqual({ simd: 'plain', fma: false, threads: 1, deterministic: false });
  const { traits } = createWasmBackend();
  expect(traits.simd).toBe('relaxed');
  expect(traits.deterministic).toBe(traits.fma);
});
