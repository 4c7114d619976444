/**
 * The interface every backend implements. Storage is contiguous and row-major; sizes count elements, never bytes.
 * A kernel writes all of its output and may be handed storage that held something else before.
 */

/** A block of elements owned by a backend. What is inside is the backend's own affair. */
export interface Storage {
  /** Elements asked for; the block may be larger. */
  readonly length: number;
}

/** y = f(x). `p` is the function's one parameter (slope, exponent, bound), where it has one. */
export type UnaryName =
  | 'copy'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'square'
  | 'sqrt'
  | 'rsqrt'
  | 'reciprocal'
  | 'exp'
  | 'expm1'
  | 'log'
  | 'log1p'
  | 'sin'
  | 'cos'
  | 'tanh'
  | 'sigmoid'
  | 'softplus' // log(1 + exp(x)), without overflow
  | 'relu'
  | 'erf'
  | 'floor'
  | 'round' // half to even
  | 'addScalar' // x + p
  | 'mulScalar' // x p
  | 'powScalar' // x^p; a whole p by repeated multiplication
  | 'leakyRelu' // x > 0 ? x : p x
  | 'elu'; // x > 0 ? x : p (exp(x) - 1)

/** z = f(a, b). Comparisons give 1 or 0. */
export type BinaryName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'reluGrad' // a where b > 0, else 0            (a = ∂L/∂y, b = y or x)
  | 'sigmoidGrad' // a b (1 - b)                     (b = y)
  | 'tanhGrad'; // a (1 - b²)                      (b = y)

export type ReduceName = 'sum' | 'max' | 'min' | 'prod';
export type Activation = 'none' | 'relu' | 'tanh' | 'sigmoid';

/** A broadcast of two inputs into one output: dimensions collapsed as far as strides allow, outermost first; stride 0 repeats. */
export interface BroadcastPlan {
  readonly dims: readonly number[];
  readonly aStrides: readonly number[];
  readonly bStrides: readonly number[];
}

/** A strided copy. Offsets and strides count elements; a stride may be 0 (repeat) in the source or negative (flip) on either side. */
export interface CopyPlan {
  readonly dims: readonly number[];
  readonly from: number;
  readonly fromStrides: readonly number[];
  readonly to: number;
  readonly toStrides: readonly number[];
}

/** A key and position in a counter-based random sequence: element i is made from (key0, key1, counter + i). All unsigned 32-bit. */
export interface RandomKey {
  readonly key0: number;
  readonly key1: number;
  readonly counter: number;
}

export interface GemmShape {
  /** rows of c */
  readonly m: number;
  /** columns of c */
  readonly n: number;
  /** length of the inner sum */
  readonly k: number;
  /** a is stored [k, m] rather than [m, k] */
  readonly transA: boolean;
  /** b is stored [n, k] rather than [k, n] */
  readonly transB: boolean;
  /** first element of each operand within its storage (for batches); 0 when left out */
  readonly aOffset?: number;
  readonly bOffset?: number;
  readonly cOffset?: number;
}

export interface SgdOptions {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** the first step: the velocity starts as the gradient itself, as PyTorch has it */
  readonly first: boolean;
}

export interface AdamOptions {
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** true: decay the weights themselves (AdamW); false: add weightDecay θ to the gradient */
  readonly decoupled: boolean;
  /** 1 - β1^t and 1 - β2^t */
  readonly correction1: number;
  readonly correction2: number;
}

export type FloatArray = Float32Array | Float64Array;

export interface Kernels {
  readonly name: string;
  readonly dtype: 'float32' | 'float64';
  /** What a run's metadata must say of this backend: threads, SIMD build, whether its bits are promised. */
  readonly traits: Readonly<Record<string, string | number | boolean>>;

