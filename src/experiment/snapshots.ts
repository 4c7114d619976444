/** A snapshot ensemble from an experiment: one training whose rate falls to 0 several times, and the nets it has by then, averaged. */
import { UserError } from '../errors.ts';
import type { Ensemble } from '../nn/ensemble.ts';
import { SnapshotEnsemble, snapshotSchedule } from '../train/callbacks/snapshot-ensemble.ts';
import { evaluate } from '../train/evaluate.ts';
import { buildMeasures, shapeOf } from './build.ts';
import { type AverageMeasured, averageOf, type Measured, measureAverage } from './ensemble.ts';
import { type RunOptions, runExperiment } from './run.ts';
import type { Experiment } from './types.ts';

export interface SnapshotsResult extends AverageMeasured {
  /** In inference mode; its members in the order of `members`. */
  readonly model: Ensemble;
  /** The epoch after which each snapshot was taken, and its figures. */
  readonly members: readonly (Measured & { readonly epoch: number })[];
}

/**
 * Refuses a count of snapshots that the experiment cannot give.
 *
 * @returns epochs of one cycle
 */
export function snapshotCycle({ training, regularization }: Experiment, snapshots: number): number {
  if (!(Number.isInteger(snapshots) && snapshots >= 2))
    throw new UserError(`snapshots is ${snapshots}; it must be a whole number of at least 2`);
  const { epochs } = training;
  if (epochs === 0 || epochs % snapshots !== 0) {
    const near = Math.max(1, Math.floor(epochs / snapshots)) * snapshots;
    throw new UserError(
      `snapshots is ${snapshots}, and training.epochs ${epochs}; the epochs must be a multiple of the snapshots, as ${near} or ${near + snapshots}`,
    );
  }
  if (training.earlyStopping !== null)
    throw new UserError(
      'snapshots are taken at the end of each cycle, and early stopping could end training before the last; leave it out',
    );
  if (regularization.averaging !== null)
    throw new UserError('snapshots are the weights themselves, and weight averaging would not be in them; leave it out');
  return epochs / snapshots;
}

/**
 * Trains once, with a rate that falls along a cosine to 0 in each of so many equal cycles (the experiment's own schedule is not used), and averages the
 * nets at their ends: classes by probability, values by output.
 *
 *     const { gains } = await trainSnapshots(experiment, 5, { data });
 *     gains.test.accuracy; // { members: { mean, sd }, ensemble, gain }
 *
 * Source: Huang et al. 2017, "Snapshot ensembles: train 1, get M for free".
 */
export async function trainSnapshots(
  experiment: Experiment,
  snapshots: number,
  options: Pick<RunOptions, 'data' | 'onEvent' | 'signal'>,
): Promise<SnapshotsResult> {
  const cycle = snapshotCycle(experiment, snapshots);
  const { data } = options;
  const steps = data.train.length / experiment.training.batchSize;
  const perEpoch = experiment.training.dropLast ? Math.floor(steps) : Math.ceil(steps);
  const cyclic: Experiment = { ...experiment, schedule: snapshotSchedule(snapshots, Math.max(1, perEpoch) * cycle) };
  const taken = new SnapshotEnsemble({ cycle });
  const { history } = await runExperiment(cyclic, { ...options, data: { ...data, test: null }, callbacks: [taken] });
  if (history.reason === 'interrupted') throw new UserError('the training was stopped before all its snapshots were taken');

  const shape = shapeOf(data.train);
  const measures = buildMeasures(experiment, shape);
  const model = averageOf(experiment, shape, taken.snapshots);
  const members: (Measured & { epoch: number })[] = [];
  for (const [i, epoch] of taken.epochs.entries()) {
    const validation = data.validation && (await evaluate(model.at(i)!, data.validation, measures));
    members.push({ epoch, validation, test: data.test && (await evaluate(model.at(i)!, data.test, measures)) });
  }
  return { model, members, ...(await measureAverage(model, experiment, data, members)) };
}
