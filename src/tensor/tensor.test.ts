import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import '../ops/methods.ts';
import { arange, full, ones, tensor, zeros } from './create.ts';

describe('reading', () => {
  it('item reads a tensor of one element, of any rank', () => {
    expect([tensor(2).item(), tensor([[3]]).item()]).toEqual([2, 3]);
    expect(() => tensor([1, 2]).item()).toThrow(
      new UserError('item: the tensor has 2 elements (shape [2]); item() reads a tensor of one; use toArray() or tolist()'),
    );
    expect(() => zeros([0]).item()).toThrow('item: the tensor has 0 elements (shape [0])');
  });

  it('tolist nests as the shape does', () => {
    expect(arange(0, 8).reshape([2, 2, 2]).tolist()).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [
        [4, 5],
        [6, 7],
      ],
    ]);
    expect(tensor(5).tolist()).toBe(5);
    expect(zeros([2, 0]).tolist()).toEqual([[], []]);
  });

  it('toArray copies: it does not follow later changes', () => {
    const x = ones([2]);
    const before = x.toArray();
    x.set([5, 6]);
    expect([...before]).toEqual([1, 1]);
  });
});

describe('set', () => {
  it('overwrites in place from numbers, typed arrays, and tensors of any shape and backend', () => {
    const x = zeros([2, 2]);
    expect(x.set([1, 2, 3, 4])).toBe(x);
    expect(x.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    x.set(tensor([5, 6, 7, 8]));
    expect([...x.toArray()]).toEqual([5, 6, 7, 8]);
    x.set(withBackend('reference64', () => tensor([0.1, 2, 3, 4])));
    expect(x.toArray()[0]).toBe(x.dtype === 'float32' ? Math.fround(0.1) : 0.1);
    x.set(x);
    expect(x.toArray()[3]).toBe(4);
  });

  it('refuses another count and leaves the numbers as they were', () => {
    const x = ones([2, 2]);
    const message = 'set: 3 numbers were given for a tensor of shape [2, 2], which holds 4';
    expect(() => x.set([1, 2, 3])).toThrow(new UserError(message));
    expect(() => x.set(zeros([3]))).toThrow(new UserError(message));
    expect(() => x.set(withBackend('reference64', () => zeros([3])))).toThrow(new UserError(message));
    expect([...x.toArray()]).toEqual([1, 1, 1, 1]);
  });
});

describe('storage', () => {
  it('is shared by reshape, flatten, squeeze and detach, and not by clone', () => {
    const x = arange(0, 6).reshape([1, 2, 3]);
    const views = [x.reshape([3, 2]), x.flatten(), x.squeeze(0), x.detach(), x.unsqueeze(0)];
    const copy = x.clone();
    x.set([9, 8, 7, 6, 5, 4]);
    for (const view of views) expect([...view.toArray()]).toEqual([9, 8, 7, 6, 5, 4]);
    expect([...copy.toArray()]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('detach and clone are cut from the graph', () => {
    const x = tensor([2], { requiresGrad: true });
    for (const cut of [x.mul(3).detach(), x.mul(3).clone()]) expect([cut.requiresGrad, cut.origin, cut.item()]).toEqual([false, null, 6]);
  });
});

describe('toString', () => {
  it('shows name, shape and up to a hundred numbers of five digits', () => {
    expect(String(tensor([[1, 0.123456789]], { name: 'w' }))).toBe('Tensor w [1, 2] [[1,0.12346]]');
    expect(String(tensor(-3))).toBe('Tensor [] -3');
    expect(String(zeros([10, 11]))).toBe('Tensor [10, 11] 110 elements');
    expect(String(zeros([0]))).toBe('Tensor [0] []');
  });

  it('shows what is not finite', () => {
    expect(String(tensor([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]))).toBe('Tensor [3] [NaN,Infinity,-Infinity]');
  });
});

it('ids grow: what is computed comes after what it is computed from', () => {
  const x = full([1], 2);
  const y = x.mul(x);
  expect(y.id).toBeGreaterThan(x.id);
});
