/** Products whose left operand is mostly one value: what else it has is listed, and only that is multiplied. See docs/design/sparse.md. */
import type { Allocator } from './allocator.ts';
import type { Threads } from './threads.ts';

/** Addresses of a product c = f(op(a) op(b) + bias), its sizes, and how its operands lie; `bias` is 0 where there is none. */
export interface Product {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
  /** c is written as [n, m]. */
  readonly transC?: boolean;
  readonly bias?: number;
  readonly activation?: number;
}

/** Multiplications below which looking, and making lists, costs more than it spares. */
const SMALLEST = 250_000;
/** Columns below which it does, and steps; and rows below which a product is of few rows, and taken from where it lies. */
const [NARROWEST, SHORTEST, FEWEST] = [32, 16, 16];

/** A second way, which writes c transposed and so takes a little longer, has to leave out clearly more. */
const CLEARLY = 0.9;

/** Whether a product [m, k] [k, n] is large enough; to be asked before anything is made for it. */
export function isWorthALook(m: number, n: number, k: number): boolean {
  return m * n * k >= SMALLEST && n >= NARROWEST && k >= SHORTEST && m >= FEWEST;
}

/** Shares of pairs from which on the product that is done otherwise is as fast. */
export interface SparseShares {
  /** Beside a background of 0. */
  readonly zeros: number;
  /** Beside another background. Since bits then depend on which way is taken, builds that promise the same bits have the same share here. */
  readonly background: number;
}

/** The same share everywhere. */
export function oneShare(share: number): SparseShares {
  return { zeros: share, background: share };
}

export class SparseProducts {
  readonly #heap: Allocator;
  readonly #threads: Threads;
  readonly #shares: SparseShares;

  constructor(heap: Allocator, threads: Threads, shares: SparseShares) {
    this.#heap = heap;
    this.#threads = threads;
    this.#shares = shares;
  }

  /** Does a product that is worth a look, or a second that computes the same if it leaves out more; false, and nothing done, where that would not be faster. */
  multiply(first: Product, second?: Product): boolean {
    const { kernels } = this.#threads;
    const bytes = kernels.sparseScratch(first.m, first.k, 1);
    const scratch = this.#heap.scratch(second === undefined ? bytes : Math.max(bytes, kernels.sparseScratch(second.m, second.k, 1)));
    let chosen = first;
    let share = this.#plan(first, scratch);
    if (second !== undefined) {
      const other = this.#plan(second, scratch);
      if (other < share * CLEARLY) {
        chosen = second;
        share = other;
      } else {
        this.#plan(first, scratch);
      }
    }
    if (share > (kernels.sparseBackground(scratch) === 0 ? this.#shares.zeros : this.#shares.background)) return false;
    kernels.sparseGemm(scratch, chosen.m, chosen.n, chosen.k);
    return true;
  }

  #plan(product: Product, scratch: number): number {
    const { a, b, c, m, n, k, transA, transB, transC, bias = 0, activation = 0 } = product;
    const { kernels } = this.#threads;
    return kernels.sparsePlan(
      a,
      b,
      c,
      m,
      n,
      k,
      Number(transA ?? 0),
      Number(transB ?? 0),
      Number(transC ?? 0),
      bias,
      activation,
      scratch,
      1,
    );
  }
}
