/** Normalization of features: by the statistics of the batch (training) or by given ones (inference). */
import { defineOp, type GradientThunk, type Op } from '../autograd/op.ts';
import { constant, normal, type Sample, withAttrs } from '../autograd/sample.ts';
import type { BatchStatistics, FeatureShape, Storage } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { rsqrt, square } from './functions.ts';
import { reshape } from './movement.ts';
import { mean as average, sum } from './reduction.ts';

/** @internal */
export type BatchNormInputs = readonly [x: Tensor] | readonly [x: Tensor, weight: Tensor, bias: Tensor];

/** @internal */
export interface BatchNormAttrs {
  readonly eps: number;
  /** Handed the batch's mean and biased variance, [features] each: how running statistics are kept. */
  readonly remember?: (mean: Tensor, variance: Tensor) => void;
}

/** x as [outer, n, inner]: [batch, features] or [batch, features, length] */
function featureShape(x: Tensor): FeatureShape {
  return { outer: x.shape[0], n: x.shape[1], inner: x.rank === 3 ? x.shape[2] : 1 };
}

/** What a feature is averaged over. */
const overBatch = (x: Tensor): number[] => (x.rank === 3 ? [0, 2] : [0]);

/** One number for each feature, so that it broadcasts over x. */
const perFeature = (p: Tensor, x: Tensor): Tensor => reshape(p, x.rank === 3 ? [1, p.size, 1] : [1, p.size]);

/** @internal inputs are x, and what has a number for each of its features */
export function checkInputs(name: string, inputs: readonly Tensor[]): void {
  const x = inputs[0];
  if (x.rank !== 2 && x.rank !== 3) {
    throw new UserError(`${name}: the input is ${formatShape(x.shape)}; it must be [batch, features] or [batch, features, length]`);
  }
  for (let i = 1; i < inputs.length; i++) {
    const p = inputs[i];
    if (p.rank !== 1 || p.size !== x.shape[1]) {
      throw new UserError(
        `${name}: the input is ${formatShape(x.shape)}, with ${x.shape[1]} features; weight, bias and statistics must be [${x.shape[1]}], and one is ${formatShape(p.shape)}`,
      );
    }
  }
}

/** @internal what the forward pass leaves: mean, what rounding left of it, and variance */
export function statisticsOf(aux: readonly Tensor[]): BatchStatistics {
  return { mean: aux[0].storage, rest: aux[1].storage, variance: aux[2].storage };
}

/** @internal shapes of those */
export function statisticsShapes(x: Tensor): Shape[] {
  const features = [x.shape[1]];
  return [features, features, features];
}

/** @internal the storage of a gradient that may not be wanted */
export function storageOrNull(tensor: Tensor | null | undefined): Storage | null {
  return tensor === null || tensor === undefined ? null : tensor.storage;
}

/** @internal the gradients of `batchNorm` in ops, so that they can be differentiated again */
export function batchNormGradients(dy: Tensor, [x, weight]: BatchNormInputs, eps: number): GradientThunk[] {
  const dims = overBatch(x);
  let shared: { centered: Tensor; inverse: Tensor; normal: Tensor } | undefined;
  const statistics = () => {
    if (shared === undefined) {
      const centered = sub(x, average(x, dims, true));
      const inverse = rsqrt(add(average(square(centered), dims, true), eps)); // 1/σ
      shared = { centered, inverse, normal: mul(centered, inverse) };
    }
    return shared;
  };
  return [
    () => {
      const { inverse, normal: xhat } = statistics();
      const centered = sub(sub(dy, average(dy, dims, true)), mul(xhat, average(mul(dy, xhat), dims, true)));
      return mul(weight === undefined ? inverse : mul(inverse, perFeature(weight, x)), centered);
    },
    () => sum(mul(dy, statistics().normal), dims),
    () => sum(dy, dims),
  ];
}

const farFromZero: Sample<BatchNormAttrs> = {
  inputs: [
    { shape: [4, 3], values: [1000, 1, -5000, 1001, 2, -5001.5, 999.5, 0.5, -5000.25, 1000.25, 4, -5003] },
    { shape: [3] },
    { shape: [3] },
  ],
  attrs: { eps: 1e-5 },
};

