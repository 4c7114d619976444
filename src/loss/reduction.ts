/** How the losses of a batch become one number. */
import { UserError } from '../errors.ts';
import { mean, sum } from '../ops/reduction.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** 'mean' over all elements (the default everywhere), 'sum', or 'none' for one loss each. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  readonly reduction?: Reduction;
}

export function reduceLoss(losses: Tensor, reduction: Reduction = 'mean'): Tensor {
  if (reduction === 'mean') return mean(losses);
  if (reduction === 'sum') return sum(losses);
  if (reduction === 'none') return losses;
  throw new UserError(`unknown reduction '${String(reduction)}'; allowed are 'mean', 'sum' and 'none'`);
}

export function checkSameShape(name: string, input: Tensor, target: Tensor): void {
  if (sameShape(input.shape, target.shape)) return;
  throw new UserError(
    `${name}: the input is ${formatShape(input.shape)} and the target ${formatShape(target.shape)}; the shapes must be equal, since broadcasting here is nearly always a mistake`,
  );
}
