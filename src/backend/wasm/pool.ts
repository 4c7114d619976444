/**
 * Threads on one shared memory. A job is one kernel over a range of units, cut into pieces; whoever is free takes the next piece, this thread among
 * them. The other threads spin while jobs follow each other closely and sleep otherwise; the other side of this file is kernels/worker.js.
 *
 * A job waits for no one to begin: what the others do not take, this thread does. It waits at its end for the threads that are still at a piece, and
 * for no longer than `patience`. See docs/design/threads.md.
 */
import { UserError } from '../../errors.ts';
import type { KernelExports } from './exports.ts';
import type { ForeignFunction } from './foreign.ts';
import { MOST_THREADS, spawn, type Thread } from './spawn.ts';

/** Words of 32 bits of the control block. What is written by different threads lies in different cache lines, which are 16 words long. */
export const layout = {
  /** Odd while a job can be joined; another number for every job. Sleepers wait on it. */
  EPOCH: 0,
  /** How many pieces have been taken. */
  NEXT: 16,
  /** The job: its kernel, units in all and in the smallest piece; which argument is the number of units; which is local memory (or -1) and its bytes a thread. */
  KERNEL: 32,
  TOTAL: 33,
  GRAIN: 34,
  COUNT: 35,
  LOCAL: 36,
  LOCAL_BYTES: 37,
  ARGUMENTS: 38,
  /** Set by a thread whose kernel has failed. */
  FAILED: 39,
  /** 1 where two threads take their pieces from two ends: this one from the first on, the other from the last. */
  TWO_ENDED: 40,
  /** Of what is left, whoever takes a piece takes this part. */
  PART: 41,
  /** Arguments for unit 0, then what to add to each for every unit: doubles. */
  VALUES: 48,
  /** Arguments a kernel has at most. */
  MOST_ARGUMENTS: 24,
  /** Of each thread but this one: its state, whether it is to leave, and how many pieces it has done. */
  SEATS: 144,
  SEAT_WORDS: 16,
  LEAVE: 1,
  PIECES: 2,
  READY: 1,
  WORKING: 2,
  ASLEEP: 3,
  GONE: 4,
} as const;

const {
  EPOCH,
  NEXT,
  KERNEL,
  TOTAL,
  GRAIN,
  COUNT,
  LOCAL,
  LOCAL_BYTES,
  ARGUMENTS,
  FAILED,
  TWO_ENDED,
  PART,
  VALUES,
  SEATS,
  SEAT_WORDS,
  LEAVE,
  PIECES,
  MOST_ARGUMENTS,
} = layout;
const { WORKING, ASLEEP, GONE } = layout;
const STARTING = 0;

/** Bytes of a control block. */
export const CONTROL_BYTES: number = 4 * (SEATS + SEAT_WORDS * (MOST_THREADS - 1));

/** Milliseconds that a thread spins after a job before it sleeps: the gaps between the large operations of a step are shorter. */
const SPIN = 0.3;
/** Milliseconds after which a sleeping thread ends; the next job starts another. */
const IDLE = 30_000;
/** Milliseconds that a piece may take after all others are done. Pieces take microseconds, at most some hundred milliseconds. */
const PATIENCE = 10_000;
/** A clock's step that counts as more than so many milliseconds is a pause of the whole process, in which nobody could answer. */
const LONGEST_TURN = 20;
/** Threads that may fail to start, one after another, before no more are started. */
const MOST_FAILURES = 3;

export interface PoolOptions {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
  readonly kernels: KernelExports;
  /** Address of a control block of zeros. */
  readonly control: number;
  /** A function that is called as kernels are, and how other threads get it. */
  readonly foreign?: { readonly call: (...values: number[]) => unknown; readonly origin: ForeignFunction } | undefined;
  /** The worker's script, where a page may not start one from a blob: URL. */
  readonly workerUrl?: string | URL | undefined;
  /** How to do without its threads, for the error that one has died. */
  readonly without?: string;
  readonly spin?: number;
  readonly idle?: number;
  readonly patience?: number | undefined;
}

/** What `Job.kernel` finds a foreign function by. */
export const FOREIGN = 'foreign function';

interface Seat {
  thread: Thread | null;
  /** It did not answer in time and may still be writing: nobody else takes its seat before it is known to have ended. */
  lost: boolean;
}

/** One kernel over a range. */
export interface Job {
  /** Position in `kernelNames`. */
  readonly kernel: number;
  /** Units in all, and in the smallest piece; the others are whole multiples of it. */
  readonly total: number;
  readonly grain: number;
  /** Whether all pieces are of the smallest size, rather than larger ones coming first. */
  readonly even?: boolean;
  /** The argument that is the number of units. */
  readonly count: number;
  /** The argument that is the address of local memory, of `localBytes` for each thread; -1 for none. */
  readonly local: number;
  readonly localBytes: number;
}

