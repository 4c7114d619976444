import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineChart } from './line-chart.ts';
import { ASCII, allModes, COLOR, expectDrawable, PLAIN } from './test-modes.ts';

const loss = [2, 1, 0.5, 0.25, 0.125];
const valLoss = [2, 1.25, 1, 1, 1.25];
const both = [
  { name: 'loss', y: loss },
  { name: 'val_loss', y: valLoss },
];
const small = { height: 6, xLabel: 'epoch', yLabel: 'loss' };

test('braille with a mark per series', () => {
  expect(`\n${lineChart(both, small, { ...PLAIN, width: 44 })}`).toMatchInlineSnapshot(`
    "
    loss
     2┤●⠲⢤⣀
      │   ⠈⠙⠶⣢⢄⡀
     1┤       ⠉⠚⠵▲⠒⠒⠤⠤⠤⠤⠤⣀⣀▲⣀⣀⣀⣀⣀⣀⣀⣀⣀▲⣀⣀⠤⠤⠤⠤⠤⠒⠒▲
      │           ⠉⠉⠒⠢⠤⢄⣀
      │                  ⠉⠉●⠒⠢⠤⠤⢄⣀⣀⣀
     0┤                             ⠉●⠉⠉⠒⠒⠒⠒⠒⠤⠤●
      └──────────┬───────────────────┬──────────
                 2                   4
                         epoch
      ● loss 0.1250   ▲ val_loss 1.250"
  `);
});

test('plain characters: each line is made of its mark, and where lines meet they take turns', () => {
  expect(`\n${lineChart(both, small, { ...ASCII, width: 44 })}`).toMatchInlineSnapshot(`
    "
    loss
     2+*+*
      |   +*+*+
     1+        *+*+*++++++++++++++++++++++++++++
      |             *****
      |                  *****************
     0+                                   ******
      +----------+-------------------+----------
                 2                   4
                         epoch
      * loss 0.1250   + val_loss 1.250"
  `);
});

test('a straight line on a logarithmic scale', () => {
  expect(`\n${lineChart([both[0]], { ...small, logY: true }, { ...ASCII, width: 44 })}`).toMatchInlineSnapshot(`
    "
    loss (log scale)
     2+*****
     1+     ********
      |             *****
      |                  *******
      |                         **********
      |                                   ******
      +----------+-------------------+----------
                 2                   4
                         epoch
      * loss 0.1250"
  `);
});

test('NaN and Infinity are gaps, and are told', () => {
  const broken = [{ name: 'loss', y: [1, 0.8, Number.NaN, 0.5, Number.POSITIVE_INFINITY, 0.2] }];
  expect(`\n${lineChart(broken, { height: 4 }, { ...ASCII, width: 44 })}`).toMatchInlineSnapshot(`
    "
     1+****
      |    *****               *
      |                                        *
     0+
      +--------+---------------+---------------+
               2               4               6
      * loss 0.2000
      loss: 2 of 6 values NaN or infinite, left
      out"
  `);
});

test('one point, a constant, and nothing at all can be drawn', () => {
  expect(`\n${lineChart([{ name: 'loss', y: [0.5] }], { height: 3 }, { ...ASCII, width: 30 })}`).toMatchInlineSnapshot(`
    "
        |
     0.5+            *
        |
        +------------+------------
                     1
      * loss 0.5000"
  `);
  expect(`\n${lineChart([{ name: 'lr', y: [0.001, 0.001, 0.001] }], { height: 3 }, { ...ASCII, width: 30 })}`).toMatchInlineSnapshot(`
    "
           |
     0.0010+**********************
           |
           +-----------+----------
                       2
      * lr 0.001000"
  `);
  expect(lineChart([{ name: 'loss', y: [Number.NaN] }], {}, ASCII)).toContain('nothing to draw: no finite value');
  expect(lineChart([], {}, ASCII)).toBe('nothing to draw: no finite value');
});

test('the smallest and the largest number there is have an axis', () => {
  for (const [value, label] of [
    [5e-324, '1e-323'],
    [Number.MAX_VALUE, '1.6e308'],
  ] as const)
    expect(lineChart([{ name: 'a', y: [value] }], { logY: true }, ASCII)).toContain(label);
});

test('values that are not above zero are left out on a log scale, and told', () => {
  expect(lineChart([{ name: 'lr', y: [1, 0, -1, 0.5] }], { logY: true }, ASCII)).toContain('lr: 2 of 4 values not above zero');
});

test('a series is known without its colour', () => {
  const names = Array.from({ length: 30 }, (_, i) => ({ name: `s${i}`, y: [i] }));
  for (const mode of [PLAIN, ASCII]) {
    const marks = names.map(({ name }) => new RegExp(`(\\S) ${name} `).exec(`${lineChart(names, {}, mode)} `)?.[1]);
    expect(new Set(marks).size).toBe(30);
  }
  expect(lineChart(both, {}, COLOR)).toContain('\u001b[36m●\u001b[0m loss 0.1250');
});

test('a rising line ends at the top right, a falling one at the bottom right', () => {
  const rows = (y: number[]): string[] =>
    lineChart([{ name: 'a', y }], { height: 10 }, ASCII)
      .split('\n')
      .slice(0, 10);
  expect(rows([0, 1])[0]).toMatch(/ \*+$/);
  expect(rows([0, 1])[9]).toMatch(/\+\*+$/);
  expect(rows([1, 0])[0]).toMatch(/\+\*+$/);
  expect(rows([1, 0])[9]).toMatch(/ \*+$/);
});

test('fits in every mode, whatever the numbers', () => {
  const value = fc.oneof(fc.double(), fc.double({ min: -10, max: 10 }), fc.integer({ min: -3, max: 3 }));
  const series = fc.record({ name: fc.string({ unit: 'grapheme' }), y: fc.array(value, { maxLength: 30 }) });
  fc.assert(
    fc.property(
      fc.array(series, { maxLength: 4 }),
      fc.integer({ min: 20, max: 130 }),
      fc.boolean(),
      fc.boolean(),
      (all, width, logY, logX) => {
        const options = { title: '학습 곡선', xLabel: 'épochs', yLabel: 'loss', logY, logX, height: 5 };
        for (const mode of allModes(width)) expectDrawable(lineChart(all, options, mode), mode);
      },
    ),
    { numRuns: 60 },
  );
});

test('a hundred thousand steps are drawn in a moment', () => {
  const y = Float32Array.from({ length: 100_000 }, (_, i) => 1 / (1 + i / 1000) + 0.1 * ((i * 7919) % 13));
  expectDrawable(lineChart([{ name: 'loss', y }], { xLabel: 'step' }, PLAIN), PLAIN);
});
