/** Softmax, its logarithm, and cross-entropy on logits: shifted by the largest logit, so that ±1e4 is as safe as ±1. */
import { defineOp, type Op } from '../autograd/op.ts';
import { constant, normal, type Sample } from '../autograd/sample.ts';
import { UserError } from '../errors.ts';
import { formatShape, resolveDim, type Shape, sizeOf } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { add, mul, sub } from './arithmetic.ts';
import { exp } from './functions.ts';
import { checkIndices, oneHot } from './indexing.ts';
import { transpose, unsqueeze } from './movement.ts';
import { sum } from './reduction.ts';

type Unary = readonly [Tensor];

const scalar: Shape = [];
const rows = (shape: Shape): number => sizeOf(shape.slice(0, -1));
const columns = (shape: Shape): number => shape[shape.length - 1];

const extreme: Sample<undefined> = constant({ inputs: [{ shape: [2, 3], values: [1e4, -1e4, 0, 1e4, 1e4, -1e4] }], attrs: undefined });

const softmaxOp: Op<Unary> = defineOp({
  name: 'softmax',
  formula: 'zᵢ = e^{xᵢ} / Σⱼ e^{xⱼ},  ∂L/∂x = z (∂L/∂z - Σ z ∂L/∂z)',
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x]) => kernels.softmax(x.storage, z, rows(x.shape), columns(x.shape)),
  backward: (dz, _, z) => [() => mul(z, sub(dz, sum(mul(dz, z), -1, true)))],
  samples: [normal([2, 3]), normal([1, 1]), normal([2, 2, 5]), extreme],
});

const logSoftmaxOp: Op<Unary> = defineOp({
  name: 'logSoftmax',
  formula: 'zᵢ = xᵢ - log Σⱼ e^{xⱼ},  ∂L/∂x = ∂L/∂z - e^z Σ ∂L/∂z',
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x]) => kernels.logSoftmax(x.storage, z, rows(x.shape), columns(x.shape)),
  backward: (dz, _, z) => [() => sub(dz, mul(exp(z), sum(dz, -1, true)))],
  samples: [normal([2, 3]), normal([1, 1]), normal([2, 2, 5]), extreme],
});

interface CrossEntropyAttrs {
  readonly smoothing: number;
  /** The mean of the losses rather than one for each row. */
  readonly mean: boolean;
}
type LogitsAndLabels = readonly [logits: Tensor, labels: Tensor];

const classes = (...labels: number[]): { shape: Shape; values: number[]; constant: true } => ({
  shape: [labels.length],
  values: labels,
  constant: true,
});

const crossEntropyOp: Op<LogitsAndLabels, CrossEntropyAttrs> = defineOp({
  name: 'softmaxCrossEntropy',
  formula: 'Lᵢ = -Σ_c q_c log softmax(xᵢ)_c,  ∂L/∂x = ∂L/∂Lᵢ (softmax(x) - q),  q = (1 - s) onehot + s/C',
  shape: (inputs, { mean }) => {
    const logits = inputs[0];
    const labels = inputs[1];
    if (logits.rank !== 2 || labels.rank !== 1 || labels.size !== logits.shape[0]) {
      throw new UserError(
        `crossEntropy: logits are ${formatShape(logits.shape)} and labels ${formatShape(labels.shape)}; expected [batch, classes] and [batch] class numbers`,
      );
    }
    checkIndices('crossEntropy', 'label', labels, logits.shape[1]);
    return mean ? scalar : labels.shape;
  },
  aux: (inputs, { mean }) => (mean ? [inputs[0].shape, inputs[1].shape] : [inputs[0].shape]),
  forward: (kernels, z, inputs, { smoothing, mean }, _, aux) => {
    const logits = inputs[0];
    const n = logits.shape[0];
    const c = logits.shape[1];
    const losses = mean ? aux[1].storage : z;
    kernels.softmaxCrossEntropy(logits.storage, inputs[1].storage, losses, aux[0].storage, n, c, smoothing);
    if (mean) kernels.reduce('mean', losses, z, 1, n, 1);
  },
  backward: (dz, [logits, labels], _, { smoothing, mean }) => [
    () => {
      const [n, c] = logits.shape;
      const q = add(mul(oneHot(labels, c), 1 - smoothing), smoothing / c);
      return mul(sub(softmax(logits), q), mean ? mul(dz, 1 / n) : unsqueeze(dz, 1));
    },
    null,
  ],
  fastBackward: (dz, inputs, _, { smoothing, mean }, aux, gradients) => {
    const { shape, kernels } = inputs[0];
    const dx = emptyTensor(shape, kernels);
    kernels.softmaxCrossEntropyGrad(aux[0].storage, inputs[1].storage, dz.storage, dx.storage, shape[0], shape[1], smoothing, mean);
    gradients[0] = dx;
  },
  samples: [
    { inputs: [{ shape: [3, 4] }, classes(0, 3, 1)], attrs: { smoothing: 0, mean: false } },
    { inputs: [{ shape: [3, 4] }, classes(0, 3, 1)], attrs: { smoothing: 0.1, mean: false } },
    { inputs: [{ shape: [3, 4] }, classes(0, 3, 1)], attrs: { smoothing: 0.1, mean: true } },
    { inputs: [{ shape: [5, 3] }, classes(0, 2, 1, 1, 0)], attrs: { smoothing: 0, mean: true } },
    { inputs: [{ shape: [1, 1] }, classes(0)], attrs: { smoothing: 0, mean: false } },
    {
      inputs: [{ shape: [3, 2], values: [1e4, -1e4, -1e4, 1e4, 1e4, 1e4], constant: true }, classes(1, 1, 0)],
      attrs: { smoothing: 0, mean: false },
    },
  ],
});

/** Applies an op over the last dimension to dimension `dim`. */
function alongDim(x: Tensor, dim: number, name: string, op: (x: Tensor) => Tensor): Tensor {
  const at = resolveDim(dim, x.rank, name);
  return at === x.rank - 1 ? op(x) : transpose(op(transpose(x, at, -1)), at, -1);
}

/** e^{xᵢ} / Σⱼ e^{xⱼ} along one dimension (the last by default): positive, and sums to one. */
export function softmax(x: Tensor, dim = -1): Tensor {
  return alongDim(x, dim, 'softmax', t => softmaxOp([t], undefined));
}

/** log softmax(x) along one dimension (the last by default), without overflow or loss of small probabilities. */
export function logSoftmax(x: Tensor, dim = -1): Tensor {
  return alongDim(x, dim, 'logSoftmax', t => logSoftmaxOp([t], undefined));
}

/**
 * One loss for each row, or the mean of them all: logits [batch, classes], labels [batch] -> [batch] or []. `smoothing` s mixes the label with the
 * uniform distribution.
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, smoothing = 0, reduction: 'none' | 'mean' = 'none'): Tensor {
  return crossEntropyOp([logits, labels], { smoothing, mean: reduction === 'mean' });
}
