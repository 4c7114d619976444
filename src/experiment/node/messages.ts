/** What threads tell each other. Errors lose their class on the way, and get it back here. */
import { UserError } from '../../errors.ts';
import type { TrainEvent } from '../../train/events.ts';
import type { Job, RunReport } from './job.ts';

export type ToWorker = { readonly type: 'run'; readonly job: Job } | { readonly type: 'stop' };

export type FromWorker =
  | { readonly type: 'event'; readonly event: TrainEvent }
  | { readonly type: 'done'; readonly report: RunReport }
  | { readonly type: 'failed'; readonly error: ErrorMessage };

export interface ErrorMessage {
  readonly isUserError: boolean;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

export function errorToMessage(error: unknown): ErrorMessage {
  if (!(error instanceof Error)) return { isUserError: false, message: String(error), hint: undefined, stack: undefined };
  const hint = error instanceof UserError ? error.hint : undefined;
  return { isUserError: error instanceof UserError, message: error.message, hint, stack: error.stack };
}

export function messageToError({ isUserError, message, hint, stack }: ErrorMessage): Error {
  const error = isUserError ? new UserError(message, hint) : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
