/** Batch norm, the ReLU after it and the dropout after that, in one pass each way: what a hidden layer is often made of. */
import { defineOp, type Op } from '../autograd/op.ts';
import { normal, withAttrs } from '../autograd/sample.ts';
import type { Dropping } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { currentRandom } from '../random.ts';
import { formatShape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { reluGrad } from './activation-gradients.ts';
import { mul } from './arithmetic.ts';
import {
  affine,
  type BatchNormAttrs,
  type BatchNormInputs,
  type BatchNormOptions,
  batchNormGradients,
  checkCount,
  checkInputs,
  statisticsOf,
  statisticsShapes,
  storageOrNull,
} from './batch-norm.ts';

interface Attrs extends BatchNormAttrs {
  readonly dropping: Dropping;
}

const NO_KEY = { key0: 0, key1: 0, counter: 0 };

const op: Op<BatchNormInputs, Attrs> = defineOp({
  name: 'batchNormRelu',
  tolerance: 1e-6,
  formula:
    'z = mᵢ max(0, γ x̂ + β) / (1 - p),  mᵢ = 0 with probability p, else 1;  gradients of batchNorm with dy = dz / (1 - p) where z > 0, else 0',
  shape: inputs => {
    const x = inputs[0];
    checkInputs('batchNormRelu', inputs);
    if (x.rank !== 2) throw new UserError(`batchNormRelu: the input is ${formatShape(x.shape)}; it must be [batch, features]`);
    return x.shape;
  },
  aux: inputs => statisticsShapes(inputs[0]),
  forward: (kernels, z, inputs, { eps, remember, dropping }, _, aux) => {
    const x = inputs[0];
    const weight = storageOrNull(inputs[1]);
    kernels.batchNormRelu(x.storage, weight, storageOrNull(inputs[2]), z, statisticsOf(aux), x.shape[0], x.shape[1], eps, dropping);
    remember?.(aux[0], aux[2]);
  },
  // Whatever dropout or ReLU held back is 0 in z.
  backward: (dz, inputs, z, { eps, dropping }) => batchNormGradients(mul(reluGrad(dz, z), 1 / (1 - dropping.p)), inputs, eps),
  fastBackward: (dz, inputs, z, { eps, dropping }, aux, gradients) => {
    const x = inputs[0];
    const weight = inputs[1];
    const dx = x.requiresGrad ? emptyTensor(x.shape, x.kernels) : null;
    const dweight = weight === undefined ? null : emptyTensor(weight.shape, x.kernels);
    const dbias = weight === undefined ? null : emptyTensor(weight.shape, x.kernels);
    x.kernels.batchNormReluGrad(
      x.storage,
      z.storage,
      dz.storage,
      storageOrNull(weight),
      statisticsOf(aux),
      storageOrNull(dx),
      storageOrNull(dweight),
      storageOrNull(dbias),
      x.shape[0],
      x.shape[1],
      eps,
      dropping.p,
    );
    gradients[0] = dx;
    if (weight === undefined) return;
    gradients[1] = dweight;
    gradients[2] = dbias;
  },
  samples: [
    withAttrs(normal([5, 3], [3], [3]), { eps: 1e-5, dropping: { p: 0, key: NO_KEY } }),
    withAttrs(normal([6, 17], [17], [17]), { eps: 1e-5, dropping: { p: 0.3, key: { key0: 1, key1: 2, counter: 0 } } }),
    withAttrs(normal([7, 36]), { eps: 0.1, dropping: { p: 0.5, key: { key0: 5, key1: 0xffffffff, counter: 0xfffffff9 } } }),
    withAttrs(normal([4, 0], [0], [0]), { eps: 1e-5, dropping: { p: 0.5, key: NO_KEY } }),
  ],
});

/**
 * @internal `dropout(relu(batchNorm(x, weight, bias)), p)`, to the same bits and with the same random numbers, faster. x [batch, features]. p 0 is without dropout.
 */
export function batchNormRelu(x: Tensor, weight: Tensor | null, bias: Tensor | null, p: number, options: BatchNormOptions = {}): Tensor {
  checkCount(x);
  const key = p === 0 ? NO_KEY : currentRandom().stream('dropout').key();
  const { eps = 1e-5, remember } = options;
  const dropping = { p, key };
  return op(affine(x, weight, bias), remember === undefined ? { eps, dropping } : { eps, remember, dropping });
}
