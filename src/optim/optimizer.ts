/** The base of every optimizer: parameter groups, state per parameter, saving and loading. The equations are in the subclasses. */
import { UserError } from '../errors.ts';
import type { SavedArray } from '../nn/module.ts';
import { keep, ownGradient } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { emptyTensor, Tensor } from '../tensor/tensor.ts';

/** Parameters that share options. What a group leaves out is taken from the optimizer's own options. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: readonly Tensor[] };

/** A group with every option filled in. `lr` may be changed between steps, as schedules do. */
export type FilledGroup<Options> = Options & { readonly params: readonly Tensor[] };

/** What an optimizer remembers of one parameter: numbers (such as the count of steps) and tensors of the parameter's own shape. */
export type ParamState = Record<string, number | Tensor>;

/** An optimizer's state as it is saved: tensors by `<index of the parameter>.<name>`, everything else as JSON. */
export interface OptimizerState {
  readonly tensors: Map<string, Tensor | SavedArray>;
  readonly json: { readonly groups: Record<string, unknown>[]; readonly numbers: Record<string, number> };
}

/**
 * Changes parameters by their gradients. `step()` does one update; `zeroGrad()` forgets the gradients.
 * `Options` are what a group may set for itself; all have an `lr`.
 */
export abstract class Optimizer<Options extends { lr: number } = { lr: number }> {
  readonly paramGroups: FilledGroup<Options>[];
  protected readonly state: Map<Tensor, ParamState> = new Map();

  constructor(params: Iterable<Tensor> | Iterable<ParamGroup<Options>>, defaults: Options) {
    const given = [...params] as (Tensor | ParamGroup<Options>)[];
    const groups = given.every(item => item instanceof Tensor)
      ? [{ params: given } as unknown as ParamGroup<Options>]
      : (given as ParamGroup<Options>[]);
    this.paramGroups = groups.map(group => ({ ...defaults, ...group, params: [...group.params] }));
    const all = this.parameters();
    const name = this.constructor.name;
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
    for (const group of this.paramGroups) this.check(group);
  }

  /** Refuses options out of range. Every subclass names the option, what was given and what is allowed. */
  protected abstract check(options: Options): void;

  /** Changes one parameter in place. */
  protected abstract update(parameter: Tensor, grad: Tensor, state: ParamState, group: FilledGroup<Options>): void;

  /** One update of every parameter that has a gradient. */
  step(): void {
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        if (parameter.grad === null) continue;
        let state = this.state.get(parameter);
        if (state === undefined) {
          state = {};
          this.state.set(parameter, state);
        }
        this.update(parameter, parameter.grad, state, group);
      }
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
  stateDict(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    const numbers: Record<string, number> = {};
    this.parameters().forEach((parameter, i) => {
      for (const [name, value] of Object.entries(this.state.get(parameter) ?? {})) {
        if (typeof value === 'number') numbers[`${i}.${name}`] = value;
        else tensors.set(`${i}.${name}`, value);
      }
    });
    const groups = this.paramGroups.map(({ params, ...options }) => ({ ...options, params: params.length }));
    return { tensors, json: { groups, numbers } };
  }

  /** Takes over a saved state. The optimizer must have been made for the same parameters. */
  loadStateDict({ tensors, json }: OptimizerState): void {
    const all = this.parameters();
    const counts = this.paramGroups.map(group => group.params.length).join(', ');
    const saved = json.groups.map(group => group.params).join(', ');
    if (counts !== saved)
      throw new UserError(`loadStateDict: the saved optimizer had groups of ${saved} parameters; this one has ${counts}`);
    const owner = (key: string): [Tensor, string] => {
      const dot = key.indexOf('.');
      const parameter = all[Number(key.slice(0, dot))];
      if (parameter === undefined)
        throw new UserError(`loadStateDict: '${key}' belongs to parameter ${key.slice(0, dot)} of ${all.length}`);
      return [parameter, key.slice(dot + 1)];
    };
    const fresh = new Map<Tensor, ParamState>();
    const stateOf = (parameter: Tensor): ParamState => {
      const found = fresh.get(parameter) ?? {};
      fresh.set(parameter, found);
      return found;
    };
    for (const [key, value] of tensors) {
      const [parameter, name] = owner(key);
      if (!sameShape(value.shape, parameter.shape)) {
        throw new UserError(`loadStateDict: '${key}' is ${formatShape(value.shape)}; its parameter is ${formatShape(parameter.shape)}`);
      }
      stateOf(parameter)[name] = keep(emptyTensor(parameter.shape, parameter.kernels)).set('values' in value ? value.values : value);
    }
    for (const [key, value] of Object.entries(json.numbers)) {
      const [parameter, name] = owner(key);
      stateOf(parameter)[name] = value;
    }
    this.state.clear();
    for (const [parameter, state] of fresh) this.state.set(parameter, state);
    json.groups.forEach(({ params: _, ...options }, i) => {
      Object.assign(this.paramGroups[i], options);
    });
  }
}

/** The state tensor of this name: zeros of the parameter's shape the first time. */
export function stateTensor(state: ParamState, name: string, like: Tensor, initial = 0): Tensor {
  const found = state[name];
  if (found instanceof Tensor) return found;
  const made = keep(emptyTensor(like.shape, like.kernels));
  made.kernels.fill(made.storage, made.size, initial);
  state[name] = made;
  return made;
}

/** The state number of this name, one higher than before; it starts at 0. */
export function countStep(state: ParamState): number {
  const step = ((state.step as number | undefined) ?? 0) + 1;
  state.step = step;
  return step;
}

/** An error unless `ok`, in the form every optimizer uses. */
export function checkOption(ok: boolean, optimizer: string, option: string, value: unknown, allowed: string): void {
  if (!ok) throw new UserError(`${optimizer}: ${option} is ${String(value)}; it must be ${allowed}`);
}
