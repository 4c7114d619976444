/** dz = f'(z) dy for the activations whose derivative reads off their output. Ops of their own, so that they can be differentiated again. */
import { defineOp, type OpDefinition } from '../autograd/op.ts';
import { constant, normal, uniform } from '../autograd/sample.ts';
import type { BinaryName } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, mul } from './arithmetic.ts';

type Binary = readonly [dy: Tensor, y: Tensor];

function gradientOp(
  name: BinaryName,
  room: Pick<OpDefinition<Binary, undefined>, 'formula' | 'backward' | 'samples'>,
): (dy: Tensor, y: Tensor) => Tensor {
  const op = defineOp<Binary>({
    name,
    shape: ([dy, y]) => {
      if (!sameShape(dy.shape, y.shape))
        throw new UserError(`${name}: shapes ${formatShape(dy.shape)} and ${formatShape(y.shape)} must be equal`);
      return y.shape;
    },
    forward: (kernels, z, [dy, y]) => kernels.binary(name, dy.storage, y.storage, z, { dims: [y.size], aStrides: [1], bStrides: [1] }),
    ...room,
  });
  return (dy, y) => op([dy, y], undefined);
}

/** dy where y > 0, else 0: the derivative of ReLU, 0 at 0. `y` may be ReLU's output or its input. */
export const reluGrad: (dy: Tensor, y: Tensor) => Tensor = gradientOp('reluGrad', {
  formula: 'z = dy where y > 0, else 0',
  backward: (dz, [, y]) => [() => reluGrad(dz, y), null],
  samples: [constant(normal([2, 3], [2, 3]), 1), constant(normal([33], [33]), 1)],
});

/** dy y (1 - y): the derivative of the sigmoid, from its output. */
export const sigmoidGrad: (dy: Tensor, y: Tensor) => Tensor = gradientOp('sigmoidGrad', {
  formula: 'z = dy y (1 - y)',
  backward: (dz, [dy, y]) => [() => sigmoidGrad(dz, y), () => mul(mul(dz, dy), add(mul(y, -2), 1))],
  samples: [uniform(0, 1, [2, 3], [2, 3])],
});

/** dy (1 - y²): the derivative of tanh, from its output. */
export const tanhGrad: (dy: Tensor, y: Tensor) => Tensor = gradientOp('tanhGrad', {
  formula: 'z = dy (1 - y²)',
  backward: (dz, [dy, y]) => [() => tanhGrad(dz, y), () => mul(mul(mul(dz, dy), y), -2)],
  samples: [uniform(-1, 1, [2, 3], [2, 3])],
});
