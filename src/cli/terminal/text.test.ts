import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ASCII, COLOR, PLAIN } from './test-modes.ts';
import { displayWidth, onPalette, padCenter, padEnd, padStart, printable, styled, truncate, wrap } from './text.ts';

test('width counts Korean twice, escape sequences and combining marks not at all', () => {
  expect(displayWidth('숫자 7')).toBe(6);
  expect(displayWidth(styled('loss', 'red', COLOR))).toBe(4);
  expect(displayWidth('e\u0301')).toBe(1);
  expect(displayWidth('⣿━▀●')).toBe(4);
});

test('padding fills to the display width', () => {
  expect(padEnd('손실', 6)).toBe('손실  ');
  expect(padStart('손실', 6)).toBe('  손실');
  expect(padCenter('ab', 5)).toBe(' ab  ');
  expect(padEnd('longer', 3)).toBe('longer');
});

test('a cut never splits a wide character in two and shows that it cut', () => {
  expect(truncate('정확도', 5, PLAIN)).toBe('정확…');
  expect(truncate('정확도', 4, PLAIN)).toBe('정…');
  expect(truncate('accuracy', 5, ASCII)).toBe('accu~');
});

test('text from outside loses what would disturb the terminal', () => {
  expect(printable('a\u001b[31mred\u001b[0m\tb\r\nc\u0007', PLAIN)).toBe('ared b c');
  expect(printable('café 1–2 × 9 → 숫', ASCII)).toBe('cafe 1-2 x 9 -> ?');
  expect(printable('1\u1112\u1161\u11ab', PLAIN)).toBe('1한');
});

test('wrapping keeps every line in the width and all words that fit', () => {
  expect(wrap('#4176  true 9  said 4  99.8 %', 20, PLAIN)).toEqual(['#4176  true 9  said', '4  99.8 %']);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      for (const line of wrap(printable(text, PLAIN), width, PLAIN)) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    }),
    { numRuns: 200 },
  );
});

test('styles are written only where there are colours', () => {
  expect(styled('a', 'bold', PLAIN)).toBe('a');
  expect(styled('a', 'bold', COLOR)).toBe('\u001b[1ma\u001b[0m');
  expect(onPalette('a', 231, 22, { colors: 16 })).toBe('a');
});
