/** The base of the optimizers that update each parameter from its own gradient and its own state. */
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

/** One pass over memory for each parameter that has a gradient; the rest are left alone, their state too. */
export abstract class FirstOrderOptimizer<Options extends FirstOrderOptions> extends Optimizer<Options> {
  private readonly state: Map<Tensor, ParamState> = new Map();

  /** Changes one parameter in place. */
  protected abstract update(parameter: Tensor, grad: Tensor, state: ParamState, group: FilledGroup<Options>): void;

  protected advance(closure: Closure | undefined): number | undefined {
    const loss = closure === undefined ? undefined : this.evaluate(closure);
    for (const group of this.paramGroups) {
      for (const parameter of group.params) {
        const { grad } = parameter;
        if (grad !== null) this.update(parameter, group.maximize ? negated(grad) : grad, this.stateOf(parameter), group);
      }
    }
    return loss;
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
