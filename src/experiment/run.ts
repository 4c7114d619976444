/** Runs an experiment: the same code in Node and in the browser. Where data comes from and where checkpoints go are handed in. */
import { type BackendName, backend, currentBackend, withBackend } from '../backend/current.ts';
import type { Kernels } from '../backend/kernels.ts';
import type { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import type { Module } from '../nn/module.ts';
import { Random, withRandom } from '../random.ts';
import { makeSchedule, Scheduler } from '../schedule/index.ts';
import type { Callback } from '../train/callbacks/callback.ts';
import { EarlyStopping } from '../train/callbacks/early-stopping.ts';
import { ModelCheckpoint } from '../train/callbacks/model-checkpoint.ts';
import { WeightAveraging } from '../train/callbacks/weight-averaging.ts';
import type { Checkpoint, CheckpointStore } from '../train/checkpoint.ts';
import type { DiagnosisOptions } from '../train/diagnosis.ts';
import { type Evaluation, evaluate } from '../train/evaluate.ts';
import type { TrainListener } from '../train/events.ts';
import type { StatisticsOptions } from '../train/statistics.ts';
import { type History, type LossFunction, Trainer } from '../train/trainer.ts';
import { buildMeasures, buildModel, buildOptimizer, buildRegularization, type DataShape, type Measures, shapeOf } from './build.ts';
import type { Experiment } from './types.ts';

/** The parts of the data that an experiment uses. */
export interface ExperimentData {
  readonly train: Dataset;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
}

export interface RunOptions {
  readonly data: ExperimentData;
  readonly store?: CheckpointStore;
  readonly onEvent?: TrainListener;
  readonly signal?: AbortSignal;
  /** Goes on from here. */
  readonly resume?: Checkpoint;
  /** Tells `statistics` events of every layer. Default: none. */
  readonly statistics?: StatisticsOptions | null;
  /** Tells `warning` events of the usual illnesses; null for none. Default: as often as costs next to nothing, where somebody is told. */
  readonly diagnosis?: DiagnosisOptions | null;
  /** Tells `profile` events of where the time goes. Default false. */
  readonly profile?: boolean;
  /** What `model.initFrom` names, read by whoever can read files. */
  readonly weights?: Checkpoint['model'];
  /** How many of the worst mistakes on the test part to keep. Default 12. */
  readonly mistakes?: number;
  /** Where values are predicted: of how many examples of the test part to keep both, at most. Default 500. */
  readonly pairs?: number;
  /** Told of epochs and batches after those that the experiment asks for. */
  readonly callbacks?: readonly Callback[];
}

export interface RunResult {
  readonly model: Module;
  readonly history: History;
  /** Figures on the test part, measured once, at the end; null where there is none, or the run was interrupted. */
  readonly evaluation: Evaluation | null;
}

/**
 * The backend an experiment asks for. `auto` is the fastest whose bits are promised: an experiment gives the same figures wherever it runs, and a
 * BLAS library that happens to be installed must not change them.
 */
export function backendOf(experiment: Experiment): Kernels {
  return experiment.backend === 'auto' ? currentBackend() : backend(experiment.backend as BackendName);
}

/** Trains as described, and measures the result on the test part once. */
export async function runExperiment(experiment: Experiment, options: RunOptions): Promise<RunResult> {
  const kernels = backendOf(experiment);
  const { data, store, onEvent, signal, resume, mistakes = 12, pairs = 500 } = options;
  const { training, regularization } = experiment;
  const random = new Random(experiment.seed);
  const shape = shapeOf(data.train);
  const { trainer, model, measures } = withBackend(kernels, () => {
    const model = withRandom(random, () => buildModel(experiment.model, shape, experiment.tasks));
    const measures = buildMeasures(experiment, shape);
    const { loss, metrics } = measures;
    const callbacks: Callback[] = [];
    if (training.earlyStopping !== null) {
      if (data.validation === null)
        throw new UserError('early stopping watches the validation part, and there is none; set data.validation above 0');
      callbacks.push(new EarlyStopping(training.earlyStopping));
    }
    if (regularization.averaging !== null) callbacks.push(new WeightAveraging(regularization.averaging));
    callbacks.push(...(options.callbacks ?? []));
    if (store !== undefined) callbacks.push(new ModelCheckpoint(store, { every: training.checkpointEvery }));
    const optimizer = buildOptimizer(experiment.optimizer, model);
    const steps = data.train.length / training.batchSize;
    const totalSteps = training.epochs * (training.dropLast ? Math.floor(steps) : Math.ceil(steps));
    const trainer = new Trainer(model, {
      ...buildRegularization(experiment.regularization, model, data.train),
      train: data.train,
      validation: data.validation,
      loss,
      ...(metrics === undefined ? {} : { metrics }),
      optimizer,
      scheduler: new Scheduler(
        optimizer,
        makeSchedule(experiment.schedule, { totalSteps: Math.max(1, totalSteps), totalEpochs: Math.max(1, training.epochs) }),
      ),
      epochs: training.epochs,
      batchSize: training.batchSize,
      dropLast: training.dropLast,
      callbacks,
      random,
      statistics: options.statistics ?? null,
      diagnosis: options.diagnosis === undefined ? (onEvent ? {} : null) : options.diagnosis,
      profile: options.profile ?? false,
      ...(onEvent ? { onEvent } : {}),
      ...(signal ? { signal } : {}),
    });
    if (resume !== undefined) trainer.restore(resume);
    else if (experiment.model.initFrom !== undefined) startFrom(model, experiment.model.initFrom, options.weights);
    return { trainer, model, measures };
  });
  const history = await trainer.run();
  const measured = data.test !== null && history.reason !== 'interrupted';
  const evaluation = measured ? await evaluate(model, data.test!, { ...measures, mistakes, pairs }) : null;
  return { model, history, evaluation };
}

function startFrom(model: Module, file: string, weights: RunOptions['weights']): void {
  if (weights === undefined)
    throw new UserError(`runExperiment: model.initFrom names '${file}', and no weights were handed in; read them from there`);
  model.loadStateDict(weights);
}

/** The model of an experiment with the weights of a checkpoint, in inference mode, and how it is measured. */
export function restoreModel(
  experiment: Experiment,
  data: DataShape,
  weights: Checkpoint['model'],
): { model: Module; loss: LossFunction; measures: Measures } {
  return withBackend(backendOf(experiment), () => {
    const model = withRandom(new Random(experiment.seed), () => buildModel(experiment.model, data, experiment.tasks));
    model.loadStateDict(weights);
    model.eval();
    const measures = buildMeasures(experiment, data);
    return { model, loss: measures.loss, measures };
  });
}
