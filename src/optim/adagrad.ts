/** AdaGrad: a learning rate of its own for each parameter, shrinking with all gradients it has seen. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAtLeast0 } from './check.ts';
import { countStep, FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { FilledGroup, Params } from './optimizer.ts';

export interface AdagradOptions extends FirstOrderOptions {
  /** Learning rate α. Default 0.01. */
  lr: number;
  /** η in the decay of the rate itself, α / (1 + η (t - 1)). Default 0. */
  lrDecay: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
  /** S_0, where the sum of squares starts. Default 0. */
  initialAccumulatorValue: number;
  /** ε, added to the root. Default 1e-10. */
  eps: number;
}

/**
 * Divides by the root of the sum of all squared gradients so far: large steps for what has rarely moved, smaller and smaller ones for all.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     S_t = S_{t-1} + g_t²
 *     θ_t = θ_{t-1} - α / (1 + η (t - 1)) g_t / (√S_t + ε)
 *
 * Same as PyTorch's `Adagrad`. Differs from the lecture, which divides by S_{t-1}, without the current gradient: practice includes it, or the first
 * step would be divided by ε alone; and from Keras, which starts S at 0.1. Source: Duchi, Hazan and Singer 2011.
 */
export class Adagrad extends FirstOrderOptimizer<AdagradOptions> {
  constructor(params: Params<AdagradOptions>, options: Partial<AdagradOptions> = {}) {
    super(params, { lr: 0.01, lrDecay: 0, weightDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, maximize: false }, options);
  }

  protected check({ lrDecay, weightDecay, initialAccumulatorValue, eps }: AdagradOptions): void {
    checkAtLeast0('Adagrad', { lrDecay, weightDecay, initialAccumulatorValue, eps });
  }

  protected phaseOf(state: ParamState): number {
    return countStep(state);
  }

  protected enter(theta: Tensor, state: ParamState, { initialAccumulatorValue }: FilledGroup<AdagradOptions>): void {
    this.column(0, theta, state, 'sum', initialAccumulatorValue);
  }

  protected update(kernels: Kernels, updates: Updates, t: number, group: FilledGroup<AdagradOptions>): void {
    const { eps, weightDecay } = group;
    kernels.adagrad(updates, { lr: group.lr / (1 + group.lrDecay * (t - 1)), eps, weightDecay });
  }
}
