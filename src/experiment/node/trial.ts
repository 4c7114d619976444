/** One trial of a sweep: trained in its folder up to so many epochs, from wherever it stands. */
import { appendFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Callback } from '../../train/callbacks/callback.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { TrainEvent } from '../../train/events.ts';
import type { PreparedData } from '../prepare.ts';
import { type RunOptions, type RunResult, runExperiment } from '../run.ts';
import type { Experiment } from '../types.ts';
import { StoredRun } from './stored-run.ts';

export interface TrialRun {
  /** Its run folder. */
  readonly folder: string;
  /** Stop after so many epochs; the next rung goes on from there. */
  readonly until: number;
}

/** Ends training after so many epochs, as if a person had asked: the checkpoint saved then is where it goes on. */
function pauseAfter(until: number): Callback {
  const pause = (epoch: number, stop: () => void): void => {
    if (epoch >= until) stop();
  };
  return {
    onTrainBegin: trainer => pause(trainer.epoch, () => trainer.stop('interrupted', `paused after epoch ${until}`)),
    onEpochEnd: (epoch, _, trainer) => pause(epoch, () => trainer.stop('interrupted', `paused after epoch ${until}`)),
  };
}

/**
 * Trains without the test part, keeps checkpoints and events in the folder, and goes on from the newest checkpoint where there is one. A trial that may stop
 * early begins anew: its last checkpoint may hold the weights of an earlier epoch.
 */
export async function runTrial(
  experiment: Experiment,
  data: PreparedData,
  { folder, until }: TrialRun,
  options: Pick<RunOptions, 'onEvent' | 'signal' | 'weights'>,
): Promise<RunResult> {
  const { run, resume } = await openTrial(experiment, data, folder);
  const events = join(folder, 'metrics.jsonl');
  const onEvent = (event: TrainEvent): void => {
    if (event.type !== 'batchEnd' || event.step === event.stepsPerEpoch) appendFileSync(events, `${JSON.stringify(event)}\n`);
    options.onEvent?.(event);
  };
  const callbacks = until < experiment.training.epochs ? [pauseAfter(until)] : [];
  return runExperiment(experiment, {
    ...options,
    data: { train: data.train, validation: data.validation, test: null },
    store: run.folder,
    onEvent,
    callbacks,
    ...(resume === null ? {} : { resume }),
  });
}

async function openTrial(
  experiment: Experiment,
  data: PreparedData,
  folder: string,
): Promise<{ run: StoredRun; resume: Checkpoint | null }> {
  const again = experiment.training.earlyStopping !== null || experiment.regularization.averaging !== null;
  if (!again) {
    try {
      const run = await StoredRun.open(folder);
      if ((await run.folder.checkpoints()).length > 0) return { run, resume: (await run.folder.recover()).checkpoint };
    } catch (error) {
      if (!(error instanceof UserError)) throw error; // not there, or begun and not finished: made anew
    }
  }
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, '..'), { recursive: true });
  return { run: await StoredRun.create(folder, experiment, data), resume: null };
}
