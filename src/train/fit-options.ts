/** What `fit` and the trainer are told. */
import type { Dataset } from '../data/dataset.ts';
import type { DataLoader } from '../data/loader.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import type { Random } from '../random.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Callback } from './callbacks/callback.ts';
import type { DiagnosisOptions } from './diagnosis.ts';
import type { Logs, StopReason, TrainListener } from './events.ts';
import type { Metric } from './metrics.ts';
import type { StatisticsOptions } from './statistics.ts';

/** From the model's output and the target to one number: `crossEntropy`, `mseLoss`, or your own. */
export type LossFunction = (output: Tensor, target: Tensor) => Tensor;

/** A learning rate that changes by step or by epoch; see `schedule/`. */
export interface SchedulerLike {
  /** Called before each step with the count of steps done, and the epochs done in full. */
  beforeStep?(globalStep: number, epoch: number): void;
  /** Called after each epoch with its figures. */
  afterEpoch?(epoch: number, logs: Logs): void;
  stateDict(): unknown;
  loadStateDict(state: unknown): void;
}

export interface FitOptions {
  readonly train: Dataset;
  /** Figures `val_...` are measured on this after each epoch. */
  readonly validation?: Dataset | null;
  readonly loss: LossFunction;
  readonly optimizer: Optimizer<never> | Optimizer;
  readonly scheduler?: SchedulerLike | null;
  /** Times through the training set. Default 1. */
  readonly epochs?: number;
  /** Examples per step. Default 32. */
  readonly batchSize?: number;
  /** A new order each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Leave out a last batch that would be smaller. Default false. */
  readonly dropLast?: boolean;
  /** Adds up the gradients of so many batches before each update, as if they were one. Default 1. Not for optimizers that need a closure. */
  readonly accumulate?: number;
  /** Figures beside the loss. Default: accuracy where targets are classes. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  readonly callbacks?: readonly Callback[];
  /** Told of everything that happens. */
  readonly onEvent?: TrainListener;
  /** Ends training after the step under way. */
  readonly signal?: AbortSignal;
  /** The generator of shuffling and dropout. Default: the current one. */
  readonly random?: Random;
  /** A term added to each batch's loss, such as a norm penalty. */
  readonly penalty?: () => Tensor;
  /** Called between the backward pass and the update: gradient clipping. */
  readonly beforeUpdate?: () => void;
  /** Called after each update: weight averaging, max-norm. */
  readonly afterUpdate?: () => void;
  /** Changes a batch in place before it is used: augmentation. */
  readonly transform?: NonNullable<ConstructorParameters<typeof DataLoader>[1]>['transform'];
  /** Tells `statistics` events: weights, gradients and activations of every layer, every so many steps or epochs. Default: none. */
  readonly statistics?: StatisticsOptions | null;
  /** Tells `warning` events of the usual illnesses, with advice. Default: none. */
  readonly diagnosis?: DiagnosisOptions | null;
  /** Tells `profile` events: time and memory of each phase, and at the end of each op. Default false. */
  readonly profile?: boolean;
  /** Puts another batch in the place of each, inside the step: mixup. Figures are measured against the targets it gives. */
  readonly mixBatch?: (x: Tensor, y: Tensor) => { readonly x: Tensor; readonly y: Tensor };
}

/** Figures by name, one value an epoch. */
export interface History {
  readonly epochs: readonly Logs[];
  readonly reason: StopReason;
}
