/**
 * The `blas` backend: the `wasm` backend, with its matrix products taken over by a BLAS library of the system, which works in place on the
 * WebAssembly memory. What calls the library is handed in; see node/.
 */
import type { Activation, GemmShape, ImagesAhead, Storage } from '../kernels.ts';
import type { Block } from '../wasm/allocator.ts';
import type { SimdBuild } from '../wasm/engine.ts';
import { oneShare, type SparseShares } from '../wasm/sparse.ts';
import { type Identity, WasmBackend, type WasmOptions } from '../wasm/wasm-backend.ts';
import { type BlasLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.ts';

/**
 * Products of fewer multiplications than this are done before a library has looked at its arguments. Where vectors are wide, both
 * are about as fast up to 20,000,000. Measured by bench/blas.mjs.
 */
const SMALLEST: Readonly<Record<SimdBuild, number>> = { wide: 30_000_000, relaxed: 6000, plain: 6000 };
/** Products of fewer multiplications than this are one thread's. */
const SMALLEST_SHARED = 1_000_000;

/** Up to which shares of pairs leaving out the others is faster than a library. `node bench/sparse.mjs` measures them. */
const SPARSE_SHARES: Readonly<Record<SimdBuild, SparseShares>> = {
  wide: { zeros: 0.78, background: 0.75 },
  relaxed: oneShare(0.4),
  plain: oneShare(0.4),
};

/** Positions among the arguments of `cblas_sgemm`. */
const [COUNT_M, COUNT_N, AT_A, AT_B, AT_C] = [3, 4, 7, 9, 12];

export interface BlasBackendOptions extends WasmOptions {
  /** Multiplications from which on a product is the library's; one without any never is. Default 6000, and 30,000,000 where vectors are wide. */
  readonly smallest?: number;
}

function identityOf({ kind, version, path, threads, elsewhere, sgemm }: BlasLibrary): Identity {
  const traits = { blas: version === '' ? kind : `${kind} ${version}`, library: path, deterministic: false };
  // where a library has threads of its own, one thread of this side stands against all of them
  if (elsewhere === null) {
    return { name: 'blas', traits: { ...traits, threads }, sparseShares: build => oneShare(SPARSE_SHARES[build].zeros / threads) };
  }
  const foreign = { call: sgemm as (...values: number[]) => void, origin: elsewhere };
  return { name: 'blas', traits, foreign, sparseShares: build => SPARSE_SHARES[build] };
}

export class BlasBackend extends WasmBackend {
  readonly #library: BlasLibrary;
  readonly #smallest: number;
  #buffer: ArrayBufferLike | null = null;
  #start = 0;

  constructor(library: BlasLibrary, options: BlasBackendOptions = {}) {
    super({ ...options, ...(library.elsewhere === null ? { threads: 1 } : {}) }, identityOf(library));
    this.#library = library;
    const ofBuild = SMALLEST[library.elsewhere === null ? 'relaxed' : this.build]; // a library's own threads are more than one of ours
    this.#smallest = Math.max(options.smallest ?? ofBuild, 1);
  }

  // Where a library has threads of its own, others beside them would be in their way.

  override setThreads(threads: number, ahead?: boolean): void {
    if (this.#library.elsewhere !== null) super.setThreads(threads, ahead);
  }

  override warpAhead(...images: Parameters<WasmBackend['warpAhead']>): ImagesAhead | null {
    return this.#library.elsewhere === null ? null : super.warpAhead(...images);
  }

  protected override isOwn(multiplications: number): boolean {
    return multiplications < this.#smallest;
  }

  override gemm(a: Storage, b: Storage, c: Storage, shape: GemmShape, accumulate: boolean): void {
    const { m, n, k } = shape;
    if (this.isOwn(m * n * k)) {
      super.gemm(a, b, c, shape, accumulate);
      return;
    }
    const start = this.#memoryStart();
    const lda = shape.transA ? m : k;
    const ldb = shape.transB ? k : n;
    const atA = start + (a as Block).address + 4 * (shape.aOffset ?? 0);
    const atB = start + (b as Block).address + 4 * (shape.bOffset ?? 0);
    const atC = start + (c as Block).address + 4 * (shape.cOffset ?? 0);
    const [ta, tb] = [shape.transA ? TRANSPOSE : NO_TRANSPOSE, shape.transB ? TRANSPOSE : NO_TRANSPOSE];
    this.#product(ta, tb, m, n, k, atA, lda, atB, ldb, accumulate ? 1 : 0, atC);
  }

  override linear(x: Storage, w: Storage, bias: Storage | null, y: Storage, m: number, n: number, k: number, activation: Activation): void {
    if (this.isOwn(m * n * k)) {
      super.linear(x, w, bias, y, m, n, k, activation);
      return;
    }
    if (this.linearSparse(x, w, bias, y, m, n, k, activation)) return;
    const start = this.#memoryStart();
    const [atX, atW, atY] = [start + (x as Block).address, start + (w as Block).address, start + (y as Block).address];
    this.#product(NO_TRANSPOSE, TRANSPOSE, m, n, k, atX, k, atW, k, 0, atY);
    this.finishLinear(bias, y, m, n, activation);
  }

  /** c = op(a) op(b) + beta c, the longer side of c shared out among the threads. */
  #product(
    ta: number,
    tb: number,
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    beta: number,
    c: number,
  ): void {
    if (m * n * k >= SMALLEST_SHARED && this.#library.elsewhere !== null) {
      const values = [ROW_MAJOR, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, n];
      const steps = values.map(() => 0);
      if (n >= m) steps[AT_B] = tb === TRANSPOSE ? 4 * ldb : 4;
      else steps[AT_A] = ta === TRANSPOSE ? 4 : 4 * lda;
      steps[AT_C] = n >= m ? 4 : 4 * n;
      if (n >= m ? this.shareForeign(n, COUNT_N, values, steps) : this.shareForeign(m, COUNT_M, values, steps)) return;
    }
    this.#library.sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, a, lda, b, ldb, beta, c, n);
  }

  /** Where the memory lies in the process. A memory that has grown may have moved; it then has another buffer. */
  #memoryStart(): number {
    const { buffer } = this.memory;
    if (buffer !== this.#buffer) {
      this.#start = this.#library.addressOf(buffer);
      this.#buffer = buffer;
    }
    return this.#start;
  }
}
