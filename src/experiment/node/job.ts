/** One run as a job: plain data in, plain data out, so that it may cross from thread to thread. */
import { readWeights } from '../../io/node/files.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import { type Evaluation, evaluate } from '../../train/evaluate.ts';
import type { Logs, StopReason, TrainListener } from '../../train/events.ts';
import { buildMeasures, shapeOf } from '../build.ts';
import type { PreparedData } from '../prepare.ts';
import { runExperiment } from '../run.ts';
import type { DataOptions, Experiment } from '../types.ts';
import { type LoadOptions, loadData } from './data.ts';
import { runTrial, type TrialRun } from './trial.ts';

export interface Job {
  readonly experiment: Experiment;
  /** The seed that decides which examples are held out. Default: the experiment's; members of an ensemble share one. */
  readonly dataSeed?: number;
  /** Where downloads come from and are kept. */
  readonly load?: Omit<LoadOptions, 'onProgress'>;
  /** A trial of a sweep: kept in its folder, without the test part, up to so many epochs. */
  readonly trial?: TrialRun;
  /** Hand back the weights. Default false. */
  readonly weights?: boolean;
}

/** What a run came to. */
export interface RunReport {
  readonly reason: StopReason;
  /** Figures of every epoch. */
  readonly epochs: readonly Logs[];
  /** Of the finished model, on the validation and the test part; null where there is none, or the run was interrupted. */
  readonly validation: Evaluation | null;
  readonly test: Evaluation | null;
  /** Seconds that training took, without loading the data and measuring the result. */
  readonly seconds: number;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** In words, where the data came from. */
  readonly data: string;
  /** By state-dict key; null unless asked for. */
  readonly weights: ReadonlyMap<string, StoredTensor> | null;
}

/** The data loaded last: jobs that follow each other in one thread nearly always share it. */
let loaded: { readonly key: string; readonly data: Promise<PreparedData> } | null = null;

function dataOf(options: DataOptions, seed: number, load: LoadOptions): Promise<PreparedData> {
  const key = JSON.stringify([options, seed]);
  if (loaded?.key !== key) {
    const data = loadData(options, seed, load);
    data.catch(() => {
      loaded = null; // a failure is not kept
    });
    loaded = { key, data };
  }
  return loaded.data;
}

/** Runs a job in this thread. */
export async function runJob(
  job: Job,
  options: { readonly onEvent?: TrainListener; readonly signal?: AbortSignal } = {},
): Promise<RunReport> {
  const { experiment } = job;
  const data = await dataOf(experiment.data, job.dataSeed ?? experiment.seed, job.load ?? {});
  let seconds = 0;
  const onEvent: TrainListener = event => {
    if (event.type === 'trainEnd') seconds = event.elapsed;
    options.onEvent?.(event);
  };
  const { initFrom } = experiment.model;
  const running = {
    onEvent,
    ...(options.signal ? { signal: options.signal } : {}),
    ...(initFrom === undefined ? {} : { weights: await readWeights(initFrom) }),
  };
  const { trial } = job;
  const result =
    trial === undefined
      ? await runExperiment(experiment, { ...running, data, mistakes: 0, pairs: 0 })
      : await runTrial(experiment, data, trial, running);
  const { model, history } = result;
  const isPaused = trial !== undefined && history.epochs.length >= trial.until;
  const measured = data.validation !== null && (history.reason !== 'interrupted' || isPaused);
  return {
    reason: history.reason,
    epochs: history.epochs,
    validation: measured ? await evaluate(model, data.validation!, buildMeasures(experiment, shapeOf(data.train))) : null,
    test: result.evaluation,
    seconds,
    parameters: model.parameterCount(),
    data: data.train.provenance,
    weights: job.weights
      ? new Map([...model.stateDict()].map(([key, tensor]) => [key, { shape: tensor.shape, values: tensor.toArray() }]))
      : null,
  };
}
