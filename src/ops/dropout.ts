/** Dropout: a fresh random mask at each forward pass, what is kept scaled up by 1/(1 - p). */
import { defineOp, type Op } from '../autograd/op.ts';
import { normal, withAttrs } from '../autograd/sample.ts';
import { maskLength, type RandomKey } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { currentRandom } from '../random.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';

interface DropoutAttrs {
  readonly p: number;
  /** What the mask is made from: again, where the backward pass is itself differentiated. */
  readonly key: RandomKey;
}

const dropoutOp: Op<readonly [Tensor], DropoutAttrs> = defineOp({
  name: 'dropout',
  formula: 'zᵢ = mᵢ xᵢ / (1 - p),  mᵢ = 0 with probability p, else 1,  ∂L/∂xᵢ = mᵢ / (1 - p) ∂L/∂zᵢ',
  shape: ([x]) => x.shape,
  aux: ([x]) => [[maskLength(x.size)]],
  forward: (kernels, z, [x], { p, key }, _, [mask]) => kernels.dropout(x.storage, z, x.size, p, key, mask.storage),
  backward: (dz, _, __, attrs) => [() => dropoutOp([dz], attrs)],
  fastBackward: (dz, [x], _, { p }, [mask], gradients) => {
    const dx = emptyTensor(x.shape, x.kernels);
    x.kernels.dropoutGrad(dz.storage, mask.storage, dx.storage, x.size, p);
    gradients[0] = dx;
  },
  samples: [
    withAttrs(normal([5, 7]), { p: 0.5, key: { key0: 1, key1: 2, counter: 0 } }),
    withAttrs(normal([33]), { p: 0.2, key: { key0: 0xffffffff, key1: 7, counter: 5 } }),
    withAttrs(normal([0]), { p: 0.5, key: { key0: 1, key1: 2, counter: 0 } }),
    withAttrs(normal([3]), { p: 0, key: { key0: 1, key1: 2, counter: 0 } }),
  ],
});

/**
 * x with each element set to 0 with probability p, the others scaled by 1/(1 - p), so that the expectation is unchanged.
 * The mask comes from the stream 'dropout' of the current random generator, unless a key is given.
 * Source: Srivastava et al. 2014; scaled in training ("inverted"), as PyTorch does it.
 */
export function dropout(x: Tensor, p = 0.5, key: RandomKey = currentRandom().stream('dropout').key()): Tensor {
  if (!(p >= 0 && p < 1)) throw new UserError(`dropout: p is ${p}; it is the probability of dropping an element, at least 0 and below 1`);
  return p === 0 ? x : dropoutOp([x], { p, key });
}
