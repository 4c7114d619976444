/** One run as the page sees it: the worker's reports, gathered, and what a person asks of it. */
import type { Experiment } from '../../../src/experiment/types.ts';
import type { Evaluation } from '../../../src/train/evaluate.ts';
import type { StopReason } from '../../../src/train/events.ts';
import { TrainingClient } from '../training/client.ts';
import type {
  Answer,
  EpochFigures,
  LayerLook,
  LayerWeights,
  Outline,
  PlaneLook,
  Question,
  Report,
  Snapshot,
  Watch,
} from '../training/protocol.ts';

/** Slider moves come many a second; a run is begun anew when they rest. */
const settling = 150;

export interface Crash {
  readonly message: string;
  /** Null where it was given up. */
  readonly step: number | null;
}

/** What a run begins with besides its experiment. */
export interface Beginning {
  readonly files?: Record<string, Uint8Array>;
  readonly from?: Snapshot | null;
  /** The step to train to at once; null to stay where it is, or at the beginning. */
  readonly step?: number | null;
}

export class Run {
  outline: Outline | null = $state.raw(null);
  step: number = $state(0);
  epoch: number = $state(0);
  ended: StopReason | null = $state.raw(null);
  isPlaying: boolean = $state(false);
  stepsPerSecond: number = $state(0);
  threads: number = $state(1);
  plane: PlaneLook | null = $state.raw(null);
  weights: readonly LayerWeights[] | null = $state.raw(null);
  layers: readonly LayerLook[] | null = $state.raw(null);
  evaluation: Evaluation | null = $state.raw(null);
  final: EpochFigures['figures'] | null = $state.raw(null);
  /** Of every epoch ever reached, also where the run was taken back before it. */
  epochs: readonly EpochFigures[] = $state.raw([]);
  failure: string | null = $state(null);
  crash: Crash | null = $state.raw(null);
  fingerprint: { readonly step: number; readonly sha256: string } | null = $state.raw(null);
  /** Learning rates, of step i + 1: one list that grows, since a copy for each report of a long run would cost more than the report. */
  #rates: number[] = [];
  #ratesKnown: number = $state(0);
  #client: TrainingClient | null = null;
  #text: string | null = null;
  #speed: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Begins the run whose settings have not rested yet. */
  #pending: (() => void) | null = null;
  #isFirst = true;
  /** The step it is on the way to, by what was asked. */
  #goal: number | null = null;
  /** Where it was taken up, of a run that was begun before. */
  #from: Snapshot | null = null;

  /** Of step i + 1; not to be kept: the list grows. */
  get rates(): readonly number[] {
    return this.#ratesKnown === 0 ? [] : this.#rates;
  }

  /** The step at which it stands, or will when what was asked is done. */
  get place(): number {
    return this.#goal ?? this.step;
  }

  /** The figures of the net where it stands: of its end, or those last measured at or before the step. */
  get figures(): EpochFigures | null {
    const last = this.epochs.findLast(one => one.step <= this.step) ?? null;
    return last !== null && this.final !== null ? { ...last, figures: this.final } : last;
  }

  get totalSteps(): number {
    return this.outline?.totalSteps ?? 0;
  }

