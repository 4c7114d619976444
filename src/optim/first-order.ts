/** The base of the optimizers that update each parameter from its own gradient and its own state. */
import type { Kernels, Storage, Updates } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { keep } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { emptyTensor, Tensor } from '../tensor/tensor.ts';
import { type Closure, type CommonOptions, type FilledGroup, Optimizer, type OptimizerState } from './optimizer.ts';

/** Options of every first-order optimizer. */
export interface FirstOrderOptions extends CommonOptions {
  /** Climb rather than descend: the gradient's sign is turned. Default false. */
  maximize: boolean;
}

/** What an optimizer remembers of one parameter: numbers (such as the count of steps) and tensors of the parameter's own shape. */
export type ParamState = Record<string, number | Tensor>;

/**
 * One pass over memory for all parameters that have a gradient; the rest are left alone, their state too. The parameters of a group go to the kernel
 * in one call, unless some of them have seen another number of steps, or lie on another backend.
 */
export abstract class FirstOrderOptimizer<Options extends FirstOrderOptions, Phase = number> extends Optimizer<Options> {
  private readonly state: Map<Tensor, ParamState> = new Map();
  /** What the next call of a kernel updates. */
  private readonly updates: Updates & { readonly state: (Storage[] | null)[] } = {
    ...{ count: 0, sizes: [], theta: [], grad: [] },
    state: [null, null, null],
  };
  private readonly columns: readonly Storage[][] = [[], [], []];

  /**
   * Counts a step of one parameter, and gives what the kernel's coefficients depend on besides the group, such as the count: parameters for which it
   * is not the same are updated by calls of their own.
   */
  protected abstract phaseOf(state: ParamState, group: FilledGroup<Options>): Phase;

  /** Puts a parameter's state tensors into the row under way, each by `column`. */
  protected abstract enter(theta: Tensor, state: ParamState, group: FilledGroup<Options>): void;

  /** Changes the parameters entered, in place, by one call of a kernel. */
  protected abstract update(kernels: Kernels, updates: Updates, phase: Phase, group: FilledGroup<Options>): void;

  protected advance(closure: Closure | undefined): number | undefined {
    const loss = closure === undefined ? undefined : this.evaluate(closure);
    for (let g = 0; g < this.paramGroups.length; g++) this.advanceGroup(this.paramGroups[g]);
    return loss;
  }

  private advanceGroup(group: FilledGroup<Options>): void {
    const { updates } = this;
    const { params } = group;
    updates.count = 0; // an error may have left some
    updates.state.fill(null);
    let phase: Phase | null = null;
    let kernels: Kernels | null = null;
    for (let i = 0; i < params.length; i++) {
      const theta = params[i];
      const { grad } = theta;
      if (grad === null) continue;
      const state = this.stateOf(theta);
      const found = this.phaseOf(state, group);
      if (updates.count > 0 && (found !== phase || theta.kernels !== kernels)) this.flush(kernels!, phase!, group);
      phase = found;
      kernels = theta.kernels;
      updates.sizes[updates.count] = theta.size;
      updates.theta[updates.count] = theta.storage;
      updates.grad[updates.count] = group.maximize ? negated(grad).storage : grad.storage;
      this.enter(theta, state, group);
      updates.count++;
    }
    if (updates.count > 0) this.flush(kernels!, phase!, group);
  }

  private flush(kernels: Kernels, phase: Phase, group: FilledGroup<Options>): void {
    this.update(kernels, this.updates, phase, group);
    this.updates.count = 0;
    this.updates.state.fill(null);
  }

  /** The state tensor of this name as column `i` of the row under way: `initial` everywhere, in the parameter's shape, the first time. */
  protected column(i: number, theta: Tensor, state: ParamState, name: string, initial = 0): void {
    const column = this.columns[i];
    column[this.updates.count] = stateTensor(state, name, theta, initial).storage;
    this.updates.state[i] = column;
  }

  protected stateOf(parameter: Tensor): ParamState {
    let state = this.state.get(parameter);
    if (state === undefined) {
      state = {};
      this.state.set(parameter, state);
    }
    return state;
  }

  stateDict(): OptimizerState {
    const tensors = new Map<string, Tensor>();
    const numbers: Record<string, number> = {};
    this.parameters().forEach((parameter, i) => {
      for (const [name, value] of Object.entries(this.state.get(parameter) ?? {})) {
        if (typeof value === 'number') numbers[`${i}.${name}`] = value;
        else tensors.set(`${i}.${name}`, value);
      }
    });
    return { tensors, json: { groups: this.savedGroups(), numbers } };
  }

  loadStateDict({ tensors, json }: OptimizerState): void {
    this.checkGroups(json.groups);
    const all = this.parameters();
    const fresh = new Map<Tensor, ParamState>(all.map(parameter => [parameter, {}]));
    const owner = (key: string): [Tensor, string] => {
      const dot = key.indexOf('.');
      const parameter = all[Number(key.slice(0, dot))];
      if (parameter === undefined)
        throw new UserError(`loadStateDict: '${key}' belongs to parameter ${key.slice(0, dot)} of ${all.length}`);
      return [parameter, key.slice(dot + 1)];
    };
    for (const [key, value] of tensors) {
      const [parameter, name] = owner(key);
      if (!sameShape(value.shape, parameter.shape)) {
        throw new UserError(`loadStateDict: '${key}' is ${formatShape(value.shape)}; its parameter is ${formatShape(parameter.shape)}`);
      }
      const own = keep(emptyTensor(parameter.shape, parameter.kernels));
      fresh.get(parameter)![name] = own.set('values' in value ? value.values : value);
    }
    for (const [key, value] of Object.entries(json.numbers)) {
      const [parameter, name] = owner(key);
      fresh.get(parameter)![name] = value;
    }
    this.loadGroups(json.groups);
    for (const [parameter, state] of fresh) this.state.set(parameter, state);
  }
}

/** The state tensor of this name: `initial` everywhere, in the parameter's shape, the first time. */
export function stateTensor(state: ParamState, name: string, like: Tensor, initial = 0): Tensor {
  const found = state[name];
  if (found instanceof Tensor) return found;
  const made = keep(emptyTensor(like.shape, like.kernels));
  made.kernels.fill(made.storage, made.size, initial);
  state[name] = made;
  return made;
}

/** The count of steps, one higher than before; it starts at 0. */
export function countStep(state: ParamState): number {
  const step = ((state.step as number | undefined) ?? 0) + 1;
  state.step = step;
  return step;
}

function negated(grad: Tensor): Tensor {
  const out = emptyTensor(grad.shape, grad.kernels);
  grad.kernels.unary('neg', grad.storage, out.storage, grad.size, 0);
  return out;
}
