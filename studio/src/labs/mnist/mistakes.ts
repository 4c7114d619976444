/** What follows from the readings of a part: who was taken for whom, and what went most wrong. */
import type { Readings } from '../../training/protocol.ts';

export interface Example {
  /** Its place in the part. */
  readonly index: number;
  readonly truth: number;
  readonly readAs: number;
  /** Given to what it was taken for. */
  readonly probability: number;
}

/** How often class [row] was taken for class [column]. */
export function confusionOf({ truths, readAs }: Readings, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  truths.forEach((truth, i) => {
    counts[truth][readAs[i]]++;
  });
  return counts;
}

export function accuracyOf({ truths, readAs }: Readings): number {
  return truths.length === 0 ? 0 : truths.filter((truth, i) => truth === readAs[i]).length / truths.length;
}

const exampleAt = ({ truths, readAs, probability }: Readings, index: number): Example => ({
  index,
  truth: truths[index],
  readAs: readAs[index],
  probability: probability[index],
});

/** Mistakes by how little was given to the truth, worst first. */
export function worstMistakes(readings: Readings, most: number): Example[] {
  const wrong = Array.from(readings.truths.keys()).filter(i => readings.truths[i] !== readings.readAs[i]);
  wrong.sort((a, b) => readings.truthProbability[a] - readings.truthProbability[b] || a - b);
  return wrong.slice(0, most).map(i => exampleAt(readings, i));
}

/** Examples behind a cell of the confusion matrix, the surest first. */
export function examplesOf(readings: Readings, truth: number, readAs: number, most: number): Example[] {
  const found = Array.from(readings.truths.keys()).filter(i => readings.truths[i] === truth && readings.readAs[i] === readAs);
  found.sort((a, b) => readings.probability[b] - readings.probability[a] || a - b);
  return found.slice(0, most).map(i => exampleAt(readings, i));
}
