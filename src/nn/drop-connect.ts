/** DropConnect: dropout over weights rather than activations. */
import type { Activation } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { dropout } from '../ops/dropout.ts';
import { linear } from '../ops/matmul.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Linear } from './linear.ts';

/**
 * A linear layer whose weights are dropped in training: y = x (M ∘ W)ᵀ / (1 - p) + b, with M fresh at each forward pass and 0 with probability p.
 * In inference a plain linear layer. State and initialization are those of `Linear`.
 *
 * This is the mask over parameters that the lecture describes under dropout, with the scale 1/(1 - p) that keeps the expectation (its 1/p_drop does
 * not). Differs from Wan et al. 2013: one mask for the whole batch rather than one for each example (which no matrix product could use), biases are
 * kept, and inference uses the expected weights rather than samples of a fitted Gaussian.
 */
export class DropConnect extends Linear {
  readonly p: number;

  constructor(inFeatures: number, outFeatures: number, { p = 0.5, bias = true }: { readonly p?: number; readonly bias?: boolean } = {}) {
    super(inFeatures, outFeatures, { bias });
    if (!(p >= 0 && p < 1))
      throw new UserError(`DropConnect: p is ${p}; it is the probability of dropping a weight, at least 0 and below 1`);
    this.p = p;
  }

  override forwardWith(input: Tensor, activation: Activation): Tensor {
    return linear(input, this.training ? dropout(this.weight, this.p) : this.weight, this.bias, activation);
  }
}
