/** A model's figures on a data set, and its predictions. */
import { noGrad } from '../autograd/mode.ts';
import { currentBackend } from '../backend/current.ts';
import type { Kernels } from '../backend/kernels.ts';
import { type Dataset, sizeOfShape } from '../data/dataset.ts';
import { DataLoader } from '../data/loader.ts';
import type { Module } from '../nn/module.ts';
import { narrow } from '../ops/movement.ts';
import { softmax } from '../ops/softmax.ts';
import { step } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { type Breather, breather } from './breathe.ts';
import type { Logs } from './events.ts';
import { accuracy, type Metric } from './metrics.ts';
import type { LossFunction } from './trainer.ts';

export interface EvaluateOptions {
  readonly loss: LossFunction;
  /** Default 500. The figures do not depend on it but for rounding. */
  readonly batchSize?: number;
  /** Figures beside the loss. Default: accuracy where targets are classes. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /** The output's first so many columns are the classes', where others follow: heads of further tasks. Default: all of them. */
  readonly columns?: number;
  /** How many of the worst mistakes to keep. Default 0. */
  readonly mistakes?: number;
  /** Where targets are single values: of how many examples, spread evenly over the data set, to keep value and prediction. Default 0. */
  readonly pairs?: number;
  readonly breathe?: Breather;
}

/** An example that was taken for another class. */
export interface Mistake {
  /** Its place in the data set. */
  readonly index: number;
  readonly truth: number;
  readonly predicted: number;
  /** Probability given to the class predicted, and to the true one. */
  readonly probability: number;
  readonly truthProbability: number;
}

export interface Evaluation {
  /** Means over the data set: `loss`, and `accuracy` where targets are classes. */
  readonly logs: Logs;
  readonly samples: number;
  /** How often class [row] was taken for class [column]; null where targets are values, or the model does not give one output for each class. */
  readonly confusion: number[][] | null;
  /** The mistakes with the least probability for the truth, worst first. */
  readonly mistakes: readonly Mistake[];
  /** The value and what was predicted, example by example; empty where targets are classes. */
  readonly pairs: readonly (readonly [truth: number, predicted: number])[];
}

/** Runs `model` over `data` in inference mode (it is left in it). */
export async function evaluate(model: Module, data: Dataset, options: EvaluateOptions): Promise<Evaluation> {
  const { loss, batchSize = 500, breathe = breather() } = options;
  const classes = data.targetKind === 'class' ? data.classNames.length : 0;
  const metrics = options.metrics ?? (classes > 0 ? { accuracy } : {});
  const sums: Logs = { loss: 0 };
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const mistakes: Mistake[] = [];
  const pairs: (readonly [number, number])[] = [];
  const single = classes === 0 && sizeOfShape(data.targetShape) === 1;
  const every = Math.max(1, Math.ceil(data.length / (options.pairs ?? 0)));
  let comparable = classes > 0;
  await forEachBatch(model, data, batchSize, breathe, (output, y, indices) => {
    sums.loss += loss(output, y).item() * indices.length;
    for (const [name, metric] of Object.entries(metrics)) sums[name] = (sums[name] ?? 0) + metric(output, y);
    if (single && every < Number.POSITIVE_INFINITY && output.size === indices.length) {
      const [truths, predicted] = [y.toArray(), output.toArray()];
      indices.forEach((index, i) => {
        if (index % every === 0) pairs.push([truths[i], predicted[i]]);
      });
    }
    const own = firstColumns(output, options.columns);
    if (own.size !== indices.length * classes) comparable = false;
    if (!comparable) return;
    const probabilities = softmax(own).toArray();
    const truths = y.toArray();
    indices.forEach((index, i) => {
      const row = probabilities.subarray(i * classes, (i + 1) * classes);
      const truth = truths[i];
      const predicted = largest(row);
      confusion[truth][predicted]++;
      if (predicted !== truth) mistakes.push({ index, truth, predicted, probability: row[predicted], truthProbability: row[truth] });
    });
  });
  mistakes.sort((a, b) => a.truthProbability - b.truthProbability || a.index - b.index);
  const logs = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / data.length]));
  return {
    logs,
    samples: data.length,
    confusion: comparable ? confusion : null,
    mistakes: mistakes.slice(0, options.mistakes ?? 0),
    pairs,
  };
}

/** Runs `visit` on each batch's output and target, in order, each inside a step of its own. */
async function forEachBatch(
  model: Module,
  data: Dataset,
  batchSize: number,
  breathe: Breather,
  visit: (output: Tensor, y: Tensor, indices: Uint32Array) => void,
): Promise<void> {
  model.eval();
  const kernels = kernelsOf(model);
  const loader = new DataLoader(data, { batchSize, shuffle: false });
  for await (const batch of loader.batchesInTime()) {
    step(() =>
      noGrad(() => {
        const x = emptyTensor(batch.xShape, kernels);
        const y = emptyTensor(batch.yShape, kernels);
        batch.write(x, y);
        visit(model.call(x), y, batch.indices);
      }),
    );
    if (breathe.due()) await breathe.now();
  }
}

/**
 * Probabilities of a classifier for inputs [n, ...features], as [n, classes] in row-major order. Inference mode; no gradient.
 *
 * @param columns the output's first so many columns are the classes', where others follow; default: all
 */
export function predictProbabilities(model: Module, x: Tensor, columns?: number): Float32Array | Float64Array {
  model.eval();
  return step(() => noGrad(() => softmax(firstColumns(model.call(x), columns)).toArray()));
}

/** A model's output for inputs [n, ...features]. Inference mode; no gradient. */
export function predict(model: Module, x: Tensor): Tensor {
  model.eval();
  return step(() => noGrad(() => model.call(x)));
}

/** @internal the backend a model lives on: that of its parameters */
export function kernelsOf(model: Module): Kernels {
  return model.parameters()[0]?.kernels ?? currentBackend();
}

function firstColumns(output: Tensor, columns: number | undefined): Tensor {
  return columns === undefined ? output : narrow(output, 1, 0, columns);
}

function largest(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best] || Number.isNaN(row[i])) best = i;
  return best;
}
