/** Losses between numbers. */
import { UserError } from '../errors.ts';
import { add, mul, sub } from '../ops/arithmetic.ts';
import { lt, where } from '../ops/comparison.ts';
import { abs, square } from '../ops/functions.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkSameShape, type LossOptions, reduceLoss } from './reduction.ts';

/** L = (ŷ - y)², averaged over all elements. Same as PyTorch's `mse_loss`. */
export function mseLoss(input: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkSameShape('mseLoss', input, target);
  return reduceLoss(square(sub(input, target)), reduction);
}

/** L = |ŷ - y|, averaged over all elements. Same as PyTorch's `l1_loss`. */
export function l1Loss(input: Tensor, target: Tensor, { reduction = 'mean' }: LossOptions = {}): Tensor {
  checkSameShape('l1Loss', input, target);
  return reduceLoss(abs(sub(input, target)), reduction);
}

/** L = e²/2 where |e| < δ, else δ (|e| - δ/2), with e = ŷ - y; δ = 1 by default. Same as PyTorch's `huber_loss`. */
export function huberLoss(
  input: Tensor,
  target: Tensor,
  { reduction = 'mean', delta = 1 }: LossOptions & { readonly delta?: number } = {},
): Tensor {
  if (!(delta > 0)) throw new UserError(`huberLoss: delta is ${delta}; it must be above 0`);
  checkSameShape('huberLoss', input, target);
  const error = sub(input, target);
  const size = abs(error);
  return reduceLoss(where(lt(size, delta), mul(square(error), 0.5), mul(add(size, -delta / 2), delta)), reduction);
}
