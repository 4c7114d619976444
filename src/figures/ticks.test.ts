import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearTicks, logTicks } from './ticks.ts';

const labels = (ticks: readonly { label: string }[]): string => ticks.map(tick => tick.label).join(' ');

test.each([
  [0, 1, 6, '0 0.2 0.4 0.6 0.8 1.0'],
  [0, 2.3, 6, '0 0.5 1.0 1.5 2.0'],
  [-1, 1, 5, '-1.0 -0.5 0 0.5 1.0'],
  [0, 0.0003, 4, '0 0.0001 0.0002 0.0003'],
  [0, 0.00005, 3, '0 5e-5'],
  [0, 46_900, 6, '0 10k 20k 30k 40k'],
  [0, 3e6, 4, '0 1M 2M 3M'],
])('ticks from %d to %d, at most %d: %s', (min, max, most, expected) => expect(labels(linearTicks(min, max, most))).toBe(expected));

test('epochs have no tick between them', () => {
  expect(labels(linearTicks(1, 3, 9, true))).toBe('1 2 3');
  expect(labels(linearTicks(1, 10, 6, true))).toBe('2 4 6 8 10');
});

test.each([
  [0.001, 10, 6, '0.001 0.01 0.1 1 10'],
  [0.05, 2, 6, '0.05 0.1 0.2 0.5 1 2'],
  [0.9, 1.3, 5, '0.9 1.0 1.1 1.2 1.3'],
  [1e-12, 1, 4, '1e-12 1e-8 1e-4 1'],
])('logarithmic ticks from %d to %d, at most %d: %s', (min, max, most, expected) =>
  expect(labels(logTicks(min, max, most))).toBe(expected),
);

test('ticks are inside the range, rising, no more than asked, and told apart by their labels', () => {
  const range = fc.tuple(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.double({ min: 1e-9, max: 1e12, noNaN: true }));
  fc.assert(
    fc.property(range, fc.integer({ min: 2, max: 12 }), ([min, size], most) => {
      const max = min + size;
      fc.pre(max - min > 1e-6 * Math.abs(min));
      const ticks = linearTicks(min, max, most);
      expect(ticks.length).toBeLessThanOrEqual(most);
      expect(new Set(ticks.map(tick => tick.label)).size).toBe(ticks.length);
      for (const { value } of ticks) {
        expect(value).toBeGreaterThanOrEqual(min - 1e-6 * size);
        expect(value).toBeLessThanOrEqual(max + 1e-6 * size);
      }
    }),
  );
});

test('a range that is all but a point ends, with its two ends', () => {
  expect(linearTicks(1e16, 1e16 + 2, 6).map(tick => tick.value)).toEqual([1e16, 1e16 + 2]);
  expect(linearTicks(1, 1 + 2 ** -52, 6).map(tick => tick.value)).toHaveLength(2);
});

test('logarithmic ticks end at the ends of what numbers can be', () => {
  for (const [min, max] of [
    [0, 1],
    [1, Number.POSITIVE_INFINITY],
    [0, Number.POSITIVE_INFINITY],
    [Number.MIN_VALUE, Number.MAX_VALUE],
  ]) {
    const ticks = logTicks(min, max, 6).map(tick => tick.value);
    expect(ticks.length).toBeGreaterThan(1);
    expect(ticks.length).toBeLessThanOrEqual(6);
    for (const value of ticks) expect(value > 0 && Number.isFinite(value)).toBe(true);
  }
});
