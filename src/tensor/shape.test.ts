import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BroadcastPlan } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { broadcastPlan, broadcastShapes, broadcastStrides, formatShape, resolveDim, sameShape, sizeOf, stridesOf } from './shape.ts';

/** Two shapes that broadcast, with the shape they broadcast to. */
const pair = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom('both', 'a', 'b')), { maxLength: 5 }).chain(dims =>
  fc.tuple(fc.nat({ max: dims.length }), fc.nat({ max: dims.length }), fc.boolean()).map(([dropA, dropB, first]) => {
    const out = dims.map(([size]) => size);
    const a = dims.map(([size, who]) => (who === 'b' ? 1 : size));
    const b = dims.map(([size, who]) => (who === 'a' ? 1 : size));
    // leading dimensions may be missing on one side, where the other has the size
    const cut = (mine: number[], other: number[], n: number): number[] => {
      const gone = other.findIndex((size, i) => size !== out[i]);
      return mine.slice(Math.min(n, gone < 0 ? n : gone));
    };
    return first ? { a: cut(a, b, dropA), b, out } : { a, b: cut(b, a, dropB), out };
  }),
);

/** The position in `shape` of element `at` of `out`: by definition, without strides. */
function naive(shape: readonly number[], out: readonly number[], at: number): number {
  const index: number[] = [];
  for (let i = out.length - 1, rest = at; i >= 0; i--) {
    index.unshift(rest % out[i]);
    rest = Math.floor(rest / out[i]);
  }
  const own = index.slice(out.length - shape.length);
  return shape.reduce((position, size, i) => position * size + (size === 1 ? 0 : own[i]), 0);
}

/** Positions in the order a kernel visits them. */
function walked(plan: BroadcastPlan): [number, number][] {
  let positions: [number, number][] = [[0, 0]];
  plan.dims.forEach((size, dim) => {
    positions = positions.flatMap(([a, b]) =>
      Array.from({ length: size }, (_, i): [number, number] => [a + i * plan.aStrides[dim], b + i * plan.bStrides[dim]]),
    );
  });
  return positions;
}

describe('broadcasting', () => {
  it('visits the same elements as indexing by hand, with no more dimensions than needed', () => {
    fc.assert(
      fc.property(pair, ({ a, b, out }) => {
        expect(broadcastShapes('test', a, b)).toEqual(out);
        expect(broadcastShapes('test', b, a)).toEqual(out);
        const plan = broadcastPlan(a, b, out);
        const want = Array.from({ length: sizeOf(out) }, (_, at) => [naive(a, out, at), naive(b, out, at)]);
        expect(walked(plan)).toEqual(want);
        expect(plan.dims.length).toBeGreaterThan(0);
        expect(plan.dims.length).toBeLessThanOrEqual(Math.max(1, out.length));
      }),
      { numRuns: 1000 },
    );
  });

  it('merges neighbours: a bias, a column and a scalar take at most two dimensions', () => {
    expect(broadcastPlan([2, 3, 4], [2, 3, 4], [2, 3, 4])).toEqual({ dims: [24], aStrides: [1], bStrides: [1] });
    expect(broadcastPlan([2, 3, 4], [4], [2, 3, 4])).toEqual({ dims: [6, 4], aStrides: [4, 1], bStrides: [0, 1] });
    expect(broadcastPlan([2, 3, 4], [3, 4], [2, 3, 4])).toEqual({ dims: [2, 12], aStrides: [12, 1], bStrides: [0, 1] });
    expect(broadcastPlan([2, 3, 4], [2, 1, 1], [2, 3, 4])).toEqual({ dims: [2, 12], aStrides: [12, 1], bStrides: [1, 0] });
    expect(broadcastPlan([2, 3, 4], [], [2, 3, 4])).toEqual({ dims: [24], aStrides: [1], bStrides: [0] });
  });

  it('refuses sizes that differ where neither is 1', () => {
    expect(() => broadcastShapes('add', [2, 3], [2, 4])).toThrow(
      new UserError(
        'add: shapes [2, 3] and [2, 4] do not broadcast; counted from the end, dimension 1 is 3 in one and 4 in the other, and neither is 1',
      ),
    );
    expect(() => broadcastShapes('mul', [2, 3], [5, 4, 3])).toThrow('dimension 2 is 2 in one and 4 in the other, and neither is 1');
    expect(broadcastShapes('add', [0, 3], [1, 3])).toEqual([0, 3]);
    expect(() => broadcastShapes('add', [0], [2])).toThrow(UserError);
  });

  it('strides are 0 where a size of 1 repeats, and only there', () => {
    expect(broadcastStrides([2, 1, 3], [5, 2, 4, 3])).toEqual([0, 3, 0, 1]);
    expect(broadcastStrides([1], [1])).toEqual([1]);
  });
});

describe('shapes', () => {
  it('strides count the elements within one step of a dimension', () => {
    expect(stridesOf([2, 3, 4])).toEqual([12, 4, 1]);
    expect(stridesOf([])).toEqual([]);
  });

  it('are formatted, counted and compared', () => {
    expect([formatShape([128, 10]), formatShape([])]).toEqual(['[128, 10]', '[]']);
    expect([sizeOf([2, 3]), sizeOf([]), sizeOf([4, 0])]).toEqual([6, 1, 0]);
    expect([sameShape([2, 3], [2, 3]), sameShape([2], [2, 1]), sameShape([2, 3], [3, 2])]).toEqual([true, false, false]);
  });

  it('a dimension may count from the end; one that does not exist is refused', () => {
    expect([resolveDim(-1, 3, 'sum'), resolveDim(0, 3, 'sum')]).toEqual([2, 0]);
    expect(() => resolveDim(3, 3, 'sum')).toThrow(
      new UserError('sum: dimension 3 does not exist in a tensor of 3 dimensions; allowed are -3 to 2'),
    );
    expect(() => resolveDim(-4, 3, 'sum')).toThrow('dimension -4 does not exist');
    expect(() => resolveDim(0, 0, 'sum')).toThrow(
      new UserError('sum: dimension 0 does not exist in a tensor of 0 dimensions; it has none'),
    );
    expect(() => resolveDim(0.5, 2, 'sum')).toThrow('dimension 0.5 does not exist');
    expect(() => resolveDim(Number.NaN, 2, 'sum')).toThrow('dimension NaN does not exist');
  });
});
