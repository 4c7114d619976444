/** Adam, and AdamW, which decays the weights apart from the gradient. */
import { pow } from '../math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkOption, countStep, type FilledGroup, Optimizer, type ParamGroup, type ParamState, stateTensor } from './optimizer.ts';

export interface AdamOptions {
  /** Learning rate α. Default 1e-3. */
  lr: number;
  /** Decay rates β₁ and β₂ of the two averages, each at least 0 and below 1. Default [0.9, 0.999]. */
  betas: readonly [number, number];
  /** ε, added to the root. Default 1e-8. */
  eps: number;
  /** Weight decay λ. Default 0 for Adam, 0.01 for AdamW. */
  weightDecay: number;
}

/**
 * Scales each parameter's step by a running estimate of its gradient's size.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     m_t = β₁ m_{t-1} + (1 - β₁) g_t            m̂_t = m_t / (1 - β₁ᵗ)
 *     v_t = β₂ v_{t-1} + (1 - β₂) g_t²           v̂_t = v_t / (1 - β₂ᵗ)
 *     θ_t = θ_{t-1} - α m̂_t / (√v̂_t + ε)
 *
 * Same as PyTorch's `Adam`. Source: Kingma and Ba 2015, algorithm 1.
 */
export class Adam extends Optimizer<AdamOptions> {
  protected readonly decoupled: boolean = false;

  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(params, { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, ...options });
  }

  protected check({ lr, betas, eps, weightDecay }: AdamOptions): void {
    const name = this.constructor.name;
    checkOption(lr >= 0 && lr < Number.POSITIVE_INFINITY, name, 'lr', lr, 'a number of at least 0');
    betas.forEach((beta, i) => {
      checkOption(beta >= 0 && beta < 1, name, `betas[${i}]`, beta, 'at least 0 and below 1');
    });
    checkOption(betas.length === 2, name, 'betas', `[${betas}]`, 'two numbers');
    checkOption(eps >= 0 && eps < Number.POSITIVE_INFINITY, name, 'eps', eps, 'a number of at least 0');
    checkOption(weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY, name, 'weightDecay', weightDecay, 'a number of at least 0');
  }

  protected update(theta: Tensor, grad: Tensor, state: ParamState, group: FilledGroup<AdamOptions>): void {
    const t = countStep(state);
    const m = stateTensor(state, 'exp_avg', theta);
    const v = stateTensor(state, 'exp_avg_sq', theta);
    const [beta1, beta2] = group.betas;
    theta.kernels.adam(theta.storage, grad.storage, m.storage, v.storage, theta.size, {
      lr: group.lr,
      beta1,
      beta2,
      eps: group.eps,
      weightDecay: group.weightDecay,
      decoupled: this.decoupled,
      correction1: 1 - pow(beta1, t),
      correction2: 1 - pow(beta2, t),
    });
  }
}

/**
 * Adam with weight decay taken out of the gradient: θ is first multiplied by (1 - α λ), then updated as by Adam without decay, so that
 * a parameter's decay does not depend on the size of its gradient. Same as PyTorch's `AdamW`. Source: Loshchilov and Hutter 2019, algorithm 2.
 */
export class AdamW extends Adam {
  protected override readonly decoupled: boolean = true;

  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<AdamOptions>>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 0.01, ...options });
  }
}
