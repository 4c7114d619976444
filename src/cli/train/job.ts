/** A run that is about to be trained: a new one, or one that goes on. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UserError } from '../../errors.ts';
import { modelWith, StoredRun } from '../../experiment/node/stored-run.ts';
import type { Experiment } from '../../experiment/types.ts';
import { readWeights } from '../../io/node/files.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { Lock } from '../../train/node/lock.ts';
import { cutMetrics } from '../../train/node/metrics-file.ts';
import { UsageError } from '../errors.ts';
import { askedExperiment, givenFlags } from '../experiment-flags.ts';
import { type LoadedExperiment, load, loadOrStandIn } from '../load-data.ts';

/** All that training needs, whether it begins or goes on. The lock is to be released at the end. */
export interface Job extends LoadedExperiment {
  readonly run: StoredRun;
  readonly lock: Lock;
  /** What the run's run.json said before; null for a new run. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly resume?: Checkpoint;
  /** Weights to start from. */
  readonly weights?: Checkpoint['model'];
}

interface Places {
  readonly config?: string;
  readonly out?: string;
}

type Tell = (line: string) => void;

/** A new run in a new folder. */
export async function begin(command: Command, data: string | undefined, { config, out }: Places, tell: Tell): Promise<Job> {
  const asked = await askedExperiment(command, data, config);
  if (out !== undefined) await mustBeFree(out);
  const loaded = await loadOrStandIn(asked, tell);
  const weights = await weightsToStartFrom(loaded);
  const run = await StoredRun.create(out ?? (await freeFolder(loaded.experiment.data.name)), loaded.experiment, loaded.data);
  return { ...loaded, run, lock: await run.folder.lock(), before: null, ...(weights === undefined ? {} : { weights }) };
}

/** Read before a run is made, and tried on the model. */
async function weightsToStartFrom({ experiment, data }: Omit<LoadedExperiment, 'instead'>): Promise<Checkpoint['model'] | undefined> {
  const { initFrom } = experiment.model;
  if (initFrom === undefined) return undefined;
  const weights = await readWeights(initFrom);
  modelWith(initFrom, weights, experiment, data.info);
  return weights;
}

/** A run that was stopped, from its newest whole checkpoint; from the start where it was ended before the first. */
export async function goOn(command: Command, data: string | undefined, path: string, places: Places, tell: Tell): Promise<Job> {
  const { '--epochs': epochs, ...others } = givenFlags(command);
  const refused = [
    ...(data === undefined ? [] : [data]),
    ...(['out', 'config'] as const).filter(name => places[name]).map(name => `--${name}`),
    ...Object.keys(others),
  ];
  if (refused.length > 0) {
    throw new UsageError(
      `--resume: ${refused.join(', ')} cannot be changed in a run that has begun; only --epochs can. Start a new run for that`,
    );
  }
  const run = await StoredRun.open(path);
  const lock = await run.folder.lock();
  try {
    const before = (await run.folder.readJson('run.json')) as Record<string, unknown> | null;
    const experiment = epochs === undefined ? run.experiment : await askedExperiment(command, undefined, join(path, 'experiment.json'));
    const found = await newest(run, tell);
    const resume = found === null || epochs === undefined ? found : goingFurther(found);
    mustHaveMore(path, experiment, resume, before?.outcome);
    if (experiment !== run.experiment) await run.folder.writeJson('experiment.json', experiment);
    const prepared = await load(experiment.data, experiment.seed, tell);
    await cutMetrics(run.folder.path, resume?.state ?? null);
    if (resume === null) tell('No checkpoint was written before it ended; it begins again from the start');
    else tell(`Going on after epoch ${resume.state.epoch}, step ${resume.state.globalStep}`);
    const weights = resume === null ? await weightsToStartFrom({ experiment, data: prepared }) : undefined;
    return {
      ...{ experiment, data: prepared, instead: null, run, lock, before },
      ...(resume === null ? {} : { resume }),
      ...(weights === undefined ? {} : { weights }),
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The newest whole checkpoint, with a word about those that are not; null where none was written. */
async function newest(run: StoredRun, tell: Tell): Promise<Checkpoint | null> {
  if ((await run.folder.checkpoints()).length === 0) return null;
  const { checkpoint, damaged } = await run.folder.recover();
  for (const { message, movedTo } of damaged) tell(`${message}\nIt is now called ${movedTo}`);
  if (damaged.length > 0) tell(`The one before is used: ${checkpoint.name}`);
  return checkpoint;
}

/** More epochs than were planned: what ended the run does not hold any more. */
function goingFurther(checkpoint: Checkpoint): Checkpoint {
  return { ...checkpoint, state: { ...checkpoint.state, stopping: null } };
}

/** A run whose epochs are done has its end still before it, if it was ended before that: the best weights, the average, the test. */
function mustHaveMore(path: string, { training }: Experiment, resume: Checkpoint | null, outcome: unknown): void {
  if (resume === null) return;
  const { epoch, stopping } = resume.state;
  const isOver = outcome === 'completed' || outcome === 'earlyStopping';
  if (epoch > training.epochs || (isOver && epoch >= training.epochs)) {
    throw new UsageError(`--resume: ${path} has done all its ${epoch} epochs. To train longer, give --epochs with a number above ${epoch}`);
  }
  if (isOver && stopping !== null)
    throw new UsageError(`--resume: ${path} was stopped early: ${stopping.message}. To train longer all the same, give --epochs`);
}

/** Told before anything is loaded or downloaded. */
async function mustBeFree(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.length > 0) {
    throw new UserError(
      `--out: ${path} is not empty, and a run never writes over another`,
      names.includes('experiment.json')
        ? `Choose another folder; to go on with the run in it: chainrule train --resume ${quoted(path)}`
        : 'Choose another folder, or empty it yourself',
    );
  }
}

/** runs/mnist-1, or the first number that is free. */
async function freeFolder(name: string): Promise<string> {
  const taken = new Set(await readdir('runs').catch(() => []));
  let n = 1;
  while (taken.has(`${name}-${n}`)) n++;
  return join('runs', `${name}-${n}`);
}

/** What a shell takes as one word. */
export function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
