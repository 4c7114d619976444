import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatNumber, formatPercent, formatRate } from './format.ts';

test.each([
  [0.123456, '0.1235'],
  [12.3456, '12.35'],
  [0.00099999, '0.001000'],
  [0.0001, '0.0001000'],
  [0.00001234, '1.234e-5'],
  [9.99999, '10.00'],
  [-2.5, '-2.500'],
  [0, '0'],
  [128, '128'],
  [1234567, '1.235e6'],
  [Number.NaN, 'NaN'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
])('formatNumber(%d) is %s', (value, text) => expect(formatNumber(value)).toBe(text));

test('a written number is the value to four digits', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e300, max: 1e300, noNaN: true }), value => {
      expect(Math.abs(Number(formatNumber(value)) - value)).toBeLessThanOrEqual(Math.abs(value) * 0.5001e-3);
    }),
  );
});

test.each([
  [0, '0'],
  [999, '999'],
  [1234, '1.2k'],
  [12_345, '12k'],
  [123_456, '123k'],
  [999_600, '1.0M'],
  [1_200_000, '1.2M'],
])('formatCount(%d) is %s', (value, text) => expect(formatCount(value)).toBe(text));

test('a count of any size fits four characters', () => {
  fc.assert(fc.property(fc.nat(2 ** 31 - 1), value => formatCount(value, 2, 10_000).length <= 4));
});

test('speeds', () => {
  expect(formatRate(12_345)).toBe('12.3k samples/s');
  expect(formatRate(9.87)).toBe('9.87 samples/s');
  expect(formatRate(15_000, 'steps')).toBe('15.0k steps/s');
});

test.each([
  [0.012, '12 ms'],
  [0.9999, '1.0s'],
  [5.34, '5.3s'],
  [9.96, '10s'],
  [59.6, '1m 00s'],
  [65, '1m 05s'],
  [3599.7, '1h 00m'],
  [7600, '2h 07m'],
  [270_000, '3d 03h'],
  [-1, '?'],
  [Number.NaN, '?'],
])('formatDuration(%d) is %s', (value, text) => expect(formatDuration(value)).toBe(text));

test.each([
  [0.978, '97.8 %'],
  [1, '100.0 %'],
  [0.99996, '>99.9 %'],
  [0.00001, '<0.1 %'],
  [0, '0.0 %'],
  [Number.NaN, 'NaN %'],
])('formatPercent(%d) is %s', (value, text) => expect(formatPercent(value)).toBe(text));

test.each([
  [512, '512 bytes'],
  [9_912_422, '9.9 MB'],
  [999_999, '1.0 MB'],
  [47_040_016, '47.0 MB'],
  [123_400, '123 kB'],
])('formatBytes(%d) is %s', (value, text) => expect(formatBytes(value)).toBe(text));
