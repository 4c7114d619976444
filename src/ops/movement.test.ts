import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { arange, ones, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { NestedNumbers } from '../tensor/tensor.ts';
import {
  concat,
  expand,
  flatten,
  flip,
  mul,
  narrow,
  pad,
  permute,
  reshape,
  slice,
  squeeze,
  stack,
  sum,
  transpose,
  unsqueeze,
} from './index.ts';

const matrix = (rows: number, cols: number) => arange(0, rows * cols).reshape([rows, cols]);

describe('reshape', () => {
  it('works out a size of -1', () => {
    expect(reshape(arange(0, 12), [3, -1]).shape).toEqual([3, 4]);
    expect(reshape(arange(0, 12), [-1]).shape).toEqual([12]);
    expect(reshape(zeros([0, 3]), [-1, 3]).shape).toEqual([0, 3]);
  });

  it.each<[number[], string]>([
    [[5], 'reshape: [2, 3] holds 6 elements, and [5] holds 5'],
    [[4, -1], 'reshape: [2, 3] holds 6 elements, which no value of -1 in [4, -1] gives'],
    [[-1, -1], 'reshape: [2, 3] holds 6 elements, which no value of -1 in [-1, -1] gives'],
    [[0, -1], 'reshape: [2, 3] holds 6 elements, which no value of -1 in [0, -1] gives'],
    [[-2, -3], 'reshape: a shape is a list of whole numbers of at least 0; it is [-2, -3]'],
  ])('to %j is refused', (shape, message) => {
    expect(() => reshape(matrix(2, 3), shape)).toThrow(new UserError(message));
  });

  it('flatten, squeeze and unsqueeze', () => {
    const x = zeros([2, 3, 4]);
    expect([flatten(x).shape, flatten(x, 1).shape, flatten(x, -1).shape, flatten(tensor(1)).shape]).toEqual([
      [24],
      [2, 12],
      [2, 3, 4],
      [1],
    ]);
    expect([unsqueeze(x, 0).shape, unsqueeze(x, -1).shape, unsqueeze(x, 3).shape]).toEqual([
      [1, 2, 3, 4],
      [2, 3, 4, 1],
      [2, 3, 4, 1],
    ]);
    expect(squeeze(zeros([2, 1, 3]), -2).shape).toEqual([2, 3]);
    expect(() => squeeze(x, 1)).toThrow(new UserError('squeeze: dimension 1 of [2, 3, 4] is of size 3; only a size of 1 can be left out'));
  });
});

describe('permute and transpose', () => {
  it('put every element where its exchanged index says', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }).chain(shape =>
          fc.tuple(
            fc.constant(shape),
            fc.shuffledSubarray(
              shape.map((_, i) => i),
              { minLength: shape.length },
            ),
          ),
        ),
        ([shape, order]) =>
          step(() => {
            const size = shape.reduce((a, b) => a * b, 1);
            const x = arange(0, size).reshape(shape).tolist();
            const moved = permute(arange(0, size).reshape(shape), order);
            expect(moved.shape).toEqual(order.map(dim => shape[dim]));
            const at = (nested: NestedNumbers, index: number[]): NestedNumbers =>
              index.reduce<NestedNumbers>((level, i) => (level as NestedNumbers[])[i], nested);
            const visit = (index: number[]): void => {
              if (index.length < shape.length) {
                for (let i = 0; i < shape[index.length]; i++) visit([...index, i]);
              } else {
                expect(
                  at(
                    moved.tolist(),
                    order.map(dim => index[dim]),
                  ),
                ).toBe(at(x, index));
              }
            };
            visit([]);
          }),
      ),
      { numRuns: 60 },
    );
  });

  it('transpose the last two dimensions unless told', () => {
    expect(transpose(zeros([2, 3, 4])).shape).toEqual([2, 4, 3]);
    expect(transpose(zeros([2, 3, 4]), 0, -1).shape).toEqual([4, 3, 2]);
    expect(() => transpose(zeros([3]))).toThrow(
      new UserError('transpose: dimension -2 does not exist in a tensor of 1 dimensions; allowed are -1 to 0'),
    );
    expect(() => permute(zeros([2, 3]), [0, 0])).toThrow(
      new UserError('permute: the order [0, 0] must name each of the 2 dimensions of [2, 3] once'),
    );
    expect(() => permute(zeros([2, 3]), [0])).toThrow('permute: the order [0] must name each of the 2 dimensions of [2, 3] once');
  });
});

describe('expand', () => {
  it('repeats, and refuses what is no repeat', () => {
    expect(expand(tensor([[1], [2]]), [2, 2, 3]).tolist()).toEqual([
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
      [
        [1, 1, 1],
        [2, 2, 2],
      ],
    ]);
    expect(() => expand(zeros([2, 3]), [3])).toThrow(new UserError('expand: [2, 3] cannot be repeated to [3]; only sizes of 1 can'));
    expect(() => expand(zeros([3]), [1, 4])).toThrow(UserError);
    expect(() => expand(zeros([3]), [-1, 3])).toThrow(
      new UserError('expand: a shape is a list of whole numbers of at least 0; it is [-1, 3]'),
    );
  });
});

