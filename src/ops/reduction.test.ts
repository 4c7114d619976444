import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad } from '../autograd/backward.ts';
import { gradientError } from '../autograd/check.ts';
import { type BackendName, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Random } from '../random.ts';
import { arange, ones, randn, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { argmax, cumsum, type Dims, logsumexp, max, mean, min, mul, norm, prod, std, sum, variance } from './index.ts';

const gradientOf = (f: (x: Tensor) => Tensor, numbers: number[], shape: number[] = [numbers.length]): number[] => {
  const x = tensor(numbers, { shape, requiresGrad: true });
  return [...grad(sum(f(x)), [x])[0].toArray()];
};
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const both: BackendName[] = ['wasm', 'reference'];

describe('over dimensions', () => {
  it('sum, max, min and prod agree with loops, for any set of dimensions', () => {
    const shapes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        shapes.chain(shape => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, i) => i)), fc.boolean())),
        ([shape, dims, keepdim]) =>
          withBackend('reference64', () =>
            step(() => {
              const x = randn(shape, { stream: new Random(2).stream('x') });
              const numbers = x.toArray();
              const kept = shape.map((size, i) => (dims.includes(i) ? 1 : size));
              const groups = new Map<number, number[]>();
              numbers.forEach((value, at) => {
                let [rest, key, scale] = [at, 0, 1];
                for (let i = shape.length - 1; i >= 0; i--) {
                  const index = rest % shape[i];
                  rest = (rest - index) / shape[i];
                  if (!dims.includes(i)) key += index * scale;
                  scale *= kept[i];
                }
                groups.set(key, [...(groups.get(key) ?? []), value]);
              });
              const want = (f: (group: number[]) => number) => [...groups.entries()].sort(([a], [b]) => a - b).map(([, group]) => f(group));
              const out = keepdim ? kept : shape.filter((_, i) => !dims.includes(i));
              const check = (got: Tensor, numbers: number[]) => {
                expect(got.shape).toEqual(out);
                got.toArray().forEach((value, i) => {
                  expect(value).toBeCloseTo(numbers[i], 12);
                });
              };
              check(
                sum(x, dims, keepdim),
                want(g => g.reduce((a, b) => a + b, 0)),
              );
              check(
                prod(x, dims, keepdim),
                want(g => g.reduce((a, b) => a * b, 1)),
              );
              check(
                max(x, dims, keepdim),
                want(g => Math.max(...g)),
              );
              check(
                min(x, dims, keepdim),
                want(g => Math.min(...g)),
              );
              check(
                mean(x, dims, keepdim),
                want(g => g.reduce((a, b) => a + b, 0) / g.length),
              );
            }),
          ),
      ),
      { numRuns: 150 },
    );
  });

  it('all by default, also of a scalar; a dimension may count from the end or be named twice', () => {
    expect([sum(tensor(3)).tolist(), max(tensor(3)).tolist(), mean(tensor(3), undefined, true).tolist()]).toEqual([3, 3, 3]);
    expect(sum(arange(0, 6).reshape([2, 3]), [-1, 1]).tolist()).toEqual([3, 12]);
    expect(sum(ones([2, 3]), []).shape).toEqual([2, 3]);
    expect(() => sum(ones([2]), 1)).toThrow(
      new UserError('sum: dimension 1 does not exist in a tensor of 1 dimensions; allowed are -1 to 0'),
    );
  });

  it('of no elements: sum 0, product 1, mean NaN, no largest', () => {
    const empty = zeros([0, 2]);
    expect(sum(empty, 0).tolist()).toEqual([0, 0]);
    expect(prod(empty, 0).tolist()).toEqual([1, 1]);
    expect(mean(empty, 0).tolist()).toEqual([nan, nan]);
    expect(mean(empty).tolist()).toBe(nan);
    expect(() => max(empty, 0)).toThrow(new UserError('max: there is no max of no elements; the shape is [0, 2]'));
    expect(() => min(empty)).toThrow('min: there is no min of no elements; the shape is [0, 2]');
    expect(() => argmax(empty, 0)).toThrow(new UserError('argmax: there is no largest of no elements; the shape is [0, 2]'));
  });

  it.each(both)('NaN wins in %s', name => {
    withBackend(name, () => {
      const x = tensor([1, nan, 3]);
      expect([max(x).item(), min(x).item(), sum(x).item(), argmax(x).item()]).toEqual([nan, nan, nan, 1]);
      expect(max(tensor([-inf, -inf])).item()).toBe(-inf);
    });
  });
});

