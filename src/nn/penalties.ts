/** Norms of weights: as penalties added to the loss, and as a limit kept after each step. */
import { UserError } from '../errors.ts';
import { add } from '../ops/arithmetic.ts';
import { abs, square } from '../ops/functions.ts';
import { sum } from '../ops/reduction.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** A model stands for its weights: parameters of at least two dimensions, so that biases and the gains of normalization are left alone. */
export type Weights = Module | Iterable<Tensor>;

/** The parameters of a model that are weights [out, in]: not biases, not the gains of normalization. */
export function weightsOf(model: Module): Tensor[] {
  return model.parameters().filter(parameter => parameter.rank >= 2);
}

function listOf(of: Weights, name: string): Tensor[] {
  const list = of instanceof Module ? weightsOf(of) : [...of];
  if (list.length === 0) throw new UserError(`${name}: there are no weights; give a model with a Linear layer, or a list of parameters`);
  return list;
}

function total(of: Weights, name: string, each: (w: Tensor) => Tensor): Tensor {
  return listOf(of, name)
    .map(w => sum(each(w)))
    .reduce((a, b) => add(a, b));
}

/**
 * Σ |w| over all elements, a scalar with a gradient (the sign of each w): add λ l1Penalty(model) to the loss. It drives weights to zero one by one.
 * An optimizer has nothing like it.
 */
export function l1Penalty(of: Weights): Tensor {
  return total(of, 'l1Penalty', abs);
}

/**
 * Σ w² over all elements, a scalar with a gradient (2 w): add λ l2Penalty(model) to the loss.
 *
 * With SGD it is the same as the optimizer's `weightDecay` of 2 λ on the same parameters. With Adam and the other adaptive methods `weightDecay` that
 * is added to the gradient equals it too, and both are scaled with the gradient; decoupled decay (AdamW) is something else, since it bypasses the scaling.
 * The penalty shows in the loss, weight decay does not.
 */
export function l2Penalty(of: Weights): Tensor {
  return total(of, 'l2Penalty', square);
}

/**
 * Scales back, in place, every row of a weight [out, in] (what flows into one unit) whose L2 norm is above `limit`. Call it after each
 * `optimizer.step()`; 2 to 4 is usual, with dropout and a high learning rate. Vectors (biases, gains) have no rows and are passed over.
 * Source: Srivastava et al. 2014, section 5.1; Hinton et al. 2012. PyTorch's `torch.renorm(w, 2, 0, limit)` does the same to one tensor.
 */
export function maxNorm(of: Weights, limit: number): void {
  if (!(limit > 0)) throw new UserError(`maxNorm: the limit is ${limit}; it must be above 0`);
  for (const w of listOf(of, 'maxNorm')) {
    if (w.rank >= 2 && w.size > 0) w.kernels.limitRowNorms(w.storage, w.shape[0], w.size / w.shape[0], limit);
  }
}
