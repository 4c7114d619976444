/** The base of every optimizer: parameter groups, closures, saving and loading. The equations are in the subclasses. */
import { backward } from '../autograd/backward.ts';
import { UserError } from '../errors.ts';
import type { SavedArray } from '../nn/module.ts';
import { step as inScope, ownGradient } from '../tensor/scope.ts';
import { formatShape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkOption } from './check.ts';

/** What every optimizer has. */
export interface CommonOptions {
  /** Learning rate α. */
  lr: number;
}

/** Parameters that share options. What a group leaves out is taken from the optimizer's own options. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: readonly Tensor[] };

/** A group with every option filled in. `lr` may be changed between steps, as schedules do. */
export type FilledGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer is made for: parameters, or groups of them. */
export type Params<Options> = Iterable<Tensor> | Iterable<ParamGroup<Options>>;

/**
 * Computes the loss at the parameters as they are now. It may return
 * - the loss as a tensor with its graph, and `step` clears the gradients before and runs the backward pass after it, or
 * - a number, having filled `.grad` itself (by `backward`, clipping, adding up over several batches); `step` has cleared the gradients before.
 *
 * Each run of it is a step scope of its own: tensors made inside die when it ends.
 */
export type Closure = () => Tensor | number;

/** An optimizer's state as it is saved: tensors by `<index of the parameter>.<name>`, everything else as JSON. */
export interface OptimizerState {
  readonly tensors: Map<string, Tensor | SavedArray>;
  readonly json: { readonly groups: Record<string, unknown>[]; readonly numbers: Record<string, number> };
}

/**
 * Changes parameters by their gradients. `step()` does one update; `zeroGrad()` forgets the gradients, which otherwise add up.
 * `Options` are what a group may set for itself; all have an `lr`.
 */
export abstract class Optimizer<Options extends CommonOptions = CommonOptions> {
  readonly paramGroups: FilledGroup<Options>[];
  /** How often a closure has computed the loss. */
  functionEvaluations = 0;
  /** How often a closure has computed the gradient. */
  gradientEvaluations = 0;

  constructor(params: Params<Options>, defaults: Options, options: Partial<Options>) {
    const name = this.constructor.name;
    const given = [...params] as (Tensor | ParamGroup<Options>)[];
    const groups = given.every(item => item instanceof Tensor)
      ? [{ params: given } as unknown as ParamGroup<Options>]
      : (given as ParamGroup<Options>[]);
    this.paramGroups = groups.map(group => ({ ...defaults, ...options, ...group, params: [...group.params] }));
    const all = this.parameters();
    if (all.length === 0) throw new UserError(`${name}: no parameters were given; pass model.parameters()`);
    if (new Set(all).size !== all.length) throw new UserError(`${name}: a parameter was given more than once`);
    for (const parameter of all) {
      if (!(parameter instanceof Tensor))
        throw new UserError(`${name}: ${String(parameter)} was given where a parameter (a Tensor) was expected`);
      if (!parameter.requiresGrad) {
        throw new UserError(
          `${name}: the tensor ${parameter.name || formatShape(parameter.shape)} has requiresGrad = false; only what requires a gradient can be trained`,
        );
      }
    }
    for (const group of this.paramGroups) {
      for (const option of Object.keys(group)) {
        if (option !== 'params' && !(option in defaults))
          throw new UserError(`${name}: there is no option '${option}'; it has ${Object.keys(defaults).join(', ')}`);
      }
      checkOption(group.lr >= 0 && group.lr < Number.POSITIVE_INFINITY, name, 'lr', group.lr, 'a number of at least 0');
      this.check(group);
    }
  }

  /** Refuses options out of range. Every subclass names the option, what was given and what is allowed. */
  protected abstract check(options: Options): void;

  /** One update, from the gradients at hand or by the closure. Gives the loss where there is a closure. */
  protected abstract advance(closure: Closure | undefined): number | undefined;

  /** Whether `step` cannot do without a closure, as it computes the loss at other points than where the parameters are. */
  get needsClosure(): boolean {
    return false;
  }

  /** One update of every parameter that has a gradient. */
  step(): void;
  /** One update that computes the loss and its gradient itself, as often as it needs. Gives the loss before the update. */
  step(closure: Closure): number;
  step(closure?: Closure): number | undefined {
    if (closure === undefined && this.needsClosure) {
      throw new UserError(
        `${this.constructor.name}: step needs a closure, since the loss is computed at several points or a look-ahead point: optimizer.step(() => loss(model.forward(x), y))`,
      );
    }
    return this.advance(closure);
  }

  /** Runs the closure: the loss, with its gradient in every `.grad`. */
  protected evaluate(closure: Closure): number {
    this.functionEvaluations++;
    this.gradientEvaluations++;
    return inScope(() => {
      this.zeroGrad();
      const loss = closure();
      if (typeof loss === 'number') return loss;
      this.checkLoss(loss);
      backward(loss);
      return loss.item();
    });
  }

  /** Refuses what a closure must not return. */
  protected checkLoss(loss: unknown): asserts loss is Tensor {
    const name = this.constructor.name;
    if (!(loss instanceof Tensor)) {
      const what = loss instanceof Promise ? 'a promise' : String(loss);
      throw new UserError(`${name}: the closure returned ${what}; it must return the loss, as a tensor or as a number`);
    }
    if (this.parameters().some(parameter => parameter.grad !== null)) {
      throw new UserError(
        `${name}: the closure ran backward and returned the loss as a tensor, so step would run backward again; leave that to step, or return loss.item()`,
      );
    }
  }

  /** Forgets every gradient, as before each backward pass whose gradients shall not add up. */
  zeroGrad(): void {
    for (const group of this.paramGroups) for (const parameter of group.params) ownGradient(parameter, null);
  }

  /** Every parameter, in the order given. */
  parameters(): Tensor[] {
    return this.paramGroups.flatMap(group => [...group.params]);
  }

  /** The learning rate of the first group; setting it sets that of every group. */
  get lr(): number {
    return this.paramGroups[0].lr;
  }

  set lr(value: number) {
    for (const group of this.paramGroups) group.lr = value;
  }

  /** Everything needed to go on exactly: the tensors themselves, not copies. */
  abstract stateDict(): OptimizerState;

  /** Takes over a saved state. The optimizer must have been made for the same parameters. */
  abstract loadStateDict(state: OptimizerState): void;

  /** The options of every group, with the count of its parameters. */
  protected savedGroups(): Record<string, unknown>[] {
    return this.paramGroups.map(({ params, ...options }) => ({ ...options, params: params.length }));
  }

  /** Refuses groups of another model. */
  protected checkGroups(groups: readonly Record<string, unknown>[]): void {
    const counts = this.paramGroups.map(group => group.params.length).join(', ');
    const saved = groups.map(group => group.params).join(', ');
    if (counts !== saved)
      throw new UserError(`loadStateDict: the saved optimizer had groups of ${saved} parameters; this one has ${counts}`);
  }

  /** Takes over the options of every group. */
  protected loadGroups(groups: readonly Record<string, unknown>[]): void {
    groups.forEach(({ params: _, ...options }, i) => {
      Object.assign(this.paramGroups[i], options);
    });
  }
}
