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
  readonly backend: Readonly<Record<string, string | number | boolean>>;
  /** Where the data came from, in words. */
  readonly data: string;
}

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

export interface Warning {
  readonly type: 'warning';
  readonly message: string;
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

export type TrainEvent = TrainBegin | EpochBegin | BatchEnd | EpochEnd | CheckpointSaved | Warning | TrainEnd;
export type TrainListener = (event: TrainEvent) => void;
