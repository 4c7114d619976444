/** The kernels on a memory of their own, and as many threads as there are to be. */
import type { Allocator } from './allocator.ts';
import { MOST_PAGES } from './allocator.ts';
import type { KernelExports } from './exports.ts';
import { CONTROL_BYTES, FOREIGN, Pool, type PoolOptions } from './pool.ts';
import { checkedThreads, threadsMissing } from './spawn.ts';
import { LIMITS, type Limits, splitKernels } from './split.ts';

export interface ThreadOptions {
  /** Threads that large operations are shared out among, from 1 to 64. Default: CHAINRULE_THREADS, else one for each processor, at most 8. */
  readonly threads?: number;
  /** Where the script of a worker thread is, for pages whose content security policy forbids workers from blob: URLs. */
  readonly workerUrl?: string | URL;
  /** From which size on work is shared out. @internal */
  readonly limits?: Limits;
  /** Milliseconds that a thread may take to answer. @internal */
  readonly patience?: number;
}

/** Lines of a foreign product that stay together: a library packs its operands, and each piece does so for itself. */
const FOREIGN_LINES = 16;

const INITIAL_PAGES = 16;

/** A memory, and why threads cannot share it, or null where they can. */
export interface KernelMemory {
  readonly memory: WebAssembly.Memory;
  readonly missing: string | null;
}

/** A memory that threads can share, where they can; the largest that the platform reserves room for. Else one that they cannot. */
export function makeMemory(pages: number): KernelMemory {
  const most = Math.min(Math.max(pages, INITIAL_PAGES), MOST_PAGES);
  let missing = threadsMissing();
  for (let maximum = most; missing === null; maximum = Math.floor(maximum / 2)) {
    try {
      return {
        memory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: Math.max(maximum, INITIAL_PAGES), shared: true }),
        missing,
      };
    } catch (error) {
      if (maximum < most / 8) missing = `there is no room for shared memory: ${(error as Error).message}`;
    }
  }
  return { memory: new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES }), missing };
}

export class Threads {
  /** The kernels as they are to be called: shared out where there are several threads. */
  kernels: KernelExports;
  readonly #alone: KernelExports;
  readonly #heap: Allocator;
  readonly #pool: Pool | null;
  readonly #limits: Limits;
  readonly #missing: string | null;
  #asked = 1;

  /** @param alone the kernels by this thread alone */
  constructor(
    alone: KernelExports,
    module: WebAssembly.Module,
    heap: Allocator,
    missing: string | null,
    options: ThreadOptions,
    foreign?: PoolOptions['foreign'],
  ) {
    const { workerUrl, limits = LIMITS, patience } = options;
    this.#alone = alone;
    this.kernels = alone;
    this.#heap = heap;
    this.#limits = limits;
    this.#missing = missing;
    const control = missing === null ? heap.reserve(CONTROL_BYTES) : 0;
    this.#pool = missing === null ? new Pool({ memory: heap.memory, module, kernels: alone, control, foreign, workerUrl, patience }) : null;
  }

  /** How many threads there are to be. @throws UserError unless it is a whole number from 1 to 64 */
  resize(threads: number): void {
    this.#asked = checkedThreads(threads);
    if (this.#pool === null) return;
    this.#pool.resize(threads);
    this.kernels = threads === 1 ? this.#alone : splitKernels(this.#alone, this.#pool, bytes => this.#heap.scratch(bytes), this.#limits);
  }

  /**
   * Calls the foreign function over `total` lines, a piece for each thread. Argument `count` is the number of lines; `steps` is what each adds to the others.
   * False, and nothing done, where there is nobody to share with.
   */
  shareForeign(total: number, count: number, values: readonly number[], steps: readonly number[]): boolean {
    const pool = this.#pool;
    if (pool === null || pool.helpers() === 0) return false;
    const grain = Math.ceil(total / pool.threads / FOREIGN_LINES) * FOREIGN_LINES;
    pool.run({ kernel: pool.kernelNames.indexOf(FOREIGN), total, grain, count, local: -1, localBytes: 0 }, values, steps);
    return true;
  }

  /** Threads that stand ready, this one not counted. Those that are missing are started. */
  helpers(): number {
    return this.#pool?.helpers() ?? 0;
  }

  /** Pieces of jobs that each thread but this one has done. */
  pieces(): readonly number[] {
    return this.#pool?.pieces() ?? [];
  }

  /** What a run's metadata must say of the threads. */
  get traits(): Readonly<Record<string, string | number>> {
    const pool = this.#pool;
    const threads = pool?.threads ?? 1;
    const without = threads < this.#asked ? (this.#missing ?? pool?.problem ?? null) : null;
    return {
      threads,
      ...(without === null ? {} : { threadsMissing: without }),
      ...(pool !== null && pool.deaths > 0 ? { threadsDied: pool.deaths } : {}),
    };
  }
}
