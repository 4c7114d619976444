/** From an experiment's JSON to the things it describes. */
import { augmentImages } from '../data/augment.ts';
import type { Dataset, DatasetInfo } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { huberLoss, mseLoss } from '../loss/regression.ts';
import * as layers from '../nn/activations.ts';
import { BatchNorm1d } from '../nn/batch-norm.ts';
import { DropConnect } from '../nn/drop-connect.ts';
import { Dropout } from '../nn/dropout.ts';
import { GaussianNoise } from '../nn/gaussian-noise.ts';
import { initialize } from '../nn/initialize.ts';
import { Linear } from '../nn/linear.ts';
import type { Module } from '../nn/module.ts';
import { MultiHead } from '../nn/multi-head.ts';
import { l1Penalty, l2Penalty, maxNorm, weightsOf } from '../nn/penalties.ts';
import { Sequential } from '../nn/sequential.ts';
import { Flatten, Identity } from '../nn/shape-layers.ts';
import { add, mul } from '../ops/arithmetic.ts';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  BFGS,
  clipGradNorm,
  clipGradValue,
  LBFGS,
  NAdam,
  Newton,
  NewtonCG,
  type Optimizer,
  RMSprop,
  SGD,
} from '../optim/index.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { EvaluateOptions } from '../train/evaluate.ts';
import { mixup } from '../train/mixup.ts';
import type { FitOptions, LossFunction } from '../train/trainer.ts';
import { classTasks, MAIN_HEAD, taskMetrics, withTasks } from './tasks.ts';
import type { ActivationName, Experiment, ModelOptions, OptimizerOptions, RegularizationOptions, TaskOptions } from './types.ts';

/** What a model needs to know of its data. */
export type DataShape = Pick<DatasetInfo, 'featureShape' | 'targetKind' | 'targetShape' | 'classNames'>;

const activations: Record<ActivationName, new () => Module> = {
  relu: layers.ReLU,
  tanh: layers.Tanh,
  sigmoid: layers.Sigmoid,
  leakyRelu: layers.LeakyReLU,
  elu: layers.ELU,
  selu: layers.SELU,
  gelu: layers.GELU,
  silu: layers.SiLU,
  mish: layers.Mish,
  softplus: layers.Softplus,
  identity: Identity,
};

/**
 * The MLP described, from the current generator's stream 'init'. With tasks its last layer is the head `class` of a `MultiHead`, beside one head for
 * each task; trunk and class begin with the same weights as without.
 */
export function buildModel(options: ModelOptions, data: DataShape): Sequential;
export function buildModel(options: ModelOptions, data: DataShape, tasks: readonly TaskOptions[]): Sequential | MultiHead;
export function buildModel(options: ModelOptions, data: DataShape, tasks: readonly TaskOptions[] = []): Sequential | MultiHead {
  const inputs = sizeOf(data.featureShape);
  const outputs = data.targetKind === 'class' ? data.classNames.length : Math.max(1, sizeOf(data.targetShape));
  const model: Module[] = data.featureShape.length === 1 ? [] : [new Flatten()];
  if (options.inputDropout > 0) model.push(new Dropout(options.inputDropout));
  let width = inputs;
  if (options.noise > 0) model.push(new GaussianNoise(options.noise));
  options.hidden.forEach((hidden, i) => {
    const { activation } = options;
    model.push(...hiddenLayer(options, typeof activation === 'string' ? activation : activation[i], width, hidden));
    width = hidden;
  });
  const net = new Sequential(...model, new Linear(width, outputs));
  if (options.init.name !== 'default') initialize(net, options.init);
  const heads = classTasks(tasks, data).map(({ name, size }): [string, Linear] => {
    const head = new Linear(width, size);
    if (options.init.name !== 'default') initialize(new Sequential(head), options.init);
    return [name, head];
  });
  if (heads.length === 0) return net;
  return new MultiHead(new Sequential(...model), { [MAIN_HEAD]: net.at(-1)!, ...Object.fromEntries(heads) });
}

/** One hidden layer: linear, then normalization, noise, activation and dropout as asked for. */
function hiddenLayer(
  { batchNorm, dropout, dropConnect, noise }: ModelOptions,
  activation: ActivationName,
  inputs: number,
  outputs: number,
): Module[] {
  // Batch normalization subtracts the mean, and with it any bias before it.
  const bias = batchNorm !== 'before';
  const layer: Module[] = [
    dropConnect > 0 ? new DropConnect(inputs, outputs, { p: dropConnect, bias }) : new Linear(inputs, outputs, { bias }),
  ];
  if (batchNorm === 'before') layer.push(new BatchNorm1d(outputs));
  if (noise > 0) layer.push(new GaussianNoise(noise));
  layer.push(new activations[activation]());
  if (batchNorm === 'after') layer.push(new BatchNorm1d(outputs));
  if (dropout > 0) layer.push(new Dropout(dropout));
  return layer;
}

