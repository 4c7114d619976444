import { UserError } from '../errors.ts';

/** Exit codes of the command, as its help tells them. */
export const EXIT = { done: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A mistake in what was typed: a flag, a command, a config. Exit code 2, where other errors have 1. */
export class UsageError extends UserError {}

/** Runs `work`; what a person got wrong in it counts as a mistake in what was typed. */
export function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UserError && !(error instanceof UsageError)) throw new UsageError(error.message, error.hint, { cause: error });
    throw error;
  }
}

/** What is shown of an error, and the exit code. A stack trace is shown only where CHAINRULE_DEBUG asks for it. */
export function explainError(error: unknown, debug: boolean): { readonly text: string; readonly code: number } {
  const stack = debug && error instanceof Error ? `\n${error.stack}` : '';
  if (error instanceof UserError) {
    const hint = error.hint === undefined ? '' : `\n${error.hint}`;
    return { text: `chainrule: ${error.message}${hint}${stack}`, code: error instanceof UsageError ? EXIT.usage : EXIT.failure };
  }
  const message = error instanceof Error ? error.message : String(error);
  const report = debug
    ? ''
    : '\nThis is a fault of chainrule. Run the same command with CHAINRULE_DEBUG=1 to see where it arose, and report that with the command.';
  return { text: `chainrule: ${message}${report}${stack}`, code: EXIT.failure };
}
