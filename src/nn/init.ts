/** Initialization: filling a parameter with numbers that keep signals and gradients of a deep net at one size. */
import { UserError } from '../errors.ts';
import { currentRandom, type Stream } from '../random.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface InitOptions {
  /** Where the numbers come from; the current generator's stream 'init' unless told. */
  readonly stream?: Stream;
}

/** Activations with a recommended gain, as in PyTorch's `calculate_gain`. */
export type Nonlinearity = 'linear' | 'sigmoid' | 'tanh' | 'relu' | 'leakyRelu' | 'selu';

/** The factor by which an activation shrinks the deviation of what passes it, undone: 1, 5/3 for tanh, √2 for ReLU. */
export function gainOf(nonlinearity: Nonlinearity, negativeSlope = 0.01): number {
  switch (nonlinearity) {
    case 'linear':
    case 'sigmoid':
      return 1;
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.SQRT2;
    case 'leakyRelu':
      return Math.sqrt(2 / (1 + negativeSlope * negativeSlope));
    case 'selu':
      return 3 / 4;
    default:
      throw new UserError(`gainOf: unknown activation '${String(nonlinearity)}'; allowed are linear, sigmoid, tanh, relu, leakyRelu, selu`);
  }
}

/** Inputs and outputs of a weight [out, in]. */
function fans(weight: Tensor, what: string): { fanIn: number; fanOut: number } {
  if (weight.rank < 2)
    throw new UserError(`${what}: the shape is ${formatShape(weight.shape)}; a weight [out, in] of at least two dimensions is needed`);
  const field = weight.size / (weight.shape[0] * weight.shape[1]);
  return { fanIn: weight.shape[1] * field, fanOut: weight.shape[0] * field };
}

/** Uniform in [low, high). */
export function uniform(x: Tensor, low = 0, high = 1, { stream = initStream() }: InitOptions = {}): Tensor {
  const values = new Float32Array(x.size);
  stream.fillUniform(values, low, high);
  return x.set(values);
}

/** Gaussian of this mean and deviation. */
export function normal(x: Tensor, mean = 0, std = 1, { stream = initStream() }: InitOptions = {}): Tensor {
  const values = new Float32Array(x.size);
  stream.fillNormal(values, mean, std);
  return x.set(values);
}

/** One value everywhere. */
export function constant(x: Tensor, value: number): Tensor {
  x.kernels.fill(x.storage, x.size, value);
  return x;
}

/** 0 everywhere. For biases; weights of a hidden layer that are all 0 stay all alike, and learn nothing. */
export function zeros(x: Tensor): Tensor {
  return constant(x, 0);
}

/** 1 everywhere. */
export function ones(x: Tensor): Tensor {
  return constant(x, 1);
}

/** The identity: output i starts as input i. For a weight [out, in] of two dimensions. */
export function eye(weight: Tensor): Tensor {
  if (weight.rank !== 2) throw new UserError(`eye: the shape is ${formatShape(weight.shape)}; a weight [out, in] is needed`);
  const [rows, cols] = weight.shape;
  const values = new Float32Array(weight.size);
  for (let i = 0; i < Math.min(rows, cols); i++) values[i * cols + i] = 1;
  return weight.set(values);
}

