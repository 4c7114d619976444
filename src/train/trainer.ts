import type { Kernels } from '../backend/kernels.ts';
import { DataLoader } from '../data/loader.ts';
import { UserError } from '../errors.ts';
import type { Module } from '../nn/module.ts';
import { currentRandom, type Random } from '../random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type Breather, breather } from './breathe.ts';
import type { Checkpoint, CheckpointState } from './checkpoint.ts';
import { Diagnosis } from './diagnosis.ts';
import { evaluate, kernelsOf } from './evaluate.ts';
import type { Logs, Phase, StopReason, TrainEvent } from './events.ts';
import type { FitOptions, History } from './fit-options.ts';
import { accuracy, type Metric } from './metrics.ts';
import { Profiler } from './profile.ts';
import { StatisticsWatcher } from './statistics.ts';
import type { StepPlace, StepWatcher } from './step-watcher.ts';
import { StepRunner } from './train-step.ts';

export type { FitOptions, History, LossFunction, SchedulerLike } from './fit-options.ts';

const nobody: readonly StepWatcher[] = [];

export class Trainer {
  readonly model: Module;
  readonly options: FitOptions;
  readonly loader: DataLoader;
  /** Epochs done in full. */
  epoch = 0;
  /** Steps done. */
  globalStep = 0;
  readonly history: Logs[] = [];
  /** Where the last step begun stands; null while gradients are still being added up, when no checkpoint can be made. */
  place: StepPlace | null = null;
  private readonly random: Random;
  private readonly kernels: Kernels;
  private readonly metrics: Readonly<Record<string, Metric>>;
  private readonly watchers: readonly StepWatcher[];
  private readonly diagnosis: Diagnosis | null;
  private readonly profiler: Profiler | null;
  private readonly steps: StepRunner;
  /** Those that look into the step under way. */
  private watching: readonly StepWatcher[] = nobody;
  private stopping: { reason: StopReason; message: string } | null = null;

  constructor(model: Module, options: FitOptions) {
    this.model = model;
    this.options = options;
    this.random = options.random ?? currentRandom();
    this.kernels = kernelsOf(model);
    const epochs = options.epochs ?? 1;
    if (!Number.isInteger(epochs) || epochs < 0) throw new UserError(`fit: epochs is ${epochs}; it must be a whole number of at least 0`);
    const { accumulate = 1 } = options;
    if (!Number.isInteger(accumulate) || accumulate < 1)
      throw new UserError(`fit: accumulate is ${accumulate}; it must be a whole number of at least 1`);
    if (accumulate > 1 && options.optimizer.needsClosure)
      throw new UserError(`fit: accumulate is ${accumulate}; an optimizer that computes the loss itself, at several points, takes 1`);
    this.loader = new DataLoader(options.train, {
      batchSize: options.batchSize ?? 32,
      shuffle: options.shuffle ?? true,
      dropLast: options.dropLast ?? false,
      random: this.random,
      ...(options.transform === undefined ? {} : { transform: options.transform }),
    });
    this.metrics = options.metrics ?? (options.train.targetKind === 'class' ? { accuracy } : {});
    const { statistics = null, diagnosis = null, profile = false } = options;
    this.diagnosis =
      diagnosis === null ? null : new Diagnosis(diagnosis, options.train.classNames.length, model.parameterCount() * this.loader.batchSize);
    this.watchers = [
      ...(statistics === null ? [] : [new StatisticsWatcher(statistics)]),
      ...(this.diagnosis === null ? [] : [this.diagnosis]),
    ];
    this.profiler = profile ? new Profiler(model, this.kernels) : null;
    const { loader, random, kernels, metrics, profiler } = this;
    this.steps = new StepRunner({ model, options, loader, random, kernels, metrics, profiler });
  }

  /** Whether a signal, rather than the plan, ended training. */
  get interrupted(): boolean {
    return this.stopping?.reason === 'interrupted';
  }

  /** Whether training has been told to end, by a callback or a signal. */
  get ending(): boolean {
    return this.stopping !== null;
  }

  emit(event: TrainEvent): void {
    this.options.onEvent?.(event);
  }

