/** What an op is: one room that holds its formula, shape rule, forward, backward and samples. The type requires all of them. */
import type { Kernels, Storage } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import type { Shape } from '../tensor/shape.ts';
import { aliasTensor, emptyTensor, type OpInfo, type Tensor } from '../tensor/tensor.ts';
import { isRecording, observer } from './mode.ts';
import type { Sample } from './sample.ts';

/** A gradient for one input, computed only if that input asks for it; null where the output does not depend on it smoothly. */
export type GradientThunk = (() => Tensor) | null;

export interface OpDefinition<Inputs extends readonly Tensor[], Attrs> extends OpInfo {
  /** The op in plain Unicode, with its gradient: `z = u v,  ∂L/∂u = v ∂L/∂z,  ∂L/∂v = u ∂L/∂z`. */
  readonly formula: string;
  /** Shape of the output, or a UserError that tells the shapes given and what was expected. */
  shape(inputs: Inputs, attrs: Attrs): Shape;
  /** A step function: its derivative is 0 wherever it has one, so nothing is recorded and nothing flows back. */
  readonly flat?: boolean;
  /** The output shares its input's storage: the forward pass does nothing. */
  readonly alias?: true;
  /** Shapes of tensors that the forward pass leaves for `fastBackward`; gradients never flow into them. */
  aux?(inputs: Inputs, attrs: Attrs): Shape[];
  /** Computes the output. `z` and `aux` have their storage, with whatever it held before. */
  forward(kernels: Kernels, z: Storage, inputs: Inputs, attrs: Attrs, out: Tensor, aux: readonly Tensor[]): void;
  /** ∂L/∂input for each input, from dz = ∂L/∂z, written in ops, so that it can be differentiated again. */
  backward(dz: Tensor, inputs: Inputs, z: Tensor, attrs: Attrs): GradientThunk[];
  /**
   * The same gradients by fused kernels and from `aux`, where nobody will differentiate them again: put into `gradients`, which is null at every input
   * before. Each is a tensor of its own, made here, for an input that requires it; null for one that does not.
   */
  fastBackward?(dz: Tensor, inputs: Inputs, z: Tensor, attrs: Attrs, aux: readonly Tensor[], gradients: (Tensor | null)[]): void;
  /** Inputs on which the op is checked: gradients against central differences in float64, every backend against the reference. */
  readonly samples: readonly [Sample<NoInfer<Attrs>>, ...Sample<NoInfer<Attrs>>[]];
  /**
   * Error of a float32 backend against the reference. Left out: 1e-6 of each element. Stated, for sums in which terms cancel: this share of
   * the larger of the element and the output's root mean square.
   */
  readonly tolerance?: number;
}

/** Applies an op. */
export type Op<Inputs extends readonly Tensor[], Attrs = undefined> = (inputs: Inputs, attrs: Attrs) => Tensor;

// Definitions of any inputs and attributes, as the registry and the tape hold them.
// biome-ignore lint/suspicious/noExplicitAny: the one place where ops of different types stand side by side
export type AnyOp = OpDefinition<any, any>;

const registry = new Map<string, AnyOp>();

/** Every op defined so far, by name. */
export function definedOps(): ReadonlyMap<string, AnyOp> {
  return registry;
}

/**
 * Defines an op and gives the function that applies it: `(inputs, attrs) => output`. Applying runs the forward kernel and, where an
 * input requires a gradient, writes down how the output was made.
 */
export function defineOp<Inputs extends readonly Tensor[], Attrs = undefined>(op: OpDefinition<Inputs, Attrs>): Op<Inputs, Attrs> {
  if (registry.has(op.name)) throw new Error(`an op named '${op.name}' is already defined`);
  registry.set(op.name, op);
  return (inputs, attrs) => applyOp(op, inputs, attrs);
}

const noAux: readonly Tensor[] = [];

/** @internal applies an op by its definition: what `defineOp` gives, and the tests of all ops */
export function applyOp<Inputs extends readonly Tensor[], Attrs>(op: OpDefinition<Inputs, Attrs>, inputs: Inputs, attrs: Attrs): Tensor {
  const kernels = inputs[0].kernels;
  let requiresGrad = inputs[0].requiresGrad;
  for (let i = 1; i < inputs.length; i++) {
    if (inputs[i].kernels !== kernels) throw mixedBackends(op.name, inputs);
    requiresGrad ||= inputs[i].requiresGrad;
  }
  const shape = op.shape(inputs, attrs);
  const out = op.alias ? aliasTensor(inputs[0], shape) : emptyTensor(shape, kernels);
  const aux = op.aux === undefined ? noAux : emptyTensors(op.aux(inputs, attrs), kernels);
  op.forward(kernels, out.storage, inputs, attrs, out, aux);
  const watch = observer();
  const recorded = requiresGrad && !op.flat && isRecording();
  if (recorded || watch !== null) {
    const origin = { op, inputs, attrs, aux };
    if (recorded) {
      out.requiresGrad = true;
      out.origin = origin;
    }
    watch?.(out, origin);
  }
  return out;
}

function emptyTensors(shapes: readonly Shape[], kernels: Kernels): Tensor[] {
  const tensors: Tensor[] = [];
  for (let i = 0; i < shapes.length; i++) tensors.push(emptyTensor(shapes[i], kernels));
  return tensors;
}

function mixedBackends(name: string, inputs: readonly Tensor[]): UserError {
  const where = inputs.map(t => `${t.kernels.name} (${t.dtype})`).join(' and ');
  return new UserError(`${name}: its inputs are on different backends, ${where}; make them all with the same backend current`);
}
