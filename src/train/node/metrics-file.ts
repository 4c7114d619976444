/** The events of a run as a file of JSON lines, whole and in order whatever ends the process. */
import { appendFileSync, closeSync, fsyncSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointState } from '../checkpoint.ts';
import { cannotWrite, writeFileAtomic } from './atomic.ts';

/** The file's name in a run folder. */
export const METRICS = 'metrics.jsonl';

/** Where a checkpoint stands. */
type Position = Pick<CheckpointState, 'globalStep' | 'epoch' | 'loader'>;
const start: Position = { globalStep: 0, epoch: 0, loader: { epoch: 0, position: 0 } };

/** How long lines wait to be written together, at most, in milliseconds. */
const WAIT = 200;

/** Appends events as lines of JSON, without making the training loop wait for each. */
export class MetricsFile {
  private readonly path: string;
  private file: number | null;
  private waiting: string[] = [];
  private written = performance.now();

  constructor(folder: string) {
    this.path = join(folder, METRICS);
    try {
      this.file = openSync(this.path, 'a');
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  write(event: unknown): void {
    this.waiting.push(JSON.stringify(event));
    if (performance.now() - this.written >= WAIT) this.pass();
  }

  /** Makes what was written last: called before a checkpoint is kept, so that none is ahead of its events. */
  flush(): void {
    this.pass();
    if (this.file !== null) fsyncSync(this.file);
  }

  close(): void {
    if (this.file === null) return;
    this.flush();
    closeSync(this.file);
    this.file = null;
  }

  private pass(): void {
    this.written = performance.now();
    if (this.waiting.length === 0 || this.file === null) return;
    try {
      appendFileSync(this.file, `${this.waiting.join('\n')}\n`);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    this.waiting = [];
  }
}

/**
 * Cuts off what was told after a checkpoint (null: after the start), with a line that was torn: a run that goes on from there tells it again. The file is
 * replaced as a whole.
 *
 * @returns how many lines were cut
 */
export async function cutMetrics(folder: string, state: Position | null): Promise<number> {
  const path = join(folder, METRICS);
  const bytes = await readFile(path).catch(() => null);
  if (bytes === null) return 0;
  let kept = 0;
  while (kept < bytes.length) {
    const end = bytes.indexOf(10, kept);
    if (end === -1 || !isTold(bytes.toString('utf8', kept, end), state ?? start)) break;
    kept = end + 1;
  }
  if (kept === bytes.length) return 0;
  await writeFileAtomic(path, bytes.subarray(0, kept));
  const rest = bytes.toString('utf8', kept);
  return rest.split('\n').length - (rest.endsWith('\n') ? 1 : 0);
}

/** Whether a line tells of something that the checkpoint has behind it. */
function isTold(line: string, { globalStep, epoch, loader }: Position): boolean {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(line);
  } catch {
    return false;
  }
  if (event === null || typeof event !== 'object') return false;
  // What was said at an end is said again at the end to come.
  if (event.type === 'evaluation' || (event.type === 'trainEnd' && event.reason !== 'interrupted')) return false;
  if (typeof event.globalStep === 'number') return event.globalStep <= globalStep;
  if (typeof event.epoch !== 'number') return true;
  if (event.type === 'epochBegin' && loader.position > 0) return event.epoch <= epoch + 1;
  return event.epoch <= epoch;
}
