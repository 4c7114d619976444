/**
 * The `wasm` backend: float32 in one WebAssembly linear memory, with SIMD. This side keeps addresses and walks the outer dimensions; the loops over
 * elements are in kernels/.
 */
import type {
  Activation,
  AdadeltaOptions,
  AdagradOptions,
  AdamaxOptions,
  AdamOptions,
  BatchStatistics,
  BinaryName,
  BroadcastPlan,
  CopyPlan,
  Dropping,
  FeatureShape,
  GemmShape,
  ImagesAhead,
  ImageWarp,
  Kernels,
  RandomKey,
  ReduceName,
  RmspropOptions,
  SgdOptions,
  Storage,
  UnaryName,
  Updates,
} from '../kernels.ts';
import { maskLength } from '../kernels.ts';
import { Allocator, address, MOST_PAGES } from './allocator.ts';
import { ByteRows } from './byte-rows.ts';
import { ACTIVATION, BINARY, REDUCE, UNARY } from './codes.ts';
import type { SimdBuild } from './engine.ts';
import type { KernelExports } from './exports.ts';
import { loadModule } from './loading.ts';
import type { PoolOptions } from './pool.ts';
import { isWorthALook, oneShare, type Product, SparseProducts, type SparseShares } from './sparse.ts';
import { automaticThreads } from './spawn.ts';
import { DROPOUT_BYTES, normBytes, sumBytes } from './split.ts';
import { makeMemory, type ThreadOptions, Threads } from './threads.ts';
import { Updating } from './updating.ts';
import { Warping } from './warp.ts';

export interface WasmOptions extends ThreadOptions {
  /**
   * Which build of the kernels to run. Default: what CHAINRULE_SIMD says, else `relaxed` (fused multiply-add) where the platform takes it, else `plain`.
   * `wide` has Node 24 and 26 on x64 join vectors into 256 bits, by a switch of the engine for the whole process; the bits are those of `relaxed`.
   */
  readonly simd?: SimdBuild;
  /** The most memory to reserve, in MiB; by default 4096, all that a 32-bit memory can have. */
  readonly maxMebibytes?: number;
  /** Pairs of a product's left operand that may be multiplied for it to be taken as sparse, of all. @internal */
  readonly sparseShare?: number;
}

const PAGES_PER_MIB = 16;
/** The gradients of a layer of at most so many multiplications are taken in one call; and where none of its products is one that leaves anything out. */
const [SMALL_PRODUCT, NOT_LARGE] = [65536, 1_000_000];
/** `node bench/sparse.mjs` measures them. */
const SPARSE_SHARES: Readonly<Record<SimdBuild, SparseShares>> = {
  wide: { zeros: 0.78, background: 0.85 },
  relaxed: oneShare(0.85),
  plain: oneShare(0.85),
};

/**
 * Makes a backend of its own memory. Synchronous: nothing to await.
 *
 * @throws UserError where the platform has no WebAssembly SIMD
 */
export function createWasmBackend(options: WasmOptions = {}): Kernels {
  return new WasmBackend(options);
}

/** Whether one of the products for a layer's gradients may leave something out. */
function isSparse(m: number, n: number, k: number): boolean {
  return isWorthALook(m, k, n) || (isWorthALook(n, k, m) && isWorthALook(k, n, m));
}

function addressOrNull(storage: Storage | null): number {
  return storage === null ? 0 : address(storage);
}

/** What a backend that builds on this one is called, and what it says of itself besides. */
export interface Identity {
  readonly name: string;
  readonly traits: Kernels['traits'];
  /** What it has computed outside of the kernels, and shares out among the same threads. */
  readonly foreign?: PoolOptions['foreign'];
  /** From where on the product that it does otherwise is as fast as the sparse one of a build. */
  readonly sparseShares?: (build: SimdBuild) => SparseShares;
}

