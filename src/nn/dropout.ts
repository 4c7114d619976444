/** Dropout as a layer. */
import { UserError } from '../errors.ts';
import { dropout } from '../ops/dropout.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * In training, each element is 0 with probability p and x / (1 - p) otherwise, by a fresh mask each time; in inference, x itself.
 * Same as PyTorch's `nn.Dropout`. Differs from the lecture, whose mask is over parameters (that is DropConnect) and whose scale is 1/p_drop:
 * the scale that keeps the expectation is 1/(1 - p). Source: Srivastava et al. 2014.
 */
export class Dropout extends Module {
  readonly p: number;
  constructor(p = 0.5) {
    super();
    if (!(p >= 0 && p < 1)) throw new UserError(`Dropout: p is ${p}; it is the probability of dropping an element, at least 0 and below 1`);
    this.p = p;
  }
  forward(x: Tensor): Tensor {
    return this.training ? dropout(x, this.p) : x;
  }
}