describe('gradients where something is special', () => {
  it('equal largest and smallest elements share', () => {
    expect(gradientOf(x => max(x), [3, 1, 3, 3])).toEqual([1 / 3, 0, 1 / 3, 1 / 3].map(Math.fround));
    expect(gradientOf(x => min(x, 0), [2, 5, 2, 1], [2, 2])).toEqual([0.5, 0, 0.5, 1]);
  });

  it('a product with zeros has the product of the others, not NaN', () => {
    expect(gradientOf(x => prod(x), [2, 0, 3])).toEqual([0, 6, 0]);
    expect(gradientOf(x => prod(x), [0, 5, 0])).toEqual([0, 0, 0]);
    expect(gradientOf(x => prod(x, 1), [2, 0, 3, 4], [2, 2])).toEqual([0, 2, 4, 3]);
    expect(gradientOf(x => prod(x, 0), [2, 0, 3, 4], [2, 2])).toEqual([3, 4, 2, 0]);
  });

  it('its second derivatives hold too', () => {
    withBackend('reference64', () => {
      const x = tensor([2, 0, 3, 0, 1, 5], { shape: [2, 3], requiresGrad: true });
      for (const dim of [0, 1]) expect(gradientError(() => prod(x, dim), [x], { order: 2 })).toBeLessThan(1e-8);
    });
  });

  it('norm and deviation have derivative 0 at 0', () => {
    expect(gradientOf(x => norm(x), [0, 0])).toEqual([0, 0]);
    expect(gradientOf(x => norm(x), [3, 4])).toEqual([0.6, 0.8].map(Math.fround));
    expect(gradientOf(x => std(x), [5, 5, 5])).toEqual([0, 0, 0]);
    expect([norm(zeros([3])).item(), std(ones([3])).item()]).toEqual([0, 0]);
  });
});

describe('variance and std', () => {
  it('by hand, with either correction', () => {
    const x = tensor([
      [1, 2, 3, 4],
      [2, 2, 2, 2],
    ]);
    expect(variance(x, 1).toArray()[0]).toBeCloseTo(5 / 3, 6);
    expect(variance(x, 1).toArray()[1]).toBe(0);
    expect(variance(x, 1, { correction: 0, keepdim: true }).tolist()).toEqual([[1.25], [0]]);
    expect(variance(x).item()).toBeCloseTo(5.5 / 7, 6);
    expect(std(x, 1, { correction: 0 }).tolist()).toEqual([Math.fround(Math.sqrt(1.25)), 0]);
    expect(variance(tensor([7])).item()).toBeNaN();
    expect(variance(tensor([7]), undefined, { correction: 0 }).item()).toBe(0);
  });

  it('lose nothing to a large mean', () => {
    expect(variance(tensor([10_000, 10_001, 10_002]), 0, { correction: 0 }).item()).toBeCloseTo(2 / 3, 6);
  });
});

describe('logsumexp', () => {
  it.each(both)('at extremes and with infinities in %s', name => {
    withBackend(name, () => {
      const x = tensor([
        [1e4, 1e4],
        [-1e4, -1e4],
        [-inf, 0],
        [-inf, -inf],
        [inf, 0],
        [nan, 0],
      ]);
      const log2 = Math.LN2;
      const got = logsumexp(x, 1).tolist() as number[];
      [1e4 + log2, -1e4 + log2, 0, -inf, inf, nan].forEach((want, i) => {
        if (Number.isFinite(want)) expect(got[i]).toBeCloseTo(want, 2);
        else expect(got[i]).toBe(want);
      });
      expect(logsumexp(x, -1, true).shape).toEqual([6, 1]);
    });
  });

  it('has the softmax as gradient, and 0 for a row of -Infinity', () => {
    expect(gradientOf(x => logsumexp(x, 1), [0, 0, -inf, 0, -inf, -inf], [3, 2])).toEqual([0.5, 0.5, 0, 1, 0, 0]);
  });
});

describe('argmax and cumsum', () => {
  it('along any dimension, the first of equals', () => {
    const x = tensor([
      [1, 9, 9],
      [4, 2, 3],
    ]);
    expect(argmax(x).tolist()).toEqual([1, 0]);
    expect(argmax(x, 0).tolist()).toEqual([1, 0, 0]);
    expect(cumsum(x).tolist()).toEqual([
      [1, 10, 19],
      [4, 6, 9],
    ]);
    expect(cumsum(x, 0).tolist()).toEqual([
      [1, 9, 9],
      [5, 11, 12],
    ]);
  });

  it('nothing flows back through argmax', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(argmax(mul(x, 2)).requiresGrad).toBe(false);
  });
});

it('dims given as one number or a list of one are the same', () => {
  const x = arange(0, 6).reshape([2, 3]);
  for (const dims of [1, [1], -1] as Dims[]) expect(sum(x, dims).tolist()).toEqual([3, 12]);
});
