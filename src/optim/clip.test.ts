/** Gradient clipping: norms, values, and leaves that share a gradient. */
import { describe, expect, it } from 'vitest';
import '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { clipGradNorm, clipGradValue } from './clip.ts';

/** Leaves whose gradients are these. */
function leaves(...gradients: number[][]): Tensor[] {
  return gradients.map(values => {
    const leaf = tensor(new Array(values.length).fill(0), { requiresGrad: true });
    leaf.mul(tensor(values)).sum().backward();
    return leaf;
  });
}

const grads = (all: readonly Tensor[]): number[] => all.flatMap(leaf => [...leaf.grad!.toArray()]);

describe('clipGradNorm', () => {
  it('scales all gradients together and returns the norm they had', () => {
    const all = leaves([3, 0], [0, 4]);
    expect(clipGradNorm(all, 1)).toBe(5);
    const [a, , , d] = grads(all);
    expect(a).toBeCloseTo(0.6, 6);
    expect(d).toBeCloseTo(0.8, 6);
    expect(clipGradNorm(all, 1)).toBeCloseTo(1, 5);
  });

  it('leaves a smaller norm alone, and what has no gradient', () => {
    const all = [...leaves([3, 4]), tensor([1], { requiresGrad: true })];
    const before = all[0].grad;
    expect(clipGradNorm(all, 5.1)).toBe(5);
    expect(all[0].grad).toBe(before);
    expect(all[1].grad).toBe(null);
  });

  it('knows other norms', () => {
    expect(clipGradNorm(leaves([3, -4]), 10, { normType: 1 })).toBeCloseTo(7, 12);
    const all = leaves([3, -4]);
    expect(clipGradNorm(all, 2, { normType: Number.POSITIVE_INFINITY })).toBe(4);
    expect(grads(all)[1]).toBeCloseTo(-2, 5);
  });

  it('scales leaves that were handed one and the same gradient once each', () => {
    const [a, b] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
    a.add(b).mul(3).sum().backward();
    clipGradNorm([a, b], 1);
    expect(grads([a, b])[0]).toBeCloseTo(Math.SQRT1_2, 6);
    expect(grads([a, b])[1]).toBeCloseTo(Math.SQRT1_2, 6);
  });

  it('does not overflow where the squares would in float32', () => {
    expect(clipGradNorm(leaves([3e30, 4e30]), 1)).toBeCloseTo(5e30, -25);
  });

  it('names the parameter whose gradient is not a number', () => {
    const all = leaves([1], [Number.NaN, 2]);
    all[1].name = '2.weight';
    expect(() => clipGradNorm(all, 1)).toThrow("clipGradNorm: the norm of the gradients is NaN: look at '2.weight' [2]");
    clipGradNorm(all, 1, { errorIfNonfinite: false });
    expect(grads(all)[0]).toBeNaN();
  });

  it('leaks nothing', () => {
    const leaf = tensor([1, 2], { requiresGrad: true });
    const once = (): void =>
      step(() => {
        leaf.zeroGrad();
        leaf.mul(leaf).sum().backward();
        clipGradNorm([leaf], 0.1);
        clipGradValue([leaf], 0.01);
      });
    once();
    const before = liveTensors();
    for (let i = 0; i < 100; i++) once();
    expect(liveTensors()).toBe(before);
  });
});

it('clipGradValue holds every element between the bounds', () => {
  const all = leaves([3, -0.25, -7], [0.5]);
  clipGradValue(all, 0.5);
  expect(grads(all)).toEqual([0.5, -0.25, -0.5, 0.5]);
});

it('refuses bounds that are none', () => {
  expect(() => clipGradNorm([], 0)).toThrow('clipGradNorm: maxNorm is 0; it must be a number above 0');
  expect(() => clipGradNorm([], Number.NaN)).toThrow('clipGradNorm: maxNorm is NaN; it must be a number above 0');
  expect(() => clipGradNorm([], 1, { normType: -1 })).toThrow('clipGradNorm: normType is -1; it must be a number above 0, or Infinity');
  expect(() => clipGradValue([], -1)).toThrow('clipGradValue: clipValue is -1; it must be a number above 0');
});
