/** Layer normalization. */
import { UserError } from '../errors.ts';
import { add, mul } from '../ops/arithmetic.ts';
import { normalizeRows } from '../ops/batch-norm.ts';
import { full } from '../tensor/create.ts';
import { formatShape, type Shape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

export interface LayerNormOptions {
  /** ε under the root, at least 0. Default 1e-5. */
  readonly eps?: number;
  /** Learns γ (from 1) and β (from 0), of the normalized shape. Default true. */
  readonly elementwiseAffine?: boolean;
  /** Learns β too; without effect unless elementwiseAffine. Default true. */
  readonly bias?: boolean;
}

/**
 * y = γ (x - E[x]) / √(Var[x] + ε) + β, each example by the mean and biased variance of its own last dimensions: nothing is shared over the batch,
 * so that training and inference are the same and a batch of one is as good as any.
 *
 * x [..., ...normalizedShape], y the same; weight γ and bias β [...normalizedShape]. Same as PyTorch's `nn.LayerNorm`. Source: Ba et al. 2016.
 */
export class LayerNorm extends Module {
  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(normalizedShape: number | Shape, { eps = 1e-5, elementwiseAffine = true, bias = true }: LayerNormOptions = {}) {
    super();
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    if (shape.length === 0 || !shape.every(size => Number.isInteger(size) && size >= 1)) {
      throw new UserError(
        `LayerNorm: normalizedShape is ${formatShape(shape)}; it must be the last dimension, or several, of whole numbers of at least 1`,
      );
    }
    if (!(eps >= 0 && eps < Number.POSITIVE_INFINITY)) throw new UserError(`LayerNorm: eps is ${eps}; it must be a number of at least 0`);
    this.normalizedShape = shape;
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(full(shape, 1)) : null;
    this.bias = elementwiseAffine && bias ? new Parameter(full(shape, 0)) : null;
  }

  forward(x: Tensor): Tensor {
    const dims = this.normalizedShape.length;
    if (x.rank < dims || !sameShape(x.shape.slice(x.rank - dims), this.normalizedShape)) {
      throw new UserError(
        `LayerNorm: the input is ${formatShape(x.shape)}; its last dimensions must be the normalized shape ${formatShape(this.normalizedShape)}`,
      );
    }
    let y = normalizeRows(x, dims, this.eps);
    if (this.weight !== null) y = mul(y, this.weight);
    return this.bias === null ? y : add(y, this.bias);
  }
}
