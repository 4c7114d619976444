/** Which backend new tensors are made on. */
import { UserError } from '../errors.ts';
import type { Kernels } from './kernels.ts';
import { createReferenceBackend } from './reference/reference-backend.ts';
import { simdAsked } from './wasm/engine.ts';
import { automaticThreads, checkedThreads } from './wasm/spawn.ts';
import { createWasmBackend } from './wasm/wasm-backend.ts';

export type BackendName = 'wasm' | 'blas' | 'reference' | 'reference64';

const makers: Record<BackendName, () => Kernels> = {
  wasm: () => createWasmBackend({ threads: threadsAsked() }),
  blas: () => {
    throw new UserError(
      "the backend 'blas' calls a library of the system, which a browser cannot; in Node, import 'chainrule/node' before you ask for it",
    );
  },
  reference: () => createReferenceBackend('float32'),
  reference64: () => createReferenceBackend('float64'),
};
const made = new Map<BackendName, Kernels>();
let current: Kernels | null = null;
let threads: number | undefined;
let ahead = true;
let reason: string | null = null;

export const backendNames: readonly BackendName[] = ['wasm', 'blas', 'reference', 'reference64'];

/** The backend new tensors are made on: WebAssembly where the platform has SIMD, else plain TypeScript (`fallbackReason` tells why). */
export function currentBackend(): Kernels {
  if (current === null) {
    threadsAsked(); // a mistake in that is no reason to fall back, nor in this:
    simdAsked();
    try {
      current = backend('wasm');
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
      current = backend('reference');
    }
  }
  return current;
}

/** Why `currentBackend` fell back on plain TypeScript, or null if it did not. */
export function fallbackReason(): string | null {
  return reason;
}

/**
 * Shares large operations of every backend that has threads out among so many, from 1 to 64, the calling one among them. Results are the same bits
 * with any number. Default: the environment variable CHAINRULE_THREADS, else one for each processor, at most 8. Where there can be no threads (in a page
 * that is not cross-origin isolated), one does all the work, and the backend's traits say why.
 *
 * @param options.ahead whether one more may augment images ahead of training, where that leaves a processor for it. Default true.
 * @throws UserError unless it is a whole number from 1 to 64
 */
export function setThreads(count: number, options: { readonly ahead?: boolean } = {}): void {
  threads = checkedThreads(count);
  ahead = options.ahead ?? true;
  for (const kernels of made.values()) kernels.setThreads(threads, ahead);
}

function threadsAsked(): number {
  threads ??= automaticThreads();
  return threads;
}

/** @internal how a backend is made that not every platform can have */
export function provideBackend(name: BackendName, make: () => Kernels): void {
  makers[name] = make;
}

/** A backend by name; always the same one for a name. `reference64` computes in double precision. */
export function backend(name: BackendName): Kernels {
  const maker = makers[name];
  if (maker === undefined) throw new UserError(`unknown backend '${name}'; allowed are ${backendNames.join(', ')}`);
  let kernels = made.get(name);
  if (kernels === undefined) {
    kernels = maker();
    if (!ahead) kernels.setThreads(threadsAsked(), ahead);
    made.set(name, kernels);
  }
  return kernels;
}

/** Makes new tensors on this backend from now on. Tensors already made stay where they are, and do not mix with new ones. */
export function setBackend(choice: BackendName | Kernels): void {
  current = typeof choice === 'string' ? backend(choice) : choice;
}

/** Runs `work` with this backend as the current one, and puts the former one back, also when `work` throws. `work` is synchronous. */
export function withBackend<T>(choice: BackendName | Kernels, work: () => T): T {
  const before = currentBackend();
  setBackend(choice);
  let result: T;
  try {
    result = work();
  } finally {
    current = before;
  }
  if (result instanceof Promise) {
    result.catch(() => {}); // its own error would otherwise be reported a second time
    throw new UserError(
      'withBackend was given a function that returns a promise; what it does after its first await would run on another backend. Give it a synchronous function, or use setBackend',
    );
  }
  return result;
}
