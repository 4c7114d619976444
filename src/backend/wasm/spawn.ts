/** Threads as the platform has them: `worker_threads` in Node, Web Workers in browsers. */
import { UserError } from '../../errors.ts';
import { builtin, host } from './host.ts';
import { worker as script } from './module.gen.ts';

/** A thread that was started. */
export interface Thread {
  /** Ends it, wherever it is. */
  end(): void;
}

interface NodeWorker {
  on(event: 'error', listener: (error: Error) => void): void;
  on(event: 'exit', listener: (code: number) => void): void;
  unref(): void;
  terminate(): Promise<number>;
}

interface WorkerThreads {
  readonly Worker: new (script: string, options: object) => NodeWorker;
}

/** Why there can be no threads here, or null where there can. */
export function threadsMissing(): string | null {
  if (typeof SharedArrayBuffer === 'undefined' || (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false) {
    return 'the page is not cross-origin isolated, so threads cannot share memory';
  }
  if (builtin('node:worker_threads') === undefined && typeof Worker === 'undefined') return 'this platform has no worker threads';
  return null;
}

/** More than so many gain nothing on products of the sizes that are trained here. */
const MOST_AUTOMATIC = 8;
/** As many as a pool can have. */
export const MOST_THREADS = 64;

/** How many threads there are to be unless told: what CHAINRULE_THREADS says, else one for each processor, at most 8. */
export function automaticThreads(): number {
  const asked = host?.env?.CHAINRULE_THREADS;
  if (asked !== undefined && asked !== '') return checkedThreads(Number(asked), 'CHAINRULE_THREADS', asked);
  return Math.min(processors(), MOST_AUTOMATIC);
}

/** Processors that this process may use. */
export function processors(): number {
  const os = builtin<{ availableParallelism(): number }>('node:os');
  return os?.availableParallelism() ?? (globalThis as { navigator?: Navigator }).navigator?.hardwareConcurrency ?? 1;
}

/** @throws UserError unless it is a whole number from 1 to 64 */
export function checkedThreads(threads: number, name = 'threads', shown: string | number = threads): number {
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw new UserError(`${name} is ${shown}; it must be a whole number from 1 to ${MOST_THREADS}`);
  }
  return threads;
}

/**
 * Starts a thread that runs the pool's script on `data`. It does not keep the process alive. `ended` is told, at some later turn of the event
 * loop, that it has ended, with the error if there was one.
 */
export function spawn(data: object, url: string | URL | undefined, ended: (error: Error | null) => void): Thread {
  const threads = builtin<WorkerThreads>('node:worker_threads');
  if (threads !== undefined) {
    const worker = new threads.Worker(script, { eval: true, workerData: data, execArgv: [], name: 'chainrule' });
    let failure: Error | null = null;
    worker.on('error', error => {
      failure = error;
    });
    worker.on('exit', () => ended(failure));
    worker.unref();
    return { end: () => void worker.terminate() };
  }
  const address = url ?? URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(address, { name: 'chainrule' });
  worker.addEventListener('error', event => {
    worker.terminate();
    ended(new Error(event.message || `the worker's script ${url === undefined ? 'from a blob: URL ' : ''}was refused`));
  });
  worker.postMessage(data);
  return { end: () => worker.terminate() };
}
