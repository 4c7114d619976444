import type { DatasetInfo } from '../../data/dataset.ts';
import type { Module } from '../../nn/module.ts';
import { step } from '../../tensor/scope.ts';
import { emptyTensor } from '../../tensor/tensor.ts';
import { kernelsOf, predict, predictProbabilities } from '../../train/evaluate.ts';
import type { Examples } from './examples.ts';

/** One answer. For classes the most probable one, and all probabilities by name; for values the number. */
export interface Prediction {
  readonly file: string;
  /** Its place in the file, from 0. */
  readonly index: number;
  readonly class?: string;
  readonly probability?: number;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: number | readonly number[];
}

/** So many examples go through the model at once. */
const BATCH = 500;

export function predictExamples(model: Module, examples: Examples, info: DatasetInfo): Prediction[] {
  const predictions: Prediction[] = [];
  for (let first = 0; first < examples.count; first += BATCH) {
    const n = Math.min(BATCH, examples.count - first);
    const size = examples.x.length / examples.count;
    const batch = examples.x.subarray(first * size, (first + n) * size);
    const output = step(() => {
      const x = emptyTensor([n, ...info.featureShape], kernelsOf(model)).set(batch);
      return info.targetKind === 'class' ? predictProbabilities(model, x, info.classNames.length) : predict(model, x).toArray();
    });
    const width = output.length / n;
    for (let i = 0; i < n; i++) {
      const row = Array.from(output.subarray(i * width, (i + 1) * width));
      predictions.push({ file: examples.file, index: first + i, ...(info.targetKind === 'class' ? ofClass(row, info) : ofValue(row)) });
    }
  }
  return predictions;
}

function ofClass(row: readonly number[], { classNames }: DatasetInfo): Partial<Prediction> {
  const best = row.indexOf(Math.max(...row));
  return { class: classNames[best], probability: row[best], probabilities: Object.fromEntries(row.map((p, i) => [classNames[i], p])) };
}

function ofValue(row: readonly number[]): Partial<Prediction> {
  return { value: row.length === 1 ? row[0] : row };
}

/** The most probable classes, the first first. */
export function top({ probabilities = {} }: Prediction, count: number): [name: string, probability: number][] {
  return Object.entries(probabilities)
    .sort((a, b) => b[1] - a[1])
    .slice(0, count);
}
