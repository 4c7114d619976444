import { EXIT } from './errors.ts';

/** Ctrl-C and SIGTERM, taken while a run can still be saved: the first asks it to stop, the second ends the process at once. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code to end with, where there was one. */
  readonly code: number | null;
  /** Leaves the signals to the system again. */
  release(): void;
}

/** @param announce shown at the first signal */
export function takeInterrupts(announce: () => void): Interrupt {
  const controller = new AbortController();
  let code: number | null = null;
  const handler = (name: NodeJS.Signals): void => {
    const wanted = name === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
    if (controller.signal.aborted) process.exit(wanted);
    code = wanted;
    controller.abort();
    announce();
  };
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    get code() {
      return code;
    },
    release() {
      for (const name of names) process.off(name, handler);
    },
  };
}
