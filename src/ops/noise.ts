/** Gaussian noise: a fresh draw at each forward pass. */
import { defineOp, type Op } from '../autograd/op.ts';
import { normal, withAttrs } from '../autograd/sample.ts';
import type { RandomKey } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { currentRandom } from '../random.ts';
import type { Tensor } from '../tensor/tensor.ts';

interface NoiseAttrs {
  readonly std: number;
  readonly key: RandomKey;
}

const noiseOp: Op<readonly [Tensor], NoiseAttrs> = defineOp({
  name: 'gaussianNoise',
  tolerance: 1e-6,
  formula: 'z = x + s ε,  ε from N(0, 1),  ∂L/∂x = ∂L/∂z',
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x], { std, key }) => kernels.gaussianNoise(x.storage, z, x.size, std, key),
  backward: dz => [() => dz],
  samples: [
    withAttrs(normal([5, 7]), { std: 0.5, key: { key0: 1, key1: 2, counter: 0 } }),
    withAttrs(normal([33]), { std: 2, key: { key0: 0xffffffff, key1: 7, counter: 4 } }),
    withAttrs(normal([0]), { std: 1, key: { key0: 1, key1: 2, counter: 0 } }),
    withAttrs(normal([3]), { std: 0, key: { key0: 1, key1: 2, counter: 0 } }),
  ],
});

/**
 * x + std ε, with ε drawn from the normal distribution for each element, by a key from the stream 'noise' of the current random generator unless one
 * is given. Differs from adding `randn`: the noise is made in the kernel, and is the same on every backend to float32's digits.
 */
export function gaussianNoise(x: Tensor, std: number, key: RandomKey = currentRandom().stream('noise').key()): Tensor {
  if (!(std >= 0 && std < Number.POSITIVE_INFINITY)) throw new UserError(`gaussianNoise: std is ${std}; it must be a number of at least 0`);
  return std === 0 ? x : noiseOp([x], { std, key });
}
