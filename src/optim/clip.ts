/** Gradient clipping: between the backward pass and the optimizer's step. */
import { UserError } from '../errors.ts';
import { pow } from '../math.ts';
import { ownGradient } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { checkOption } from './check.ts';

export interface ClipOptions {
  /** p of the norm (Σ |g|ᵖ)^(1/p), above 0; `Infinity` for the largest |g|. Default 2. */
  readonly normType?: number;
  /** Refuse a gradient that is NaN or infinite, rather than spread it to all others. Default true. */
  readonly errorIfNonfinite?: boolean;
}

/**
 * Scales all gradients together so that their common norm is at most `maxNorm`, and returns the norm they had. A norm below it is left as it is; the
 * direction never changes.
 *
 *     g = g min(1, maxNorm / (‖g‖ + 1e-6))
 *
 * Same as PyTorch's `clip_grad_norm_`, but that a NaN or infinite gradient is an error by default. Source: Pascanu, Mikolov and Bengio 2013, algorithm 1.
 */
export function clipGradNorm(parameters: Iterable<Tensor>, maxNorm: number, options: ClipOptions = {}): number {
  const { normType = 2, errorIfNonfinite = true } = options;
  checkOption(maxNorm > 0, 'clipGradNorm', 'maxNorm', maxNorm, 'a number above 0');
  checkOption(normType > 0, 'clipGradNorm', 'normType', normType, 'a number above 0, or Infinity');
  const leaves = [...parameters].filter(parameter => parameter.grad !== null);
  const norm = normOf(leaves, normType);
  if (errorIfNonfinite && !Number.isFinite(norm)) {
    const culprit = leaves.find(leaf => !Number.isFinite(normOf([leaf], Number.POSITIVE_INFINITY)));
    const where =
      culprit === undefined
        ? ''
        : `: look at ${culprit.name ? `'${culprit.name}'` : 'the parameter of shape'} ${formatShape(culprit.shape)}`;
    throw new UserError(`clipGradNorm: the norm of the gradients is ${norm}${where}`);
  }
  const scale = maxNorm / (norm + 1e-6);
  if (scale >= 1) return norm;
  for (const leaf of leaves) {
    // a new gradient rather than the old one changed: that may share its storage with another leaf's
    const scaled = emptyTensor(leaf.shape, leaf.kernels);
    leaf.kernels.unary('mulScalar', leaf.grad!.storage, scaled.storage, leaf.size, scale);
    ownGradient(leaf, scaled);
  }
  return norm;
}

/** Holds every element of every gradient between -clipValue and clipValue. Same as PyTorch's `clip_grad_value_`. */
export function clipGradValue(parameters: Iterable<Tensor>, clipValue: number): void {
  checkOption(clipValue > 0, 'clipGradValue', 'clipValue', clipValue, 'a number above 0');
  for (const leaf of parameters) {
    if (leaf.grad === null) continue;
    const values = leaf.grad.toArray();
    let changed = false;
    for (let i = 0; i < values.length; i++) {
      if (values[i] > clipValue) values[i] = clipValue;
      else if (values[i] < -clipValue) values[i] = -clipValue;
      else continue;
      changed = true;
    }
    if (changed) ownGradient(leaf, emptyTensor(leaf.shape, leaf.kernels).set(values));
  }
}

/** The norm of all gradients as one vector, summed in double precision: squares of float32 do not overflow there. */
function normOf(leaves: readonly Tensor[], p: number): number {
  let total = 0;
  for (const { grad } of leaves) {
    const values = grad!.kernels.view(grad!.storage);
    const n = grad!.size;
    if (p === 2) for (let i = 0; i < n; i++) total += values[i] * values[i];
    else if (p === Number.POSITIVE_INFINITY) for (let i = 0; i < n; i++) total = Math.max(total, Math.abs(values[i]));
    else for (let i = 0; i < n; i++) total += pow(Math.abs(values[i]), p);
  }
  return p === 2 ? Math.sqrt(total) : p === Number.POSITIVE_INFINITY ? total : pow(total, 1 / p);
}
