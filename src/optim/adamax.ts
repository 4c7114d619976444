/** Adamax: Adam by the largest gradient rather than by the mean square. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import { pow } from '../math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAbove0, checkAtLeast0, checkBetas } from './check.ts';
import { countStep, FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface AdamaxOptions extends FirstOrderOptions {
  /** Learning rate α. Default 2e-3. */
  lr: number;
  /** Decay rates β₁ of the average and β₂ of the bound, each at least 0 and below 1. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** ε, added to the gradient's size; above 0, since a gradient of 0 would divide by 0. Default 1e-8. */
  eps: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
}

/**
 * Scales each parameter's step by a slowly fading bound of its gradient.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     m_t = β₁ m_{t-1} + (1 - β₁) g_t
 *     u_t = max(β₂ u_{t-1}, |g_t| + ε)
 *     θ_t = θ_{t-1} - α / (1 - β₁ᵗ) m_t / u_t
 *
 * Same as PyTorch's `Adamax`. Differs from the paper by ε. Source: Kingma and Ba 2015, algorithm 2.
 */
export class Adamax extends FirstOrderOptimizer<AdamaxOptions> {
  constructor(params: Params<AdamaxOptions>, options: Partial<AdamaxOptions> = {}) {
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false }, options);
  }

  protected check({ betas, eps, weightDecay }: AdamaxOptions): void {
    checkBetas('Adamax', betas);
    checkAbove0('Adamax', { eps });
    checkAtLeast0('Adamax', { weightDecay });
  }

  protected phaseOf(state: ParamState): number {
    return countStep(state);
  }

  protected enter(theta: Tensor, state: ParamState): void {
    this.column(0, theta, state, 'exp_avg');
    this.column(1, theta, state, 'exp_inf');
  }

  protected update(kernels: Kernels, updates: Updates, t: number, group: FilledGroup<AdamaxOptions>): void {
    const { eps, weightDecay } = group;
    const [beta1, beta2] = group.betas;
    kernels.adamax(updates, { lr: group.lr / (1 - pow(beta1, t)), beta1, beta2, eps, weightDecay });
  }
}