const trainingOp: Op<BatchNormInputs, BatchNormAttrs> = defineOp({
  name: 'batchNorm',
  tolerance: 1e-6,
  formula: 'y = γ x̂ + β,  x̂ = (x - μ)/σ,  σ = √(Var x + ε);  ∂L/∂γ = Σ x̂ dy,  ∂L/∂β = Σ dy,  ∂L/∂x = γ/σ (dy - mean(dy) - x̂ mean(x̂ dy))',
  shape: inputs => {
    checkInputs('batchNorm', inputs);
    return inputs[0].shape;
  },
  aux: inputs => statisticsShapes(inputs[0]),
  forward: (kernels, y, inputs, { eps, remember }, _, aux) => {
    const x = inputs[0];
    kernels.batchNorm(x.storage, storageOrNull(inputs[1]), storageOrNull(inputs[2]), y, statisticsOf(aux), featureShape(x), eps);
    remember?.(aux[0], aux[2]);
  },
  backward: (dy, inputs, _, { eps }) => batchNormGradients(dy, inputs, eps),
  fastBackward: (dy, inputs, _, { eps }, aux, gradients) => {
    const x = inputs[0];
    const weight = inputs[1];
    const dx = x.requiresGrad ? emptyTensor(x.shape, x.kernels) : null;
    const dweight = weight === undefined ? null : emptyTensor(weight.shape, x.kernels);
    const dbias = weight === undefined ? null : emptyTensor(weight.shape, x.kernels);
    x.kernels.batchNormGrad(
      x.storage,
      dy.storage,
      storageOrNull(weight),
      statisticsOf(aux),
      storageOrNull(dx),
      storageOrNull(dweight),
      storageOrNull(dbias),
      featureShape(x),
      eps,
    );
    gradients[0] = dx;
    if (weight === undefined) return;
    gradients[1] = dweight;
    gradients[2] = dbias;
  },
  samples: [
    withAttrs(normal([5, 3], [3], [3]), { eps: 1e-5 }),
    withAttrs(normal([4, 6]), { eps: 0.1 }),
    withAttrs(normal([3, 2, 5], [2], [2]), { eps: 1e-5 }),
    withAttrs(normal([2, 3, 4]), { eps: 1e-3 }),
    withAttrs(normal([9, 17], [17], [17]), { eps: 1e-5 }),
    withAttrs(normal([4, 0], [0], [0]), { eps: 1e-5 }),
    constant(farFromZero, 0),
  ],
});

type InferenceInputs =
  | readonly [x: Tensor, mean: Tensor, variance: Tensor]
  | readonly [x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor, bias: Tensor];

const inferenceSample = (eps: number, ...[x, ...rest]: number[][]): Sample<{ readonly eps: number }> => ({
  inputs: [{ shape: x }, { shape: rest[0] }, { shape: rest[1], range: [0.1, 2] }, ...rest.slice(2).map(shape => ({ shape }))],
  attrs: { eps },
});

