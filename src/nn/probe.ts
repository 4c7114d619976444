/** A look at one batch, layer by layer: are the activations and gradients of a size that learns, or have they vanished, exploded or died? */
import { grad } from '../autograd/backward.ts';
import { UserError } from '../errors.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Module, observeForward } from './module.ts';

/** What a set of numbers looks like. */
export interface Moments {
  readonly mean: number;
  /** standard deviation, biased */
  readonly std: number;
  readonly variance: number;
  /** √(mean of squares): the size of a signal */
  readonly rms: number;
  /** the share that is exactly 0 */
  readonly zeros: number;
  readonly min: number;
  readonly max: number;
  /** how many are NaN or infinite; they are left out of all the others */
  readonly notFinite: number;
}

/** One parameter of a layer. */
export interface ProbedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** L2 norm of the values, and of the gradient (null: none arrived) */
  readonly norm: number;
  readonly gradNorm: number | null;
}

/** One layer: what came out of it, and the gradient of the loss with respect to that. */
export interface ProbeRow {
  /** where the layer is in the model: '0', 'encoder.2' */
  readonly path: string;
  /** the layer's class: 'Linear', 'ReLU' */
  readonly type: string;
  readonly shape: readonly number[];
  readonly activation: Moments;
  /** ∂L/∂activation; null where no gradient passed */
  readonly gradient: Moments | null;
  /** the share of units (the second dimension) that are 0 for every example of the batch: of a ReLU, units that may be dead */
  readonly deadUnits: number;
  readonly parameters: readonly ProbedParameter[];
}

/**
 * Runs one batch forward and backward and tells, for each layer (a module without modules inside), mean, deviation and share of zeros of its output
 * and of the gradient with respect to it, the units that are 0 for the whole batch, and the norms of its parameters and their gradients.
 *
 * `loss` makes one number of the model's output. The model stays as it is: parameters and their gradients are not touched, buffers are put back. Random layers
 * in training draw from their streams as in any forward pass. A layer applied twice has two rows.
 *
 * @returns rows in the order in which the layers were applied, plain JSON
 */
export function probe(model: Module, input: Tensor, loss: (output: Tensor) => Tensor): ProbeRow[] {
  const parameters = model.parameters();
  const buffers = model.namedBuffers().map(([, buffer]) => [buffer, buffer.toArray()] as const);
  try {
    return step(() => {
      const seen: { path: string; module: Module; output: Tensor }[] = [];
      const output = observeForward(
        (path, module, _, output) => {
          if (module.namedChildren().length === 0) seen.push({ path, module, output });
        },
        () => model.call(input),
      );
      if (seen.length === 0)
        throw new UserError('probe: no layer was seen; a module that contains others must call them by call(), not forward()');
      const wanted = [...new Set([...seen.map(layer => layer.output), ...parameters])];
      const gradients = new Map<Tensor, Tensor | null>();
      grad(loss(output), wanted, { allowUnused: true }).forEach((gradient, i) => {
        gradients.set(wanted[i], gradient);
      });
      return seen.map(({ path, module, output }) => rowOf(path, module, output, gradients));
    });
  } finally {
    for (const [buffer, values] of buffers) buffer.set(values);
  }
}

function rowOf(path: string, module: Module, output: Tensor, gradients: ReadonlyMap<Tensor, Tensor | null>): ProbeRow {
  const values = output.toArray();
  const arrayOf = (x: Tensor) => gradients.get(x)?.toArray() ?? null;
  const gradient = arrayOf(output);
  return {
    path,
    type: module.constructor.name,
    shape: [...output.shape],
    activation: momentsOf(values),
    gradient: gradient === null ? null : momentsOf(gradient),
    deadUnits: deadUnits(values, output.shape),
    parameters: module.namedParameters().map(([name, parameter]) => {
      const gradient = arrayOf(parameter);
      return { name, shape: [...parameter.shape], norm: norm(parameter.toArray()), gradNorm: gradient === null ? null : norm(gradient) };
    }),
  };
}

/** @internal mean, deviation and the rest of some numbers, in two passes */
export function momentsOf(values: ArrayLike<number>): Moments {
  const finite = Float64Array.from(values).filter(Number.isFinite);
  const n = Math.max(1, finite.length);
  let [sum, zeros, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of finite) {
    sum += v;
    if (v === 0) zeros++;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  const mean = sum / n;
  let squares = 0;
  for (const v of finite) squares += (v - mean) * (v - mean);
  const variance = squares / n;
  return {
    mean,
    std: Math.sqrt(variance),
    variance,
    rms: Math.sqrt(variance + mean * mean),
    zeros: zeros / n,
    min: finite.length === 0 ? 0 : min,
    max: finite.length === 0 ? 0 : max,
    notFinite: values.length - finite.length,
  };
}

function deadUnits(values: ArrayLike<number>, shape: readonly number[]): number {
  if (shape.length < 2 || values.length === 0) return 0;
  const units = shape[1];
  const inner = values.length / (shape[0] * units);
  const alive = new Uint8Array(units);
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) alive[Math.floor(i / inner) % units] = 1;
  return 1 - alive.reduce((sum, one) => sum + one, 0) / units;
}

function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] * values[i];
  return Math.sqrt(squares);
}
