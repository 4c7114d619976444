/** The training loop: what `fit` runs, with a state that can be saved and taken up again. */
import { isRecording } from '../autograd/mode.ts';
import type { Kernels } from '../backend/kernels.ts';
import { type Batch, DataLoader } from '../data/loader.ts';
import { UserError } from '../errors.ts';
import { type Module, observeForward } from '../nn/module.ts';
import { currentRandom, type Random, type RandomState, withRandom } from '../random.ts';
import { keep, release, step } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { type Breather, breather } from './breathe.ts';
import type { Checkpoint, CheckpointState } from './checkpoint.ts';
import { evaluate, kernelsOf } from './evaluate.ts';
import type { Logs, StopReason, TrainEvent } from './events.ts';
import type { FitOptions, History } from './fit-options.ts';
import { accuracy, type Metric } from './metrics.ts';
import { nanReport } from './nan-doctor.ts';
import { StatisticsWatcher } from './statistics.ts';
import type { StepPlace, StepWatcher } from './step-watcher.ts';

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
  private running: { samples: number; sums: Logs } = { samples: 0, sums: {} };
  private readonly watchers: readonly StepWatcher[];
  /** Those that look into the step under way. */
  private watching: readonly StepWatcher[] = nobody;
  private stopping: { reason: StopReason; message: string } | null = null;
  private x: Tensor | null = null;
  private y: Tensor | null = null;

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
    this.watchers = options.statistics ? [new StatisticsWatcher(options.statistics)] : nobody;
    this.metrics = options.metrics ?? (options.train.targetKind === 'class' ? { accuracy } : {});
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
      this.emit({ type: 'trainEnd', ...end, epoch: this.epoch, globalStep: this.globalStep, elapsed: seconds(began) });
      return { epochs: this.history, reason: end.reason };
    } finally {
      this.model.eval();
      this.forgetBatch();
    }
  }

  private async trainEpoch(breathe: Breather, epochs: number, lr: number): Promise<void> {
    const { validation, signal, callbacks = [], optimizer, scheduler, loss, train } = this.options;
    const epoch = this.epoch + 1;
    const began = performance.now();
    const resumedAt = this.running.samples;
    if (this.loader.state().position === 0) this.emit({ type: 'epochBegin', epoch, lr });
    const totalSamples = this.loader.dropLast ? this.loader.length * this.loader.batchSize : train.length;
    for await (const batch of this.loader.batchesAhead()) {
      scheduler?.beforeStep?.(this.globalStep, this.epoch);
      this.place = this.nextPlace();
      this.watching = this.place === null || this.watchers.length === 0 ? nobody : this.watchersOf(this.place);
      const batchLoss = this.trainStep(batch);
      this.globalStep++;
      for (const callback of callbacks) callback.onBatchEnd?.(this);
      this.emit({
        type: 'batchEnd',
        epoch,
        step: this.loader.state().position,
        stepsPerEpoch: this.loader.length,
        globalStep: this.globalStep,
        loss: batchLoss,
        logs: this.means(),
        lr: optimizer.lr,
        samples: this.running.samples,
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
    }
    const elapsed = seconds(began);
    const logs = this.means();
    const samples = this.running.samples - resumedAt;
    this.running = { samples: 0, sums: {} };
    const validationBegan = performance.now();
    if (validation) {
      const result = await evaluate(this.model, validation, { loss, metrics: this.metrics, breathe });
      for (const [name, value] of Object.entries(result.logs)) logs[`val_${name}`] = value;
      this.model.train();
    }
    this.epoch = epoch;
    this.loader.restore({ epoch, position: 0 });
    this.history.push(logs);
    scheduler?.afterEpoch?.(epoch, logs);
    this.emit({ type: 'epochEnd', epoch, epochs, logs, lr: optimizer.lr, samples, elapsed, validationElapsed: seconds(validationBegan) });
    for (const callback of callbacks) await callback.onEpochEnd?.(epoch, logs, this);
    if (signal?.aborted) this.stop('interrupted', `stopped on request after epoch ${epoch}`);
  }

  /** Forward, backward, update. Gives the batch's loss. */
  private trainStep(batch: Batch): number {
    const { optimizer, beforeUpdate, afterUpdate, mixBatch, accumulate = 1 } = this.options;
    const read = { x: this.fill('x', batch.x, batch.xShape), y: this.fill('y', batch.y, batch.yShape) };
    const place = (this.loader.state().position - 1) % accumulate;
    const last = place === accumulate - 1 || this.loader.state().position === this.loader.length;
    for (const watcher of this.watching) watcher.begin(this.model);
    return withRandom(this.random, () =>
      step(() => {
        const { x, y } = mixBatch?.(read.x, read.y) ?? read;
        const streams = this.random.state();
        let value: number;
        if (optimizer.needsClosure) {
          let counted = false;
          value = optimizer.step(() => {
            this.random.restore(streams); // the same masks at every point where the loss is taken
            const { loss, value } = this.computeLoss(x, y, streams, !counted);
            counted = true;
            if (beforeUpdate === undefined) return loss;
            loss.backward();
            beforeUpdate();
            return value;
          });
        } else {
          if (place === 0) optimizer.zeroGrad();
          const computed = this.computeLoss(x, y, streams, true);
          value = computed.value;
          const share = batch.xShape[0] / this.samplesOfUpdate(place);
          (share === 1 ? computed.loss : computed.loss.mul(share)).backward();
          if (last) {
            for (const watcher of this.watching) watcher.backward();
            beforeUpdate?.();
            optimizer.step();
          }
        }
        if (optimizer.needsClosure) for (const watcher of this.watching) watcher.backward();
        if (last) afterUpdate?.();
        return value;
      }),
    );
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

  /** How many examples the update has to which the batch under way belongs, the batch being number `place` of it. */
  private samplesOfUpdate(place: number): number {
    const { batchSize, length, dropLast, dataset } = this.loader;
    const first = this.loader.state().position - 1 - place;
    const end = Math.min(length, first + (this.options.accumulate ?? 1)) * batchSize;
    return (dropLast ? end : Math.min(end, dataset.length)) - first * batchSize;
  }

  /** The loss of a batch with its graph, and as a number; `counted` where it belongs into the epoch's figures. */
  private computeLoss(x: Tensor, y: Tensor, streams: RandomState, counted: boolean): { loss: Tensor; value: number } {
    const { loss: lossOf, penalty } = this.options;
    const output = counted && this.watching.length > 0 ? this.watchedForward(x) : this.model.call(x);
    let loss = lossOf(output, y);
    if (penalty) loss = loss.add(penalty());
    const value = loss.item();
    if (!Number.isFinite(value)) throw this.notFinite(value, x, y, streams);
    if (!isRecording() || !loss.requiresGrad)
      throw new UserError('fit: the loss does not depend on any parameter that requires a gradient');
    if (counted) {
      this.running.samples += x.shape[0];
      this.count('loss', value * x.shape[0]);
      for (const [name, metric] of Object.entries(this.metrics)) this.count(name, metric(output, y));
    }
    return { loss, value };
  }

  /** The forward pass, layer by layer: fused ones are taken apart, which changes no bit. */
  private watchedForward(x: Tensor): Tensor {
    return observeForward(
      (path, module, _, output) => {
        for (const watcher of this.watching) watcher.forward(path, module, output);
      },
      () => this.model.call(x),
    );
  }

  /** Computes the step again from the same random streams, to see where it went wrong. */
  private notFinite(value: number, x: Tensor, y: Tensor, streams: RandomState): UserError {
    const { loss, optimizer } = this.options;
    this.random.restore(streams);
    return new UserError(
      nanReport(this.model, x, y, loss, { value, epoch: this.epoch + 1, step: this.loader.state().position, lr: optimizer.lr }),
    );
  }

  /** The batch's tensor: one for each shape, filled again and again. */
  private fill(which: 'x' | 'y', values: Float32Array, shape: readonly number[]): Tensor {
    let tensor = this[which];
    if (tensor === null || tensor.size !== values.length || tensor.shape.length !== shape.length) {
      if (tensor !== null) release(tensor);
      tensor = keep(emptyTensor([...shape], this.kernels));
      this[which] = tensor;
    }
    return tensor.set(values);
  }

  private forgetBatch(): void {
    for (const which of ['x', 'y'] as const) {
      const tensor = this[which];
      if (tensor !== null) release(tensor);
      this[which] = null;
    }
  }

  private count(name: string, sum: number): void {
    this.running.sums[name] = (this.running.sums[name] ?? 0) + sum;
  }

  private means(): Logs {
    return Object.fromEntries(Object.entries(this.running.sums).map(([name, sum]) => [name, sum / this.running.samples]));
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
      running: { samples: this.running.samples, sums: { ...this.running.sums } },
      random: this.random.state(),
      optimizer: json,
      scheduler: scheduler?.stateDict() ?? null,
      callbacks: Object.fromEntries(named.map(callback => [callback.name!, callback.state!()])),
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
    this.running = { samples: state.running.samples, sums: { ...state.running.sums } };
    this.history.splice(0, this.history.length, ...state.history);
    this.stopping = state.stopping;
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
