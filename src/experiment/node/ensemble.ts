/** Trains the members of an ensemble side by side in worker threads, and measures them together. */
import { UserError } from '../../errors.ts';
import type { Ensemble } from '../../nn/ensemble.ts';
import { Random } from '../../random.ts';
import type { TrainEvent } from '../../train/events.ts';
import { shapeOf } from '../build.ts';
import { type AverageMeasured, averageOf, measureAverage } from '../ensemble.ts';
import type { ExperimentData } from '../run.ts';
import type { Experiment } from '../types.ts';
import { loadData } from './data.ts';
import type { Job, RunReport } from './job.ts';
import { type RunJobsOptions, runJobs } from './workers.ts';

export interface EnsembleRunOptions extends Pick<RunJobsOptions, 'threads' | 'signal' | 'entry'> {
  /** What member `index` tells as it trains. */
  readonly onEvent?: (index: number, event: TrainEvent) => void;
  /** The data on which the average is measured; default: what the experiment names. */
  readonly data?: ExperimentData;
  readonly load?: NonNullable<Job['load']>;
}

export interface EnsembleResult extends AverageMeasured {
  /** In inference mode; its members in the order of `members`. */
  readonly model: Ensemble;
  readonly members: readonly (Pick<RunReport, 'reason' | 'epochs' | 'validation' | 'test' | 'seconds'> & { readonly seed: number })[];
  /** Members that could not be trained; the average is of the others. */
  readonly failed: readonly { readonly seed: number; readonly error: Error }[];
}

/** The seeds of k members, all different, from the seed of the whole. A larger ensemble begins with the members of a smaller one. */
export function memberSeeds(seed: number, k: number): number[] {
  const stream = new Random(seed).stream('ensemble');
  return Array.from({ length: k }, (_, i) => stream.split(`member ${i}`).int(2 ** 53));
}

/**
 * Trains k nets that differ by their seeds alone (initial weights, order, dropout), on the same training part, and averages them: classes by
 * probability, values by output.
 *
 *     const { gains } = await trainEnsemble(experiment, 5, { threads: 2 });
 *     gains.test.accuracy; // { members: { mean, sd }, ensemble, gain }
 */
export async function trainEnsemble(experiment: Experiment, k: number, options: EnsembleRunOptions = {}): Promise<EnsembleResult> {
  if (!(Number.isInteger(k) && k >= 2)) throw new UserError(`an ensemble of ${k}; it must be a whole number of at least 2 members`);
  const { threads, signal, entry, onEvent, load } = options;
  const seeds = memberSeeds(experiment.seed, k);
  const jobs = seeds.map(seed => ({
    experiment: { ...experiment, seed },
    dataSeed: experiment.seed,
    weights: true,
    ...(load === undefined ? {} : { load }),
  }));
  const outcomes = await runJobs(jobs, {
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
    ...(entry === undefined ? {} : { entry }),
    ...(onEvent === undefined ? {} : { onEvent }),
  });
  const reports = outcomes.flatMap((outcome, i) => (outcome.ok ? [{ ...outcome.report, seed: seeds[i] }] : []));
  const failed = outcomes.flatMap((outcome, i) => (outcome.ok ? [] : [{ seed: seeds[i], error: outcome.error }]));
  if (signal?.aborted) throw new UserError('the ensemble was stopped before all its members were trained');
  if (reports.length < 2) throw failed[0].error;

  const data = options.data ?? (await loadData(experiment.data, experiment.seed, load ?? {}));
  const weights = reports.map(report => report.weights!);
  const model = averageOf(experiment, shapeOf(data.train), weights);
  return {
    model,
    members: reports.map(({ seed, reason, epochs, validation, test, seconds }) => ({ seed, reason, epochs, validation, test, seconds })),
    failed,
    ...(await measureAverage(model, experiment, data, reports)),
  };
}
