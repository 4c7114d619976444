/**
 * A run under a person's hand: played, paused, stepped, taken back to any step and on again, to the same bits. It trains by `runExperiment`, in stretches
 * from one checkpoint to the next, so that what it does is what the command does. Knows nothing of workers: that is worker.ts.
 */
import { withBackend } from '../../../src/backend/current.ts';
import type { Dataset } from '../../../src/data/dataset.ts';
import { buildMeasures, type Measures, shapeOf } from '../../../src/experiment/build.ts';
import type { PreparedData } from '../../../src/experiment/prepare.ts';
import { backendOf, runExperiment } from '../../../src/experiment/run.ts';
import type { Experiment } from '../../../src/experiment/types.ts';
import { encodeSafetensors } from '../../../src/io/safetensors.ts';
import type { Module } from '../../../src/nn/module.ts';
import { breather } from '../../../src/train/breathe.ts';
import type { Callback } from '../../../src/train/callbacks/callback.ts';
import { type Evaluation, evaluate } from '../../../src/train/evaluate.ts';
import type { BatchEnd, Logs, TrainEvent } from '../../../src/train/events.ts';
import type { Trainer } from '../../../src/train/trainer.ts';
import { type FixedBatch, fixedBatch, layersOf, outputsOf, planeOf, weightsOf } from './observe.ts';
import type { EpochFigures, Outline, Report, Snapshot, Watch } from './protocol.ts';
import { type SnapshotLimits, Snapshots, snapshotOf } from './snapshots.ts';

export interface SessionOptions {
  readonly experiment: Experiment;
  readonly data: PreparedData;
  readonly watch: Watch;
  readonly from?: Snapshot | null;
  readonly limits?: SnapshotLimits;
  /** Told at most `watch.rate` times a second while training, and once whenever the run comes to rest. */
  readonly onReport: (report: Report) => void;
  /** Told of a moment to go on from, at rest and every few seconds. */
  readonly onKeep?: (snapshot: Snapshot) => void;
  readonly onFailure: (message: string) => void;
}

/** Thrown at the beginning of a stretch that was only to show where it begins. */
class OnlyLooked extends Error {}

const keepEvery = 4000;
/** One report is drawn while the next is made; more would only be late. */
const MOST_UNSEEN = 2;
/** Milliseconds between two looks into the layers while it trains: each is a pass back, and nobody reads faster. */
const layersEvery = 250;
/** Milliseconds between two looks at the weights and units of a net with many: drawing them takes longer than all else on the page. */
const netEvery = 100;
const MANY_UNITS = 24;
/** Examples whose way through the layers is looked at. */
const lookedAt = 128;

export class Session {
  readonly #options: SessionOptions;
  readonly #snapshots: Snapshots;
  readonly #measures: Measures;
  readonly #batch: FixedBatch;
  readonly #measuredTrain: Dataset | null;
  readonly #stepsPerEpoch: number;
  readonly #isLarge: boolean;
  #watch: Watch;
  /** Where the run stands, or last stood. */
  #current: Snapshot | null = null;
  /** The step it has come to. */
  #at = 0;
  /** The step it is to reach: one before where it stands means going back first; null, wherever it comes to stand. */
  #target: number | null;
  #stepsPerSecond: number | null = null;
  #controller: AbortController | null = null;
  #wake: () => void = () => {};
  #closed = false;
  #model: Module | null = null;
  #message: string | null = null;
  #evaluation: Evaluation | null = null;
  /** The figures of the net that a whole run ended with: the best epoch's, or an average's, where the experiment asks for that. */
  #final: Logs | null = null;
  #steps: number[] = [];
  #epochs: EpochFigures[] = [];
  #nextReport = 0;
  #keptAt = 0;
  #pace = { since: 0, steps: 0, rate: 0 };
  /** Reports that the page has not drawn yet. */
  #unseen = 0;
  readonly #breath = breather(4);
  #layersAt = 0;
  #netAt = 0;
  #busySince = 0;
  /** Ends with `close`, or when not even the start can be shown. */
  readonly done: Promise<void>;

