import fc from 'fast-check';
import { expect, it } from 'vitest';
import { scaleFor, spreadLabels, thinned } from './layout.ts';

it('keeps labels apart, in order, and inside', () => {
  expect(spreadLabels([50, 52, 200], 15, 0, 220)).toEqual([50, 65, 200]);
  expect(spreadLabels([219, 218], 15, 4, 216)).toEqual([216, 201]);
  fc.assert(
    fc.property(fc.array(fc.double({ min: -50, max: 300, noNaN: true }), { minLength: 1, maxLength: 40 }), places => {
      const out = spreadLabels(places, 15, 4, 216);
      const gap = Math.min(15, 212 / Math.max(1, places.length - 1));
      const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
      for (const [n, i] of order.entries()) {
        expect(out[i]).toBeGreaterThanOrEqual(4 - 1e-9);
        expect(out[i]).toBeLessThanOrEqual(216 + 1e-9);
        if (n > 0) expect(out[i] - out[order[n - 1]]).toBeGreaterThanOrEqual(gap - 1e-9);
      }
    }),
  );
});

/** On a phone 360 pixels wide a plot is about 255 wide; a digit of 12 pixels is at most 7.5 wide. */
const PLOT = 255;
const DIGIT = 7.5;

it('ticks never cover each other on a phone, and values lie inside the scale', () => {
  const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), fc.boolean(), (values, mayBeLog) => {
      const scale = scaleFor(values, { most: 6, mayBeLog, margin: 0.05 })!;
      for (const one of values) {
        expect(scale.place(one)).toBeGreaterThanOrEqual(-1e-9);
        expect(scale.place(one)).toBeLessThanOrEqual(1 + 1e-9);
      }
      // along y: a line of text is 14 pixels high
      const heights = scale.ticks.map(tick => 220 * scale.place(tick.value));
      for (let i = 1; i < heights.length; i++) expect(heights[i] - heights[i - 1]).toBeGreaterThan(14);
    }),
  );
  for (const epochs of [1, 2, 3, 7, 10, 33, 100, 250, 1000, 9999]) {
    const scale = scaleFor([1, epochs], { most: 6, whole: true })!;
    const boxes = scale.ticks.map(({ value, label }) => [PLOT * scale.place(value), (label.length * DIGIT) / 2]);
    for (let i = 1; i < boxes.length; i++) expect(boxes[i][0] - boxes[i][1]).toBeGreaterThan(boxes[i - 1][0] + boxes[i - 1][1]);
  }
});

it('is logarithmic only where it may be, over positive values that span much', () => {
  expect(scaleFor([0.01, 1], { most: 5, mayBeLog: true })!.log).toBe(true);
  expect(scaleFor([0.1, 1], { most: 5, mayBeLog: true })!.log).toBe(false);
  expect(scaleFor([0, 1], { most: 5, mayBeLog: true })!.log).toBe(false);
  expect(scaleFor([0.01, 1], { most: 5 })!.log).toBe(false);
  expect(scaleFor([Number.NaN, Number.POSITIVE_INFINITY], { most: 5 })).toBeNull();
  expect(scaleFor([3], { most: 5 })!.place(3)).toBeCloseTo(0.5, 12);
  expect(scaleFor([1e6, 1e6 + 1e-9], { most: 5 })!.ticks.length).toBeGreaterThan(1);
});

it('ends, and places values, at the ends of what numbers can be', () => {
  for (const values of [[5e-324, 1], [5e-324, 1e300], [5e-324, 1e-310], [5e-324], [-1e300, 1e300], [1e-6, 1e300]]) {
    for (const mayBeLog of [true, false]) {
      const { ticks, place } = scaleFor(values, { most: 6, mayBeLog, margin: 0.05 })!;
      for (const value of [...values, ...ticks.map(tick => tick.value)])
        expect(Math.abs(place(value) - 0.5)).toBeLessThanOrEqual(0.5 + 1e-9);
    }
  }
  expect(scaleFor([1e301], { most: 6 })).toBeNull();
});

it('thins evenly and keeps the last', () => {
  expect(thinned([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([1, 4, 7]);
  expect(thinned([1, 2], 3)).toEqual([1, 2]);
  expect(
    thinned(
      Array.from({ length: 1001 }, (_, i) => i),
      200,
    ).at(-1),
  ).toBe(1000);
});