/** Xavier, uniform in ±gain √(6 / (fanIn + fanOut)). Source: Glorot and Bengio 2010, eq. 16. */
export function xavierUniform(weight: Tensor, { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {}): Tensor {
  const { fanIn, fanOut } = fans(weight, 'xavierUniform');
  const bound = gain * Math.sqrt(6 / (fanIn + fanOut));
  return uniform(weight, -bound, bound, options);
}

/** Xavier, Gaussian of deviation gain √(2 / (fanIn + fanOut)). Source: Glorot and Bengio 2010, eq. 12. */
export function xavierNormal(weight: Tensor, { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {}): Tensor {
  const { fanIn, fanOut } = fans(weight, 'xavierNormal');
  return normal(weight, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), options);
}

export interface KaimingOptions extends InitOptions {
  /** Which activation follows; it sets the gain. Default 'relu' (PyTorch's is leakyRelu with slope 0: the same gain, √2). */
  readonly nonlinearity?: Nonlinearity;
  /** The slope of a leaky ReLU. Default 0.01. */
  readonly negativeSlope?: number;
  /** 'fanIn' keeps the variance of the forward pass, 'fanOut' that of the backward pass. Default 'fanIn'. */
  readonly mode?: 'fanIn' | 'fanOut';
}

/** Deviation gain / √fan. */
function kaimingDeviation(
  weight: Tensor,
  { nonlinearity = 'relu', negativeSlope = 0.01, mode = 'fanIn' }: KaimingOptions,
  what: string,
): number {
  const fan = fans(weight, what)[mode];
  return fan === 0 ? 0 : gainOf(nonlinearity, negativeSlope) / Math.sqrt(fan);
}

/** He, uniform in ±gain √(3 / fan). Source: He et al. 2015, eq. 10. */
export function kaimingUniform(weight: Tensor, options: KaimingOptions = {}): Tensor {
  const bound = Math.sqrt(3) * kaimingDeviation(weight, options, 'kaimingUniform');
  return uniform(weight, -bound, bound, options);
}

/** He, Gaussian of deviation gain / √fan. Source: He et al. 2015, eq. 10. */
export function kaimingNormal(weight: Tensor, options: KaimingOptions = {}): Tensor {
  return normal(weight, 0, kaimingDeviation(weight, options, 'kaimingNormal'), options);
}

/**
 * Rows (or, of a tall matrix, columns) of length `gain` at right angles to each other, so that W keeps the length of what it is given: gain² I = W Wᵀ
 * (or WᵀW). Every such matrix is equally likely: a Gaussian matrix made orthogonal, with the signs of R's diagonal positive.
 *
 * Dimensions after the first count as one. Same as PyTorch's `orthogonal_`. Source: Saxe, McClelland and Ganguli 2014.
 */
export function orthogonal(weight: Tensor, { gain = 1, stream = initStream() }: InitOptions & { readonly gain?: number } = {}): Tensor {
  if (weight.rank < 2)
    throw new UserError(`orthogonal: the shape is ${formatShape(weight.shape)}; a weight [out, in] of at least two dimensions is needed`);
  const out = weight.shape[0];
  const inner = out === 0 ? 0 : weight.size / out;
  const wide = inner >= out;
  const vectors = orthonormal(Math.min(out, inner), Math.max(out, inner), stream);
  const values = new Float64Array(weight.size);
  for (let r = 0; r < out; r++) for (let c = 0; c < inner; c++) values[r * inner + c] = gain * (wide ? vectors[r][c] : vectors[c][r]);
  return weight.set(values);
}

/**
 * `count` orthonormal vectors from Gaussian ones, by Gram-Schmidt in double precision; a vector of which little was left is gone over again, since
 * what is left may then lean on the others by rounding ("twice is enough", Kahan and Parlett).
 */
function orthonormal(count: number, length: number, stream: Stream): Float64Array[] {
  const done: Float64Array[] = [];
  for (let i = 0; i < count; i++) {
    const v = new Float64Array(length);
    stream.fillNormal(v, 0, 1);
    let before = Math.sqrt(dot(v, v));
    for (let pass = 0; pass < 4; pass++) {
      for (const u of done) {
        const along = dot(u, v);
        for (let j = 0; j < length; j++) v[j] -= along * u[j];
      }
      const left = Math.sqrt(dot(v, v));
      if (left > 0.5 * before) break;
      before = left;
    }
    const size = Math.sqrt(dot(v, v));
    for (let j = 0; j < length; j++) v[j] /= size;
    done.push(v);
  }
  return done;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function initStream(): Stream {
  return currentRandom().stream('init');
}
