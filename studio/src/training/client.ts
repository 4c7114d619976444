/** The page's end of the training worker: one run at a time, and a new worker in the place of one that died. */
import type { Experiment } from '../../../src/experiment/types.ts';
import type { Answer, FromWorker, Outline, Question, Report, Snapshot, ToWorker, Watch } from './protocol.ts';

/** What is used of a Worker. */
export interface WorkerLike {
  onmessage: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  postMessage(data: unknown, transfer?: Transferable[]): void;
  terminate(): void;
}

export interface TrainingHooks {
  readonly onReady: (outline: Outline) => void;
  readonly onReport: (report: Report) => void;
  /** What a person can mend: the run stands where it was before. */
  readonly onFailure: (message: string) => void;
  /** The worker died; another one took up the run where it was last kept, or null where that came to nothing either. */
  readonly onCrash: (message: string, step: number | null) => void;
}

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

type Start = Extract<ToWorker, { type: 'start' }>;

export class TrainingClient {
  readonly #hooks: TrainingHooks;
  readonly #make: () => WorkerLike;
  #worker: WorkerLike | null = null;
  #run = 0;
  #start: Start | null = null;
  #kept: Snapshot | null = null;
  #speed: number | null = null;
  #crashes = 0;
  #asked = new Map<number, Asked>();
  #questions = 0;

  constructor(
    hooks: TrainingHooks,
    make: () => WorkerLike = () => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
  ) {
    this.#hooks = hooks;
    this.#make = make;
  }

  /** Begins a run, in the place of any before it. It stands at its start (or at `from`) until it is played. */
  start(
    experiment: Experiment,
    watch: Watch,
    { from = null, files = {} }: { from?: Snapshot | null; files?: Record<string, Uint8Array> } = {},
  ): void {
    this.#start = { type: 'start', experiment, watch, from, files };
    this.#kept = null;
    this.#crashes = 0;
    this.#begin(this.#start);
  }

  play(): void {
    this.#send({ type: 'play' });
  }

  pause(): void {
    this.#send({ type: 'pause' });
  }

  goTo(step: number): void {
    this.#send({ type: 'goTo', step });
  }

  setSpeed(stepsPerSecond: number | null): void {
    this.#speed = stepsPerSecond;
    this.#send({ type: 'speed', stepsPerSecond });
  }

  setWatch(watch: Watch): void {
    if (this.#start === null) return;
    this.#start = { ...this.#start, watch };
    this.#send({ type: 'watch', watch });
  }

  ask<A extends Question['about']>(question: Extract<Question, { about: A }>): Promise<Extract<Answer, { about: A }>> {
    const id = ++this.#questions;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as Asked['resolve'], reject });
      this.#send({ type: 'ask', id, question });
    });
  }

  close(): void {
    this.#run++;
    this.#worker?.terminate();
    this.#worker = null;
    this.#forget('the run was closed');
  }

  #begin(start: Start): void {
    this.#run++;
    this.#forget('another run has begun');
    if (this.#worker === null) {
      const worker = this.#make();
      worker.onmessage = ({ data }) => this.#take(data as { run: number; message: FromWorker });
      worker.onerror = event => {
        event.preventDefault?.();
        this.#crashed(worker, event.message || 'it ended without a word');
      };
      worker.onmessageerror = () => this.#crashed(worker, 'a message could not be read');
      this.#worker = worker;
    }
    this.#send(start);
    if (this.#speed !== null) this.#send({ type: 'speed', stepsPerSecond: this.#speed });
  }

  #send(message: ToWorker): void {
    this.#worker?.postMessage({ run: this.#run, message });
  }

  #take({ run, message }: { readonly run: number; readonly message: FromWorker }): void {
    if (run !== this.#run) return;
    switch (message.type) {
      case 'ready':
        this.#hooks.onReady(message.outline);
        break;
      case 'report':
        this.#hooks.onReport(message);
        onceDrawn(() => {
          if (run === this.#run) this.#send({ type: 'seen' });
        });
        break;
      case 'kept':
        this.#kept = message.snapshot;
        break;
      case 'answer':
        this.#asked.get(message.id)?.resolve(message.answer);
        this.#asked.delete(message.id);
        break;
      case 'failed':
        if (message.id === null) this.#hooks.onFailure(message.message);
        else this.#asked.get(message.id)?.reject(new Error(message.message));
        if (message.id !== null) this.#asked.delete(message.id);
        break;
    }
  }

  /** Out of memory, or a fault of ours: what was trained goes on from the last moment that was kept. */
  #crashed(worker: WorkerLike, message: string): void {
    if (worker !== this.#worker) return;
    worker.terminate();
    this.#worker = null;
    this.#forget(message);
    this.#crashes++;
    if (this.#start === null || this.#crashes > 2) {
      this.#hooks.onCrash(message, null);
      return;
    }
    this.#begin({ ...this.#start, from: this.#kept });
    this.#hooks.onCrash(message, this.#kept?.step ?? 0);
  }

  #forget(reason: string): void {
    for (const { reject } of this.#asked.values()) reject(new Error(reason));
    this.#asked.clear();
  }
}

/** With the next frame, so that no report is drawn that nobody sees; at once where there are no frames. */
function onceDrawn(then: () => void): void {
  if (typeof requestAnimationFrame === 'function') requestAnimationFrame(then);
  else then();
}
