import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';
import { beta, gamma } from './random-distributions.ts';

const N = 40_000;

function moments(draw: () => number): { mean: number; variance: number; third: number } {
  const values = Float64Array.from({ length: N }, draw);
  const mean = values.reduce((a, b) => a + b) / N;
  const central = (p: number): number => values.reduce((sum, x) => sum + (x - mean) ** p, 0) / N;
  return { mean, variance: central(2), third: central(3) };
}

describe('gamma', () => {
  it.each([0.1, 0.5, 1, 2.5, 20])('of shape %d has mean a, variance a and third moment 2a', shape => {
    const stream = new Random(1).stream('test');
    const { mean, variance, third } = moments(() => gamma(stream, shape));
    // five standard errors: var(mean) = a / N, var(variance) ≈ (2a² + 6a) / N
    expect(Math.abs(mean - shape)).toBeLessThan(5 * Math.sqrt(shape / N));
    expect(Math.abs(variance - shape)).toBeLessThan(5 * Math.sqrt((2 * shape ** 2 + 6 * shape) / N));
    expect(third / (2 * shape)).toBeGreaterThan(0.6);
    expect(third / (2 * shape)).toBeLessThan(1.5);
  });
});

describe('beta', () => {
  it.each([
    [0.2, 0.2],
    [1, 1],
    [0.4, 3],
    [8, 8],
  ])('(%d, %d) has its mean and variance', (a, b) => {
    const stream = new Random(2).stream('test');
    const { mean, variance } = moments(() => beta(stream, a, b));
    const expected = (a * b) / ((a + b) ** 2 * (a + b + 1));
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(5 * Math.sqrt(expected / N));
    expect(variance / expected).toBeGreaterThan(0.96);
    expect(variance / expected).toBeLessThan(1.04);
  });

  it('is uniform at (1, 1), and at the ends for tiny parameters, never NaN', () => {
    const stream = new Random(3).stream('test');
    const cells = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) cells[Math.floor(10 * beta(stream, 1, 1))]++;
    expect(cells.reduce((chi, n) => chi + (n - 1000) ** 2 / 1000, 0)).toBeLessThan(33.7); // 1e-4 of χ² with 9 degrees of freedom
    const tiny = Array.from({ length: 500 }, () => beta(stream, 1e-4, 1e-4));
    expect(tiny.every(x => x >= 0 && x <= 1)).toBe(true);
    expect(tiny.filter(x => x < 0.01 || x > 0.99).length).toBeGreaterThan(490);
    expect(Math.abs(tiny.filter(x => x > 0.5).length - 250)).toBeLessThan(60);
  });

  it('is the same for the same stream', () => {
    const draw = (): number[] => {
      const stream = new Random(4).stream('test');
      return Array.from({ length: 5 }, () => beta(stream, 0.3, 0.3));
    };
    expect(draw()).toEqual(draw());
  });

  it('refuses a shape that is not above 0', () => {
    const stream = new Random(1).stream('test');
    expect(() => beta(stream, 0, 1)).toThrow('the shape of a gamma or beta distribution is 0; it must be above 0');
    expect(() => gamma(stream, Number.NaN)).toThrow('it must be above 0');
  });
});
