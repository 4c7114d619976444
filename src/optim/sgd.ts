/** Stochastic gradient descent, with momentum and Nesterov's momentum. */
import type { Tensor } from '../tensor/tensor.ts';
import { checkOption, type FilledGroup, Optimizer, type ParamGroup, type ParamState, stateTensor } from './optimizer.ts';

export interface SGDOptions {
  /** Learning rate α. Default 1e-3. */
  lr: number;
  /** Momentum μ, at least 0 and below 1. Default 0. */
  momentum: number;
  /** Dampening τ of the gradient's entry into the velocity. Default 0. */
  dampening: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
  /** Nesterov's momentum; needs momentum above 0 and dampening 0. Default false. */
  nesterov: boolean;
}

/**
 * Walks against the gradient, with the inertia of past steps.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *     v_t = μ v_{t-1} + (1 - τ) g_t        (v_1 = g_1)
 *     θ_t = θ_{t-1} - α v_t                 Nesterov: θ_t = θ_{t-1} - α (g_t + μ v_t)
 *
 * Same as PyTorch's `SGD`. Differs from the lecture and from Keras, which keep α inside the velocity, v_t = μ v_{t-1} - α g_t: the same
 * path while α is constant, another under a schedule. Source: Sutskever et al. 2013, section 2.
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<SGDOptions>>, options: Partial<SGDOptions> = {}) {
    super(params, { lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0, nesterov: false, ...options });
  }

  protected check({ lr, momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkOption(lr >= 0 && lr < Number.POSITIVE_INFINITY, 'SGD', 'lr', lr, 'a number of at least 0');
    checkOption(momentum >= 0 && momentum < 1, 'SGD', 'momentum', momentum, 'at least 0 and below 1');
    checkOption(dampening >= 0 && dampening <= 1, 'SGD', 'dampening', dampening, 'from 0 to 1');
    checkOption(weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY, 'SGD', 'weightDecay', weightDecay, 'a number of at least 0');
    checkOption(
      !nesterov || (momentum > 0 && dampening === 0),
      'SGD',
      'nesterov',
      nesterov,
      'false unless momentum is above 0 and dampening is 0',
    );
  }

  protected update(theta: Tensor, grad: Tensor, state: ParamState, group: FilledGroup<SGDOptions>): void {
    const first = state.velocity === undefined;
    const velocity = group.momentum === 0 ? null : stateTensor(state, 'velocity', theta);
    theta.kernels.sgd(theta.storage, grad.storage, velocity?.storage ?? null, theta.size, {
      lr: group.lr,
      momentum: group.momentum,
      dampening: group.dampening,
      nesterov: group.nesterov,
      weightDecay: group.weightDecay,
      first,
    });
  }
}
