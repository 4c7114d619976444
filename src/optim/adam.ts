/** Adam, and AdamW, which decays the weights apart from the gradient. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import { pow } from '../math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAtLeast0, checkBetas } from './check.ts';
import { countStep, FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface AdamOptions extends FirstOrderOptions {
  /** Learning rate α. Default 1e-3. */
  lr: number;
  /** Decay rates β₁ and β₂ of the two averages, each at least 0 and below 1. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /** Weight decay λ. Default 0 for Adam, 0.01 for AdamW. */
  weightDecay: number;
  /** AMSGrad: divide by the largest v so far, so that a step never grows again. Default false. */
  amsgrad: boolean;
}

/**
 * Scales each parameter's step by a running estimate of its gradient's size.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     m_t = β₁ m_{t-1} + (1 - β₁) g_t            m̂_t = m_t / (1 - β₁ᵗ)
 *     v_t = β₂ v_{t-1} + (1 - β₂) g_t²           v̂_t = v_t / (1 - β₂ᵗ)
 *     θ_t = θ_{t-1} - α m̂_t / (√v̂_t + ε)         amsgrad: v̂_t = max(v_1, ..., v_t) / (1 - β₂ᵗ)
 *
 * Same as PyTorch's `Adam`. Differs from Keras, whose ε is 1e-7 and stands inside the correction. Source: Kingma and Ba 2015, algorithm 1;
 * AMSGrad: Reddi, Kale and Kumar 2018, algorithm 2 (there without the corrections).
 */
export class Adam extends FirstOrderOptimizer<AdamOptions> {
  protected readonly decoupled: boolean = false;

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}, defaults: Partial<AdamOptions> = {}) {
    const own: AdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false };
    super(params, { ...own, ...defaults }, options);
  }

  protected check({ betas, eps, weightDecay }: AdamOptions): void {
    checkBetas(this.constructor.name, betas);
    checkAtLeast0(this.constructor.name, { eps, weightDecay });
  }

  protected phaseOf(state: ParamState): number {
    return countStep(state);
  }

  protected enter(theta: Tensor, state: ParamState, { amsgrad }: FilledGroup<AdamOptions>): void {
    this.column(0, theta, state, 'exp_avg');
    this.column(1, theta, state, 'exp_avg_sq');
    if (amsgrad) this.column(2, theta, state, 'max_exp_avg_sq');
  }

  protected update(kernels: Kernels, updates: Updates, t: number, group: FilledGroup<AdamOptions>): void {
    const { lr, eps, weightDecay } = group;
    const [beta1, beta2] = group.betas;
    kernels.adam(updates, {
      beta1,
      beta2,
      eps,
      weightDecay: this.decoupled ? 0 : weightDecay,
      shrink: this.decoupled ? 1 - lr * weightDecay : 1,
      correction2: 1 - pow(beta2, t),
      alongMoment: lr / (1 - pow(beta1, t)),
      alongGradient: 0,
    });
  }
}

/**
 * Adam with weight decay taken out of the gradient: θ is first multiplied by (1 - α λ), then updated as by Adam without decay, so that
 * a parameter's decay does not depend on the size of its gradient. Same as PyTorch's `AdamW`. Source: Loshchilov and Hutter 2019, algorithm 2.
 */
export class AdamW extends Adam {
  protected override readonly decoupled: boolean = true;

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, options, { weightDecay: 0.01 });
  }
}
