/** What the counts of true against predicted classes tell. */

/** Precision of a class that was never predicted, and recall of one that never occurred, are NaN; so is what follows from them. */
export interface ConfusionSummary {
  readonly total: number;
  readonly correct: number;
  readonly accuracy: number;
  /** How many examples are of a class. */
  readonly support: readonly number[];
  /** Of those predicted as a class, the part that is of it. */
  readonly precision: readonly number[];
  /** Of those that are of a class, the part predicted as it. */
  readonly recall: readonly number[];
  /** F1 = 2 TP / (2 TP + FP + FN), the harmonic mean of the two; NaN of a class that neither occurred nor was predicted. */
  readonly f1: readonly number[];
  /** Pairs of different classes that were confused, the most frequent first. */
  readonly mistakes: readonly { readonly truth: number; readonly predicted: number; readonly count: number }[];
}

/** Precision, recall, F1, accuracy and the most frequent mistakes of `counts[truth][predicted]`. */
export function summarizeConfusion(counts: readonly ArrayLike<number>[]): ConfusionSummary {
  const rows = counts.map(row => Array.from(row));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const support = rows.map(sum);
  const predicted = rows.map((_, i) => sum(rows.map(row => row[i])));
  const total = sum(support);
  const correct = sum(rows.map((row, i) => row[i]));
  const mistakes = rows
    .flatMap((row, truth) => row.map((count, predicted) => ({ truth, predicted, count })))
    .filter(cell => cell.truth !== cell.predicted && cell.count > 0)
    .sort((a, b) => b.count - a.count);
  return {
    total,
    correct,
    accuracy: correct / total,
    support,
    precision: rows.map((row, i) => row[i] / predicted[i]),
    recall: rows.map((row, i) => row[i] / support[i]),
    f1: rows.map((row, i) => (2 * row[i]) / (support[i] + predicted[i])),
    mistakes,
  };
}