  /** Runs `work` with its time counted as that of `phase`, where time is measured. */
  async inPhase<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const before = this.profiler?.enter(phase);
    const result = await work();
    if (before !== undefined) this.profiler?.enter(before);
    return result;
  }

  /** Ends training at the next opportunity: after this epoch for callbacks, after the step under way for a signal. */
  stop(reason: StopReason, message: string): void {
    this.stopping ??= { reason, message };
  }

  /** Runs to the end: all epochs, a callback's stop, or a signal. */
  async run(): Promise<History> {
    const { train, validation, epochs = 1, batchSize = 32, callbacks = [], optimizer } = this.options;
    const began = performance.now();
    this.emit({
      type: 'trainBegin',
      epochs,
      stepsPerEpoch: this.loader.length,
      batchSize,
      trainSamples: train.length,
      validationSamples: validation?.length ?? 0,
      parameters: this.model.parameterCount(),
      startEpoch: this.epoch,
      startStep: this.globalStep,
      backend: { name: this.kernels.name, ...this.kernels.traits },
      data: train.provenance,
    });
    const breathe = breather();
    this.model.train();
    for (const callback of callbacks) await callback.onTrainBegin?.(this);
    try {
      while (this.epoch < epochs && this.stopping === null) {
        await this.trainEpoch(breathe, epochs, optimizer.lr);
      }
      const end = this.stopping ?? { reason: 'completed' as const, message: `${epochs} epochs done` };
      for (const callback of callbacks) await callback.onTrainEnd?.(this);
      if (this.profiler !== null) this.emit(this.profiler.report(null));
      this.emit({ type: 'trainEnd', ...end, epoch: this.epoch, globalStep: this.globalStep, elapsed: seconds(began) });
      return { epochs: this.history, reason: end.reason };
    } finally {
      this.model.eval();
      this.steps.forget();
    }
  }

  private async trainEpoch(breathe: Breather, epochs: number, lr: number): Promise<void> {
    const { validation, signal, callbacks = [], optimizer, scheduler, loss, train } = this.options;
    const epoch = this.epoch + 1;
    const began = performance.now();
    const resumedAt = this.steps.running.samples;
    if (this.loader.state().position === 0) this.emit({ type: 'epochBegin', epoch, lr });
    const totalSamples = this.loader.dropLast ? this.loader.length * this.loader.batchSize : train.length;
    this.profiler?.enter('data');
    const batches = this.loader.batchesInTime();
    try {
      for (;;) {
        // no promise where there is nothing to wait for: a few of them are a percent of a small net's step
        const next = batches.next();
        const { value: batch } = next instanceof Promise ? await next : next;
        if (batch === undefined) break;
        this.profiler?.enter('rest');
        scheduler?.beforeStep?.(this.globalStep, this.epoch);
        this.place = this.nextPlace();
        this.watching = this.place === null || this.watchers.length === 0 ? nobody : this.watchersOf(this.place);
        const batchLoss = this.steps.run(batch, epoch, this.watching);
        this.diagnosis?.note(batchLoss);
        this.globalStep++;
        for (const callback of callbacks) callback.onBatchEnd?.(this);
        this.emit({
          type: 'batchEnd',
          epoch,
          step: this.loader.state().position,
          stepsPerEpoch: this.loader.length,
          globalStep: this.globalStep,
          loss: batchLoss,
          logs: this.steps.means(),
          lr: optimizer.lr,
          samples: this.steps.running.samples,
          totalSamples,
          elapsed: seconds(began),
        });
        for (const watcher of this.watching) for (const event of watcher.end(this.place!)) this.emit(event);
        for (const callback of callbacks) {
          const waiting = callback.afterBatch?.(this);
          if (waiting !== undefined) await waiting;
        }
        // A checkpoint holds no half-summed gradient, so a stop waits for the update; and after the last step for what the epoch's figures decide.
        if (signal?.aborted && this.place !== null && !this.place.lastOfEpoch) {
          this.stop('interrupted', `stopped on request after step ${this.globalStep}`);
          return;
        }
        if (breathe.due()) await breathe.now();
        this.profiler?.enter('data');
      }
    } finally {
      await batches.return();
    }
    this.profiler?.enter('rest');
    const elapsed = seconds(began);
    const logs = this.steps.means();
    const samples = this.steps.running.samples - resumedAt;
    this.steps.running = { samples: 0, sums: {} };
    const validationBegan = performance.now();
    if (validation) {
      const measure = () => evaluate(this.model, validation, { loss, metrics: this.metrics, breathe });
      const result = await this.inPhase('validation', measure);
      for (const [name, value] of Object.entries(result.logs)) logs[`val_${name}`] = value;
      this.model.train();
    }
    this.epoch = epoch;
    this.loader.restore({ epoch, position: 0 });
    this.history.push(logs);
    scheduler?.afterEpoch?.(epoch, logs);
    this.emit({ type: 'epochEnd', epoch, epochs, logs, lr: optimizer.lr, samples, elapsed, validationElapsed: seconds(validationBegan) });
    for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, this);
    if (this.profiler !== null) this.emit(this.profiler.report(epoch));
    if (signal?.aborted) this.stop('interrupted', `stopped on request after epoch ${epoch}`);
  }

  private watchersOf(place: StepPlace): readonly StepWatcher[] {
    return this.watchers.filter(watcher => watcher.wants(place));
  }

  /** Where the step under way stands, if it ends with an update. */
  private nextPlace(): StepPlace | null {
    const { accumulate = 1 } = this.options;
    const { position } = this.loader.state();
    const lastOfEpoch = position === this.loader.length;
    const batches = ((position - 1) % accumulate) + 1;
    if (batches < accumulate && !lastOfEpoch) return null;
    return { epoch: this.epoch + 1, globalStep: this.globalStep + 1, batches, lastOfEpoch };
  }

  /** Everything needed to go on exactly from here. */
  checkpoint(): Checkpoint {
    const { optimizer, scheduler, callbacks = [] } = this.options;
    const { tensors, json } = optimizer.stateDict();
    const named = callbacks.filter(callback => callback.name !== undefined && callback.state !== undefined);
    const state: CheckpointState = {
      format: 2,
      epoch: this.epoch,
      globalStep: this.globalStep,
      loader: this.loader.state(),
      running: { samples: this.steps.running.samples, sums: { ...this.steps.running.sums } },
      random: this.random.state(),
      optimizer: json,
      scheduler: scheduler?.stateDict() ?? null,
      callbacks: {
        ...Object.fromEntries(named.map(callback => [callback.name!, callback.state!()])),
        ...(this.diagnosis === null ? {} : { [this.diagnosis.name]: this.diagnosis.state() }),
      },
      history: [...this.history],
      // A signal ends this process, not the run.
      stopping: this.interrupted ? null : this.stopping,
    };
    const callbackTensors = named.flatMap(callback =>
      [...(callback.tensors?.() ?? [])].map(([key, t]) => [`${callback.name}.${key}`, t] as const),
    );
    return { state, model: this.model.stateDict(), optimizer: tensors as Map<string, Tensor>, callbacks: new Map(callbackTensors) };
  }

  /** Takes up a checkpoint made by a trainer of the same model, data and options. */
  restore({ state, model, optimizer, callbacks }: Checkpoint): void {
    this.model.loadStateDict(model);
    this.options.optimizer.loadStateDict({ tensors: new Map(optimizer), json: state.optimizer as never });
    this.options.scheduler?.loadStateDict(state.scheduler);
    this.random.restore(state.random);
    this.loader.restore(state.loader);
    this.epoch = state.epoch;
    this.globalStep = state.globalStep;
    this.steps.running = { samples: state.running.samples, sums: { ...state.running.sums } };
    this.history.splice(0, this.history.length, ...state.history);
    this.stopping = state.stopping;
    if (this.diagnosis !== null && this.diagnosis.name in state.callbacks) this.diagnosis.restore(state.callbacks[this.diagnosis.name]);
    for (const callback of this.options.callbacks ?? []) {
      if (callback.name === undefined || callback.restore === undefined || !(callback.name in state.callbacks)) continue;
      const prefix = `${callback.name}.`;
      const own = [...callbacks].filter(([key]) => key.startsWith(prefix)).map(([key, t]) => [key.slice(prefix.length), t] as const);
      callback.restore(state.callbacks[callback.name], new Map(own) as never);
    }
  }
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}

/**
 * Trains `model` and gives its history. Asynchronous only so that the event loop breathes: nothing else may train the model meanwhile.
 *
 *     const history = await fit(model, { train, validation, loss: crossEntropy, optimizer, epochs: 10, batchSize: 128 });
 */
export async function fit(model: Module, options: FitOptions): Promise<History> {
  return new Trainer(model, options).run();
}
