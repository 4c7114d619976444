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

export type ReduceName = 'sum' | 'mean' | 'max' | 'min' | 'prod';
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

/**
 * How each image [channels, height, width] of a batch is resampled: pixel (row, column) takes the value, linear between pixels, at
 *
 *     u = a column + b row + x + d₀,   v = c column + d row + y + d₁
 *
 * with u counted to the right and v down. A place outside the image is `background`.
 */
export interface ImageWarp {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly background: number;
  /** a, b, c, d, x, y of each image */
  readonly maps: Float32Array;
  /** Of each image, the first block of the random numbers of its field; -1: it passes as it is. */
  readonly blocks: Int32Array;
  /** d; null is 0 */
  readonly field: WarpField | null;
}

/**
 * d(p) = Σ_k B((p - k) / spacing) z_k over the knots k of a grid, B the cubic B-spline, z uniform in ±amplitude. Along n pixels there are
 * ⌊(n - 1) / spacing⌋ + 4 knots, the second at pixel 0. z by rows of knots: of each the numbers of d₀, then those of d₁; two come from a block.
 */
export interface WarpField {
  /** Pixels, √3 at least. */
  readonly spacing: number;
  /** Pixels. */
  readonly amplitude: number;
  readonly key0: number;
  readonly key1: number;
}