/**
 * Whoever takes a piece takes one in so many of what is left for each thread: so the first pieces are large, and few, and by the end they are so small that
 * nobody waits long for another's.
 */
const SHARE_OF_LEFT = 2;

/** Leaves more of a core to whoever else it is of. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {});

type AnyKernel = (...values: number[]) => unknown;

export class Pool {
  /** What jobs call their kernels by. */
  readonly kernelNames: readonly string[];
  readonly #options: PoolOptions;
  readonly #kernels: readonly AnyKernel[];
  readonly #words: Int32Array;
  readonly #values: Float64Array;
  readonly #seats: Seat[] = [];
  /** Arguments of a piece, by how many there are. */
  readonly #given: (number[] | null)[] = new Array<number[] | null>(MOST_ARGUMENTS + 1).fill(null);
  #threads = 1;
  #failures = 0;
  #deaths = 0;
  #problem: string | null = null;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { foreign, kernels } = options;
    const all: Readonly<Record<string, unknown>> = { ...kernels, ...(foreign === undefined ? {} : { [FOREIGN]: foreign.call }) };
    this.kernelNames = Object.keys(all);
    this.#kernels = this.kernelNames.map(name => all[name] as AnyKernel);
    const { buffer } = options.memory;
    this.#words = new Int32Array(buffer, options.control, CONTROL_BYTES / 4);
    this.#values = new Float64Array(buffer, options.control + 4 * VALUES, 2 * MOST_ARGUMENTS);
  }

  /** Threads there are to be, this one among them; where some cannot be had, those that there are. */
  get threads(): number {
    return this.#problem === null ? this.#threads : 1 + this.#seats.filter(seat => seat.thread !== null).length;
  }

  /** Places that local memory must have, one for each thread that may join a job: also for those that were told to leave and have not gone yet. */
  get places(): number {
    return 1 + Math.max(this.#seats.length, this.#threads - 1);
  }

  /** Units of the largest piece of a job. */
  largest(total: number, grain: number): number {
    return Math.min(Math.ceil(Math.ceil(total / grain) / (SHARE_OF_LEFT * this.#threads)) * grain, total);
  }

  /** Why threads that were asked for are not there, or null. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Threads that have ended without being told to. What they had not begun was done by others. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Pieces that each thread but this one has done. */
  pieces(): readonly number[] {
    return this.#seats.map((_, i) => Atomics.load(this.#words, SEATS + SEAT_WORDS * i + PIECES));
  }

  /** How many threads there are to be. They start with the first job; those too many end after the job that they may be at. */
  resize(threads: number): void {
    this.#threads = threads;
    this.#failures = 0;
    this.#problem = null;
    for (let i = 0; i < this.#seats.length; i++) Atomics.store(this.#words, SEATS + SEAT_WORDS * i + LEAVE, i < threads - 1 ? 0 : 1);
    if (this.#seats.length >= threads) {
      Atomics.add(this.#words, EPOCH, 2);
      Atomics.notify(this.#words, EPOCH);
    }
  }

  /** Threads that stand ready, this one not counted. Starts those that are missing. */
  helpers(): number {
    let ready = 0;
    for (let i = 0; i < this.#threads - 1; i++) {
      const seat = this.#seats[i];
      const state = Atomics.load(this.#words, SEATS + SEAT_WORDS * i);
      if (seat === undefined || (!seat.lost && (seat.thread === null || state === GONE))) this.#start(i);
      else if (state !== STARTING && !seat.lost) ready++;
    }
    return ready;
  }

  #start(i: number): void {
    if (this.#failures >= MOST_FAILURES) return;
    const seat = this.#seats[i] ?? { thread: null, lost: false };
    this.#seats[i] = seat;
    const state = SEATS + SEAT_WORDS * i;
    Atomics.store(this.#words, state, STARTING);
    Atomics.store(this.#words, state + LEAVE, 0);
    const { memory, module, control, foreign, workerUrl, spin = SPIN, idle = IDLE } = this.#options;
    const data = { module, memory, control, seat: i, names: this.kernelNames, foreign: foreign?.origin, layout, spin, idle };
    try {
      const thread = spawn(data, workerUrl, error => {
        if (seat.thread !== thread) return; // its seat has been taken by another since
        const last = Atomics.exchange(this.#words, state, GONE);
        seat.thread = null;
        seat.lost = false;
        if (last === STARTING) this.#failedToStart(error);
        else if (last !== GONE) this.#deaths++;
      });
      seat.thread = thread;
    } catch (error) {
      this.#failedToStart(error as Error);
    }
  }

  #failedToStart(error: Error | null): void {
    this.#failures++;
    this.#problem = `a worker thread did not start${error === null ? '' : `: ${error.message}`}`;
  }

  /**
   * Runs a job to its end. `values[j]` is argument j for unit 0, and `steps[j]` what every unit adds to it.
   *
   * @throws UserError if a thread has died, or hangs, at a piece that it had begun
   */
  run(job: Job, values: readonly number[], steps: readonly number[]): void {
    this.begin(job, values, steps);
    this.finish(job, values, steps);
  }

  /** Opens a job to the other threads, and returns at once. What it reads and writes is theirs until it is finished or dropped. */
  begin(job: Job, values: readonly number[], steps: readonly number[]): void {
    const words = this.#words;
    words[KERNEL] = job.kernel;
    words[TOTAL] = job.total;
    words[GRAIN] = job.grain;
    words[COUNT] = job.count;
    words[LOCAL] = job.local;
    words[LOCAL_BYTES] = job.localBytes;
    words[ARGUMENTS] = values.length;
    for (let j = 0; j < values.length; j++) {
      this.#values[j] = values[j];
      this.#values[MOST_ARGUMENTS + j] = steps[j];
    }
    words[FAILED] = 0;
    // So each works at the same part of every range, step after step, and finds it in its own cache. Which pieces are left is one number all the same.
    words[TWO_ENDED] = this.#threads === 2 ? 1 : 0;
    words[PART] = job.even === true ? job.total : SHARE_OF_LEFT * this.#threads;
    Atomics.store(words, NEXT, 0);
    Atomics.add(words, EPOCH, 1);
    this.#wake();
  }

  /** Does what is left of the job that was begun, and waits for those that are at a piece. */
  finish(job: Job, values: readonly number[], steps: readonly number[]): void {
    try {
      this.#work(job, values, steps);
    } finally {
      this.#close();
    }
    if (Atomics.load(this.#words, FAILED) === 1) throw new Error(`${this.kernelNames[job.kernel]} failed in a worker thread`);
  }

  /** Ends the job that was begun; what nobody has taken is not done. */
  drop(job: Job): void {
    Atomics.store(this.#words, NEXT, job.total);
    this.#close();
  }

  #close(): void {
    Atomics.add(this.#words, EPOCH, 1);
    this.#join();
  }

  #wake(): void {
    for (let i = 0; i < this.#seats.length; i++) {
      if (Atomics.load(this.#words, SEATS + SEAT_WORDS * i) === ASLEEP) {
        Atomics.notify(this.#words, EPOCH);
        return;
      }
    }
  }

  // The same loop is in kernels/worker.js, and which piece is which has to be the same in both.
  #work({ kernel, total, grain, count }: Job, values: readonly number[], steps: readonly number[]): void {
    const call = this.#kernels[kernel];
    let given = this.#given[values.length];
    if (given === null) this.#given[values.length] = given = values.slice();
    const isTwoEnded = this.#words[TWO_ENDED] === 1;
    const part = this.#words[PART];
    let left = Math.ceil(total / grain);
    let known = 0;
    let first = 0;
    for (;;) {
      const taken = Atomics.add(this.#words, NEXT, 1);
      for (; known < taken && left > 0; known++) left -= Math.ceil(left / part);
      if (left <= 0) return;
      const size = Math.ceil(left / part);
      const from = (isTwoEnded ? first : Math.ceil(total / grain) - left) * grain;
      for (let j = 0; j < given.length; j++) given[j] = values[j] + from * steps[j];
      given[count] = Math.min(size * grain, total - from);
      call(...given);
      first += size;
    }
  }

  /** Waits for all that are at a piece, also past one that is lost: whoever is still at this job must not find the next one. */
  #join(): void {
    let lost = false;
    for (let i = 0; i < this.#seats.length; i++) {
      const seat = this.#seats[i];
      const state = SEATS + SEAT_WORDS * i;
      if (seat.lost || Atomics.load(this.#words, state) !== WORKING || this.#waitFor(state)) continue;
      seat.lost = true;
      seat.thread?.end();
      lost = true;
    }
    if (!lost) return;
    throw new UserError(
      'a worker thread has died, or hangs, in the middle of a computation, and its part of the result is missing',
      `Go on from the last checkpoint. ${this.#options.without ?? 'With one thread (--threads 1, setThreads(1)) no worker is needed.'}`,
    );
  }

  #waitFor(state: number): boolean {
    const { patience = PATIENCE } = this.#options;
    let waited = 0;
    let last = 0;
    for (let turns = 1; Atomics.load(this.#words, state) === WORKING; turns++) {
      pause();
      if ((turns & 1023) !== 0) continue;
      const now = performance.now();
      if (last !== 0) waited += Math.min(now - last, LONGEST_TURN);
      last = now;
      if (waited > patience) return false;
    }
    return true;
  }
}