  constructor(options: SessionOptions) {
    const { experiment, data, watch, from = null, limits } = options;
    this.#options = options;
    this.#snapshots = new Snapshots(limits);
    this.#watch = watch;
    this.#measures = withBackend(backendOf(experiment), () => buildMeasures(experiment, shapeOf(data.train)));
    this.#batch = fixedBatch(data.train, lookedAt);
    this.#measuredTrain = watch.trainSamples > 0 ? data.train.take(watch.trainSamples) : null;
    this.#isLarge = experiment.model.hidden.reduce((sum, width) => sum + width, 0) > MANY_UNITS;
    const steps = data.train.length / experiment.training.batchSize;
    this.#stepsPerEpoch = experiment.training.dropLast ? Math.floor(steps) : Math.ceil(steps);
    this.#target = from?.step ?? 0;
    this.done = this.#loop(from);
  }

  get outline(): Omit<Outline, 'backend'> {
    const { experiment, data } = this.#options;
    const { train, validation, test } = data;
    const isPoints = experiment.data.name === 'points';
    return {
      totalSteps: this.totalSteps,
      stepsPerEpoch: this.#stepsPerEpoch,
      samples: { train: train.length, validation: validation?.length ?? 0, test: test?.length ?? 0 },
      targetKind: train.targetKind,
      classNames: train.classNames,
      parameters: this.#model?.parameterCount() ?? 0,
      points: isPoints ? { train: rowsOf(train), validation: rowsOf(validation), test: rowsOf(test) } : null,
    };
  }

  get totalSteps(): number {
    return this.#stepsPerEpoch * this.#options.experiment.training.epochs;
  }

  get step(): number {
    return this.#at;
  }

  get isPlaying(): boolean {
    return this.#target === Number.POSITIVE_INFINITY && this.#current?.ended === null;
  }

  play(): void {
    this.goTo(Number.POSITIVE_INFINITY);
  }

  /** Stops after the step under way. */
  pause(): void {
    this.#target = null;
    this.#controller?.abort();
    this.#wake();
  }

