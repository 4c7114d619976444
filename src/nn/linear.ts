/** The fully connected layer. */
import type { Activation } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { linear } from '../ops/matmul.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { uniform } from './init.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

/**
 * y = x Wᵀ + b       x [batch, inFeatures], weight [outFeatures, inFeatures], bias [outFeatures], y [batch, outFeatures]
 *
 * Weight and bias start uniform in ±1/√inFeatures. Same as PyTorch's `nn.Linear`, its defaults and its layout.
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, { bias = true }: { readonly bias?: boolean } = {}) {
    super();
    for (const [name, value] of Object.entries({ inFeatures, outFeatures })) {
      if (!Number.isInteger(value) || value < 1)
        throw new UserError(`Linear: ${name} is ${value}; it must be a whole number of at least 1`);
    }
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = new Parameter(uniform(emptyTensor([outFeatures, inFeatures]), -bound, bound));
    this.bias = bias ? new Parameter(uniform(emptyTensor([outFeatures]), -bound, bound)) : null;
  }

  forward(input: Tensor): Tensor {
    return this.forwardWith(input, 'none');
  }

  /** The layer and the activation after it in one pass. */
  forwardWith(input: Tensor, activation: Activation): Tensor {
    return linear(input, this.weight, this.bias, activation);
  }
}
