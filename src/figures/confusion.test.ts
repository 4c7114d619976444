import { expect, test } from 'vitest';
import { summarizeConfusion } from './confusion.ts';

const three = [
  [90, 10, 0],
  [5, 95, 0],
  [0, 40, 0],
];

test('precision, recall and accuracy', () => {
  const summary = summarizeConfusion(three);
  expect(summary.accuracy).toBe(185 / 240);
  expect(summary.recall).toEqual([0.9, 0.95, 0]);
  expect(summary.precision).toEqual([90 / 95, 95 / 145, Number.NaN]);
  expect(summary.support).toEqual([100, 100, 40]);
  expect(summary.f1).toEqual([180 / 195, 190 / 245, 0]);
  expect(summary.mistakes.map(({ truth, predicted }) => [truth, predicted])).toEqual([
    [2, 1],
    [0, 1],
    [1, 0],
  ]);
});
