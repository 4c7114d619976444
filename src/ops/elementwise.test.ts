/** Functions of elements, at the places where they are special: on the fast backend and the plain one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad } from '../autograd/backward.ts';
import { type BackendName, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import * as ops from './index.ts';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** f and its gradient at these numbers. */
function at(f: (x: Tensor) => Tensor, numbers: number[]): { y: number[]; dx: number[] } {
  return step(() => {
    const x = tensor(numbers, { requiresGrad: true });
    const y = f(x);
    return { y: [...y.toArray()], dx: [...grad(ops.sum(y), [x])[0].toArray()] };
  });
}
const f32 = (...numbers: number[]): number[] => numbers.map(Math.fround);

describe.each<BackendName>(['wasm', 'reference'])('on %s', name => {
  const on = (f: (x: Tensor) => Tensor, numbers: number[]) => withBackend(name, () => at(f, numbers));

  it('sigmoid, softplus and logSigmoid are finite, with finite gradients, as far as ±1e4', () => {
    const far = [-1e4, -90, 90, 1e4];
    expect(on(ops.sigmoid, far).y.map((y, i) => (i === 1 ? y < 1e-38 && y >= 0 : y))).toEqual([0, true, 1, 1]);
    const { dx } = on(ops.sigmoid, [-90, 90]);
    for (const slope of dx) expect(slope).toBeLessThan(1e-38);
    for (const slope of dx) expect(slope).toBeGreaterThanOrEqual(0);
    expect(on(ops.softplus, [-1e4, 1e4])).toEqual({ y: [0, 1e4], dx: [0, 1] });
    expect(on(ops.logSigmoid, [-1e4, 1e4])).toEqual({ y: [-1e4, -0], dx: [1, 0] });
    expect(on(ops.tanh, [-1e4, 1e4])).toEqual({ y: [-1, 1], dx: [0, 0] });
  });

  it('every activation keeps NaN', () => {
    const { relu, sigmoid, tanh, softplus, leakyRelu, elu, selu, gelu, silu, mish, softsign, logSigmoid } = ops;
    const { hardtanh, relu6, hardsigmoid, hardswish, celu } = ops;
    const all = { relu, sigmoid, tanh, softplus, leakyRelu, elu, selu, gelu, silu, mish, softsign, logSigmoid };
    for (const [label, f] of Object.entries({ ...all, hardtanh, relu6, hardsigmoid, hardswish, celu })) {
      expect([label, withBackend(name, () => f(tensor([nan, 0.5])).toArray()[0])]).toEqual([label, nan]);
    }
    expect(on(x => ops.clamp(x, 0, 1), [nan]).y).toEqual([nan]);
    expect(withBackend(name, () => ops.prelu(tensor([nan]), tensor([0.2])).item())).toBeNaN();
  });

  it('hardtanh and its kin hold within their bounds, with derivative 0 at and beyond them', () => {
    expect(on(ops.hardtanh, [-2, -1, -0.5, 1, 2])).toEqual({ y: [-1, -1, -0.5, 1, 1], dx: [0, 0, 1, 0, 0] });
    expect(on(x => ops.clamp(x, 0.5, 3), [0, 0.5, 2, 3, inf])).toEqual({ y: [0.5, 0.5, 2, 3, 3], dx: [0, 0, 1, 0, 0] });
    expect(on(ops.relu6, [-1, 3, 7])).toEqual({ y: [0, 3, 6], dx: [0, 1, 0] });
    expect(on(ops.hardsigmoid, [-4, 0, 4])).toEqual({ y: [0, 0.5, 1], dx: f32(0, 1 / 6, 0) });
    expect(on(ops.hardswish, [-4, 0, 4])).toEqual({ y: [-0, 0, 4], dx: f32(0, 0.5, 1) });
  });

  it('a tie of maximum and minimum is shared', () => {
    const both = (f: (a: Tensor, b: Tensor) => Tensor) =>
      withBackend(name, () => {
        const a = tensor([1, 2, 3], { requiresGrad: true });
        const b = tensor([1, 5, 0], { requiresGrad: true });
        return grad(ops.sum(f(a, b)), [a, b]).map(g => [...g.toArray()]);
      });
    expect(both(ops.maximum)).toEqual([
      [0.5, 0, 1],
      [0.5, 1, 0],
    ]);
    expect(both(ops.minimum)).toEqual([
      [0.5, 1, 0],
      [0.5, 0, 1],
    ]);
  });

  it('powers: whole exponents of negative numbers, and 0 to the 0', () => {
    expect(on(x => ops.pow(x, 3), [-2, 0])).toEqual({ y: [-8, 0], dx: [12, 0] });
    expect(on(x => ops.pow(x, 0), [-2, 0])).toEqual({ y: [1, 1], dx: [-0, 0].map(Math.abs) });
    expect(on(x => ops.pow(x, 1), [0])).toEqual({ y: [0], dx: [1] });
    expect(on(x => ops.pow(x, 0.5), [-1]).y).toEqual([nan]);
    // base and exponent both tensors
    expect(on(x => ops.pow(x, tensor([3, 0, 0, 2])), [-2, 0, 5, 0])).toEqual({ y: [-8, 1, 1, 0], dx: [12, 0, 0, 0] });
    expect(on(v => ops.pow(tensor([0, 2]), v), [2, 2])).toEqual({ y: [0, 4], dx: f32(0, 4 * Math.LN2) });
  });

  it('a / b is rounded once, for a number as for a tensor', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ noNaN: true, noDefaultInfinity: true }), (a, b) => {
        const got = withBackend(name, () => step(() => [ops.div(tensor([a]), b).item(), ops.div(tensor([a]), tensor([b])).item()]));
        expect(got).toEqual([Math.fround(a / b), Math.fround(a / b)]);
      }),
      { numRuns: 200 },
    );
    expect(on(x => ops.div(x, 49), [49, 5])).toEqual({ y: f32(1, 5 / 49), dx: f32(1 / 49, 1 / 49) });
    expect(on(x => ops.div(x, 0), [1, 0, -1]).y).toEqual([inf, nan, -inf]);
  });

  it('where takes each side only where it is chosen: what is not chosen cannot spoil the gradient', () => {
    const root = on(x => ops.where(ops.gt(x, 0), x, tensor([nan, nan])), [1, 2]);
    expect(root).toEqual({ y: [1, 2], dx: [1, 1] });
  });
});

