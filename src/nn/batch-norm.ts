/** Batch normalization as a layer, and how its running statistics are gathered anew. */
import { noGrad } from '../autograd/mode.ts';
import { UserError } from '../errors.ts';
import { type BatchNormOptions, batchNorm, normalize } from '../ops/batch-norm.ts';
import { batchNormRelu } from '../ops/batch-norm-relu.ts';
import { full } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

export interface BatchNorm1dOptions {
  /** ε under the root, at least 0. Default 1e-5. */
  readonly eps?: number;
  /** How much of each new batch the running statistics take over, from 0 to 1; null for the plain average of all batches. Default 0.1. */
  readonly momentum?: number | null;
  /** Learns γ (from 1) and β (from 0). Default true. */
  readonly affine?: boolean;
  /** Remembers running statistics for inference; without them inference uses its own batch. Default true. */
  readonly trackRunningStats?: boolean;
}

/**
 * y = γ x̂ + β,  x̂ = (x - E[x]) / √(Var[x] + ε), each feature by itself.      x and y [batch, features] or [batch, features, length]
 *
 * In training E and Var are the batch's own (Var biased, over N), and the running ones move towards them:
 * running = (1 - momentum) running + momentum new, with the unbiased variance (over N - 1). In inference they are the running ones.
 * Stands before the activation as a rule, after it if one likes; the Linear before it needs no bias.
 *
 * Same as PyTorch's `nn.BatchNorm1d`: defaults, state (weight, bias, running_mean, running_var, num_batches_tracked), and momentum, which is
 * 1 - momentum in Keras. Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
 *
 * @throws UserError at construction for options out of range; in training for a batch of one, whose variance is 0 whatever it holds
 */
export class BatchNorm1d extends Module {
  readonly numFeatures: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Tensor | null = null;
  readonly runningVar: Tensor | null = null;
  readonly numBatchesTracked: Tensor | null = null;
  /** @internal for `recalibrateBatchNorm`: every batch counts the same, whatever the momentum */
  weighEqually = false;

  constructor(numFeatures: number, { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true }: BatchNorm1dOptions = {}) {
    super();
    if (!Number.isInteger(numFeatures) || numFeatures < 1)
      throw new UserError(`BatchNorm1d: numFeatures is ${numFeatures}; it must be a whole number of at least 1`);
    if (!(eps >= 0 && eps < Number.POSITIVE_INFINITY)) throw new UserError(`BatchNorm1d: eps is ${eps}; it must be a number of at least 0`);
    if (momentum !== null && !(momentum >= 0 && momentum <= 1))
      throw new UserError(`BatchNorm1d: momentum is ${momentum}; it must be from 0 to 1, or null for the plain average of all batches`);
    this.numFeatures = numFeatures;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(full([numFeatures], 1)) : null;
    this.bias = affine ? new Parameter(full([numFeatures], 0)) : null;
    if (trackRunningStats) {
      this.runningMean = this.registerBuffer('running_mean', full([numFeatures], 0));
      this.runningVar = this.registerBuffer('running_var', full([numFeatures], 1));
      this.numBatchesTracked = this.registerBuffer('num_batches_tracked', full([], 0));
    }
  }

  forward(x: Tensor): Tensor {
    this.check(x);
    if (!this.training && this.runningMean !== null) {
      return normalize(x, this.runningMean, this.runningVar!, this.weight, this.bias, this.eps);
    }
    return batchNorm(x, this.weight, this.bias, this.options(x));
  }

  /**
   * In training, for x [batch, features]: the layer, the ReLU after it and a dropout of probability p after that in one pass; 0 is none.
   *
   * @internal
   */
  forwardWithRelu(x: Tensor, p: number): Tensor {
    this.check(x);
    return batchNormRelu(x, this.weight, this.bias, p, this.options(x));
  }

  private check(x: Tensor): void {
    if ((x.rank !== 2 && x.rank !== 3) || x.shape[1] !== this.numFeatures) {
      throw new UserError(
        `BatchNorm1d: the input is ${formatShape(x.shape)}; it must be [batch, ${this.numFeatures}] or [batch, ${this.numFeatures}, length]`,
      );
    }
  }

  private options(x: Tensor): BatchNormOptions {
    if (!this.training || this.runningMean === null) return { eps: this.eps };
    const count = x.size / this.numFeatures;
    return { eps: this.eps, remember: (mean, variance) => this.remember(mean, variance, count) };
  }

  /** Forgets the running statistics: mean 0, variance 1, no batches. */
  resetRunningStats(): void {
    for (const [buffer, value] of [
      [this.runningMean, 0],
      [this.runningVar, 1],
      [this.numBatchesTracked, 0],
    ] as const) {
      buffer?.kernels.fill(buffer.storage, buffer.size, value);
    }
  }

  /** running = (1 - a) running + a new, where a is the momentum, or 1/t at the t-th batch for the plain average. */
  private remember(mean: Tensor, variance: Tensor, count: number): void {
    const runningMean = this.runningMean!;
    const runningVar = this.runningVar!;
    const batches = this.numBatchesTracked!;
    const { kernels } = runningMean;
    const t = batches.item() + 1;
    kernels.fill(batches.storage, 1, t);
    const share = this.weighEqually || this.momentum === null ? 1 / t : this.momentum;
    const n = this.numFeatures;
    kernels.axpby(share, mean.storage, 1 - share, runningMean.storage, n);
    kernels.axpby((share * count) / (count - 1), variance.storage, 1 - share, runningVar.storage, n); // unbiased
  }
}

/**
 * Gathers the running statistics of every batch norm in `model` anew, as the plain average over `batches` of inputs: after weight averaging, or
 * whenever the weights changed without training. Parameters stay as they are.
 *
 * Same as PyTorch's `torch.optim.swa_utils.update_bn`. Differs from it: only the batch norms are in training meanwhile, so that dropout and noise,
 * which inference does not have, do not widen what is measured.
 *
 * @returns how many batches were seen
 * @throws UserError if there is no batch norm with running statistics, or no batch
 */
export function recalibrateBatchNorm(model: Module, batches: Iterable<Tensor>): number {
  const modules = model.namedModules().map(([, module]) => module);
  const layers = modules.filter((module): module is BatchNorm1d => module instanceof BatchNorm1d && module.runningMean !== null);
  if (layers.length === 0) throw new UserError('recalibrateBatchNorm: the model has no BatchNorm1d with running statistics');
  const before = modules.map(module => module.training);
  let count = 0;
  model.eval();
  const saved = layers.map(layer => [layer.runningMean!.toArray(), layer.runningVar!.toArray(), layer.numBatchesTracked!.item()] as const);
  for (const layer of layers) {
    layer.training = true;
    layer.weighEqually = true;
    layer.resetRunningStats();
  }
  const restore = (): void =>
    layers.forEach((layer, i) => {
      layer.runningMean!.set(saved[i][0]);
      layer.runningVar!.set(saved[i][1]);
      layer.numBatchesTracked!.set([saved[i][2]]);
    });
  try {
    for (const batch of batches) {
      step(() => noGrad(() => void model.forward(batch)));
      count++;
    }
  } catch (error) {
    restore();
    throw error;
  } finally {
    modules.forEach((module, i) => {
      module.training = before[i];
    });
    for (const layer of layers) layer.weighEqually = false;
  }
  if (count === 0) {
    restore();
    throw new UserError('recalibrateBatchNorm: there was no batch; give the inputs of the training set in batches');
  }
  return count;
}
