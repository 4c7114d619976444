/** Stochastic gradient descent, with momentum and Nesterov's momentum, in PyTorch's form and in the lecture's. */
import type { Kernels, Updates } from '../backend/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkAtLeast0, checkOption, checkShare } from './check.ts';
import { FirstOrderOptimizer, type FirstOrderOptions, type ParamState } from './first-order.ts';
import type { Closure, FilledGroup, Params } from './optimizer.ts';

export interface SGDOptions extends FirstOrderOptions {
  /** Learning rate α. Default 1e-3. */
  lr: number;
  /** Momentum μ, at least 0 and below 1. Default 0. */
  momentum: number;
  /** Dampening τ of the gradient's entry into the velocity, from the second step on. From 0 to 1, default 0. */
  dampening: number;
  /** Weight decay λ: λ θ is added to the gradient. Default 0. */
  weightDecay: number;
  /**
   * Nesterov's momentum; needs momentum above 0 and dampening 0. `true` rearranges the update so that the gradient is taken where the parameters
   * are; `'lookAhead'` takes it at the look-ahead point itself, which needs a closure. Default false.
   */
  nesterov: boolean | 'lookAhead';
  /** Keep α inside the velocity, as the lecture and Keras do: a change of α then reaches past gradients too late, not all at once. Default false. */
  lrInVelocity: boolean;
}

/**
 * Walks against the gradient, with the inertia of past steps.
 *
 *     g_t = ∇L(θ_{t-1}) + λ θ_{t-1}
 *
 *                        PyTorch's form (default)               the lecture's, lrInVelocity: true
 *     velocity           v_t = μ v_{t-1} + (1 - τ) g_t           v_t = μ v_{t-1} - α (1 - τ) g_t
 *     step               θ_t = θ_{t-1} - α v_t                   θ_t = θ_{t-1} + v_t
 *     nesterov: true     θ_t = θ_{t-1} - α (g_t + μ v_t)         θ_t = θ_{t-1} + μ v_t - α g_t
 *     'lookAhead'        θ' = θ_{t-1} - α μ v_{t-1}              θ' = θ_{t-1} + μ v_{t-1}
 *                        θ_t = θ' - α ∇L(θ')                     θ_t = θ' - α ∇L(θ')
 *
 * with v_0 = 0, and no dampening in the first step. Both forms walk the same path while α is constant; under a schedule they part.
 * The look-ahead makes two moves a step, the second from the gradient found after the first: `optimizer.step(() => loss)`.
 * `nesterov: true` follows the look-ahead points θ' of that walk instead of its θ.
 *
 * Same as PyTorch's `SGD` by default, and as Keras' `SGD` with `lrInVelocity: true`. Differs in that `'lookAhead'` is in neither.
 * Source: Sutskever et al. 2013, section 2.
 */
export class SGD extends FirstOrderOptimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options: Partial<SGDOptions> = {}) {
    const defaults: SGDOptions = {
      ...{ lr: 1e-3, momentum: 0, dampening: 0, weightDecay: 0 },
      ...{ nesterov: false, lrInVelocity: false, maximize: false },
    };
    super(params, defaults, options);
  }

  protected check({ momentum, dampening, weightDecay, nesterov }: SGDOptions): void {
    checkShare('SGD', { momentum });
    checkOption(dampening >= 0 && dampening <= 1, 'SGD', 'dampening', dampening, 'from 0 to 1');
    checkAtLeast0('SGD', { weightDecay });
    const known = typeof nesterov === 'boolean' || nesterov === 'lookAhead';
    checkOption(known, 'SGD', 'nesterov', nesterov, "true, false or 'lookAhead'");
    const allowed = 'false unless momentum is above 0 and dampening is 0';
    checkOption(nesterov === false || (momentum > 0 && dampening === 0), 'SGD', 'nesterov', nesterov, allowed);
  }

  override get needsClosure(): boolean {
    return this.paramGroups.some(group => group.nesterov === 'lookAhead');
  }

  /** The first of two moves, θ' = θ + μ v, where Nesterov looks ahead; the second is the update. */
  protected override advance(closure: Closure | undefined): number | undefined {
    for (const group of this.paramGroups) if (group.nesterov === 'lookAhead') for (const theta of group.params) this.move(theta, group, 1);
    const loss = closure && this.evaluate(closure);
    for (const group of this.paramGroups) {
      // what the loss did not depend on stays where it was
      if (group.nesterov === 'lookAhead') for (const theta of group.params) if (theta.grad === null) this.move(theta, group, -1);
    }
    super.advance(undefined);
    return loss;
  }

  private move(theta: Tensor, group: FilledGroup<SGDOptions>, direction: 1 | -1): void {
    const { momentum_buffer: velocity } = this.stateOf(theta) as { momentum_buffer?: Tensor };
    if (velocity === undefined) return;
    const share = group.lrInVelocity ? group.momentum : -group.lr * group.momentum;
    theta.kernels.axpby(direction * share, velocity.storage, 1, theta.storage, theta.size);
  }

  /** 0 for the first step, when a new velocity takes all of the gradient; 1 for those after it. */
  protected phaseOf(state: ParamState, { momentum }: FilledGroup<SGDOptions>): number {
    return momentum > 0 && state.momentum_buffer === undefined ? 0 : 1;
  }

  protected enter(theta: Tensor, state: ParamState, { momentum }: FilledGroup<SGDOptions>): void {
    if (momentum > 0) this.column(0, theta, state, 'momentum_buffer');
  }

  protected update(kernels: Kernels, updates: Updates, phase: number, group: FilledGroup<SGDOptions>): void {
    const { lr, momentum, weightDecay, nesterov, lrInVelocity } = group;
    const fresh = phase === 0 ? 1 : 1 - group.dampening;
    const byVelocity = lrInVelocity ? 1 : -lr;
    kernels.sgd(updates, {
      weightDecay,
      momentum,
      share: lrInVelocity ? -lr * fresh : fresh,
      alongVelocity: nesterov === 'lookAhead' ? 0 : nesterov ? byVelocity * momentum : byVelocity,
      alongGradient: nesterov || momentum === 0 ? -lr : 0,
    });
  }
}
