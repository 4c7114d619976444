/** Adadelta: RMSprop whose learning rate is the size of its own past steps. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAbove0, checkAtLeast0, checkShare } from './check.ts';
import { FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface AdadeltaOptions extends FirstOrderOptions {
  /** Learning rate α, a factor on the step the method finds by itself. Default 1. */
  lr: number;
  /** Decay rate ρ of the averages, at least 0 and below 1. Default 0.9. */
  rho: number;
  /** ε under both roots; above 0, since the first step starts from it. Default 1e-6. */
  eps: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
}

/**
 * Gives the step the unit of the parameter: a gradient over its size, times the size of past steps.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     S_t = ρ S_{t-1} + (1 - ρ) g_t²
 *     d_t = g_t √(D_{t-1} + ε) / √(S_t + ε)
 *     D_t = ρ D_{t-1} + (1 - ρ) d_t²
 *     θ_t = θ_{t-1} - α d_t
 *
 * Same as PyTorch's `Adadelta`. Differs from Keras, where α is 1e-3 by default. Source: Zeiler 2012, algorithm 1 (with α = 1).
 */
export class Adadelta extends FirstOrderOptimizer<AdadeltaOptions> {
  constructor(params: Params<AdadeltaOptions>, options: Partial<AdadeltaOptions> = {}) {
    super(params, { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false }, options);
  }

  protected check({ rho, eps, weightDecay }: AdadeltaOptions): void {
    checkShare('Adadelta', { rho });
    checkAbove0('Adadelta', { eps });
    checkAtLeast0('Adadelta', { weightDecay });
  }

  /** Every step is alike. */
  protected phaseOf(): number {
    return 0;
  }

  protected enter(theta: Tensor, state: ParamState): void {
    this.column(0, theta, state, 'square_avg');
    this.column(1, theta, state, 'acc_delta');
  }

  protected update(kernels: Kernels, updates: Updates, _: number, group: FilledGroup<AdadeltaOptions>): void {
    const { lr, rho, eps, weightDecay } = group;
    kernels.adadelta(updates, { lr, rho, eps, weightDecay });
  }
}
