/** Figures that are told beside the loss. */
import { argmax } from '../ops/reduction.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A figure of one batch as a sum over its examples; the mean over an epoch is Σ sum / Σ examples. */
export type Metric = (output: Tensor, target: Tensor) => number;

/** How many rows of [batch, classes] have their largest element at the class of the target, [batch] or [batch, classes] of probabilities. */
export const accuracy: Metric = (output, target) => {
  const predicted = argmax(output, -1);
  const truth = target.rank > 1 ? argmax(target, -1) : target;
  const a = predicted.kernels.view(predicted.storage);
  const b = truth.kernels.view(truth.storage);
  let correct = 0;
  for (let i = 0; i < predicted.size; i++) if (a[i] === b[i]) correct++;
  return correct;
};
