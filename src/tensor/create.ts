/** Making tensors from numbers. */
import { currentBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { currentRandom, type Stream } from '../random.ts';
import { checkShape, formatShape, type Shape, sizeOf } from './shape.ts';
import { emptyTensor, type NestedNumbers, type Tensor } from './tensor.ts';

export interface TensorOptions {
  /** Whether `backward` brings a gradient here. Default false. */
  readonly requiresGrad?: boolean;
  /** A name for messages and graphs. */
  readonly name?: string;
}

export type TensorData = number | NestedNumbers[] | readonly number[] | ArrayLike<number>;

/** A tensor of these numbers: one number, nested arrays of one length per level, or a flat array with its shape. */
export function tensor(data: TensorData, options: TensorOptions & { readonly shape?: Shape } = {}): Tensor {
  const { shape: found, flat } = typeof data === 'number' ? { shape: [], flat: [data] } : flattened(data);
  const shape = options.shape ?? found;
  checkShape(shape, 'tensor');
  if (sizeOf(shape) !== flat.length) {
    throw new UserError(`tensor: ${flat.length} numbers were given for the shape ${formatShape(shape)}, which holds ${sizeOf(shape)}`);
  }
  return finish(emptyTensor(shape).set(flat), options);
}

/** A tensor of one value everywhere. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkShape(shape, 'full');
  const out = emptyTensor(shape);
  out.kernels.fill(out.storage, out.size, value);
  return finish(out, options);
}

export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** The identity matrix [n, n]. */
export function eye(n: number): Tensor {
  const out = zeros([n, n]);
  const view = out.kernels.view(out.storage);
  for (let i = 0; i < n; i++) view[i * n + i] = 1;
  return out;
}

/** start, start + step, ... up to but without end. */
export function arange(start: number, end: number, step = 1): Tensor {
  if (step === 0 || !Number.isFinite(step)) throw new UserError(`arange: the step is ${step}; it must be a number other than 0`);
  if (!Number.isFinite(start) || !Number.isFinite(end)) throw new UserError(`arange: ${start} to ${end} was given; both must be finite`);
  const count = Math.max(0, Math.ceil((end - start) / step));
  return emptyTensor([count]).set(Float64Array.from({ length: count }, (_, i) => start + i * step));
}

/** `count` numbers from start to end, both included, evenly spaced. */
export function linspace(start: number, end: number, count: number): Tensor {
  checkShape([count], 'linspace');
  const step = count > 1 ? (end - start) / (count - 1) : 0;
  return emptyTensor([count]).set(Float64Array.from({ length: count }, (_, i) => (i === count - 1 && count > 1 ? end : start + i * step)));
}

/** Normal values of mean 0 and variance 1, from the current generator's stream 'data' unless told. */
export function randn(shape: Shape, options: TensorOptions & { readonly stream?: Stream } = {}): Tensor {
  checkShape(shape, 'randn');
  const values = new Float64Array(sizeOf(shape));
  (options.stream ?? currentRandom().stream('data')).fillNormal(values, 0, 1);
  return finish(emptyTensor(shape).set(values), options);
}

/** Uniform values in [low, high), from the current generator's stream 'data' unless told. */
export function rand(
  shape: Shape,
  options: TensorOptions & { readonly low?: number; readonly high?: number; readonly stream?: Stream } = {},
): Tensor {
  checkShape(shape, 'rand');
  const values = new Float64Array(sizeOf(shape));
  (options.stream ?? currentRandom().stream('data')).fillUniform(values, options.low ?? 0, options.high ?? 1);
  return finish(emptyTensor(shape).set(values), options);
}

/** @internal a scalar on the same backend as x */
export function scalarLike(x: Tensor, value: number): Tensor {
  return fullLike(x, value, []);
}

/** @internal one value in the shape of x (or another), on the same backend */
export function fullLike(x: Tensor, value: number, shape: Shape = x.shape): Tensor {
  const out = emptyTensor(shape, x.kernels);
  out.kernels.fill(out.storage, out.size, value);
  return out;
}

/** @internal numbers computed on the host, on the current backend */
export function fromArray(values: ArrayLike<number>, shape: Shape): Tensor {
  return emptyTensor(shape, currentBackend()).set(values);
}

function finish(out: Tensor, { requiresGrad = false, name = '' }: TensorOptions): Tensor {
  out.requiresGrad = requiresGrad;
  out.name = name;
  return out;
}

function flattened(data: NestedNumbers[] | ArrayLike<number>): { shape: number[]; flat: ArrayLike<number> } {
  if (typeof data !== 'object' || data === null || typeof data.length !== 'number') {
    throw new UserError(`tensor: ${String(data)} (${typeof data}) was given; a number, an array or nested arrays of numbers were expected`);
  }
  if (!Array.isArray(data)) return { shape: [data.length], flat: data };
  const shape: number[] = [];
  for (let level: NestedNumbers = data; Array.isArray(level); level = level[0]) shape.push(level.length);
  const flat: number[] = [];
  const walk = (level: NestedNumbers, dim: number): void => {
    if (Array.isArray(level) !== dim < shape.length || (Array.isArray(level) && level.length !== shape[dim])) {
      const given = Array.isArray(level) ? `an array of ${level.length}` : `${level}`;
      const wanted = dim < shape.length ? `an array of ${shape[dim]}` : 'a number';
      throw new UserError(
        `tensor: nested arrays must have one length at each level; at level ${dim} there is ${given} where the first has ${wanted}`,
      );
    }
    if (!Array.isArray(level)) {
      if (typeof level !== 'number')
        throw new UserError(`tensor: ${String(level)} (${typeof level}) was given where a number was expected`);
      flat.push(level);
    } else for (const item of level) walk(item, dim + 1);
  };
  walk(data, 0);
  return { shape, flat };
}