/** Images that another thread resamples meanwhile. */
export interface ImagesAhead {
  /**
   * Writes them to `out`; this thread does what the other has not begun.
   *
   * @throws UserError if the other has died, or hangs, half-way
   */
  take(out: Storage): void;
  /** Gives them up. */
  drop(): void;
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

/** Values of n features, laid out [outer, n, inner]: a batch [batch, n], or sequences [batch, n, length]. */
export interface FeatureShape {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** Dropout after something else: its probability, 0 for none, and what its mask is made from. */
export interface Dropping {
  readonly p: number;
  readonly key: RandomKey;
}

/** What normalizing by a batch keeps of it, one number for each feature: mean + rest is the mean, rounded to storage and what that left. */
export interface BatchStatistics {
  readonly mean: Storage;
  readonly rest: Storage;
  /** biased, Σ (x - mean)² / N */
  readonly variance: Storage;
}

/**
 * The tensors that one call of an optimizer kernel updates, in columns: parameter, gradient, and the state that the kernel names, in its order. A
 * column of state is null where the kernel allows that. Made once and filled again for each call.
 */
export interface Updates {
  /** how many rows are filled */
  count: number;
  /** elements of each row's tensors */
  readonly sizes: number[];
  readonly theta: Storage[];
  readonly grad: Storage[];
  readonly state: readonly (Storage[] | null)[];
}

/** Options of optimizer kernels. Everywhere g = grad + weightDecay θ; the letters are those of each optimizer's docstring in optim/. */
export interface SgdOptions {
  readonly weightDecay: number;
  readonly momentum: number;
  /** what g adds to the velocity: v = momentum v + share g */
  readonly share: number;
  /** θ = θ + alongVelocity v + alongGradient g */
  readonly alongVelocity: number;
  readonly alongGradient: number;
}

export interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  /** θ is multiplied by this before all else: 1 - α λ for decoupled decay, else 1 */
  readonly shrink: number;
  /** 1 - β2^t */
  readonly correction2: number;
  /** θ = θ - (alongMoment m + alongGradient g) / (√v̂ + ε) */
  readonly alongMoment: number;
  readonly alongGradient: number;
}

export interface AdamaxOptions {
  /** α / (1 - β1^t) */
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export interface AdagradOptions {
  readonly lr: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export interface RmspropOptions {
  readonly lr: number;
  readonly alpha: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly momentum: number;
}

export interface AdadeltaOptions {
  readonly lr: number;
  readonly rho: number;
  readonly eps: number;
  readonly weightDecay: number;
}

export type FloatArray = Float32Array | Float64Array;

/** Elements of a mask over n elements: one for every sixteen. */
export function maskLength(n: number): number {
  return Math.ceil(n / 16);
}

export interface Kernels {
  readonly name: string;
  readonly dtype: 'float32' | 'float64';
  /** What a run's metadata must say of this backend: threads, SIMD build, whether its bits are promised. */
  readonly traits: Readonly<Record<string, string | number | boolean>>;

  /** Shares large operations out among so many threads, where the backend has threads; results are the same bits with any number. */
  setThreads(threads: number, ahead?: boolean): void;
  /** Threads that have done a part of some operation so far, the calling one among them; a backend without threads has no such number. */
  threadsAtWork?(): number;

  // storage -------------------------------------------------------------------------------------------------------
  alloc(length: number): Storage;
  free(storage: Storage): void;
  /** A view onto the elements: valid until the next call to this backend; copy what must last. */
  view(storage: Storage): FloatArray;
  /**
   * Bytes held by live storage, bytes reserved from the platform, and bytes that were ever cut into blocks, those that lie free now among them; where
   * these grow no more, every block is one that was used before. A backend that leaves memory to the engine has no such number.
   */
  usage(): { readonly live: number; readonly reserved: number; readonly carved?: number };

  // elementwise ---------------------------------------------------------------------------------------------------
  fill(out: Storage, n: number, value: number): void;
  unary(name: UnaryName, x: Storage, out: Storage, n: number, p: number): void;
  binary(name: BinaryName, a: Storage, b: Storage, out: Storage, plan: BroadcastPlan): void;
  /** out = condition ≠ 0 ? a : b, all of n elements */
  where(condition: Storage, a: Storage, b: Storage, out: Storage, n: number): void;
  /** out = alpha x + beta out */
  axpby(alpha: number, x: Storage, beta: number, out: Storage, n: number): void;

  // movement ------------------------------------------------------------------------------------------------------
  copy(x: Storage, out: Storage, plan: CopyPlan): void;
  /**
   * out[i, :] = table[bytes[index[i], :]]   bytes (such as pixels) are [*, cols], each decoded by a table of 256 values, an array that never changes.
   * Where `lasting` is set the bytes never change either, and a backend may read a copy of its own.
   */
  decodeRows(bytes: Uint8Array, index: Uint32Array, table: Float32Array, out: Storage, cols: number, lasting?: boolean): void;
  /** out[i] = image index[i] of `pixels`, resampled. Bytes are decoded by a table of 256 values; of floats there is no table. */
  warpImages(pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp, out: Storage): void;
  /** The same, begun on a thread that has nothing else to do; null where there is none, or where it is at other images. */
  warpAhead?(pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp): ImagesAhead | null;
  /** out[i, :] = x[index[i], :]   x is [*, cols], index is [rows] */
  gatherRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void;
  /** out[i, :] = weight x[i, :] + (1 - weight) x[index[i], :]   x is [rows, cols], index is [rows] */
  mixRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number, weight: number): void;
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
  /** The gradients of that; with dz = f'(z) dy: dx = dz w, dw = dzᵀ x, dbias = Σ dz over the batch. Each may be null: not wanted. */
  linearGrad(
    x: Storage,
    w: Storage,
    y: Storage,
    dy: Storage,
    dx: Storage | null,
    dw: Storage | null,
    dbias: Storage | null,
    m: number,
    n: number,
    k: number,
    activation: Activation,
  ): void;

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
  /** dx[i, c] = dlosses[i] (probabilities[i, c] - q[i, c]); `ofMean`: dlosses is one number, the gradient of the losses' mean */
  softmaxCrossEntropyGrad(
    probabilities: Storage,
    labels: Storage,
    dlosses: Storage,
    dx: Storage,
    rows: number,
    cols: number,
    smoothing: number,
    ofMean: boolean,
  ): void;

  // normalization of features over [outer, n, inner] -----------------------------------------------------------------
  /** y = weight (x - mean) / √(variance + eps) + bias by the batch's own statistics, written to `statistics`; weight and bias [n], or null for 1 and 0 */
  batchNorm(
    x: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    statistics: BatchStatistics,
    shape: FeatureShape,
    eps: number,
  ): void;
  /** The gradients of that; each of dx, dweight and dbias may be null: not wanted. */
  batchNormGrad(
    x: Storage,
    dy: Storage,
    weight: Storage | null,
    statistics: BatchStatistics,
    dx: Storage | null,
    dweight: Storage | null,
    dbias: Storage | null,
    shape: FeatureShape,
    eps: number,
  ): void;
  /** `batchNorm` of [rows, n], then relu, then `dropout`: the same bits in one pass */
  batchNormRelu(
    x: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    statistics: BatchStatistics,
    rows: number,
    n: number,
    eps: number,
    dropping: Dropping,
  ): void;
  /** The gradients of that, from its output; each of dx, dweight and dbias may be null: not wanted. */
  batchNormReluGrad(
    x: Storage,
    y: Storage,
    dy: Storage,
    weight: Storage | null,
    statistics: BatchStatistics,
    dx: Storage | null,
    dweight: Storage | null,
    dbias: Storage | null,
    rows: number,
    n: number,
    eps: number,
    p: number,
  ): void;
  /** y = weight (x - mean) / √(variance + eps) + bias by statistics given */
  normalize(
    x: Storage,
    mean: Storage,
    variance: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    shape: FeatureShape,
    eps: number,
  ): void;
  /** Scales each row of [rows, cols] whose L2 norm is above `limit` back to it, in place. */
  limitRowNorms(x: Storage, rows: number, cols: number, limit: number): void;

  // randomness ----------------------------------------------------------------------------------------------------
  /**
   * out[i] = keep(i) ? x[i] / (1 - p) : 0, keep(i) decided by element i of the sequence with probability 1 - p. What was kept is written down in `mask`,
   * `maskLength(n)` elements in a form of the backend's own.
   */
  dropout(x: Storage, out: Storage, n: number, p: number, key: RandomKey, mask: Storage): void;
  /** dx[i] = keep(i) ? dy[i] / (1 - p) : 0, by the mask that `dropout` wrote */
  dropoutGrad(dy: Storage, mask: Storage, dx: Storage, n: number, p: number): void;
  /** out[i] = x[i] + std ε[i], ε from N(0, 1), elements 2j and 2j + 1 from block j of the sequence; key.counter is even */
  gaussianNoise(x: Storage, out: Storage, n: number, std: number, key: RandomKey): void;

  // optimizer updates, in place: every row of `updates` by the same options --------------------------------------------
  /** state [v], or [null] where there is no momentum: v = momentum v + share g;  θ = θ + alongVelocity v + alongGradient g */
  sgd(updates: Updates, options: SgdOptions): void;
  /** state [m, v, largest or null]: m = β1 m + (1 - β1) g;  v = β2 v + (1 - β2) g²;  θ = shrink θ - (alongMoment m + alongGradient g) / (√(v / correction2) + ε), with the largest v so far in v's place where it is there */
  adam(updates: Updates, options: AdamOptions): void;
  /** state [m, u]: m = β1 m + (1 - β1) g;  u = max(β2 u, |g| + ε);  θ = θ - lr m / u */
  adamax(updates: Updates, options: AdamaxOptions): void;
  /** state [S]: S = S + g²;  θ = θ - lr g / (√S + ε) */
  adagrad(updates: Updates, options: AdagradOptions): void;
  /** state [S, mean or null, v or null]: S = α S + (1 - α) g²;  ḡ = α ḡ + (1 - α) g;  u = g / (√(S - ḡ²) + ε);  v = momentum v + u;  θ = θ - lr (v or u) */
  rmsprop(updates: Updates, options: RmspropOptions): void;
  /** state [S, D]: S = ρ S + (1 - ρ) g²;  d = g √(D + ε) / √(S + ε);  D = ρ D + (1 - ρ) d²;  θ = θ - lr d */
  adadelta(updates: Updates, options: AdadeltaOptions): void;
}