  /** To this step: forward by training, or back to the same bits. */
  goTo(step: number): void {
    this.#target = Math.max(0, step);
    if (this.#target < this.#at) this.#controller?.abort();
    this.#wake();
  }

  /** At most so many steps a second while it plays; null: as many as there can be. */
  setSpeed(stepsPerSecond: number | null): void {
    this.#stepsPerSecond = stepsPerSecond;
    // A stretch under way was begun for the speed that was.
    this.#controller?.abort();
    this.#wake();
  }

  setWatch(watch: Watch): void {
    this.#watch = watch;
    if (this.#controller === null && this.#model !== null) this.#tell(this.#model, this.#at);
  }

  /** The page has drawn what it was told. */
  seen(): void {
    this.#unseen = Math.max(0, this.#unseen - 1);
  }

  close(): void {
    this.#closed = true;
    this.#controller?.abort();
    this.#wake();
  }

  /** The weights as a safetensors file, with the bytes that a run folder of the command holds, and the step they are of: training is ahead of it until it rests. */
  weightsFile(): { readonly step: number; readonly bytes: Uint8Array<ArrayBuffer> } {
    const bytes = encodeSafetensors(this.#current?.model ?? new Map(), { format: 'pt' }) as Uint8Array<ArrayBuffer>;
    return { step: this.#current?.step ?? 0, bytes };
  }

  /** The net as it is now, also while it trains; null before the first look at it. */
  get model(): Module | null {
    return this.#model;
  }

  get snapshot(): Snapshot | null {
    return this.#current;
  }

  outputs(x: Float32Array, count: number): Float32Array {
    if (this.#model === null) throw new Error('there is no model yet');
    return outputsOf(this.#model, x, [count, ...this.#options.data.info.featureShape]);
  }

  async #loop(from: Snapshot | null): Promise<void> {
    let failures = 0;
    while (!this.#closed) {
      try {
        if (this.#snapshots.length === 0) {
          await this.#stretch(null, null);
          await this.#measure(0, {}, this.#model!, 0);
        }
        if (from !== null) this.#snapshots.add(from);
        if (from?.ended) await this.#stretch(from, null);
        from = null;
        await this.#once();
        failures = 0;
      } catch (error) {
        this.#options.onFailure(error instanceof Error ? error.message : String(error));
        this.#target = null;
        this.#model = null;
        this.#current = this.#snapshots.before(this.#at);
        if (this.#current === null) return;
        this.#at = this.#current.step;
        if (++failures > 1) await this.#woken();
      }
    }
  }

  /** One stretch, or a rest. */
  async #once(): Promise<void> {
    const here = this.#current!;
    const target = this.#target ?? here.step;
    if (this.#model === null) {
      await this.#stretch(here, null);
    } else if (target < here.step) {
      await this.#stretch(this.#snapshots.before(target), null);
    } else if (target > here.step && here.ended === null) {
      await this.#forward(here, target);
    } else {
      this.#target = null;
      this.#rest();
      await this.#woken();
    }
  }

  async #forward(here: Snapshot, target: number): Promise<void> {
    const perSecond = this.#stepsPerSecond;
    if (perSecond === null || target !== Number.POSITIVE_INFINITY) {
      await this.#stretch(here, target);
      return;
    }
    const begun = performance.now();
    const many = Math.max(1, Math.round(perSecond / 60));
    await this.#stretch(here, here.step + many);
    if (this.#target !== Number.POSITIVE_INFINITY) return;
    if (this.#current?.ended === null) this.#tell(this.#model!, this.#at);
    await this.#woken(Math.max(0, (1000 * many) / perSecond - (performance.now() - begun)));
  }

  /** Waits to be called, at most so long. */
  #woken(milliseconds?: number): Promise<void> {
    return new Promise(resolve => {
      const timer = milliseconds === undefined ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Trains from a snapshot until a step; null only looks at where it begins. Ends with `current` and `model` there. */
  async #stretch(from: Snapshot | null, until: number | null): Promise<void> {
    const { experiment, data } = this.#options;
    const controller = new AbortController();
    this.#controller = controller;
    this.#busySince = performance.now();
    let trainer: Trainer | null = null;
    let end: Snapshot | null = from;
    const watcher: Callback = {
      onTrainBegin: begun => {
        trainer = begun;
        this.#model = begun.model;
        this.#at = begun.globalStep;
        end ??= this.#keep(begun);
        if (until === null) throw new OnlyLooked();
      },
      onEpochEnd: async (epoch, logs, of) => {
        await this.#measure(epoch, logs, of.model, of.globalStep);
        of.model.train();
        await this.#giveWay();
        // A moment at which training ends is none to go on from.
        if (!of.ending && epoch < experiment.training.epochs && this.#snapshots.isDue(of.globalStep)) this.#keep(of);
      },
      // That a report was drawn is heard soon, or the next would come late.
      afterBatch: () => (this.#unseen > 0 && this.#breath.due() ? this.#breath.now() : undefined),
      onTrainEnd: ended => {
        end = snapshotOf(ended.checkpoint(), null);
      },
    };
    const onEvent = (event: TrainEvent): void => {
      if (event.type === 'batchEnd') this.#onBatch(event, trainer!, until ?? 0, controller);
      else if (event.type === 'trainEnd') this.#message = event.reason === 'interrupted' ? null : event.message;
    };
    this.#evaluation = null;
    this.#final = null;
    this.#message = null;
    try {
      const options = { data, onEvent, callbacks: [watcher], signal: controller.signal };
      const { history, evaluation } = await runExperiment(experiment, from === null ? options : { ...options, resume: from });
      this.#current = { ...end!, ended: history.reason === 'interrupted' ? null : history.reason };
      this.#evaluation = evaluation;
      if (this.#current.ended !== null) this.#final = await this.#figuresOf(this.#model!, true);
    } catch (error) {
      if (!(error instanceof OnlyLooked)) throw error;
      this.#model?.eval();
      this.#current = end;
    } finally {
      this.#controller = null;
    }
  }

  #onBatch({ step, stepsPerEpoch, globalStep, loss, lr }: BatchEnd, trainer: Trainer, until: number, controller: AbortController): void {
    this.#at = globalStep;
    this.#steps.push(globalStep, loss, lr);
    this.#pace.steps++;
    // The last step of all ends by itself, with whatever the experiment does at its end.
    if (globalStep >= Math.min(until, this.#target ?? 0) && globalStep < this.totalSteps) controller.abort();
    if (step < stepsPerEpoch && this.#snapshots.isDue(globalStep)) this.#keep(trainer);
    const now = performance.now();
    if (this.#unseen >= MOST_UNSEEN || now < this.#nextReport) return;
    this.#tell(trainer.model, globalStep);
    // Telling takes time from training: at least as much is left for training itself.
    this.#nextReport = now + Math.max(1000 / this.#watch.rate, 2 * (performance.now() - now));
  }

  #keep(trainer: Trainer): Snapshot {
    const snapshot = snapshotOf(trainer.checkpoint(), null);
    this.#snapshots.add(snapshot);
    const now = performance.now();
    if (now - this.#keptAt > keepEvery) {
      this.#keptAt = now;
      this.#options.onKeep?.(snapshot);
    }
    return snapshot;
  }

  /** Sleeps between epochs so long that training takes no more than its share. The clock decides only when to wait, never what is computed. */
  async #giveWay(): Promise<void> {
    const { share } = this.#watch;
    const busy = performance.now() - this.#busySince;
    // The smaller the share, the shorter the turns, so that what the page is told stays fresh.
    if (share >= 1 || busy < 15 * share) return;
    await this.#woken(Math.min(500, (busy * (1 - share)) / share));
    this.#busySince = performance.now();
  }

  /** The figures after an epoch; before the first, of the net as it starts. */
  async #measure(epoch: number, logs: Logs, model: Module, step: number): Promise<void> {
    const figures = { ...logs, ...(await this.#figuresOf(model, epoch === 0)) };
    if (Object.keys(figures).length > 0) this.#epochs.push({ step, epoch, figures });
  }

  /** Figures of the parts that are watched, in inference mode, each by the same measure; those of the validation part the trainer has told by itself. */
  async #figuresOf(model: Module, withValidation: boolean): Promise<Logs> {
    const { loss, metrics } = this.#measures;
    const measures = { loss, ...(metrics === undefined ? {} : { metrics }) };
    const figures: Logs = {};
    const of = async (part: Dataset | null, prefix: string): Promise<void> => {
      if (part === null) return;
      for (const [name, value] of Object.entries((await evaluate(model, part, measures)).logs)) figures[`${prefix}${name}`] = value;
    };
    await of(this.#measuredTrain, '');
    if (withValidation) await of(this.#options.data.validation, 'val_');
    if (this.#watch.test) await of(this.#options.data.test, 'test_');
    return figures;
  }

  /** Tells where the run stands, now that it stands; from there one can go back to it, and go on in another worker. */
  #rest(): void {
    const here = this.#current!;
    if (here.ended === null) this.#snapshots.add(here);
    this.#tell(this.#model!, here.step);
    this.#options.onKeep?.(here);
  }

  #tell(model: Module, step: number): void {
    const { experiment, data, onReport } = this.#options;
    const { grid, reach, units, weights, layers } = this.#watch;
    const isPoints = experiment.data.name === 'points';
    const now = performance.now();
    if (now - this.#pace.since > 500) {
      this.#pace = { since: now, steps: 0, rate: this.#pace.since === 0 ? 0 : (1000 * this.#pace.steps) / (now - this.#pace.since) };
    }
    const looksInside = layers && (this.#controller === null || now >= this.#layersAt + layersEvery);
    if (looksInside) this.#layersAt = now;
    const looksAtNet = !this.isPlaying || !this.#isLarge || now >= this.#netAt + netEvery;
    if (looksAtNet) this.#netAt = now;
    const look = withBackend(backendOf(experiment), () => ({
      plane: isPoints && grid > 0 ? planeOf(model, grid, reach, data.train.targetKind === 'class', units && looksAtNet) : null,
      weights: weights && looksAtNet ? weightsOf(model) : null,
      layers: looksInside ? layersOf(model, this.#batch, this.#measures.loss) : null,
    }));
    const isPlaying = this.isPlaying;
    // While a stretch goes on, where the last one ended is past.
    const ended = this.#controller === null ? (this.#current?.ended ?? null) : null;
    const report: Report = {
      type: 'report',
      step,
      epoch: Math.floor(step / this.#stepsPerEpoch),
      isPlaying,
      ended,
      message: ended === null ? null : this.#message,
      steps: Float64Array.from(this.#steps),
      epochs: this.#epochs,
      stepsPerSecond: isPlaying ? this.#pace.rate : 0,
      threads: backendOf(experiment).threadsAtWork?.() ?? 1,
      ...look,
      evaluation: ended === null ? null : this.#evaluation,
      final: ended === null ? null : this.#final,
    };
    this.#steps = [];
    this.#epochs = [];
    this.#unseen++;
    onReport(report);
  }
}

/** x, y, target of every example. */
function rowsOf(data: Dataset | null): Float32Array {
  const rows = new Float32Array((data?.length ?? 0) * 3);
  for (let i = 0; i < (data?.length ?? 0); i++) rows.set([...data!.raw(i), data!.target(i)], i * 3);
  return rows;
}
