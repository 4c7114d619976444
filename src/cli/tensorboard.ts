import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationEvent } from '../experiment/evaluation-event.ts';
import type { StoredRun } from '../experiment/node/stored-run.ts';
import { TensorboardEvents, type TensorboardFolder } from '../experiment/tensorboard.ts';
import type { TrainEvent } from '../train/events.ts';
import { cannotWrite } from '../train/node/atomic.ts';

const FOLDERS: readonly TensorboardFolder[] = ['.', 'train', 'validation', 'test'];

/** Writes TensorBoard's event files as a run goes, without making it wait. Another training of the same run adds files of its own beside them. */
export class TensorboardFiles {
  readonly #events: TensorboardEvents;
  readonly #streams = new Map<TensorboardFolder, ReturnType<typeof createWriteStream>>();
  readonly #path: string;
  readonly #name: string;
  #failure: Error | null = null;

  private constructor(path: string, run: StoredRun, began: number) {
    this.#path = path;
    this.#events = new TensorboardEvents(run.experiment, run.data.info);
    // TensorBoard looks for 'tfevents', and reads the files of a folder in the order of their names.
    this.#name = `events.out.tfevents.${String(Math.floor(began)).padStart(10, '0')}.chainrule.${process.pid}`;
  }

  /** `began` in seconds since 1970. */
  static async create(path: string, run: StoredRun, began: number): Promise<TensorboardFiles> {
    try {
      for (const folder of FOLDERS) await mkdir(join(path, folder), { recursive: true });
    } catch (error) {
      throw cannotWrite(path, error);
    }
    return new TensorboardFiles(path, run, began);
  }

  event(event: TrainEvent | EvaluationEvent, wallTime: number): void {
    if (this.#failure !== null) throw this.#failure;
    for (const { folder, bytes } of this.#events.event(event, wallTime)) this.#streamOf(folder).write(bytes);
  }

  /** Waits until everything is written. */
  async close(): Promise<void> {
    await Promise.all([...this.#streams.values()].map(stream => new Promise<void>(resolve => stream.end(() => resolve()))));
    if (this.#failure !== null) throw this.#failure;
  }

  #streamOf(folder: TensorboardFolder): ReturnType<typeof createWriteStream> {
    const open = this.#streams.get(folder);
    if (open !== undefined) return open;
    const path = join(this.#path, folder, this.#name);
    const stream = createWriteStream(path, { flags: 'a' });
    stream.on('error', error => {
      this.#failure ??= cannotWrite(path, error);
    });
    this.#streams.set(folder, stream);
    return stream;
  }
}
