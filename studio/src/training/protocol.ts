/**
 * What page and training worker say to each other. Plain data that a structured clone carries; large arrays are handed over, not copied.
 * docs/design/studio.md says how a session goes.
 */
import type { Experiment } from '../../../src/experiment/types.ts';
import type { StoredTensor } from '../../../src/io/safetensors.ts';
import type { CheckpointState } from '../../../src/train/checkpoint.ts';
import type { Evaluation } from '../../../src/train/evaluate.ts';
import type { StopReason, Summary } from '../../../src/train/events.ts';

/** A moment of a run from which it can go on, in the worker or in another one. */
export interface Snapshot {
  readonly step: number;
  /** Why training had ended there; null while it goes on. */
  readonly ended: StopReason | null;
  readonly state: CheckpointState;
  readonly model: ReadonlyMap<string, StoredTensor>;
  readonly optimizer: ReadonlyMap<string, StoredTensor>;
  readonly callbacks: ReadonlyMap<string, StoredTensor>;
}

/** What the page wants to see, besides figures. */
export interface Watch {
  /** Reports a second while it trains, at most. */
  readonly rate: number;
  /** The share of a processor that training takes, above 0 and up to 1: of several runs at once each takes its part, and the page has one left. */
  readonly share: number;
  /** Cells along each side of the pictures of the input plane; 0 for none. Only where examples are points. */
  readonly grid: number;
  /** The pictures reach from -reach to reach. */
  readonly reach: number;
  /** The outputs of every hidden unit over the plane. */
  readonly units: boolean;
  /** Weights and biases. */
  readonly weights: boolean;
  /** Distributions of activations and gradients in each layer. */
  readonly layers: boolean;
  /** Examples of the training part that are measured after each epoch, in inference mode and without penalties; 0: the figures of training itself. */
  readonly trainSamples: number;
  /** Measure the test part after each epoch: for looking at, never for choosing. */
  readonly test: boolean;
}

export type ToWorker =
  | {
      readonly type: 'start';
      readonly experiment: Experiment;
      readonly watch: Watch;
      /** Go on from here. */
      readonly from: Snapshot | null;
      /** What the experiment's data needs besides its own description: files that a person chose, by name. */
      readonly files: Readonly<Record<string, Uint8Array>>;
    }
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  /** To this step, forward by training, or back to it exactly. */
  | { readonly type: 'goTo'; readonly step: number }
  /** At most so many steps a second; null: as many as there can be. */
  | { readonly type: 'speed'; readonly stepsPerSecond: number | null }
  | { readonly type: 'watch'; readonly watch: Watch }
  /** The last report was taken in; the next may come. */
  | { readonly type: 'seen' }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question };

/** Asked once, answered once. The model is that of the step at which the run stands. */
export type Question =
  /** SHA-256 of the weights as a safetensors file: what a run folder of the command holds in `model.safetensors`. */
  | { readonly about: 'fingerprint' }
  | { readonly about: 'snapshot' }
  /** The model's outputs for inputs [n, ...features], in inference mode. */
  | { readonly about: 'outputs'; readonly x: Float32Array; readonly count: number }
  /** What a drawn digit is taken for. The picture is grey, dark ink on light paper; it is normalized as MNIST's were. */
  | { readonly about: 'drawing'; readonly gray: Uint8Array; readonly side: number }
  /** What every example of a part is taken for. Of classes only. */
  | { readonly about: 'readings'; readonly part: Part }
  /** Examples as they are stored: images as bytes, one after another. */
  | { readonly about: 'images'; readonly part: Part; readonly indices: readonly number[] }
  /** The weights into the first so many units of the first layer. */
  | { readonly about: 'filters'; readonly most: number }
  /** The run at its last rest as a file: the whole run folder as a zip, its weights, or the net for other programs. */
  | { readonly about: 'file'; readonly kind: FileKind };

export type Part = 'train' | 'validation' | 'test';
export type FileKind = 'run' | 'safetensors' | 'onnx' | 'experiment';

/** What each example of a part is, what it was taken for, and with which probabilities. */
export interface Readings {
  readonly part: Part;
  readonly step: number;
  readonly truths: Uint8Array;
  readonly readAs: Uint8Array;
  /** Given to the class it was taken for. */
  readonly probability: Float32Array;
  /** Given to the class that it is. */
  readonly truthProbability: Float32Array;
}

