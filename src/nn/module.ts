/** The base of every layer and model: finds its parameters, knows training from inference, saves and loads its state. */
import '../ops/methods.ts'; // a model's own forward says x.relu(), loss.backward()
import { UserError } from '../errors.ts';
import { keep, ownGradient } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Parameter } from './parameter.ts';

/** Told of every forward pass of a module that runs inside another: for probes of activations, and for naming the layer where a NaN arose. */
export type ForwardHook = (path: string, module: Module, input: Tensor, output: Tensor) => void;

let hook: ForwardHook | null = null;
let path: string[] = [];

/** Runs `work` while `watch` is told of every module's forward pass, inner ones first, with the module's path such as `'2'` or `'encoder.0'`. */
export function observeForward<T>(watch: ForwardHook, work: () => T): T {
  const before = { hook, path };
  hook = watch;
  path = [];
  try {
    return work();
  } finally {
    ({ hook, path } = before);
  }
}

/** @internal a layer by itself is being watched: containers must not fuse it with its neighbour */
export function isObserved(): boolean {
  return hook !== null;
}

/** The path of the module whose forward pass is running under `observeForward`; '' at the top. */
export function currentModulePath(): string {
  return path.join('.');
}

/**
 * A layer or model. A subclass holds parameters and other modules as properties and computes in `forward`; both are found by
 * looking through its properties, in the order in which they were set.
 *
 *     class Net extends Module {
 *       fc1 = new Linear(784, 128);
 *       fc2 = new Linear(128, 10);
 *       forward(x: Tensor): Tensor {
 *         return this.fc2.forward(this.fc1.forward(x).relu());
 *       }
 *     }
 *
 * State-dict keys are PyTorch's: `fc1.weight`, `0.bias`, `1.running_mean`.
 */
export abstract class Module {
  /** Whether dropout drops and batch norm uses the batch. Changed by `train()` and `eval()`. */
  training = true;
  private readonly ownBuffers = new Map<string, Tensor>();

  abstract forward(input: Tensor): Tensor;

  /** `forward`, seen by `observeForward`. Containers call their children by this. */
  call(input: Tensor, name = ''): Tensor {
    if (hook === null) return this.forward(input);
    if (name) path.push(name);
    try {
      const output = this.forward(input);
      hook?.(currentModulePath(), this, input, output);
      return output;
    } finally {
      if (name) path.pop();
    }
  }

  /** The modules directly inside, by name. */
  namedChildren(): [string, Module][] {
    return Object.entries(this).filter((entry): entry is [string, Module] => entry[1] instanceof Module);
  }

  /** This module and all inside, by path; this one's is ''. */
  namedModules(prefix = ''): [string, Module][] {
    const inside = this.namedChildren().flatMap(([name, child]) => child.namedModules(join(prefix, name)));
    return [[prefix, this as Module], ...inside];
  }

  /** Every parameter, by path, each once. */
  namedParameters(): [string, Parameter][] {
    const seen = new Set<Parameter>();
    return this.namedModules().flatMap(([prefix, module]) =>
      Object.entries(module).flatMap(([name, value]): [string, Parameter][] => {
        if (!(value instanceof Parameter) || seen.has(value)) return [];
        seen.add(value);
        return [[join(prefix, name), value]];
      }),
    );
  }

  /** Every parameter, named by its path. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([name, parameter]) => {
      parameter.name ||= name;
      return parameter;
    });
  }

  /** State that is saved but not trained, by path: running statistics, counts. */
  namedBuffers(): [string, Tensor][] {
    return this.namedModules().flatMap(([prefix, module]) =>
      [...module.ownBuffers].map(([name, buffer]): [string, Tensor] => [join(prefix, name), buffer]),
    );
  }

  /** Makes `tensor` a buffer: it outlives every step and is saved under `name`. */
  protected registerBuffer(name: string, tensor: Tensor): Tensor {
    this.ownBuffers.set(name, keep(tensor));
    return tensor;
  }

  /** Turns on training behaviour, here and inside. */
  train(on = true): this {
    for (const [, module] of this.namedModules()) module.training = on;
    return this;
  }

  /** Turns on inference behaviour, here and inside. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets every parameter's gradient. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) ownGradient(parameter, null);
  }

  /** How many numbers training changes. */
  parameterCount(): number {
    return this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  /** Parameters and buffers by path: the tensors themselves, not copies. A parameter that stands in two places has both names, as in PyTorch. */
  stateDict(): Map<string, Tensor> {
    const entries = new Map<string, Tensor>();
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, value] of Object.entries(module)) if (value instanceof Parameter) entries.set(join(prefix, name), value);
      for (const [name, buffer] of module.ownBuffers) entries.set(join(prefix, name), buffer);
    }
    return entries;
  }

  /**
   * Sets parameters and buffers from a state dict. Every key must be there with its shape, and no other, or nothing is changed;
   * `strict: false` takes what matches by name.
   */
  loadStateDict(state: ReadonlyMap<string, Tensor | SavedArray>, { strict = true }: { readonly strict?: boolean } = {}): void {
    const own = this.stateDict();
    const problems: string[] = [];
    for (const [key, tensor] of own) {
      const given = state.get(key);
      if (given === undefined) {
        if (strict) problems.push(`'${key}' ${formatShape(tensor.shape)} is missing`);
      } else if (!sameShape(given.shape, tensor.shape)) {
        problems.push(`'${key}' is ${formatShape(given.shape)} there and ${formatShape(tensor.shape)} in the model`);
      } else if ('values' in given) {
        if (given.values.length !== tensor.size) {
          problems.push(`'${key}' has ${given.values.length} numbers for its shape ${formatShape(given.shape)}`);
        }
      } else {
        void given.storage; // an error when dead, before anything is changed
      }
    }
    if (strict) for (const key of state.keys()) if (!own.has(key)) problems.push(`'${key}' is not in the model`);
    if (problems.length > 0) {
      const shown = problems.slice(0, 6).join('; ');
      const more = problems.length > 6 ? `; and ${problems.length - 6} more` : '';
      throw new UserError(`loadStateDict: the state is of another model: ${shown}${more}`);
    }
    for (const [key, tensor] of own) {
      const given = state.get(key);
      if (given !== undefined) tensor.set('values' in given ? given.values : given);
    }
  }
}

/** Numbers with a shape, as read from a file. */
export interface SavedArray {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

function join(prefix: string, name: string): string {
  return prefix ? `${prefix}.${name}` : name;
}
