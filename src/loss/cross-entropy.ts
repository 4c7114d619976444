/** Cross-entropy on logits. */
import { UserError } from '../errors.ts';
import { add, mul, neg } from '../ops/arithmetic.ts';
import { sum } from '../ops/reduction.ts';
import { logSoftmax, softmaxCrossEntropy } from '../ops/softmax.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkSameShape, type LossOptions, reduceLoss } from './reduction.ts';

export interface CrossEntropyOptions extends LossOptions {
  /** s in q = (1 - s) target + s / classes; from 0 to 1, default 0. Source: Szegedy et al. 2016, section 7. */
  readonly labelSmoothing?: number;
}

/**
 * L = -Σ_c q_c log softmax(logits)_c, averaged over the batch.
 *
 * logits [batch, classes]; target [batch] of class numbers, or [batch, classes] of probabilities (as mixup makes them).
 * Stable at any logits. Same as PyTorch's `cross_entropy`.
 */
export function crossEntropy(logits: Tensor, target: Tensor, { labelSmoothing = 0, reduction = 'mean' }: CrossEntropyOptions = {}): Tensor {
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new UserError(`crossEntropy: labelSmoothing is ${labelSmoothing}; it must be from 0 to 1`);
  }
  if (target.rank === 1) {
    if (reduction === 'mean') return softmaxCrossEntropy(logits, target, labelSmoothing, 'mean');
    return reduceLoss(softmaxCrossEntropy(logits, target, labelSmoothing), reduction);
  }
  checkSameShape('crossEntropy', logits, target);
  const q = labelSmoothing === 0 ? target : add(mul(target, 1 - labelSmoothing), labelSmoothing / logits.shape[1]);
  return reduceLoss(neg(sum(mul(q, logSoftmax(logits)), -1)), reduction);
}
