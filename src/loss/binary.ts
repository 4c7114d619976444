/** Cross-entropy of yes-or-no questions, on logits. */
import { UserError } from '../errors.ts';
import { softplus } from '../ops/activation.ts';
import { add, mul, neg } from '../ops/arithmetic.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkSameShape, type LossOptions, reduceLoss } from './reduction.ts';

export interface BceOptions extends LossOptions {
  /** Weight of the positive answer. Default 1. */
  readonly posWeight?: number;
}

/**
 * L = -(w y log σ(x) + (1 - y) log(1 - σ(x))) = w y softplus(-x) + (1 - y) softplus(x), averaged over all elements.
 * Both terms are positive, so nothing cancels at any logit. Same as PyTorch's `binary_cross_entropy_with_logits`.
 */
export function bceWithLogits(logits: Tensor, target: Tensor, { reduction = 'mean', posWeight = 1 }: BceOptions = {}): Tensor {
  if (!(posWeight > 0)) throw new UserError(`bceWithLogits: posWeight is ${posWeight}; it must be above 0`);
  checkSameShape('bceWithLogits', logits, target);
  const positive = mul(mul(target, posWeight), softplus(neg(logits)));
  const negative = mul(add(neg(target), 1), softplus(logits));
  return reduceLoss(add(positive, negative), reduction);
}
