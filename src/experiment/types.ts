/** A whole training run as plain JSON. docs/design/experiment.md says why it is one object. */
import type { AugmentOptions } from '../data/augment.ts';
import type { PointShape } from '../data/points/shapes.ts';
import type { InitializeOptions } from '../nn/initialize.ts';
import type { ScheduleOptions } from '../schedule/options.ts';

export type ActivationName =
  | 'relu'
  | 'tanh'
  | 'sigmoid'
  | 'leakyRelu'
  | 'elu'
  | 'selu'
  | 'gelu'
  | 'silu'
  | 'mish'
  | 'softplus'
  | 'identity';

export interface MnistData {
  /** The MNIST digits; without them at hand, see `digits`. */
  readonly name: 'mnist' | 'fashion-mnist';
  /** Folder of IDX files. Default: the environment's CHAINRULE_DATA, then the cache, then a download. */
  readonly folder?: string;
  /** Examples held out of the training set for validation: a count, or a share below 1. */
  readonly validation: number;
  /** Use only so many examples of the training set. */
  readonly limit?: number;
}

export interface DigitsData {
  /** Digits drawn by the embedded generator. */
  readonly name: 'digits';
  readonly seed: number;
  readonly train: number;
  readonly test: number;
  readonly validation: number;
  readonly limit?: number;
}

/** A table in a CSV or parquet file. */
export interface TableData {
  readonly name: 'csv' | 'parquet';
  readonly file: string;
  /** The column to predict, by name or by number from 0. */
  readonly label: string | number;
  /** 'class' or 'value'; 'auto' takes numbers with fractions as values. */
  readonly target: 'auto' | 'class' | 'value';
  /** What to do with a row in which a cell is empty. */
  readonly missing: 'error' | 'drop' | 'mean';
  readonly validation: number;
  /** Share or count of rows kept apart for the test at the end. */
  readonly test: number;
  readonly limit?: number;
}

/** NumPy's arrays: inputs and targets. */
export interface ArraysData {
  readonly name: 'npz' | 'npy';
  readonly file: string;
  /** npz: the array of inputs. Default: the first of x, x_train and the like. */
  readonly inputs?: string;
  /** npz: the array of targets; npy: the file of targets, or the column of the inputs that holds them. */
  readonly label?: string | number;
  /** 'auto' takes rows with a single 1, and a few different whole numbers from 0, as classes. */
  readonly target: 'auto' | 'class' | 'value';
  readonly validation: number;
  /** Examples kept apart for the test, where the file has none (x_test, y_test). */
  readonly test: number;
  readonly limit?: number;
}

export interface PointsData {
  /** Points in the plane, drawn in a shape, or one's own. */
  readonly name: 'points';
  readonly shape: PointShape | 'own';
  readonly count: number;
  /** Deviation of the noise on coordinates, or on values. */
  readonly noise: number;
  readonly classes: number;
  readonly seed: number;
  /** own: [x, y, class or value] of each. */
  readonly points?: readonly (readonly number[])[];
  /** own: what the third number is. */
  readonly target: 'class' | 'value';
  readonly validation: number;
  readonly test: number;
}

export type DataOptions = MnistData | DigitsData | TableData | ArraysData | PointsData;

export interface ModelOptions {
  readonly name: 'mlp';
  /** Width of each hidden layer. */
  readonly hidden: readonly number[];
  /** Of every hidden layer, or a list with one for each. */
  readonly activation: ActivationName | readonly ActivationName[];
  /** Probability of dropping an output of a hidden layer. */
  readonly dropout: number;
  /** Probability of dropping an input. */
  readonly inputDropout: number;
  /** Probability of dropping a weight of a hidden layer (DropConnect). */
  readonly dropConnect: number;
  /** Deviation of Gaussian noise added to the inputs and to each hidden layer before its activation, in training. */
  readonly noise: number;
  /** Batch normalization of each hidden layer. */
  readonly batchNorm: 'none' | 'before' | 'after';
  /** How weights start. */
  readonly init: InitializeOptions;
  /** A safetensors file whose weights to start from instead, such as PyTorch's; keys and shapes must be the model's. */
  readonly initFrom?: string;
}

export interface LossOptions {
  /** 'auto': cross-entropy for classes, mean squared error for values. */
  readonly name: 'auto' | 'crossEntropy' | 'mse' | 'huber';
  readonly labelSmoothing: number;
}

/** A further question about the class: in which group it lies. Its head shares the trunk, and its loss is added to the main one. */
export interface TaskOptions {
  readonly name: string;
  /** Class numbers from 0; every class is in exactly one group. */
  readonly groups: readonly (readonly number[])[];
  /** w of L = L_class + Σ w L_task. Default 1. */
  readonly weight: number;
}