export type Answer =
  | { readonly about: 'fingerprint'; readonly sha256: string; readonly step: number }
  | { readonly about: 'snapshot'; readonly snapshot: Snapshot | null }
  | { readonly about: 'outputs'; readonly values: Float32Array }
  | {
      readonly about: 'drawing';
      /** Null where there is no ink. */
      readonly reading: {
        /** [28, 28], 255 for ink */
        readonly image: Uint8Array;
        readonly probabilities: Float32Array;
      } | null;
    }
  | { readonly about: 'readings'; readonly readings: Readings }
  | { readonly about: 'images'; readonly pixels: Uint8Array }
  | { readonly about: 'filters'; readonly filters: LayerWeights | null; readonly units: number }
  | { readonly about: 'file'; readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> };

/** What a run is made of; told once, at its start. */
export interface Outline {
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly samples: { readonly train: number; readonly validation: number; readonly test: number };
  readonly targetKind: 'class' | 'value';
  readonly classNames: readonly string[];
  readonly parameters: number;
  /** Examples by part, for drawing: x, y, target one after another. Only where examples are points. */
  readonly points: Readonly<Record<'train' | 'validation' | 'test', Float32Array>> | null;
  /** What computes, and with how many threads. */
  readonly backend: string;
}

/** Figures after an epoch, at the step it ended with; epoch 0 is the net as it starts. */
export interface EpochFigures {
  readonly step: number;
  readonly epoch: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** One layer with weights, and what comes after it up to the next. */
export interface LayerLook {
  /** `Linear`, `BatchNorm1d`, `Tanh`: the modules of the block. */
  readonly kinds: readonly string[];
  /** Of what the block puts out, on a fixed batch of the training part in training mode. */
  readonly activation: Summary;
  /** Of the gradient of the loss with respect to that. */
  readonly gradient: Summary;
  /** Of the gradient with respect to the block's weights. */
  readonly weightGradient: Summary;
}

export interface LayerWeights {
  readonly outputs: number;
  readonly inputs: number;
  /** [outputs, inputs] */
  readonly weight: Float32Array;
  readonly bias: Float32Array | null;
}

/** The plane as the net sees it. Rows from the top (y = reach) down, each from the left. */
export interface PlaneLook {
  readonly grid: number;
  readonly reach: number;
  /** One byte a cell: two classes, p(1) - p(0) from -127 to 127; values, clipped to ±1 likewise; more classes, 127 times the lead of the first. */
  readonly output: Int8Array;
  /** More than two classes: the likeliest of each cell. */
  readonly winner: Uint8Array | null;
  /** Hidden units, layer by layer: each scaled by its own largest size to ±127. Null where they were not looked at this time. */
  readonly units: readonly { readonly width: number; readonly values: Int8Array; readonly scales: Float32Array }[] | null;
}

export interface Report {
  readonly type: 'report';
  readonly step: number;
  readonly epoch: number;
  /** Whether it goes on by itself. */
  readonly isPlaying: boolean;
  readonly ended: StopReason | null;
  /** Why it ended, in the trainer's words. */
  readonly message: string | null;
  /** Batch losses and learning rates of the steps since the last report: step, loss, rate one after another. */
  readonly steps: Float64Array;
  readonly epochs: readonly EpochFigures[];
  readonly stepsPerSecond: number;
  /** Threads that have done a part of it so far: those of a small net's operations are one. */
  readonly threads: number;
  readonly plane: PlaneLook | null;
  readonly weights: readonly LayerWeights[] | null;
  readonly layers: readonly LayerLook[] | null;
  /** Figures on the test part at the end of a whole run. */
  readonly evaluation: Evaluation | null;
  /** Figures of the net that the run ended with: that of the best epoch, or an average, where the experiment asks for it. */
  readonly final: Readonly<Record<string, number>> | null;
}

export type FromWorker =
  | { readonly type: 'ready'; readonly outline: Outline }
  | Report
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  /** To go on from if the worker should die; told at pauses, and every few seconds of training. */
  | { readonly type: 'kept'; readonly snapshot: Snapshot }
  /** What a person can mend. The run stands where it was before. */
  | { readonly type: 'failed'; readonly message: string; readonly id: number | null };