describe('slice, narrow and flip', () => {
  it('slice as JavaScript and Python do, on every range', () => {
    const numbers = [0, 1, 2, 3, 4];
    fc.assert(
      fc.property(fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }), fc.integer({ min: 1, max: 4 }), (from, to, stride) =>
        step(() => {
          const want = numbers.slice(from, to).filter((_, i) => i % stride === 0);
          expect(slice(tensor(numbers), [[from, to, stride]]).tolist()).toEqual(want);
        }),
      ),
    );
  });

  it('leave the dimensions whole that no range is given for', () => {
    const x = arange(0, 12).reshape([2, 3, 2]);
    expect(slice(x, [null, [1, 3]]).tolist()).toEqual([
      [
        [2, 3],
        [4, 5],
      ],
      [
        [8, 9],
        [10, 11],
      ],
    ]);
    expect(slice(x, []).shape).toEqual([2, 3, 2]);
  });

  it('refuse what is no range', () => {
    const x = zeros([2, 3]);
    expect(() => slice(x, [null, null, null])).toThrow(new UserError('slice: 3 ranges were given for [2, 3], which has 2 dimensions'));
    expect(() => slice(x, [[0, 2, 0]])).toThrow(new UserError('slice: a step must be a whole number of at least 1; it is 0'));
    expect(() => slice(x, [null, [0.5, 2]])).toThrow(
      new UserError('slice: [0.5, 2) was given for dimension 1 of [2, 3]; both must be whole numbers'),
    );
    expect(() => slice(x, [[Number.NaN, 2]])).toThrow('slice: [NaN, 2) was given for dimension 0 of [2, 3]; both must be whole numbers');
    expect(() => narrow(x, 1, 2, 2)).toThrow(new UserError('narrow: 2 entries from 2 on are not within dimension 1 of [2, 3]'));
    expect(() => narrow(x, 1, -1, 1)).toThrow('narrow: 1 entries from -1 on are not within dimension 1 of [2, 3]');
  });

  it('narrow and flip', () => {
    expect(narrow(matrix(2, 3), -1, 1, 2).tolist()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(flip(matrix(2, 3), 1).tolist()).toEqual([
      [2, 1, 0],
      [5, 4, 3],
    ]);
    expect(flip(zeros([0, 2]), 0).shape).toEqual([0, 2]);
  });

  it('a gradient goes back to the places it was read from, and 0 elsewhere', () => {
    const x = ones([5]);
    x.requiresGrad = true;
    sum(mul(slice(x, [[1, 5, 2]]), tensor([10, 20]))).backward();
    expect(x.grad!.tolist()).toEqual([0, 10, 0, 20, 0]);
  });
});

describe('pad, concat and stack', () => {
  it('pad puts zeros around', () => {
    expect(
      pad(ones([1, 2]), [
        [1, 0],
        [0, 2],
      ]).tolist(),
    ).toEqual([
      [0, 0, 0, 0],
      [1, 1, 0, 0],
    ]);
    const message = 'pad: one pair [before, after] of whole numbers of at least 0 is needed for each dimension of [1, 2]';
    expect(() => pad(ones([1, 2]), [[1, 1]])).toThrow(new UserError(message));
    expect(() =>
      pad(ones([1, 2]), [
        [0, 0],
        [-1, 0],
      ]),
    ).toThrow(new UserError(message));
  });

  it('concat along any dimension, a tensor several times too', () => {
    const x = matrix(2, 2);
    expect(concat([x, x, ones([1, 2])]).tolist()).toEqual([
      [0, 1],
      [2, 3],
      [0, 1],
      [2, 3],
      [1, 1],
    ]);
    expect(concat([x, zeros([2, 1])], -1).tolist()).toEqual([
      [0, 1, 0],
      [2, 3, 0],
    ]);
    expect(() => concat([])).toThrow(new UserError('concat: no tensors were given; at least one is needed'));
    expect(() => concat([x, zeros([2, 3])])).toThrow(
      new UserError('concat: shapes [2, 2], [2, 3] must be equal but for dimension 0, along which they are joined'),
    );
    expect(() => concat([x, zeros([2])])).toThrow('concat: shapes [2, 2], [2] must be equal but for dimension 0');
  });

  it('stack makes a dimension', () => {
    const rows = [tensor([1, 2]), tensor([3, 4]), tensor([5, 6])];
    expect(stack(rows).shape).toEqual([3, 2]);
    expect(stack(rows, -1).tolist()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
    expect(() => stack([])).toThrow('stack: no tensors were given; at least one is needed');
  });
});