/**
 * The loss described; 'auto' chooses by the kind of target. One for the other kind of target is refused: it would compute, and mean nothing.
 * The losses of tasks are added to it.
 */
export function buildLoss(experiment: Experiment, data: DataShape): LossFunction {
  const main = mainLoss(experiment, data);
  return experiment.tasks.length === 0 ? main : withTasks(main, classTasks(experiment.tasks, data));
}

/** What `evaluate` needs to measure a model of this experiment. */
export type Measures = Pick<EvaluateOptions, 'loss' | 'metrics' | 'columns'>;

/** The loss, and with tasks the figures of each and the columns of the class. */
export function buildMeasures(experiment: Experiment, data: DataShape): Measures {
  const loss = buildLoss(experiment, data);
  if (experiment.tasks.length === 0) return { loss };
  return { loss, metrics: taskMetrics(classTasks(experiment.tasks, data)), columns: data.classNames.length };
}

function mainLoss({ loss }: Experiment, data: DataShape): LossFunction {
  const isClass = data.targetKind === 'class';
  const name = loss.name === 'auto' ? (isClass ? 'crossEntropy' : 'mse') : loss.name;
  if ((name === 'crossEntropy') !== isClass) {
    throw new UserError(
      `the loss is ${name}, and the targets are ${isClass ? 'classes' : 'values'}; set loss.name to auto${isClass ? ' or crossEntropy' : ', mse or huber'}`,
    );
  }
  if (name === 'crossEntropy') return (output, target) => crossEntropy(output, target, { labelSmoothing: loss.labelSmoothing });
  const f = name === 'mse' ? mseLoss : huberLoss;
  return (output, target) => f(output, target.reshape(output.shape));
}

const optimizers = {
  sgd: SGD,
  adam: Adam,
  adamw: AdamW,
  nadam: NAdam,
  adamax: Adamax,
  adagrad: Adagrad,
  rmsprop: RMSprop,
  adadelta: Adadelta,
  bfgs: BFGS,
  lbfgs: LBFGS,
  newton: Newton,
  newtonCg: NewtonCG,
} as const;

/** The optimizer described, over the model's parameters. */
export function buildOptimizer({ name, ...options }: OptimizerOptions, model: Module): Optimizer {
  const make = optimizers[name] as unknown as new (params: readonly Tensor[], options: object) => Optimizer;
  return new make(model.parameters(), options);
}

/** What the regularization described adds to training: a term of the loss, and what happens before and after each update. */
export function buildRegularization(
  { l1, l2, maxNorm: limit, clipNorm, clipValue, mixup: alpha, augment }: RegularizationOptions,
  model: Module,
  data: DatasetInfo,
): Pick<FitOptions, 'penalty' | 'beforeUpdate' | 'afterUpdate' | 'mixBatch' | 'transform'> {
  const weights = weightsOf(model);
  const terms: (() => Tensor)[] = [];
  if (l1 > 0) terms.push(() => mul(l1Penalty(weights), l1));
  if (l2 > 0) terms.push(() => mul(l2Penalty(weights), l2));
  const clips: (() => void)[] = [];
  if (clipNorm > 0) clips.push(() => clipGradNorm(model.parameters(), clipNorm));
  if (clipValue > 0) clips.push(() => clipGradValue(model.parameters(), clipValue));
  return {
    ...(terms.length > 0 ? { penalty: () => terms.map(term => term()).reduce(add) } : {}),
    ...(clips.length > 0 ? { beforeUpdate: () => all(clips) } : {}),
    ...(limit > 0 ? { afterUpdate: () => maxNorm(weights, limit) } : {}),
    ...(alpha > 0 ? { mixBatch: mixup({ alpha, classes: data.targetKind === 'class' ? data.classNames.length : null }) } : {}),
    ...(augment === null ? {} : { transform: augmentImages(augment, data) }),
  };
}

function all(actions: readonly (() => void)[]): void {
  for (const action of actions) action();
}

/** The data shape of a data set. */
export function shapeOf(data: Dataset): DataShape {
  return data.info();
}
