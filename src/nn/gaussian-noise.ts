/** Gaussian noise as a layer. */
import { UserError } from '../errors.ts';
import { gaussianNoise } from '../ops/noise.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * In training x + std ε, ε from N(0, 1), fresh for each element each time; in inference x itself. On the input it makes every epoch's examples new
 * ones; for a linear model and squared error it is an L2 penalty (Bishop 1995). PyTorch has no such layer; same as Keras's `GaussianNoise(stddev)`.
 */
export class GaussianNoise extends Module {
  readonly std: number;
  constructor(std = 0.1) {
    super();
    if (!(std >= 0 && std < Number.POSITIVE_INFINITY))
      throw new UserError(`GaussianNoise: std is ${std}; it is the standard deviation, a number of at least 0`);
    this.std = std;
  }
  forward(x: Tensor): Tensor {
    return this.training ? gaussianNoise(x, this.std) : x;
  }
}
