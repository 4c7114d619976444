/** A whole training run as plain JSON. docs/design/experiment.md says why it is one object. */

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

export interface CsvData {
  readonly name: 'csv';
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

export type DataOptions = MnistData | DigitsData | CsvData;

export interface ModelOptions {
  readonly name: 'mlp';
  /** Width of each hidden layer. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  /** Probability of dropping an output of a hidden layer. */
  readonly dropout: number;
  /** Probability of dropping an input. */
  readonly inputDropout: number;
}

export interface LossOptions {
  /** 'auto': cross-entropy for classes, mean squared error for values. */
  readonly name: 'auto' | 'crossEntropy' | 'mse' | 'huber';
  readonly labelSmoothing: number;
}

export interface SgdExperiment {
  readonly name: 'sgd';
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

export interface AdamExperiment {
  readonly name: 'adam' | 'adamw';
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export type OptimizerOptions = SgdExperiment | AdamExperiment;

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
  /** Write a checkpoint every so many epochs, and at the end. */
  readonly checkpointEvery: number;
}

export interface Experiment {
  readonly version: 1;
  /** The one seed of initialization, shuffling, dropout and splits. */
  readonly seed: number;
  readonly backend: 'auto' | 'wasm' | 'reference' | 'reference64';
  readonly data: DataOptions;
  readonly model: ModelOptions;
  readonly loss: LossOptions;
  readonly optimizer: OptimizerOptions;
  readonly training: TrainingOptions;
}
