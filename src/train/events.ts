/** What a trainer tells as it goes. Progress bars, JSON lines, reports and the studio are all renderers of these. Plain JSON. */

/** Figures by name: `loss`, `accuracy`, and the same with `val_` for the validation part. */
export type Logs = Record<string, number>;

export interface TrainBegin {
  readonly type: 'trainBegin';
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly batchSize: number;
  readonly trainSamples: number;
  readonly validationSamples: number;
  /** Numbers that training changes. */
  readonly parameters: number;
  /** Epochs already done, when a run goes on from a checkpoint. */
  readonly startEpoch: number;
  /** Steps already done. */
  readonly startStep: number;
  readonly backend: Readonly<Record<string, string | number | boolean>>;
  /** Where the data came from, in words. */
  readonly data: string;
}

/** Told once of each epoch: not again where a run goes on in the middle of it. */
export interface EpochBegin {
  readonly type: 'epochBegin';
  /** 1 for the first. */
  readonly epoch: number;
  readonly lr: number;
}

export interface BatchEnd {
  readonly type: 'batchEnd';
  readonly epoch: number;
  /** Batches done in this epoch. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** Batches done in all epochs. */
  readonly globalStep: number;
  /** Loss of this batch. */
  readonly loss: number;
  /** Means over the epoch so far. */
  readonly logs: Logs;
  readonly lr: number;
  /** Examples done in this epoch, and how many it has. */
  readonly samples: number;
  readonly totalSamples: number;
  /** Seconds since the epoch began. */
  readonly elapsed: number;
}

export interface EpochEnd {
  readonly type: 'epochEnd';
  readonly epoch: number;
  readonly epochs: number;
  readonly logs: Logs;
  readonly lr: number;
  readonly samples: number;
  /** Seconds that the epoch's training took, and its validation. */
  readonly elapsed: number;
  readonly validationElapsed: number;
}

export interface CheckpointSaved {
  readonly type: 'checkpoint';
  readonly name: string;
  readonly path: string;
  readonly epoch: number;
  readonly globalStep: number;
}

/** What a warning can be about. */
export type WarningCode =
  | 'deadUnits'
  | 'saturated'
  | 'vanishingGradient'
  | 'explodingGradient'
  | 'rateTooHigh'
  | 'lossNotFalling'
  | 'lossDiverging'
  | 'otherBackend';

export interface Warning {
  readonly type: 'warning';
  readonly code: WarningCode;
  /** In a sentence, without its full stop. */
  readonly message: string;
  /** What to try. */
  readonly advice?: string;
  /** Where the layer is in the model. */
  readonly layer?: string;
  /** The figures that it is drawn from, by name. */
  readonly figures?: Readonly<Record<string, number>>;
  readonly epoch?: number;
  readonly globalStep?: number;
}

/** What a training does at a time. 'rest' is the events, who shows them, callbacks and pauses. */
export type Phase = 'data' | 'forward' | 'loss' | 'backward' | 'update' | 'validation' | 'checkpoint' | 'rest';

export interface PhaseTime {
  readonly name: Phase;
  readonly seconds: number;
  /** How often it was entered. */
  readonly calls: number;
  /** The most that tensors held at its end. */
  readonly peakBytes: number;
}

export interface OpTime {
  readonly pass: 'forward' | 'backward';
  /** Path and class of the layer whose parameter goes in; '' for an op without. */
  readonly layer: string;
  readonly op: string;
  readonly seconds: number;
  readonly calls: number;
}

/** Where time and memory went, in an epoch, or (null) in all. The seconds of the phases add up to `wall`. Only where it was asked for. */
export interface Profile {
  readonly type: 'profile';
  readonly epoch: number | null;
  readonly wall: number;
  readonly phases: readonly PhaseTime[];
  /** In all, the ops by time, the longest first. */
  readonly ops?: readonly OpTime[];
}

/** What a set of numbers looks like. */
export interface Summary {
  readonly mean: number;
  /** Standard deviation, biased. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
  /** The share that is exactly 0. */
  readonly zeros: number;
  /** How many are NaN or infinite, where some are; they are left out of all the others. */
  readonly notFinite?: number;
  /** Where histograms were asked for. */
  readonly histogram?: Histogram;
}

/** `counts[i]` numbers lie from `edges[i]` up to `edges[i + 1]`; the last bin holds its upper edge too. */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** One layer in one step. What a layer does not have is left out. */
export interface LayerStatistics {
  /** Where the layer is in the model: `0`, `trunk.2`. A state dict's keys begin with it. */
  readonly name: string;
  /** The layer's class: `Linear`, `ReLU`. */
  readonly kind: string;
  /** The parameter `weight` after the step, and its gradient before any clipping. */
  readonly weight?: Summary;
  readonly gradient?: Summary;
  /** The layer's output for the step's batch. */
  readonly activation?: Summary;
  /** ‖change of the weight in this step‖ / ‖weight before‖. About 1e-3 is usual. */
  readonly updateRatio?: number;
}

/** What the numbers in each layer look like, in the order in which the model holds them. Only where it was asked for. */
export interface Statistics {
  readonly type: 'statistics';
  readonly epoch: number;
  readonly globalStep: number;
  readonly layers: readonly LayerStatistics[];
}

export type StopReason = 'completed' | 'earlyStopping' | 'interrupted';

export interface TrainEnd {
  readonly type: 'trainEnd';
  readonly reason: StopReason;
  /** Why, in words. */
  readonly message: string;
  /** Epochs done in full, and steps in all. */
  readonly epoch: number;
  readonly globalStep: number;
  readonly elapsed: number;
}

export type TrainEvent = TrainBegin | EpochBegin | BatchEnd | EpochEnd | Statistics | Profile | CheckpointSaved | Warning | TrainEnd;
export type TrainListener = (event: TrainEvent) => void;
