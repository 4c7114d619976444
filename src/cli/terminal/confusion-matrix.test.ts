import fc from 'fast-check';
import { expect, test } from 'vitest';
import { confusionMatrix } from './confusion-matrix.ts';
import { ASCII, allModes, COLOR, expectDrawable, PLAIN } from './test-modes.ts';
import { displayWidth } from './text.ts';

const FASHION = ['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'];
const three = [
  [90, 10, 0],
  [5, 95, 0],
  [0, 40, 0],
];

test('a small matrix', () => {
  expect(`\n${confusionMatrix(three, {}, { ...PLAIN, width: 60 })}`).toMatchInlineSnapshot(`
    "
    Confusion matrix (rows: true class, columns: predicted)
                  0     1     2 recall
    0            90    10*    ·   90.0
    1             5*   95     ·   95.0
    2             ·    40*    ·    0.0
    precision  94.7  65.5     - in %
    accuracy 77.08 %: 185 of 240 correct
    * most frequent mistakes: 2 taken for 1 (40 times), 0 taken
    for 1 (10 times), 1 taken for 0 (5 times)"
  `);
});

test('ten classes with long names and counts of six digits fit 80 columns', () => {
  const counts = FASHION.map((_, i) => FASHION.map((_, j) => (i === j ? 100_000 + i : i === 6 && j === 0 ? 12_345 : i + j === 9 ? 7 : 0)));
  const drawn = confusionMatrix(counts, { labels: FASHION }, ASCII);
  expect(`\n${drawn}`).toMatchInlineSnapshot(`
    "
    Confusion matrix (rows: true class, columns: predicted)
                      0     1     2     3     4     5     6     7     8     9 recall
    0 T-shirt/top  100k     .     .     .     .     .     .     .     .     7*  99.9
    1 Trouser         .  100k     .     .     .     .     .     .     7*    .   99.9
    2 Pullover        .     .  100k     .     .     .     .     7     .     .   99.9
    3 Dress           .     .     .  100k     .     .     7     .     .     .   99.9
    4 Coat            .     .     .     .  100k     7     .     .     .     .   99.9
    5 Sandal          .     .     .     .     7  100k     .     .     .     .   99.9
    6 Shirt         12k*    .     .     7     .     .  100k     .     .     .   89.0
    7 Sneaker         .     .     7     .     .     .     .  100k     .     .   99.9
    8 Bag             .     7     .     .     .     .     .     .  100k     .   99.9
    9 Ankle boot      7     .     .     .     .     .     .     .     .  100k   99.9
    precision      89.0  99.9  99.9  99.9  99.9  99.9  99.9  99.9  99.9  99.9 in %
    accuracy 98.77 %: 1000045 of 1012460 correct
    * most frequent mistakes: Shirt taken for T-shirt/top (12345 times), T-shirt/top
    taken for Ankle boot (7 times), Trouser taken for Bag (7 times)"
  `);
  expect(Math.max(...drawn.split('\n').map(displayWidth))).toBeLessThanOrEqual(80);
  expect(drawn.split('\n').filter(line => line.includes('recall'))).toHaveLength(1);
});

test('a narrow terminal gets blocks of columns', () => {
  const counts = FASHION.map((_, i) => FASHION.map((_, j) => (i === j ? 98 : i + j === 9 ? 2 : 0)));
  const drawn = confusionMatrix(counts, {}, { ...ASCII, width: 40 });
  expect(drawn.match(/^precision/gm)).toHaveLength(3);
});

test('100 % is said only of what has no mistake', () => {
  expect(
    confusionMatrix(
      [
        [99_999, 1],
        [0, 5],
      ],
      {},
      PLAIN,
    ),
  ).toMatch(/^0 .* 99\.9$/m);
});

test('cells are shaded, and marked all the same', () => {
  const drawn = confusionMatrix(three, {}, COLOR);
  expect(drawn).toContain('\u001b[38;5;231;48;5;160m   40*\u001b[0m');
  expect(drawn).toContain('\u001b[38;5;231;48;5;28m   95 \u001b[0m');
});

test('of very many classes, the worst are listed', () => {
  const counts = Array.from({ length: 100 }, (_, i) => Array.from({ length: 100 }, (_, j) => (i === j ? 100 - i : j === 0 ? i : 0)));
  const drawn = confusionMatrix(counts, {}, PLAIN);
  expect(drawn).toContain('100 classes are too many to draw');
  expect(drawn.split('\n').length).toBeLessThan(20);
  expectDrawable(drawn, PLAIN);
});

test('no samples and no classes are no accident', () => {
  expect(confusionMatrix([[0]], {}, PLAIN)).toContain('accuracy: no samples');
  expect(confusionMatrix([], {}, PLAIN)).toContain('accuracy: no samples');
});

test('fits in every mode', () => {
  const counts = fc
    .integer({ min: 1, max: 12 })
    .chain(n => fc.array(fc.array(fc.nat(999_999), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }));
  const labels = fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 12 });
  fc.assert(
    fc.property(counts, labels, fc.integer({ min: 20, max: 100 }), (matrix, names, width) => {
      for (const mode of allModes(width)) expectDrawable(confusionMatrix(matrix, { labels: names }, mode), mode);
    }),
    { numRuns: 40 },
  );
});
