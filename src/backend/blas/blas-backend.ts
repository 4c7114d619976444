/**
 * The `blas` backend: the `wasm` backend, with its matrix products taken over by a BLAS library of the system, which works in place on the
 * WebAssembly memory. What calls the library is handed in; see node/.
 */
import type { Activation, GemmShape, Storage } from '../kernels.ts';
import type { Block } from '../wasm/allocator.ts';
import { WasmBackend, type WasmOptions } from '../wasm/wasm-backend.ts';
import { type BlasLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.ts';

/** Products of fewer multiplications than this are done before a library has looked at its arguments. Measured by bench/blas.mjs. */
const SMALLEST = 6000;

export interface BlasBackendOptions extends WasmOptions {
  /** Multiplications from which on a product is the library's; one without any never is. Default 6000. */
  readonly smallest?: number;
}

export class BlasBackend extends WasmBackend {
  readonly #library: BlasLibrary;
  readonly #smallest: number;
  #buffer: ArrayBufferLike | null = null;
  #start = 0;

  constructor(library: BlasLibrary, options: BlasBackendOptions = {}) {
    const { kind, version, path, threads } = library;
    const traits = { blas: version === '' ? kind : `${kind} ${version}`, library: path, threads, deterministic: false };
    super(options, { name: 'blas', traits });
    this.#library = library;
    this.#smallest = Math.max(options.smallest ?? SMALLEST, 1);
  }

  /** The library's threads are its own affair, and threads beside them would be in their way. */
  override setThreads(): void {}

  override gemm(a: Storage, b: Storage, c: Storage, shape: GemmShape, accumulate: boolean): void {
    const { m, n, k } = shape;
    if (m * n * k < this.#smallest) {
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
    this.#library.sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, atA, lda, atB, ldb, accumulate ? 1 : 0, atC, n);
  }

  override linear(x: Storage, w: Storage, bias: Storage | null, y: Storage, m: number, n: number, k: number, activation: Activation): void {
    if (m * n * k < this.#smallest) {
      super.linear(x, w, bias, y, m, n, k, activation);
      return;
    }
    const start = this.#memoryStart();
    const [atX, atW, atY] = [start + (x as Block).address, start + (w as Block).address, start + (y as Block).address];
    this.#library.sgemm(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, m, n, k, 1, atX, k, atW, k, 0, atY, n);
    this.finishLinear(bias, y, m, n, activation);
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