  // storage -------------------------------------------------------------------------------------------------------
  alloc(length: number): Storage;
  free(storage: Storage): void;
  /** A view onto the elements: valid until the next call to this backend; copy what must last. */
  view(storage: Storage): FloatArray;
  /** Bytes held by live storage, and bytes reserved from the platform. */
  usage(): { readonly live: number; readonly reserved: number };

  // elementwise ---------------------------------------------------------------------------------------------------
  fill(out: Storage, n: number, value: number): void;
  unary(name: UnaryName, x: Storage, out: Storage, n: number, p: number): void;
  binary(name: BinaryName, a: Storage, b: Storage, out: Storage, plan: BroadcastPlan): void;
  /** out = condition ≠ 0 ? a : b, all of n elements */
  where(condition: Storage, a: Storage, b: Storage, out: Storage, n: number): void;
  /** out += alpha x */
  axpy(alpha: number, x: Storage, out: Storage, n: number): void;

  // movement ------------------------------------------------------------------------------------------------------
  copy(x: Storage, out: Storage, plan: CopyPlan): void;
  /** out[i, :] = x[index[i], :]   x is [*, cols], index is [rows] */
  gatherRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void;
  /** out[index[i], :] += x[i, :]   out is not cleared first */
  scatterAddRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void;
  /** out[i] = x[i, index[i]]   x is [rows, cols] */
  pick(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void;
  /** out = 0 but out[i, index[i]] = x[i]   out is [rows, cols] */
  unpick(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void;

  // reductions: x is [outer, n, inner], out is [outer, inner] --------------------------------------------------------
  reduce(name: ReduceName, x: Storage, out: Storage, outer: number, n: number, inner: number): void;
  /** the first position of the largest element; NaN counts as largest, as PyTorch has it */
  argmax(x: Storage, out: Storage, outer: number, n: number, inner: number): void;
  cumsum(x: Storage, out: Storage, outer: number, n: number, inner: number): void;

  // products ------------------------------------------------------------------------------------------------------
  /** c = op(a) op(b), plus c itself where `accumulate` */
  gemm(a: Storage, b: Storage, c: Storage, shape: GemmShape, accumulate: boolean): void;
  /** y = f(x wᵀ + bias)   x [m, k], w [n, k], bias [n] or null, y [m, n] */
  linear(x: Storage, w: Storage, bias: Storage | null, y: Storage, m: number, n: number, k: number, activation: Activation): void;

  // softmax family, over the rows of [rows, cols] --------------------------------------------------------------------
  softmax(x: Storage, out: Storage, rows: number, cols: number): void;
  logSoftmax(x: Storage, out: Storage, rows: number, cols: number): void;
  /**
   * losses[i] = -Σ_c q[i, c] log softmax(x)[i, c] with q = (1 - smoothing) onehot(label) + smoothing / cols;
   * probabilities = softmax(x), kept for the gradient
   */
  softmaxCrossEntropy(
    x: Storage,
    labels: Storage,
    losses: Storage,
    probabilities: Storage,
    rows: number,
    cols: number,
    smoothing: number,
  ): void;
  /** dx[i, c] = dlosses[i] (probabilities[i, c] - q[i, c]) */
  softmaxCrossEntropyGrad(
    probabilities: Storage,
    labels: Storage,
    dlosses: Storage,
    dx: Storage,
    rows: number,
    cols: number,
    smoothing: number,
  ): void;

  // randomness ----------------------------------------------------------------------------------------------------
  /** out[i] = keep(i) ? x[i] / (1 - p) : 0, keep(i) decided by element i of the sequence with probability 1 - p */
  dropout(x: Storage, out: Storage, n: number, p: number, key: RandomKey): void;

  // optimizer updates, in place --------------------------------------------------------------------------------------
  /** velocity is null where momentum is 0 */
  sgd(theta: Storage, grad: Storage, velocity: Storage | null, n: number, options: SgdOptions): void;
  adam(theta: Storage, grad: Storage, m: Storage, v: Storage, n: number, options: AdamOptions): void;
}
