/** RMSprop: AdaGrad that forgets. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAtLeast0, checkShare } from './check.ts';
import { FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface RMSpropOptions extends FirstOrderOptions {
  /** Learning rate η. Default 0.01. */
  lr: number;
  /** Decay rate α of the averages, at least 0 and below 1. Default 0.99. */
  alpha: number;
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
  /** Momentum μ, at least 0 and below 1. Default 0. */
  momentum: number;
  /** Divide by the spread of the gradient about its own average rather than by its size. Default false. */
  centered: boolean;
}

/**
 * Divides by the root of a running mean of squared gradients, so that old ones fade.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     S_t = α S_{t-1} + (1 - α) g_t²
 *     u_t = g_t / (√S_t + ε)                      centered: √(S_t - ḡ_t²) with ḡ_t = α ḡ_{t-1} + (1 - α) g_t
 *     v_t = μ v_{t-1} + u_t
 *     θ_t = θ_{t-1} - η v_t
 *
 * Same as PyTorch's `RMSprop`, but that a spread rounded below 0 counts as 0 there gives NaN and here does not. Differs from the lecture, which divides
 * by S_{t-1}: practice includes the current gradient; and from Keras, where α is 0.9 and ε stands inside the root.
 * Source: Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38 to 41.
 */
export class RMSprop extends FirstOrderOptimizer<RMSpropOptions> {
  constructor(params: Params<RMSpropOptions>, options: Partial<RMSpropOptions> = {}) {
    super(params, { lr: 0.01, alpha: 0.99, eps: 1e-8, weightDecay: 0, momentum: 0, centered: false, maximize: false }, options);
  }

  protected check({ alpha, eps, weightDecay, momentum }: RMSpropOptions): void {
    checkShare('RMSprop', { alpha, momentum });
    checkAtLeast0('RMSprop', { eps, weightDecay });
  }

  /** Every step is alike. */
  protected phaseOf(): number {
    return 0;
  }

  protected enter(theta: Tensor, state: ParamState, { centered, momentum }: FilledGroup<RMSpropOptions>): void {
    this.column(0, theta, state, 'square_avg');
    if (centered) this.column(1, theta, state, 'grad_avg');
    if (momentum > 0) this.column(2, theta, state, 'momentum_buffer');
  }

  protected update(kernels: Kernels, updates: Updates, _: number, group: FilledGroup<RMSpropOptions>): void {
    const { lr, alpha, eps, weightDecay, momentum } = group;
    kernels.rmsprop(updates, { lr, alpha, eps, weightDecay, momentum });
  }
}
