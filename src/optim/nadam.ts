/** NAdam: Adam with Nesterov's momentum. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import { pow } from '../math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAtLeast0, checkBetas } from './check.ts';
import { countStep, FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface NAdamOptions extends FirstOrderOptions {
  /** Learning rate α. Default 2e-3. */
  lr: number;
  /** Decay rates β₁ and β₂ of the two averages, each at least 0 and below 1. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
  /** ψ, how fast the momentum μ_t grows from β₁/2 to β₁. Default 4e-3. */
  momentumDecay: number;
}

/** Where a parameter stands: its count of steps t, μ_t, and the product of all μ so far. */
interface Phase {
  readonly t: number;
  readonly mu: number;
  readonly product: number;
}

/**
 * Adam that steps as if the next momentum had already been applied.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     μ_t = β₁ (1 - ½ 0.96^(ψ t))
 *     m_t = β₁ m_{t-1} + (1 - β₁) g_t            v_t = β₂ v_{t-1} + (1 - β₂) g_t²
 *     m̂_t = μ_{t+1} m_t / (1 - μ_1 ⋯ μ_{t+1}) + (1 - μ_t) g_t / (1 - μ_1 ⋯ μ_t)
 *     θ_t = θ_{t-1} - α m̂_t / (√(v_t / (1 - β₂ᵗ)) + ε)
 *
 * Same as PyTorch's `NAdam` (but for its version 1.13, which by default multiplies μ_t in twice). Source: Dozat 2016, algorithm 2.
 */
export class NAdam extends FirstOrderOptimizer<NAdamOptions, Phase> {
  private phase: Phase = { t: 0, mu: 0, product: 0 };

  constructor(params: Params<NAdamOptions>, options: Partial<NAdamOptions> = {}) {
    super(params, { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3, maximize: false }, options);
  }

  protected check({ betas, eps, weightDecay, momentumDecay }: NAdamOptions): void {
    checkBetas('NAdam', betas);
    checkAtLeast0('NAdam', { eps, weightDecay, momentumDecay });
  }

  protected phaseOf(state: ParamState, { betas, momentumDecay }: FilledGroup<NAdamOptions>): Phase {
    const t = countStep(state);
    const mu = betas[0] * (1 - 0.5 * pow(0.96, momentumDecay * t));
    const product = ((state.mu_product as number | undefined) ?? 1) * mu;
    state.mu_product = product;
    if (t !== this.phase.t || product !== this.phase.product) this.phase = { t, mu, product };
    return this.phase;
  }

  protected enter(theta: Tensor, state: ParamState): void {
    this.column(0, theta, state, 'exp_avg');
    this.column(1, theta, state, 'exp_avg_sq');
  }

  protected update(kernels: Kernels, updates: Updates, { t, mu, product }: Phase, group: FilledGroup<NAdamOptions>): void {
    const { lr, eps, weightDecay, momentumDecay } = group;
    const [beta1, beta2] = group.betas;
    const muNext = beta1 * (1 - 0.5 * pow(0.96, momentumDecay * (t + 1)));
    kernels.adam(updates, {
      beta1,
      beta2,
      eps,
      weightDecay,
      shrink: 1,
      correction2: 1 - pow(beta2, t),
      alongMoment: (lr * muNext) / (1 - product * muNext),
      alongGradient: (lr * (1 - mu)) / (1 - product),
    });
  }
}
