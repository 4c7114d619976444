/** The kernels on a memory of their own, and as many threads as there are to be. */
import type { Allocator } from './allocator.ts';
import { MOST_PAGES } from './allocator.ts';
import type { KernelExports } from './exports.ts';
import { CONTROL_BYTES, FOREIGN, Pool, type PoolOptions } from './pool.ts';
import { checkedThreads, processors, threadsMissing } from './spawn.ts';
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
  /** Processors there are. @internal */
  readonly processors?: number;
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
  /** The same by this thread alone. */
  readonly alone: KernelExports;
  readonly #heap: Allocator;
  readonly #pool: Pool | null;
  readonly #limits: Limits;
  readonly #missing: string | null;
  readonly #processors: number;
  readonly #makePool: (options?: Partial<PoolOptions>) => Pool;
  #ahead: Pool | null = null;
  /** Whether there may be a thread for work that is wanted later. */
  mayAhead = true;
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
    this.#processors = options.processors ?? processors();
    this.alone = alone;
    this.kernels = alone;
    this.#heap = heap;
    this.#limits = limits;
    this.#missing = missing;
    const { memory } = heap;
    this.#makePool = more =>
      new Pool({ memory, module, kernels: alone, control: heap.reserve(CONTROL_BYTES), workerUrl, patience, ...more });
    this.#pool = missing === null ? this.#makePool({ foreign }) : null;
  }

  get #spare(): boolean {
    return this.#pool !== null && this.mayAhead && this.#asked < this.#processors;
  }

  /** A pool of one other thread, for work that is wanted later; null where no processor is left for it. It sleeps whenever it has nothing to do. */
  get ahead(): Pool | null {
    if (!this.#spare) return null;
    if (this.#ahead === null) {
      this.#ahead = this.#makePool({ spin: 0, without: 'With setThreads(n, { ahead: false }) no worker makes images ahead.' });
      this.#ahead.resize(2);
    }
    return this.#ahead.problem === null ? this.#ahead : null;
  }

  /** How many threads there are to be. @throws UserError unless it is a whole number from 1 to 64 */
  resize(threads: number): void {
    this.#asked = checkedThreads(threads);
    if (this.#pool === null) return;
    this.#pool.resize(threads);
    this.#ahead?.resize(this.#spare ? 2 : 1);
    this.kernels = threads === 1 ? this.alone : splitKernels(this.alone, this.#pool, bytes => this.#heap.scratch(bytes), this.#limits);
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
    const died = (pool?.deaths ?? 0) + (this.#ahead?.deaths ?? 0);
    const without = threads < this.#asked ? (this.#missing ?? pool?.problem ?? null) : null;
    return {
      threads,
      ...(without === null ? {} : { threadsMissing: without }),
      ...(died > 0 ? { threadsDied: died } : {}),
    };
  }
}