interface Rate {
  readonly lr: number;
  readonly weightDecay: number;
}

export interface SgdExperiment extends Rate {
  readonly name: 'sgd';
  readonly momentum: number;
  readonly dampening: number;
  /** 'lookAhead' is the lecture's: the gradient at the look-ahead point itself, two moves a step. */
  readonly nesterov: boolean | 'lookAhead';
  /** The lecture's form of momentum, with the rate inside the velocity. */
  readonly lrInVelocity: boolean;
}

export interface AdamExperiment extends Rate {
  readonly name: 'adam' | 'adamw';
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly amsgrad: boolean;
}

export interface AdaptiveExperiment extends Rate {
  readonly name: 'nadam' | 'adamax';
  readonly betas: readonly [number, number];
  readonly eps: number;
}

export interface AdagradExperiment extends Rate {
  readonly name: 'adagrad';
  readonly eps: number;
}

export interface RmspropExperiment extends Rate {
  readonly name: 'rmsprop';
  readonly alpha: number;
  readonly eps: number;
  readonly momentum: number;
  readonly centered: boolean;
}

export interface AdadeltaExperiment extends Rate {
  readonly name: 'adadelta';
  readonly rho: number;
  readonly eps: number;
}

/** For small models and whole batches: set training.batchSize to the number of examples. */
export interface QuasiNewtonExperiment {
  readonly name: 'bfgs' | 'lbfgs';
  readonly lr: number;
  readonly maxIter: number;
  readonly lineSearchFn: 'strong_wolfe' | null;
}

export interface NewtonExperiment {
  readonly name: 'newton';
  readonly lr: number;
  readonly damping: number;
  readonly lineSearchFn: 'strong_wolfe' | null;
}

export interface NewtonCgExperiment {
  readonly name: 'newtonCg';
  readonly lr: number;
  readonly maxProducts: number | null;
  readonly lineSearchFn: 'strong_wolfe' | null;
}

/** Discriminated by `name`. */
export type OptimizerOptions =
  | SgdExperiment
  | AdamExperiment
  | AdaptiveExperiment
  | AdagradExperiment
  | RmspropExperiment
  | AdadeltaExperiment
  | QuasiNewtonExperiment
  | NewtonExperiment
  | NewtonCgExperiment;

export interface RegularizationOptions {
  /** λ of λ Σ |w| over the weights, added to the loss. */
  readonly l1: number;
  /** λ of λ Σ w² over the weights, added to the loss. */
  readonly l2: number;
  /** Largest norm of the weights into one unit; 0 for none. */
  readonly maxNorm: number;
  /** Largest norm of the whole gradient, scaled back if above; 0 for none. */
  readonly clipNorm: number;
  /** Largest size of any gradient element; 0 for none. */
  readonly clipValue: number;
  /** α of mixup's Beta distribution; 0 for none. */
  readonly mixup: number;
  /** Random distortion of the training images; null for none. */
  readonly augment: AugmentOptions | null;
  /** Ends with the average of the weights seen on the way; null for none. */
  readonly averaging: AveragingOptions | null;
}

export interface AveragingOptions {
  /** 'ema' after every step, 'swa' after every epoch. */
  readonly kind: 'ema' | 'swa';
  /** How much of the average is kept at each step ('ema'). */
  readonly decay: number;
  /** The first epoch whose weights count ('swa'). */
  readonly startEpoch: number;
}

export interface EarlyStoppingOptions {
  readonly monitor: string;
  readonly patience: number;
  readonly minDelta: number;
  readonly restoreBestWeights: boolean;
}

export interface TrainingOptions {
  readonly epochs: number;
  readonly batchSize: number;
  /** Leave out a last batch that would be smaller. */
  readonly dropLast: boolean;
  readonly earlyStopping: EarlyStoppingOptions | null;
  /** How often a checkpoint is written, besides the best and the last: epochs as a number, or a text such as '500steps', '5min' or '1epoch'. */
  readonly checkpointEvery: number | string;
  /** How many checkpoints are kept, besides the best. */
  readonly keepCheckpoints: number;
}

export interface Experiment {
  readonly version: 1;
  /** The one seed of initialization, shuffling, dropout and splits. */
  readonly seed: number;
  readonly backend: 'auto' | 'wasm' | 'blas' | 'reference' | 'reference64';
  readonly data: DataOptions;
  readonly model: ModelOptions;
  readonly loss: LossOptions;
  /** Multi-task learning; empty for the class alone. */
  readonly tasks: readonly TaskOptions[];
  readonly optimizer: OptimizerOptions;
  readonly schedule: ScheduleOptions;
  readonly regularization: RegularizationOptions;
  readonly training: TrainingOptions;
}
