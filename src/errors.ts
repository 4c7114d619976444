/**
 * An error that a person can mend: wrong input, a wrong option, a file that is not what it should be. Its message says what was
 * given, what was expected and what to do; the command line prints it without a stack trace.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** What to do, where that deserves a line of its own. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string, options?: ErrorOptions) {
    super(message, options);
    this.hint = hint;
  }
}