const inferenceOp: Op<InferenceInputs, { readonly eps: number }> = defineOp({
  name: 'normalize',
  tolerance: 1e-6,
  formula:
    'y = γ x̂ + β,  x̂ = (x - μ)/σ,  σ = √(v + ε);  ∂L/∂x = γ/σ dy,  ∂L/∂γ = Σ x̂ dy,  ∂L/∂β = Σ dy,  ∂L/∂μ = -Σ γ/σ dy,  ∂L/∂v = -Σ γ x̂ dy / 2σ²',
  shape: inputs => {
    checkInputs('normalize', inputs);
    return inputs[0].shape;
  },
  forward: (kernels, y, [x, mean, variance, weight, bias], { eps }) =>
    kernels.normalize(x.storage, mean.storage, variance.storage, storageOrNull(weight), storageOrNull(bias), y, featureShape(x), eps),
  backward: (dy, [x, mean, variance, weight], _, { eps }) => {
    const dims = overBatch(x);
    const inverse = () => rsqrt(add(variance, eps));
    const gain = () => (weight === undefined ? inverse() : mul(inverse(), weight));
    const xhat = () => mul(sub(x, perFeature(mean, x)), perFeature(inverse(), x));
    return [
      () => mul(dy, perFeature(gain(), x)),
      () => mul(mul(sum(dy, dims), gain()), -1),
      () => mul(mul(sum(mul(dy, xhat()), dims), mul(gain(), inverse())), -0.5),
      () => sum(mul(dy, xhat()), dims),
      () => sum(dy, dims),
    ];
  },
  samples: [
    inferenceSample(1e-5, [4, 3], [3], [3], [3], [3]),
    inferenceSample(0.1, [4, 3], [3], [3]),
    inferenceSample(1e-5, [2, 3, 5], [3], [3], [3], [3]),
    inferenceSample(1e-5, [1, 1], [1], [1], [1], [1]),
    inferenceSample(1e-5, [0, 3], [3], [3], [3], [3]),
  ],
});

export interface BatchNormOptions {
  /** ε under the root. Default 1e-5. */
  readonly eps?: number;
  /** Handed the batch's mean and biased variance, [features] each, before they are gone. */
  readonly remember?: (mean: Tensor, variance: Tensor) => void;
}

/** @internal fewer than two values a feature have no variance */
export function checkCount(x: Tensor): void {
  if ((x.rank === 2 || x.rank === 3) && x.size / Math.max(1, x.shape[1]) < 2 && x.shape[1] > 0) {
    throw new UserError(
      `batchNorm: the input is ${formatShape(x.shape)}, ${sizeOf([x.shape[0], ...x.shape.slice(2)])} value for each feature; a batch's statistics need at least 2. Use a batchSize of at least 2 with dropLast: true, or call eval() for inference`,
    );
  }
}

/**
 * y = γ (x - E[x]) / √(Var[x] + ε) + β, each feature by its mean and biased variance over the batch.
 *
 * x [batch, features] or [batch, features, length]; weight γ and bias β [features], or both null for 1 and 0. The mean is taken first and the variance
 * from what is left of it, so that a feature far from 0 loses nothing. Same as PyTorch's `batch_norm` in training. Source: Ioffe and Szegedy 2015.
 *
 * @throws UserError for fewer than two values a feature: their variance is 0, whatever they are
 */
export function batchNorm(x: Tensor, weight: Tensor | null, bias: Tensor | null, { eps = 1e-5, remember }: BatchNormOptions = {}): Tensor {
  checkCount(x);
  return trainingOp(affine(x, weight, bias), remember === undefined ? { eps } : { eps, remember });
}

/**
 * y = γ (x - μ) / √(v + ε) + β by statistics given, as a trained net infers. Shapes as in `batchNorm`; mean and variance [features].
 * Same as PyTorch's `batch_norm` in inference; gradients flow into all inputs that require them, the statistics too.
 */
export function normalize(x: Tensor, mean: Tensor, variance: Tensor, weight: Tensor | null, bias: Tensor | null, eps = 1e-5): Tensor {
  return inferenceOp(weight === null || bias === null ? [x, mean, variance] : [x, mean, variance, weight, bias], { eps });
}

/** @internal */
export function affine(x: Tensor, weight: Tensor | null, bias: Tensor | null): BatchNormInputs {
  if ((weight === null) !== (bias === null)) throw new UserError('batchNorm: weight and bias are given together, or neither');
  return weight === null || bias === null ? [x] : [x, weight, bias];
}

/**
 * x̂ = (x - E[x]) / √(Var[x] + ε) over the last `dims` dimensions of x, each row by itself: what layer norm is made of. The same op as `batchNorm`,
 * with the rows as its features.
 */
export function normalizeRows(x: Tensor, dims = 1, eps = 1e-5): Tensor {
  const cols = sizeOf(x.shape.slice(x.rank - dims));
  return reshape(trainingOp([reshape(x, [1, cols === 0 ? 0 : x.size / cols, cols])], { eps }), x.shape);
}