/** @internal use `createWasmBackend` */
export class WasmBackend implements Kernels {
  readonly name: string;
  readonly dtype = 'float32';
  readonly #traits: Kernels['traits'];
  /** @internal of the kernels */
  readonly build: SimdBuild;
  /** @internal where all storage lies */
  readonly memory: WebAssembly.Memory;
  readonly #heap: Allocator;
  readonly #threads: Threads;
  readonly #warping: Warping;
  readonly #updating: Updating;
  readonly #byteRows: ByteRows;
  readonly #sparse: SparseProducts;
  #wasm: KernelExports;

  constructor(options: WasmOptions, { name, traits, foreign, sparseShares }: Identity = { name: 'wasm', traits: {} }) {
    const threads = options.threads ?? automaticThreads();
    const most = options.maxMebibytes === undefined ? MOST_PAGES : options.maxMebibytes * PAGES_PER_MIB;
    const { memory, missing } = makeMemory(most);
    const { module, build } = loadModule(options.simd, missing === null);
    this.name = name;
    this.build = build;
    this.memory = memory;
    this.#heap = new Allocator(memory, most);
    const kernels: KernelExports = { ...(new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as KernelExports) };
    // (1 + ε)(1 - ε) - 1 is -ε² if fused, and 0 if the product is rounded first
    const fma = kernels.multiplyAdd(1 + 2 ** -23, 1 - 2 ** -23, -1) !== 0;
    // Relaxed multiply-add is fused wherever the processor can. The promise of equal bits everywhere is made for the fused kind only.
    this.#traits = { simd: build, fma, deterministic: fma, ...traits };
    this.#threads = new Threads(kernels, module, this.#heap, missing, options, foreign);
    this.#warping = new Warping(this.#heap, this.#threads);
    this.#updating = new Updating(this.#heap, this.#threads);
    this.#byteRows = new ByteRows(this.#heap, this.#threads);
    const shares = options.sparseShare === undefined ? (sparseShares?.(build) ?? SPARSE_SHARES[build]) : oneShare(options.sparseShare);
    this.#sparse = new SparseProducts(this.#heap, this.#threads, shares);
    this.#wasm = kernels;
    this.#resize(threads);
  }

