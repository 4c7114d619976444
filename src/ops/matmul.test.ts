import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gradientError } from '../autograd/check.ts';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Random } from '../random.ts';
import { arange, randn, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Shape } from '../tensor/shape.ts';
import { linear, matmul, relu, transpose } from './index.ts';

const random = (shape: Shape, name: string) => randn(shape, { stream: new Random(4).stream(name) });

describe('matmul', () => {
  it('of vectors: a row on the left, a column on the right', () => {
    const a = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(matmul(a, tensor([1, 10])).tolist()).toEqual([21, 43, 65]);
    expect(matmul(tensor([1, 10, 100]), a).tolist()).toEqual([531, 642]);
    expect(matmul(tensor([1, 2]), tensor([3, 4])).tolist()).toBe(11);
    expect(matmul(zeros([4, 3, 2]), tensor([1, 1])).shape).toEqual([4, 3]);
    expect(matmul(tensor([1, 1, 1]), zeros([4, 3, 2])).shape).toEqual([4, 2]);
  });

  it('of batches is the product of each, broadcast, with any operand transposed', () => {
    const batches = fc.constantFrom<[number[], number[], number[]]>(
      [[], [], []],
      [[2], [2], [2]],
      [[2], [], [2]],
      [[], [3], [3]],
      [[3, 1], [2], [3, 2]],
      [
        [1, 2],
        [3, 1],
        [3, 2],
      ],
      [[0], [1], [0]],
    );
    const size = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(batches, size, size, size, fc.boolean(), fc.boolean(), ([aBatch, bBatch, batch], m, n, k, transA, transB) =>
        withBackend('reference64', () =>
          step(() => {
            const a = random([...aBatch, ...(transA ? [k, m] : [m, k])], 'a');
            const b = random([...bBatch, ...(transB ? [n, k] : [k, n])], 'b');
            const z = matmul(a, b, { transA, transB });
            expect(z.shape).toEqual([...batch, m, n]);
            const left = (transA ? transpose(a) : a).expand([...batch, m, k]).toArray();
            const right = (transB ? transpose(b) : b).expand([...batch, k, n]).toArray();
            z.toArray().forEach((got, at) => {
              const [col, row, which] = [at % n, Math.floor(at / n) % m, Math.floor(at / (n * m))];
              let want = 0;
              for (let l = 0; l < k; l++) want += left[(which * m + row) * k + l] * right[(which * k + l) * n + col];
              expect(got).toBeCloseTo(want, 12);
            });
          }),
        ),
      ),
      { numRuns: 150 },
    );
  });

  it('has right gradients through vectors and broadcast batches with transposes', () => {
    withBackend('reference64', () => {
      const shapes: [Shape, Shape, boolean, boolean][] = [
        [[3], [3], false, false],
        [[3], [2, 3, 2], false, false],
        [[2, 3, 2], [2], false, false],
        [[2, 1, 3, 2], [4, 3], true, true],
        [[3, 2], [2, 1, 4, 3], true, true],
      ];
      for (const [m, n, transA, transB] of shapes) {
        const [a, b] = [random(m, 'a'), random(n, 'b')];
        a.requiresGrad = true;
        b.requiresGrad = true;
        const f = () => matmul(a, b, { transA, transB });
        expect(gradientError(f, [a, b])).toBeLessThan(1e-8);
        expect(gradientError(f, [a, b], { order: 2 })).toBeLessThan(1e-8);
      }
    });
  });

  it('refuses sizes that do not fit, telling both shapes', () => {
    expect(() => matmul(zeros([2, 3]), zeros([4, 5]))).toThrow(
      new UserError('matmul: a is [2, 3] and b is [4, 5]; the columns of a (3) must equal the rows of b (4)'),
    );
    expect(() => matmul(zeros([2, 3]), zeros([2, 3]), { transA: true, transB: true })).toThrow(
      new UserError('matmul: a is [2, 3] transposed and b is [2, 3] transposed; the columns of a (2) must equal the rows of b (3)'),
    );
    expect(() => matmul(zeros([2, 2, 3]), zeros([3, 3, 2]))).toThrow('matmul (batch dimensions): shapes [2] and [3] do not broadcast');
    expect(() => matmul(tensor(1), zeros([2]))).toThrow(new UserError('matmul: a is [] and b is [2]; both need at least one dimension'));
  });
});

describe('linear', () => {
  it('takes more dimensions in front as part of the batch', () => {
    const w = tensor([
      [1, 0, 0],
      [0, 1, 1],
    ]);
    const y = linear(arange(0, 12).reshape([2, 2, 3]), w, tensor([100, 200]));
    expect(y.tolist()).toEqual([
      [
        [100, 203],
        [103, 209],
      ],
      [
        [106, 215],
        [109, 221],
      ],
    ]);
    expect(linear(tensor([1, 2, 3]), w).tolist()).toEqual([1, 5]);
    expect(linear(zeros([0, 3]), w).shape).toEqual([0, 2]);
  });

  it('with an activation is the layer and then the activation', () => {
    const [x, w, b] = [random([5, 4], 'x'), random([3, 4], 'w'), random([3], 'b')];
    expect(linear(x, w, b, 'relu').toArray()).toEqual(relu(linear(x, w, b)).toArray());
  });

  it('refuses what does not fit', () => {
    const w = zeros([2, 3]);
    expect(() => linear(zeros([4, 5]), w)).toThrow(
      new UserError('linear: the input is [4, 5] and the weight is [2, 3] ([out, in]); the input must be [batch, 3]'),
    );
    expect(() => linear(tensor(1), w)).toThrow('linear: the input is [] and the weight is [2, 3]');
    expect(() => linear(zeros([4, 3]), w, zeros([3]))).toThrow(
      new UserError('linear: the bias is [3]; it must be [2], one for each output of the weight [2, 3]'),
    );
  });
});
