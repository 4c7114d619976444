import { createWriteStream } from 'node:fs';
import { cannotWrite } from '../train/node/atomic.ts';

/** Appends lines of JSON to a file, in order, without making the training loop wait. */
export class EventLog {
  private readonly stream: ReturnType<typeof createWriteStream>;
  private failure: Error | null = null;

  constructor(path: string) {
    this.stream = createWriteStream(path, { flags: 'a' });
    this.stream.on('error', error => {
      this.failure ??= cannotWrite(path, error);
    });
  }

  write(event: unknown): void {
    if (this.failure !== null) throw this.failure;
    this.stream.write(`${JSON.stringify(event)}\n`);
  }

  /** Waits until everything is written. */
  async close(): Promise<void> {
    await new Promise<void>(resolve => this.stream.end(() => resolve()));
    if (this.failure !== null) throw this.failure;
  }
}