describe('comparison and where', () => {
  it('compare with numbers and broadcast; NaN is equal to nothing', () => {
    const x = tensor([1, 2, nan]);
    expect([ops.eq(x, 2), ops.ne(x, 2), ops.lt(x, 2), ops.le(x, 2), ops.gt(x, 1), ops.ge(x, 1)].map(t => t.tolist())).toEqual([
      [0, 1, 0],
      [1, 0, 1],
      [1, 0, 0],
      [1, 1, 0],
      [0, 1, 0],
      [1, 1, 0],
    ]);
    expect(ops.gt(tensor([[1], [3]]), tensor([0, 2])).tolist()).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('where broadcasts all three, and sums the gradients back', () => {
    const a = tensor([[1], [2]], { requiresGrad: true });
    const b = tensor(9, { requiresGrad: true });
    const z = ops.where(tensor([1, 0, 1]), a, b);
    expect(z.tolist()).toEqual([
      [1, 9, 1],
      [2, 9, 2],
    ]);
    expect(grad(ops.sum(z), [a, b]).map(g => g.tolist())).toEqual([[[2], [2]], 2]);
    expect(() => ops.where(zeros([2]), zeros([3]), tensor(0))).toThrow('where: shapes [2] and [3] do not broadcast');
  });
});

describe('parameters of activations', () => {
  it('softplus with β, elu and celu with α, leaky slopes, and prelu for each feature', () => {
    withBackend('reference64', () => {
      const value = (t: Tensor): number => t.item();
      expect(value(ops.softplus(tensor(0.3), 2))).toBeCloseTo(Math.log(1 + Math.exp(0.6)) / 2, 14);
      expect(value(ops.elu(tensor(-1), 2))).toBeCloseTo(2 * Math.expm1(-1), 14);
      expect(value(ops.celu(tensor(-1), 2))).toBeCloseTo(2 * Math.expm1(-0.5), 14);
      expect(value(ops.leakyRelu(tensor(-3), 0.1))).toBeCloseTo(-0.3, 14);
      expect(value(ops.gelu(tensor(1)))).toBeCloseTo(0.8413447460685429, 12);
      expect(value(ops.gelu(tensor(1), 'tanh'))).toBeCloseTo(0.8411919906082768, 12);
      expect(
        ops
          .prelu(
            tensor([
              [-1, -1],
              [2, -2],
            ]),
            tensor([0.5, 0.25]),
          )
          .tolist(),
      ).toEqual([
        [-0.5, -0.25],
        [2, -0.5],
      ]);
    });
  });
});

describe('indexing', () => {
  const x = () =>
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);

  it('indexSelect on any dimension, entries repeated', () => {
    expect(ops.indexSelect(x(), 1, tensor([2, 0, 2])).tolist()).toEqual([
      [3, 1, 3],
      [6, 4, 6],
    ]);
    expect(ops.indexSelect(x(), 0, tensor([1])).tolist()).toEqual([[4, 5, 6]]);
    const cube = x().reshape([1, 2, 3]);
    expect(ops.indexSelect(cube, -2, tensor([1, 1])).tolist()).toEqual([
      [
        [4, 5, 6],
        [4, 5, 6],
      ],
    ]);
    expect(ops.indexSelect(x(), 1, tensor([])).shape).toEqual([2, 0]);
    expect(ops.indexSelect(tensor([7, 8]), 0, tensor([1, 1, 0])).tolist()).toEqual([8, 8, 7]);
  });

  it('the gradient of an entry taken twice counts twice', () => {
    const leaf = x();
    leaf.requiresGrad = true;
    expect(grad(ops.sum(ops.indexSelect(leaf, 1, tensor([2, 0, 2]))), [leaf])[0].tolist()).toEqual([
      [1, 0, 2],
      [1, 0, 2],
    ]);
  });

  it.each<[string, () => unknown, string]>([
    ['beyond', () => ops.indexSelect(x(), 1, tensor([3])), 'indexSelect: index 3 at position 0 is not one of the whole numbers 0 to 2'],
    [
      'negative',
      () => ops.indexSelect(x(), 0, tensor([0, -1])),
      'indexSelect: index -1 at position 1 is not one of the whole numbers 0 to 1',
    ],
    [
      'a fraction',
      () => ops.indexSelect(x(), 0, tensor([0.5])),
      'indexSelect: index 0.5 at position 0 is not one of the whole numbers 0 to 1',
    ],
    ['NaN', () => ops.pick(x(), tensor([nan, 0])), 'pick: index NaN at position 0 is not one of the whole numbers 0 to 2'],
    ['a matrix', () => ops.indexSelect(x(), 0, tensor([[0, 1]])), 'indexSelect: the index is [1, 2]; it must be a list, of one dimension'],
    ['too few', () => ops.pick(x(), tensor([0])), 'pick: x is [2, 3] and the index [1]; expected [rows, columns] and [rows]'],
    ['a class beyond', () => ops.oneHot(tensor([0, 4]), 4), 'oneHot: class 4 at position 1 is not one of the whole numbers 0 to 3'],
    ['labels of a matrix', () => ops.oneHot(tensor([[0, 1]]), 4), 'oneHot: the labels are [1, 2]; they must be a list, of one dimension'],
  ])('%s is refused', (_, use, message) => {
    expect(use).toThrow(new UserError(message));
  });

  it('pick and oneHot', () => {
    expect(ops.pick(x(), tensor([2, 0])).tolist()).toEqual([3, 4]);
    expect(ops.oneHot(tensor([1, 0]), 3).tolist()).toEqual([
      [0, 1, 0],
      [1, 0, 0],
    ]);
  });
});

describe('softmax', () => {
  it('is positive, sums to one, and does not see a shift', () => {
    const row = fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(row, fc.integer({ min: -4096, max: 4096 }), (numbers, shift) =>
        step(() => {
          const whole = numbers.map(Math.round); // a shift of whole numbers is exact in float32
          const p = [...ops.softmax(tensor(whole)).toArray()];
          expect(p.every(v => v >= 0 && v <= 1)).toBe(true);
          expect(p.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
          expect([...ops.softmax(tensor(whole.map(v => v + shift))).toArray()]).toEqual(p);
        }),
      ),
    );
  });

  it('along any dimension, and its logarithm keeps what is far', () => {
    const x = tensor([
      [1, 2],
      [3, 5],
    ]);
    expect(ops.softmax(x, 0).tolist()).toEqual(ops.softmax(x.transpose()).transpose().tolist());
    expect(ops.logSoftmax(tensor([1e4, 0, -1e4])).tolist()).toEqual([0, -1e4, -2e4]);
    expect(() => ops.softmax(tensor(1))).toThrow('softmax: dimension -1 does not exist in a tensor of 0 dimensions; it has none');
  });
});

it('inputs on different backends are refused', () => {
  const here = withBackend('wasm', () => zeros([2]));
  const there = withBackend('reference64', () => zeros([2]));
  expect(() => ops.add(here, there)).toThrow(
    new UserError(
      'add: its inputs are on different backends, wasm (float32) and reference64 (float64); make them all with the same backend current',
    ),
  );
});
