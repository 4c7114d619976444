/** From an experiment's JSON to the things it describes. */
import type { Dataset, DatasetInfo } from '../data/dataset.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { huberLoss, mseLoss } from '../loss/regression.ts';
import * as layers from '../nn/activations.ts';
import { Dropout } from '../nn/dropout.ts';
import { Linear } from '../nn/linear.ts';
import type { Module } from '../nn/module.ts';
import { Sequential } from '../nn/sequential.ts';
import { Flatten, Identity } from '../nn/shape-layers.ts';
import { Adam, AdamW } from '../optim/adam.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { SGD } from '../optim/sgd.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { LossFunction } from '../train/trainer.ts';
import type { ActivationName, Experiment, ModelOptions, OptimizerOptions } from './types.ts';

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

/** The MLP described, from the current generator's stream 'init'. */
export function buildModel(options: ModelOptions, data: DataShape): Sequential {
  const inputs = sizeOf(data.featureShape);
  const outputs = data.targetKind === 'class' ? data.classNames.length : Math.max(1, sizeOf(data.targetShape));
  const model: Module[] = data.featureShape.length === 1 ? [] : [new Flatten()];
  if (options.inputDropout > 0) model.push(new Dropout(options.inputDropout));
  let width = inputs;
  for (const hidden of options.hidden) {
    model.push(new Linear(width, hidden), new activations[options.activation]());
    if (options.dropout > 0) model.push(new Dropout(options.dropout));
    width = hidden;
  }
  model.push(new Linear(width, outputs));
  return new Sequential(...model);
}

/** The loss described; 'auto' chooses by the kind of target. */
export function buildLoss({ loss }: Experiment, data: DataShape): LossFunction {
  const name = loss.name === 'auto' ? (data.targetKind === 'class' ? 'crossEntropy' : 'mse') : loss.name;
  if (name === 'crossEntropy') return (output, target) => crossEntropy(output, target, { labelSmoothing: loss.labelSmoothing });
  const f = name === 'mse' ? mseLoss : huberLoss;
  return (output, target) => f(output, target.reshape(output.shape));
}

/** The optimizer described, over the model's parameters. */
export function buildOptimizer({ name, ...options }: OptimizerOptions, model: Module): Optimizer {
  const parameters = model.parameters();
  const make = { sgd: SGD, adam: Adam, adamw: AdamW }[name] as new (p: typeof parameters, o: object) => Optimizer;
  return new make(parameters, options);
}

/** The data shape of a data set. */
export function shapeOf(data: Dataset): DataShape {
  return data.info();
}
