/** Runs experiments side by side in worker threads. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { UserError } from '../../errors.ts';
import type { TrainEvent } from '../../train/events.ts';
import { type Job, type RunReport, runJob } from './job.ts';
import { type FromWorker, messageToError, type ToWorker } from './messages.ts';

/** How one job ended. */
export type Outcome = { readonly ok: true; readonly report: RunReport } | { readonly ok: false; readonly error: Error };

export interface RunJobsOptions {
  /** Jobs at one time. Default: as many as the machine has processors. */
  readonly threads?: number;
  /** What job number `index` tells as it goes. Of the batches' events about ten a second. */
  readonly onEvent?: (index: number, event: TrainEvent) => void;
  /** Called as soon as a job has ended. */
  readonly onOutcome?: (index: number, outcome: Outcome) => void;
  /** Ends the runs under way after their present step; the others are not begun. */
  readonly signal?: AbortSignal;
  /** Milliseconds that a run is given to stop before its thread is ended. Default 10,000. */
  readonly grace?: number;
  /**
   * The worker's script. Default: the one beside the built package; null where this runs from the sources, which a worker cannot load: jobs are
   * then done in this thread, one after another, with the same results.
   */
  readonly entry?: URL | null;
}

const NAME = 'experiment-worker.js';

/** The built worker script, if this is the built package. */
export function workerEntry(): URL | null {
  for (const path of [`./${NAME}`, `../${NAME}`]) {
    const url = new URL(path, import.meta.url);
    if (existsSync(url)) return url;
  }
  return null;
}

/** How many threads there are to be, checked. */
export function threadCount(threads: number | undefined, jobs: number): number {
  const count = threads ?? availableParallelism();
  if (!(Number.isInteger(count) && count >= 1)) throw new UserError(`threads is ${count}; it must be a whole number of at least 1`);
  return Math.min(count, Math.max(1, jobs));
}

/**
 * Runs every job, at most `threads` at one time, and gives an outcome for each in the order of the jobs. A job's error, and the end of the thread
 * it was in, is that job's outcome; the others go on. The same job has the same result in any thread, down to the bit.
 */
export async function runJobs(jobs: readonly Job[], options: RunJobsOptions = {}): Promise<Outcome[]> {
  const threads = threadCount(options.threads, jobs.length);
  const entry = options.entry === undefined ? workerEntry() : options.entry;
  const outcomes: Outcome[] = new Array(jobs.length);
  let next = 0;
  const settle = (index: number, outcome: Outcome): void => {
    outcomes[index] = outcome;
    options.onOutcome?.(index, outcome);
  };
  const seat = async (): Promise<void> => {
    const runner = entry === null ? inThisThread(options) : new Seat(entry, options);
    try {
      while (next < jobs.length) {
        const index = next++;
        settle(index, options.signal?.aborted ? neverBegun() : await runner.run(index, jobs[index]));
      }
    } finally {
      await runner.close();
    }
  };
  await Promise.all(Array.from({ length: entry === null ? 1 : threads }, seat));
  return outcomes;
}

function neverBegun(): Outcome {
  return { ok: false, error: new UserError('the run was stopped before it began') };
}

interface Runner {
  run(index: number, job: Job): Promise<Outcome>;
  close(): Promise<unknown>;
}

function inThisThread({ onEvent, signal }: RunJobsOptions): Runner {
  return {
    async run(index, job) {
      try {
        const report = await runJob(job, { onEvent: event => onEvent?.(index, event), ...(signal ? { signal } : {}) });
        return { ok: true, report };
      } catch (error) {
        return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
      }
    },
    close: async () => undefined,
  };
}

/** A place for one thread: it is started when there is a job, used again for the next, and replaced when it has died. */
class Seat implements Runner {
  readonly #entry: URL;
  readonly #options: RunJobsOptions;
  #worker: Worker | null = null;

  constructor(entry: URL, options: RunJobsOptions) {
    this.#entry = entry;
    this.#options = options;
  }

  run(index: number, job: Job): Promise<Outcome> {
    const { onEvent, signal, grace = 10_000 } = this.#options;
    return new Promise(resolve => {
      let worker: Worker;
      try {
        worker = this.#worker ??= this.#start();
      } catch (error) {
        resolve({ ok: false, error: error as Error });
        return;
      }
      let deadline: NodeJS.Timeout | undefined;
      const stop = (): void => {
        worker.postMessage({ type: 'stop' } satisfies ToWorker);
        deadline = setTimeout(
          () => end({ ok: false, error: new UserError('the run did not stop when asked; its thread was ended') }, true),
          grace,
        );
      };
      const end = (outcome: Outcome, dead = false): void => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', stop);
        for (const [name, listener] of listeners) worker.off(name, listener as () => void);
        if (dead) {
          void worker.terminate();
          this.#worker = null;
        }
        resolve(outcome);
      };
      const fail = (error: Error): void => end({ ok: false, error }, true);
      const hear = (message: FromWorker): void => {
        if (message.type === 'event') onEvent?.(index, message.event);
        else if (message.type === 'done') end({ ok: true, report: message.report });
        else end({ ok: false, error: messageToError(message.error) });
      };
      const listeners: readonly [string, (value: never) => void][] = [
        ['message', hear],
        ['messageerror', fail],
        ['error', fail], // also out of memory
        ['exit', (code: number) => fail(new Error(`the thread of the run ended with code ${code} before the run was done`))],
      ];
      for (const [name, listener] of listeners) worker.on(name, listener as () => void);
      signal?.addEventListener('abort', stop, { once: true });
      worker.postMessage({ type: 'run', job } satisfies ToWorker);
      if (signal?.aborted) stop();
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#entry);
    worker.on('error', () => undefined); // between two jobs; during one, see above
    worker.on('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    return worker;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }
}
