import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Dataset } from '../dataset.ts';
import { type PointsOptions, pointShapes, points, pointsTarget } from './points.ts';

/** Every example of a part: x, y and its target. */
function rows(data: Dataset): number[][] {
  const x = new Float32Array(data.length * 2);
  void data.fillBatch(
    Uint32Array.from({ length: data.length }, (_, i) => i),
    x,
  );
  return Array.from({ length: data.length }, (_, i) => [x[2 * i], x[2 * i + 1], data.target(i)]);
}
const whole = (options: PointsOptions): number[][] => rows(points({ ...options, validation: 0, test: 0 }).train);
const clean = { noise: 0, count: 600 };

describe('points', () => {
  it('draws the same bits everywhere: a change here changes every run on them', () => {
    const all = pointShapes.flatMap(shape => whole({ shape, count: 60 }).flat());
    expect(
      createHash('sha256')
        .update(new Uint8Array(Float32Array.from(all).buffer))
        .digest('hex'),
    ).toMatchInlineSnapshot(`"5be61bc2af4a2ff8fe857e8f98f092a979860c9cc614c9e474bd41f6bd55c22f"`);
  });

  it('has the shapes it says', () => {
    for (const [x, y, c] of whole({ shape: 'circle', ...clean })) expect(Math.hypot(x, y) < 1.5).toBe(c === 0);
    for (const [x, y, c] of whole({ shape: 'xor', ...clean })) expect(x * y > 0).toBe(c === 1);
    for (const [x, y, value] of whole({ shape: 'plane', ...clean })) expect(value).toBeCloseTo((x + y) / 6, 5);
    for (const [x, y, c] of whole({ shape: 'spiral', ...clean, classes: 3 })) {
      const turns = (Math.hypot(x, y) / 2.7) * 1.25 + c / 3;
      expect(Math.cos(turns * 2 * Math.PI)).toBeCloseTo(x / Math.hypot(x, y), 4);
    }
    for (const [x, y, c] of whole({ shape: 'moons', ...clean })) {
      expect(Math.hypot(x + (c === 0 ? 0.8 : -0.8), y + (c === 0 ? 0.4 : -0.4))).toBeCloseTo(1.6, 5);
    }
    const clouds = whole({ shape: 'gaussians', ...clean, classes: 4, count: 4000 });
    const first = clouds.filter(([, , c]) => c === 0);
    const mean = (k: number): number => first.reduce((sum, row) => sum + row[k], 0) / first.length;
    expect(mean(0)).toBeCloseTo(1.6 * Math.cos(Math.PI / 4), 1);
    expect(Math.sqrt(first.reduce((sum, row) => sum + (row[0] - mean(0)) ** 2, 0) / first.length)).toBeCloseTo(0.5, 1);
    const peak = whole({ shape: 'hills', ...clean, count: 5000 }).filter(([x, y]) => Math.hypot(x - 1.5, y + 1.5) < 0.15);
    expect(peak.length).toBeGreaterThan(3);
    for (const [, , value] of peak) expect(value).toBeGreaterThan(0.85);
  });

  it('gives every class its share, in every part', () => {
    for (const shape of pointShapes.filter(one => pointsTarget({ shape: one }) === 'class')) {
      const { train, validation, test } = points({ shape, count: 200, validation: 0.2, test: 40 });
      expect([train, validation!, test!].map(part => part.classCounts())).toEqual([
        [60, 60],
        [20, 20],
        [20, 20],
      ]);
    }
  });

  it('parts without losing or doubling a point', () => {
    const { train, validation, test } = points({ shape: 'hills', count: 120, seed: 5 });
    const parted = [train, validation!, test!].flatMap(rows).map(String).sort();
    expect(parted).toEqual(whole({ shape: 'hills', count: 120, seed: 5 }).map(String).sort());
    expect(new Set(parted).size).toBe(120);
  });

  it('follows from seed, shape and index alone', () => {
    expect(whole({ shape: 'moons', count: 50 })).toEqual(whole({ shape: 'moons', count: 90 }).slice(0, 50));
    expect(whole({ shape: 'moons', count: 50, seed: 2 })).not.toEqual(whole({ shape: 'moons', count: 50 }));
  });

  it('adds noise of the deviation asked for', () => {
    const still = whole({ shape: 'moons', count: 4000, noise: 0 });
    const moved = whole({ shape: 'moons', count: 4000, noise: 0.3 });
    const squares = still.reduce((sum, row, i) => sum + (row[0] - moved[i][0]) ** 2, 0);
    expect(Math.sqrt(squares / 4000)).toBeCloseTo(0.3, 1);
  });

  it('takes points of your own, as classes or as values', () => {
    const own = [
      [0, 1, 0],
      [2, 3, 2],
    ];
    const { train, validation } = points({ shape: 'own', points: own, validation: 0, test: 0 });
    expect(rows(train)).toEqual(own);
    expect([train.classNames, validation]).toEqual([['0', '1', '2'], null]);
    const values = points({ shape: 'own', points: own, target: 'value', validation: 0, test: 0 }).train;
    expect([values.targetKind, values.targetShape, values.target(1)]).toEqual(['value', [1], 2]);
  });

  it.each<[PointsOptions, string]>([
    [{ shape: 'star' as never }, "points: unknown shape 'star'; allowed are circle, xor, gaussians, spiral, moons, plane, hills, own"],
    [{ shape: 'circle', count: 3 }, 'points: count is 3; expected a whole number from 4 to 100000'],
    [{ shape: 'circle', noise: -1 }, 'points: noise is -1; expected a number from 0 to 10'],
    [{ shape: 'circle', classes: 3 }, 'points: classes is 3; circle takes 2'],
    [{ shape: 'spiral', classes: 7 }, 'points: classes is 7; spiral takes a whole number from 2 to 6'],
    [{ shape: 'circle', points: [] }, 'points: points are given, and the shape is circle; set shape to own, or leave them out'],
    [{ shape: 'own' }, "points: 0 points of one's own are given; a net needs at least 2 to learn from"],
    [
      {
        shape: 'own',
        points: [
          [1, 2, 0],
          [1, 2],
        ],
      },
      'points: point 2 is [1, 2]; expected three numbers: x, y and the class',
    ],
    [
      {
        shape: 'own',
        points: [
          [1, 2, 0],
          [1, 2, 0.5],
        ],
      },
      'points: the class of point 2 is 0.5; expected a whole number from 0 to 9',
    ],
    [
      { shape: 'circle', validation: 1.5 },
      'points: validation is 1.5; expected a whole number of points, or a share of at least 0 and below 1',
    ],
    [
      { shape: 'circle', count: 10, test: 8, validation: 2 },
      'points: 2 points are to be held out for validation, and only 2 are left; set validation lower',
    ],
  ])('refuses %o', (options, message) => {
    expect(() => points(options)).toThrow(message);
  });
});
