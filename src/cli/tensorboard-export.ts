import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { EvaluationEvent } from '../experiment/evaluation-event.ts';
import type { StoredRun } from '../experiment/node/stored-run.ts';
import type { TrainEvent } from '../train/events.ts';
import { TensorboardFiles } from './tensorboard.ts';

/**
 * Writes TensorBoard's files of a run that is there, from what its folder has.
 *
 * @returns how many of its events there were
 */
export async function exportTensorboard(run: StoredRun, path: string): Promise<number> {
  const events = await eventsOf(join(run.folder.path, 'metrics.jsonl'));
  const record = (await run.folder.readJson('run.json')) as { readonly started?: string } | null;
  const began = (Date.parse(record?.started ?? '') || 0) / 1000;
  const files = await TensorboardFiles.create(path, run, began);
  const clock = new Clock(began);
  for (const event of events) files.event(event, clock.timeOf(event));
  await files.close();
  return events.length;
}

async function eventsOf(path: string): Promise<(TrainEvent | EvaluationEvent)[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`${path}: ${code === 'ENOENT' ? 'there is no such file; the run has no figures' : message}`);
  }
  const lines = text.split('\n').filter(line => line !== '');
  return lines.flatMap((line, i) => {
    try {
      return [JSON.parse(line) as TrainEvent | EvaluationEvent];
    } catch (error) {
      // The last line of a run that was killed may have been cut short.
      if (i === lines.length - 1) return [];
      throw new UserError(`${path}, line ${i + 1}: not JSON (${(error as Error).message}); the file is damaged`);
    }
  });
}

/** When each event was: they say how long things took, and `run.json` when it began. */
class Clock {
  #now: number;
  #epochBegan: number;

  constructor(began: number) {
    this.#now = began;
    this.#epochBegan = began;
  }

  timeOf(event: TrainEvent | EvaluationEvent): number {
    if (event.type === 'batchEnd') this.#now = this.#epochBegan + event.elapsed;
    if (event.type === 'epochEnd') {
      this.#now = this.#epochBegan + event.elapsed + event.validationElapsed;
      this.#epochBegan = this.#now;
    }
    return this.#now;
  }
}
