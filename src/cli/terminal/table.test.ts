import fc from 'fast-check';
import { expect, test } from 'vitest';
import { table } from './table.ts';
import { ASCII, allModes, expectDrawable, PLAIN } from './test-modes.ts';

test('numbers lean right, text left, and Korean lines up', () => {
  const drawn = table(
    ['data set', 'samples', '이름', 'time'],
    [
      ['mnist', 60_000, '손글씨 숫자', '1m 05s'],
      ['digits', 500, '합성', '5.3s'],
      ['xor', null, 'a', '?'],
    ],
    PLAIN,
  );
  expect(`\n${drawn}`).toMatchInlineSnapshot(`
    "
    data set  samples  이름           time
    ────────  ───────  ───────────  ──────
    mnist       60000  손글씨 숫자  1m 05s
    digits        500  합성           5.3s
    xor                a                 ?"
  `);
});

test('the widest column gives way first', () => {
  const drawn = table(['name', 'description'], [['mnist', 'handwritten digits, sixty thousand of them']], { ...ASCII, width: 30 });
  expect(`\n${drawn}`).toMatchInlineSnapshot(`
    "
    name   description
    -----  -----------------------
    mnist  handwritten digits, si~"
  `);
});

test('without rows it is its header', () => expect(table(['a'], [], ASCII)).toBe('a\n-'));

test('fits in every mode', () => {
  const cell = fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.constant(null));
  fc.assert(
    fc.property(fc.array(fc.array(cell, { maxLength: 8 }), { maxLength: 4 }), fc.integer({ min: 20, max: 100 }), (rows, width) => {
      for (const mode of allModes(width)) expectDrawable(table(['a', '이름', 'c', 'd', 'e', 'f', 'g', 'h'], rows, mode), mode);
    }),
    { numRuns: 50 },
  );
});