  get traits(): Kernels['traits'] {
    return Object.freeze({ ...this.#threads.traits, ...this.#traits });
  }

  setThreads(threads: number, ahead = true): void {
    this.#threads.mayAhead = ahead;
    this.#resize(threads);
  }

  #resize(threads: number): void {
    this.#threads.resize(threads);
    this.#wasm = this.#threads.kernels;
  }

  threadsAtWork(): number {
    return 1 + this.#threads.pieces().filter(done => done > 0).length;
  }

  /** @internal as `Threads.shareForeign` */
  shareForeign(total: number, count: number, values: readonly number[], steps: readonly number[]): boolean {
    return this.#threads.shareForeign(total, count, values, steps);
  }

  /** @internal for tests: threads that stand ready besides this one, and how many pieces of work each has done */
  threadsReady(): { readonly ready: number; readonly pieces: readonly number[] } {
    return { ready: this.#threads.helpers(), pieces: this.#threads.pieces() };
  }

  /** @internal for tests: the same of the thread that works ahead */
  aheadReady(): { readonly ready: number; readonly pieces: readonly number[] } {
    const pool = this.#threads.ahead;
    return { ready: pool?.helpers() ?? 0, pieces: pool?.pieces() ?? [] };
  }

  // storage -------------------------------------------------------------------------------------------------------

  alloc(length: number): Storage {
    return this.#heap.alloc(length);
  }

  free(storage: Storage): void {
    this.#heap.free(storage);
  }

  view(storage: Storage): Float32Array {
    return this.#heap.view(storage);
  }

  usage(): { readonly live: number; readonly reserved: number; readonly carved: number } {
    return this.#heap.usage();
  }

  // elementwise ---------------------------------------------------------------------------------------------------

  fill(out: Storage, n: number, value: number): void {
    this.#wasm.fill(address(out), n, value);
  }

  unary(name: UnaryName, x: Storage, out: Storage, n: number, p: number): void {
    this.#wasm.unary(UNARY[name], address(x), address(out), n, p);
  }

  binary(name: BinaryName, a: Storage, b: Storage, out: Storage, plan: BroadcastPlan): void {
    const { dims } = plan;
    let size = 1;
    for (let i = 0; i < dims.length; i++) size *= dims[i];
    if (size > 0) this.#binaryFrom(0, size, BINARY[name], address(a), address(b), address(out), plan);
  }

  /** The dimensions from `d` on, which hold `size` elements of the output. */
  #binaryFrom(d: number, size: number, op: number, a: number, b: number, out: number, plan: BroadcastPlan): void {
    const { dims, aStrides, bStrides } = plan;
    const inner = dims.length - 1;
    if (d < inner - 1) {
      const rest = size / dims[d];
      for (let i = 0; i < dims[d]; i++) {
        this.#binaryFrom(d + 1, rest, op, a + 4 * i * aStrides[d], b + 4 * i * bStrides[d], out + 4 * i * rest, plan);
      }
      return;
    }
    const scratch = this.#heap.scratch(64);
    const cols = inner < 0 ? 1 : dims[inner];
    const aCol = inner < 0 ? 0 : aStrides[inner];
    const bCol = inner < 0 ? 0 : bStrides[inner];
    const rows = d < inner ? dims[d] : 1;
    const aRow = d < inner ? 4 * aStrides[d] : 0;
    const bRow = d < inner ? 4 * bStrides[d] : 0;
    if (aCol <= 1 && bCol <= 1) {
      this.#wasm.binary(op, a, b, out, rows, cols, aRow, 16 * aCol, bRow, 16 * bCol, scratch);
    } else {
      // no such stride comes from broadcasting contiguous inputs; each element is then a row of its own
      for (let i = 0; i < rows; i++) {
        this.#wasm.binary(op, a + i * aRow, b + i * bRow, out + 4 * i * cols, cols, 1, 4 * aCol, 0, 4 * bCol, 0, scratch);
      }
    }
  }

  where(condition: Storage, a: Storage, b: Storage, out: Storage, n: number): void {
    this.#wasm.where(address(condition), address(a), address(b), address(out), n);
  }

  axpby(alpha: number, x: Storage, beta: number, out: Storage, n: number): void {
    this.#wasm.axpby(alpha, address(x), beta, address(out), n);
  }

  // movement ------------------------------------------------------------------------------------------------------

  copy(x: Storage, out: Storage, plan: CopyPlan): void {
    const { dims } = plan;
    for (let i = 0; i < dims.length; i++) if (dims[i] === 0) return;
    this.#copyFrom(0, address(x) + 4 * plan.from, address(out) + 4 * plan.to, plan);
  }

  #copyFrom(d: number, from: number, to: number, plan: CopyPlan): void {
    const { dims, fromStrides, toStrides } = plan;
    const inner = dims.length - 1;
    if (d < inner - 1) {
      for (let i = 0; i < dims[d]; i++) this.#copyFrom(d + 1, from + 4 * i * fromStrides[d], to + 4 * i * toStrides[d], plan);
    } else if (inner < 1) {
      const n = inner < 0 ? 1 : dims[0];
      this.#wasm.copy2d(from, to, 1, n, 0, inner < 0 ? 1 : fromStrides[0], 0, inner < 0 ? 1 : toStrides[0]);
    } else {
      this.#wasm.copy2d(from, to, dims[d], dims[inner], fromStrides[d], fromStrides[inner], toStrides[d], toStrides[inner]);
    }
  }

  decodeRows(bytes: Uint8Array, index: Uint32Array, table: Float32Array, out: Storage, cols: number, lasting = false): void {
    this.#byteRows.decode(bytes, index, table, address(out), cols, lasting);
  }

  warpImages(pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp, out: Storage): void {
    this.#warping.now(address(out), pixels, index, table, warp);
  }

  warpAhead(pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp): ImagesAhead | null {
    return this.#warping.ahead(pixels, index, table, warp);
  }

  mixRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number, weight: number): void {
    this.#wasm.mixRows(address(x), address(x), address(index), address(out), rows, cols, weight, 1 - weight);
  }

  gatherRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.gatherRows(address(x), address(index), address(out), rows, cols);
  }

  scatterAddRows(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.scatterAddRows(address(x), address(index), address(out), rows, cols);
  }

  pick(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.pickColumns(address(x), address(index), address(out), rows, cols);
  }

  unpick(x: Storage, index: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.fill(address(out), rows * cols, 0);
    this.#wasm.unpickColumns(address(x), address(index), address(out), rows, cols);
  }

  // reductions ------------------------------------------------------------------------------------------------------

  reduce(name: ReduceName, x: Storage, out: Storage, outer: number, n: number, inner: number): void {
    this.#wasm.reduce(REDUCE[name], address(x), address(out), outer, n, inner, this.#heap.scratch(12 * inner + 128));
  }

  argmax(x: Storage, out: Storage, outer: number, n: number, inner: number): void {
    this.#wasm.argmax(address(x), address(out), outer, n, inner);
  }

  cumsum(x: Storage, out: Storage, outer: number, n: number, inner: number): void {
    this.#wasm.cumsum(address(x), address(out), outer, n, inner);
  }

  // products ------------------------------------------------------------------------------------------------------

  gemm(a: Storage, b: Storage, c: Storage, shape: GemmShape, accumulate: boolean): void {
    const { m, n, k } = shape;
    const scratch = this.#heap.scratch(this.#wasm.gemmScratch(m, n, k, 1));
    this.#wasm.gemm(
      address(a) + 4 * (shape.aOffset ?? 0),
      address(b) + 4 * (shape.bOffset ?? 0),
      address(c) + 4 * (shape.cOffset ?? 0),
      m,
      n,
      k,
      shape.transA ? 1 : 0,
      shape.transB ? 1 : 0,
      accumulate ? 1 : 0,
      0,
      0,
      scratch,
    );
  }

  linear(x: Storage, w: Storage, bias: Storage | null, y: Storage, m: number, n: number, k: number, activation: Activation): void {
    if (this.linearSparse(x, w, bias, y, m, n, k, activation)) return;
    const scratch = this.#heap.scratch(this.#wasm.gemmScratch(m, n, k, 1));
    const shift = bias === null ? 0 : address(bias);
    this.#wasm.gemm(address(x), address(w), address(y), m, n, k, 0, 1, 0, shift, ACTIVATION[activation], scratch);
  }

  /** @internal as `linear`, where x is mostly one value; false, and nothing done, where it is not */
  linearSparse(x: Storage, w: Storage, bias: Storage | null, y: Storage, m: number, n: number, k: number, activation: Activation): boolean {
    if (!isWorthALook(m, n, k)) return false;
    const product: Product = {
      a: address(x),
      b: address(w),
      c: address(y),
      m,
      n,
      k,
      transB: true,
      bias: addressOrNull(bias),
      activation: ACTIVATION[activation],
    };
    return this.#sparse.multiply(product);
  }

  /** Whether a product of so many multiplications is done here, rather than by a library. */
  protected isOwn(_multiplications: number): boolean {
    return true;
  }

  /** @internal y = f(y + bias) over [m, n], in place: the rest of a linear layer whose product another has made */
  finishLinear(bias: Storage | null, y: Storage, m: number, n: number, activation: Activation): void {
    if (bias !== null || activation !== 'none') this.#wasm.finishRows(address(y), m, n, addressOrNull(bias), ACTIVATION[activation]);
  }

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
  ): void {
    const multiplications = m * n * k;
    if (multiplications <= SMALL_PRODUCT || (multiplications < NOT_LARGE && this.isOwn(multiplications) && !isSparse(m, n, k))) {
      this.#wasm.linearGrad(
        address(x),
        address(w),
        address(y),
        address(dy),
        addressOrNull(dx),
        addressOrNull(dw),
        addressOrNull(dbias),
        m,
        n,
        k,
        ACTIVATION[activation],
        this.#heap.scratch(this.#wasm.linearGradScratch(m, n, k)),
      );
      return;
    }
    const dz = activation === 'none' ? dy : this.alloc(m * n);
    if (dz !== dy || dbias !== null) {
      const scratch = this.#heap.scratch(sumBytes(n));
      this.#wasm.activationGrad(address(dy), address(y), address(dz), addressOrNull(dbias), m, n, n, ACTIVATION[activation], scratch);
    }
    if (
      dx !== null &&
      !(isWorthALook(m, k, n) && this.#sparse.multiply({ a: address(dz), b: address(w), c: address(dx), m, n: k, k: n }))
    ) {
      this.gemm(dz, w, dx, { m, n: k, k: n, transA: false, transB: false }, false);
    }
    if (dw !== null && !this.#weightsSparse(x, dz, dw, m, n, k)) {
      this.gemm(dz, x, dw, { m: n, n: k, k: m, transA: true, transB: false }, false);
    }
    if (dz !== dy) this.free(dz);
  }

  /** ∂L/∂W = dzᵀ x, or (xᵀ dz)ᵀ, where one of them is mostly one value; false, and nothing done, where neither is. */
  #weightsSparse(x: Storage, dz: Storage, dw: Storage, m: number, n: number, k: number): boolean {
    if (!isWorthALook(n, k, m) || !isWorthALook(k, n, m)) return false;
    const ofDz: Product = { a: address(dz), b: address(x), c: address(dw), m: n, n: k, k: m, transA: true };
    const ofX: Product = { a: address(x), b: address(dz), c: address(dw), m: k, n, k: m, transA: true, transC: true };
    return this.#sparse.multiply(ofDz, ofX);
  }

  // softmax family --------------------------------------------------------------------------------------------------

  softmax(x: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.softmax(address(x), address(out), rows, cols);
  }

  logSoftmax(x: Storage, out: Storage, rows: number, cols: number): void {
    this.#wasm.logSoftmax(address(x), address(out), rows, cols, this.#heap.scratch(4 * cols + 64));
  }

  softmaxCrossEntropy(
    x: Storage,
    labels: Storage,
    losses: Storage,
    probabilities: Storage,
    rows: number,
    cols: number,
    smoothing: number,
  ): void {
    this.#wasm.softmaxCrossEntropy(address(x), address(labels), address(losses), address(probabilities), rows, cols, smoothing);
  }

  softmaxCrossEntropyGrad(
    probabilities: Storage,
    labels: Storage,
    dlosses: Storage,
    dx: Storage,
    rows: number,
    cols: number,
    smoothing: number,
    ofMean: boolean,
  ): void {
    this.#wasm.softmaxCrossEntropyGrad(
      address(probabilities),
      address(labels),
      address(dlosses),
      address(dx),
      rows,
      cols,
      smoothing,
      ofMean ? 1 / rows : 1,
      ofMean ? 0 : 4,
    );
  }

  // normalization ---------------------------------------------------------------------------------------------------

  batchNorm(
    x: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    { mean, rest, variance }: BatchStatistics,
    { outer, n, inner }: FeatureShape,
    eps: number,
  ): void {
    const scratch = this.#heap.scratch(normBytes(outer, n, inner));
    this.#wasm.batchNorm(
      address(x),
      addressOrNull(weight),
      addressOrNull(bias),
      address(y),
      address(mean),
      address(rest),
      address(variance),
      outer,
      n,
      inner,
      n,
      eps,
      scratch,
    );
  }

  batchNormGrad(
    x: Storage,
    dy: Storage,
    weight: Storage | null,
    { mean, rest, variance }: BatchStatistics,
    dx: Storage | null,
    dweight: Storage | null,
    dbias: Storage | null,
    { outer, n, inner }: FeatureShape,
    eps: number,
  ): void {
    const scratch = this.#heap.scratch(normBytes(outer, n, inner));
    this.#wasm.batchNormGrad(
      address(x),
      address(dy),
      addressOrNull(weight),
      address(mean),
      address(rest),
      address(variance),
      addressOrNull(dx),
      addressOrNull(dweight),
      addressOrNull(dbias),
      outer,
      n,
      inner,
      n,
      eps,
      scratch,
    );
  }

  batchNormRelu(
    x: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    { mean, rest, variance }: BatchStatistics,
    rows: number,
    n: number,
    eps: number,
    { p, key }: Dropping,
  ): void {
    this.#wasm.batchNormRelu(
      address(x),
      addressOrNull(weight),
      addressOrNull(bias),
      address(y),
      address(mean),
      address(rest),
      address(variance),
      rows,
      n,
      n,
      eps,
      Math.floor(p * 4294967296),
      1 / (1 - p),
      key.key0,
      key.key1,
      key.counter,
      this.#heap.scratch(normBytes(rows, n, 1)),
    );
  }

  batchNormReluGrad(
    x: Storage,
    y: Storage,
    dy: Storage,
    weight: Storage | null,
    { mean, rest, variance }: BatchStatistics,
    dx: Storage | null,
    dweight: Storage | null,
    dbias: Storage | null,
    rows: number,
    n: number,
    eps: number,
    p: number,
  ): void {
    this.#wasm.batchNormReluGrad(
      address(x),
      address(y),
      address(dy),
      addressOrNull(weight),
      address(mean),
      address(rest),
      address(variance),
      addressOrNull(dx),
      addressOrNull(dweight),
      addressOrNull(dbias),
      rows,
      n,
      n,
      eps,
      1 / (1 - p),
      this.#heap.scratch(normBytes(rows, n, 1)),
    );
  }

  normalize(
    x: Storage,
    mean: Storage,
    variance: Storage,
    weight: Storage | null,
    bias: Storage | null,
    y: Storage,
    { outer, n, inner }: FeatureShape,
    eps: number,
  ): void {
    const scratch = this.#heap.scratch(32 * n + 128);
    this.#wasm.normalize(
      address(x),
      address(mean),
      address(variance),
      addressOrNull(weight),
      addressOrNull(bias),
      address(y),
      outer,
      n,
      inner,
      eps,
      scratch,
    );
  }

  limitRowNorms(x: Storage, rows: number, cols: number, limit: number): void {
    this.#wasm.limitRowNorms(address(x), rows, cols, limit);
  }

  // randomness ----------------------------------------------------------------------------------------------------

  dropout(x: Storage, out: Storage, n: number, p: number, key: RandomKey, mask: Storage): void {
    const threshold = Math.floor(p * 4294967296);
    if (threshold >= 4294967296) {
      this.#wasm.fill(address(out), n, 0); // no word is that large
      this.#wasm.fill(address(mask), maskLength(n), 0);
      return;
    }
    const scratch = this.#heap.scratch(DROPOUT_BYTES);
    this.#wasm.dropout(address(x), address(out), n, threshold, 1 / (1 - p), key.key0, key.key1, key.counter, address(mask), scratch);
  }

  dropoutGrad(dy: Storage, mask: Storage, dx: Storage, n: number, p: number): void {
    this.#wasm.dropoutGrad(address(dy), address(mask), address(dx), n, p < 1 ? 1 / (1 - p) : 0);
  }

  gaussianNoise(x: Storage, out: Storage, n: number, std: number, key: RandomKey): void {
    const scratch = this.#heap.scratch(64);
    this.#wasm.gaussianNoise(address(x), address(out), n, std, key.key0, key.key1, key.counter, scratch);
  }

  // optimizer updates -----------------------------------------------------------------------------------------------

  sgd(updates: Updates, options: SgdOptions): void {
    this.#updating.sgd(updates, options);
  }

  adam(updates: Updates, options: AdamOptions): void {
    this.#updating.adam(updates, options);
  }

  adamax(updates: Updates, options: AdamaxOptions): void {
    this.#updating.adamax(updates, options);
  }

  adagrad(updates: Updates, options: AdagradOptions): void {
    this.#updating.adagrad(updates, options);
  }

  rmsprop(updates: Updates, options: RmspropOptions): void {
    this.#updating.rmsprop(updates, options);
  }

  adadelta(updates: Updates, options: AdadeltaOptions): void {
    this.#updating.adadelta(updates, options);
  }
}