  /** Begins this experiment, unless it is the one that runs. `text` stands for all that tells it from others. */
  show(experiment: Experiment, text: string, watch: Watch, beginning: Beginning = {}): void {
    const { step = null } = beginning;
    if (text === this.#text) {
      this.#client?.setWatch(watch);
      if (step !== null) this.goTo(step);
      return;
    }
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    this.#text = text;
    // What stands there is of other settings.
    this.fingerprint = null;
    clearTimeout(this.#timer);
    const begin = (): void => {
      clearTimeout(this.#timer);
      this.#pending = null;
      this.#forget();
      this.#from = beginning.from ?? null;
      this.#client ??= this.#connect();
      this.#client.setSpeed(this.#speed);
      this.#client.start(experiment, watch, beginning);
      if (step !== null && step > 0) {
        this.#goal = step;
        this.#client.goTo(step);
      } else if (this.isPlaying) this.#client.play();
    };
    if (isFirst) {
      begin();
      return;
    }
    this.#pending = begin;
    this.#timer = setTimeout(begin, settling);
  }

  play(): void {
    this.#pending?.();
    if (this.ended !== null) this.goTo(0);
    this.#goal = null;
    this.failure = null;
    this.isPlaying = true;
    this.#client?.play();
  }

  pause(): void {
    this.#goal = null;
    this.isPlaying = false;
    this.#client?.pause();
  }

  goTo(step: number): void {
    this.isPlaying = false;
    this.failure = null;
    // What is asked now is asked of the run as it is set now.
    this.#pending?.();
    this.#goal = Math.max(0, step);
    this.#client?.goTo(this.#goal);
  }

  setSpeed(stepsPerSecond: number | null): void {
    if (stepsPerSecond === this.#speed) return;
    this.#speed = stepsPerSecond;
    this.#client?.setSpeed(stepsPerSecond);
  }

  /** Asks the worker; rejects where there is no run, or another one has begun meanwhile. */
  ask<A extends Question['about']>(question: Extract<Question, { about: A }>): Promise<Extract<Answer, { about: A }>> {
    return this.#client?.ask(question) ?? Promise.reject(new Error('there is no run'));
  }

  /** Ends it; another `show` begins anew. */
  close(): void {
    clearTimeout(this.#timer);
    this.#pending = null;
    this.#client?.close();
    this.#client = null;
    this.#text = null;
    this.isPlaying = false;
    this.#forget();
    this.outline = null;
  }

  #connect(): TrainingClient {
    return new TrainingClient({
      onReady: outline => {
        this.outline = outline;
        this.#takeUp(outline.stepsPerEpoch);
      },
      onReport: report => this.#take(report),
      onFailure: message => {
        this.#goal = null;
        this.failure = message;
        this.isPlaying = false;
      },
      onCrash: (message, step) => {
        this.crash = { message, step };
        if (step === null) this.isPlaying = false;
        else if (this.isPlaying) this.#client?.play();
      },
    });
  }

  /** What is known of the steps before the one at which the run was taken up. */
  #takeUp(stepsPerEpoch: number): void {
    const from = this.#from;
    if (from === null || this.epochs.length > 0) return;
    this.epochs = from.state.history.map((figures, i) => ({ step: (i + 1) * stepsPerEpoch, epoch: i + 1, figures }));
    this.#rates = new Array<number>(from.step).fill(Number.NaN);
    this.#ratesKnown = from.step;
  }

  #take(report: Report): void {
    this.step = report.step;
    this.epoch = report.epoch;
    this.ended = report.ended;
    this.stepsPerSecond = report.stepsPerSecond;
    this.threads = report.threads;
    this.evaluation = report.evaluation;
    this.final = report.final;
    if (report.plane !== null) this.plane = withUnits(report.plane, this.plane);
    if (report.weights !== null) this.weights = report.weights;
    if (report.layers !== null) this.layers = report.layers;
    const known = this.epochs.at(-1)?.epoch ?? -1;
    const fresh = report.epochs.filter(({ epoch }) => epoch > known);
    if (fresh.length > 0) this.epochs = [...this.epochs, ...fresh];
    this.#takeSteps(report.steps);
    if (report.ended !== null) this.isPlaying = false;
    if (report.ended !== null || report.step === this.#goal) this.#goal = null;
    if (!report.isPlaying && !this.isPlaying) void this.#rest();
  }

  /** Steps taken again, after going back, have the rates they had. */
  #takeSteps(told: Float64Array): void {
    for (let i = 0; i < told.length; i += 3) if (told[i] === this.#rates.length + 1) this.#rates.push(told[i + 2]);
    this.#ratesKnown = this.#rates.length;
  }

  /** It stands: its weights get their name. */
  async #rest(): Promise<void> {
    try {
      const answer = (await this.#client?.ask({ about: 'fingerprint' })) ?? null;
      if (answer === null || answer.step === this.step) this.fingerprint = answer; // else the report that it rests is still to come
    } catch {
      // another run has begun meanwhile
    }
  }

  #forget(): void {
    this.#goal = null;
    this.step = 0;
    this.epoch = 0;
    this.ended = null;
    this.epochs = [];
    this.#rates = [];
    this.#ratesKnown = 0;
    this.evaluation = null;
    this.final = null;
    this.failure = null;
    this.crash = null;
    this.fingerprint = null;
  }
}

/** Units are looked at less often than the plane where they are many: those seen last stay meanwhile. */
function withUnits(plane: PlaneLook, before: PlaneLook | null): PlaneLook {
  const isSame = before !== null && before.grid === plane.grid && before.reach === plane.reach;
  return plane.units === null && isSame ? { ...plane, units: before.units } : plane;
}
