import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { manualSeed, Random } from '../random.ts';
import { arange, eye, full, linspace, ones, rand, randn, type TensorData, tensor, zeros } from './create.ts';

describe('tensor', () => {
  it.each<[string, TensorData, number[], number[]]>([
    ['a number', 3, [], [3]],
    ['a list', [1, 2], [2], [1, 2]],
    [
      'nested lists',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ],
    ['three levels', [[[1], [2]]], [1, 2, 1], [1, 2]],
    ['nothing', [], [0], []],
    ['rows of nothing', [[], []], [2, 0], []],
    ['a typed array', Float64Array.of(1, 2), [2], [1, 2]],
    ['bytes', Uint8Array.of(255), [1], [255]],
  ])('of %s', (_, data, shape, numbers) => {
    const x = tensor(data);
    expect(x.shape).toEqual(shape);
    expect([...x.toArray()]).toEqual(numbers);
    expect([x.requiresGrad, x.name, x.grad, x.origin]).toEqual([false, '', null, null]);
  });

  it('takes a shape for flat or nested numbers, a name, and whether it is trained', () => {
    const x = tensor([1, 2, 3, 4], { shape: [2, 2], name: 'w', requiresGrad: true });
    expect(x.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([x.name, x.requiresGrad, x.rank, x.size]).toEqual(['w', true, 2, 4]);
    expect(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        { shape: [4] },
      ).shape,
    ).toEqual([4]);
  });

  it('copies: what it was made of may change', () => {
    const numbers = Float32Array.of(1, 2);
    const x = tensor(numbers);
    numbers[0] = 9;
    expect(x.tolist()).toEqual([1, 2]);
    x.toArray()[0] = 7;
    expect(x.tolist()).toEqual([1, 2]);
  });

  it('stores float32 on wasm and float64 on reference64', () => {
    expect(withBackend('wasm', () => [tensor(0.1).item(), tensor(0).dtype])).toEqual([Math.fround(0.1), 'float32']);
    expect(withBackend('reference64', () => [tensor(0.1).item(), tensor(0).dtype])).toEqual([0.1, 'float64']);
  });

  it.each<[unknown, string]>([
    [
      [[1, 2], [3]],
      'tensor: nested arrays must have one length at each level; at level 1 there is an array of 1 where the first has an array of 2',
    ],
    [[1, [2]], 'tensor: nested arrays must have one length at each level; at level 1 there is an array of 1 where the first has a number'],
    [[[1], 2], 'tensor: nested arrays must have one length at each level; at level 1 there is 2 where the first has an array of 1'],
    [[1, '2'], 'tensor: 2 (string) was given where a number was expected'],
    [[null], 'tensor: null (object) was given where a number was expected'],
    [null, 'tensor: null (object) was given; a number, an array or nested arrays of numbers were expected'],
    [undefined, 'tensor: undefined (undefined) was given; a number, an array or nested arrays of numbers were expected'],
    ['12', 'tensor: 12 (string) was given; a number, an array or nested arrays of numbers were expected'],
    [{}, 'tensor: [object Object] (object) was given; a number, an array or nested arrays of numbers were expected'],
  ])('of %j is refused', (data, message) => {
    expect(() => tensor(data as TensorData)).toThrow(new UserError(message));
  });

  it('of another count than its shape holds is refused, and so is what is no shape', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      new UserError('tensor: 3 numbers were given for the shape [2, 2], which holds 4'),
    );
    expect(() => tensor([1], { shape: [-1] })).toThrow(
      new UserError('tensor: a shape is a list of whole numbers of at least 0; it is [-1]'),
    );
    expect(() => zeros([1.5])).toThrow('full: a shape is a list of whole numbers of at least 0; it is [1.5]');
    expect(() => randn([Number.NaN])).toThrow('randn: a shape is a list of whole numbers of at least 0; it is [NaN]');
  });
});

describe('filled tensors', () => {
  it('zeros, ones, full, eye', () => {
    expect(zeros([2]).tolist()).toEqual([0, 0]);
    expect(ones([1, 2]).tolist()).toEqual([[1, 1]]);
    expect(full([], -2.5).item()).toBe(-2.5);
    expect(full([0, 3], 1).tolist()).toEqual([]);
    expect(eye(3).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
  });

  it.each<[number, number, number, number[]]>([
    [0, 3, 1, [0, 1, 2]],
    [1, 2, 0.25, [1, 1.25, 1.5, 1.75]],
    [3, 0, -1, [3, 2, 1]],
    [0, -1, 1, []],
    [2, 2, 1, []],
  ])('arange(%s, %s, %s)', (start, end, step, numbers) => {
    expect(arange(start, end, step).tolist()).toEqual(numbers);
  });

  it('arange refuses what has no end', () => {
    expect(() => arange(0, 1, 0)).toThrow(new UserError('arange: the step is 0; it must be a number other than 0'));
    expect(() => arange(0, Number.POSITIVE_INFINITY)).toThrow(new UserError('arange: 0 to Infinity was given; both must be finite'));
    expect(() => arange(Number.NaN, 3)).toThrow(new UserError('arange: NaN to 3 was given; both must be finite'));
  });

  it('linspace ends exactly at its end', () => {
    withBackend('reference64', () => {
      expect(linspace(0, 1, 5).tolist()).toEqual([0, 0.25, 0.5, 0.75, 1]);
      expect(linspace(0, 0.7, 8).toArray().at(-1)).toBe(0.7);
      expect(linspace(3, 9, 1).tolist()).toEqual([3]);
      expect(linspace(3, 9, 0).tolist()).toEqual([]);
    });
    expect(() => linspace(0, 1, 2.5)).toThrow('linspace: a shape is a list of whole numbers of at least 0; it is [2.5]');
  });
});

describe('random tensors', () => {
  it('come from the current generator, or from the stream given; the same seed gives the same numbers', () => {
    const draw = (seed: number) => {
      manualSeed(seed);
      return [randn([4]).toArray(), rand([3]).toArray()];
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    const stream = () => new Random(3).stream('x');
    expect(randn([4], { stream: stream() }).toArray()).toEqual(randn([4], { stream: stream() }).toArray());
  });

  it('have the mean and variance promised, and stay within bounds', () => {
    const n = 40_000;
    const normal = randn([n], { stream: new Random(1).stream('n') }).toArray();
    const uniform = rand([n], { low: -2, high: 4, stream: new Random(1).stream('u') }).toArray();
    const mean = (xs: ArrayLike<number>) => Array.from(xs).reduce((a, b) => a + b, 0) / n;
    const variance = (xs: ArrayLike<number>, m: number) => Array.from(xs).reduce((a, b) => a + (b - m) ** 2, 0) / n;
    // five standard errors of each
    expect(Math.abs(mean(normal))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance(normal, 0) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(uniform) - 1)).toBeLessThan((5 * Math.sqrt(3)) / Math.sqrt(n));
    expect(Math.abs(variance(uniform, 1) - 3)).toBeLessThan(5 * Math.sqrt(7.2 / n));
    expect(uniform.every(u => u >= -2 && u <= 4)).toBe(true);
  });
});
