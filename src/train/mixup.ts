/** Mixup: training on straight lines between examples. */
import { UserError } from '../errors.ts';
import { mixRows, oneHot } from '../ops/indexing.ts';
import { currentRandom, type Stream } from '../random.ts';
import { beta } from '../random-distributions.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';

/** What takes the place of a batch, for `fit`'s `mixBatch`. */
export type BatchMixer = (x: Tensor, y: Tensor) => { readonly x: Tensor; readonly y: Tensor };

export interface MixupOptions {
  /** α of λ ~ Beta(α, α), above 0: small values leave most batches nearly as they are, 1 takes every λ alike. 0.1 to 0.4 is usual. */
  readonly alpha: number;
  /** How many classes there are, where targets are class numbers; null where they are values. */
  readonly classes: number | null;
}

/**
 * Mixes each batch with itself in another order:
 *
 *     x̃ = λ x + (1 - λ) x[π],   ỹ = λ y + (1 - λ) y[π],   λ ~ Beta(α, α) and π a permutation, one of each a batch
 *
 * Class numbers [n] become probabilities [n, classes], which `crossEntropy` takes and `accuracy` measures by the likelier class. Draws from the
 * current generator's stream 'mixup', whose state is part of every checkpoint.
 *
 *     await fit(model, { train, loss: crossEntropy, optimizer, mixBatch: mixup({ alpha: 0.2, classes: 10 }) });
 *
 * Source: Zhang, Cissé, Dauphin and Lopez-Paz 2018, "mixup: beyond empirical risk minimization", algorithm in figure 1.
 */
export function mixup({ alpha, classes }: MixupOptions): BatchMixer {
  if (!(alpha > 0 && alpha < Infinity)) throw new UserError(`mixup: alpha is ${alpha}; it must be above 0`);
  if (classes !== null && !(Number.isInteger(classes) && classes >= 2))
    throw new UserError(`mixup: classes is ${classes}; it must be a whole number of at least 2, or null for targets that are values`);
  return (x, y) => {
    const stream = currentRandom().stream('mixup');
    const { weight, order } = draw(stream, alpha, x);
    const target = classes === null ? y : oneHot(y, classes);
    return { x: mixRows(x, order, weight), y: mixRows(target, order, weight) };
  };
}

function draw(stream: Stream, alpha: number, x: Tensor): { weight: number; order: Tensor } {
  const weight = beta(stream, alpha, alpha);
  return { weight, order: emptyTensor([x.shape[0]], x.kernels).set(stream.permutation(x.shape[0])) };
}
