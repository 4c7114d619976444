/** (Re)initializing the linear layers of a whole model by name, with the gain of the activation that follows each. */
import { UserError } from '../errors.ts';
import { currentRandom, type Stream } from '../random.ts';
import { LeakyReLU, SELU, Sigmoid, Tanh } from './activations.ts';
import { BatchNorm1d } from './batch-norm.ts';
import { Dropout } from './dropout.ts';
import { GaussianNoise } from './gaussian-noise.ts';
import * as init from './init.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import type { Module } from './module.ts';
import { Sequential } from './sequential.ts';
import { Flatten, Identity } from './shape-layers.ts';

/** 'default' is PyTorch's own: uniform in ±1/√inFeatures, weight and bias. */
export type InitializerName =
  | 'default'
  | 'xavierNormal'
  | 'xavierUniform'
  | 'heNormal'
  | 'heUniform'
  | 'orthogonal'
  | 'normal'
  | 'zeros'
  | 'constant';

export const initializerNames: readonly InitializerName[] = [
  'default',
  'xavierNormal',
  'xavierUniform',
  'heNormal',
  'heUniform',
  'orthogonal',
  'normal',
  'zeros',
  'constant',
];

/** How a model starts, as plain JSON. */
export interface InitializeOptions {
  readonly name: InitializerName;
  /**
   * Xavier, He and orthogonal: the factor on the weights, above 0; 'auto' (the default) takes it from the activation that follows in the Sequential
   * (√2 for ReLU, 5/3 for tanh, 1 for the sigmoid and for none).
   */
  readonly gain?: number | 'auto';
  /** normal: the standard deviation, at least 0. Default 0.01. */
  readonly std?: number;
  /** constant: the value of every weight. */
  readonly value?: number;
  /** The value of every bias. Default 0, except that 'default' draws biases as it draws weights. */
  readonly bias?: number;
}

const gained: ReadonlySet<InitializerName> = new Set(['xavierNormal', 'xavierUniform', 'heNormal', 'heUniform', 'orthogonal']);

/**
 * Gives every Linear of the model (and what is derived from it) a fresh start, in the order of the layers, from the stream 'init'.
 *
 * The gain follows the activation after the layer, found across normalization, dropout, noise and reshaping. Where the order of layers cannot be
 * known (a module with a `forward` of its own), it is what the method was derived for: √2 (ReLU) for He, 1 for Xavier and orthogonal.
 *
 * @returns what was done, layer by layer
 * @throws UserError for an unknown name, or an option out of range or of another initializer
 */
export function initialize(
  model: Module,
  options: InitializeOptions,
  stream: Stream = currentRandom().stream('init'),
): { readonly path: string; readonly gain: number | null }[] {
  checkInitializeOptions(options);
  const followers = activationsAfter(model);
  const done: { path: string; gain: number | null }[] = [];
  for (const [path, layer] of model.namedModules()) {
    if (!(layer instanceof Linear)) continue;
    const gain = gained.has(options.name) ? gainFor(options, followers.get(layer)) : null;
    fill(layer, options, gain ?? 1, stream);
    done.push({ path, gain });
  }
  if (done.length === 0) throw new UserError('initialize: the model has no Linear layer');
  return done;
}

/** Refuses options out of range, and options that the initializer does not have. */
export function checkInitializeOptions({ name, gain, std, value, bias }: InitializeOptions): void {
  if (!initializerNames.includes(name)) {
    throw new UserError(`initialize: unknown initializer '${String(name)}'; allowed are ${initializerNames.join(', ')}`);
  }
  const refuse = (option: string, given: unknown, allowed: string): never => {
    throw new UserError(`initialize: ${option} is ${String(given)}; it must be ${allowed}`);
  };
  const belongs = (option: string, given: unknown, to: string, ok: boolean): void => {
    if (given !== undefined && !ok) throw new UserError(`initialize: ${name} has no ${option}; it belongs to ${to}`);
  };
  belongs('gain', gain, [...gained].join(', '), gained.has(name));
  belongs('std', std, 'normal', name === 'normal');
  belongs('value', value, 'constant', name === 'constant');
  if (gain !== undefined && gain !== 'auto' && !(gain > 0 && gain < Number.POSITIVE_INFINITY))
    refuse('gain', gain, "a number above 0, or 'auto'");
  if (std !== undefined && !(std >= 0 && std < Number.POSITIVE_INFINITY)) refuse('std', std, 'a number of at least 0');
  if (name === 'constant' && !Number.isFinite(value)) refuse('value', value, 'a finite number');
  if (bias !== undefined && !Number.isFinite(bias)) refuse('bias', bias, 'a finite number');
}

function gainFor({ name, gain = 'auto' }: InitializeOptions, follower: Module | null | undefined): number {
  if (gain !== 'auto') return gain;
  if (follower === undefined) return name === 'heNormal' || name === 'heUniform' ? Math.SQRT2 : 1;
  if (follower === null) return 1;
  if (follower instanceof LeakyReLU) return init.gainOf('leakyRelu', follower.negativeSlope);
  return otherGains.get(follower.constructor) ?? Math.SQRT2; // ReLU, and those shaped like it: GELU, SiLU, ELU, Mish, softplus, PReLU
}

const otherGains = new Map<unknown, number>([
  [Tanh, init.gainOf('tanh')],
  [SELU, init.gainOf('selu')],
  [Sigmoid, 1],
]);

function fill(layer: Linear, { name, std = 0.01, value = 0, bias }: InitializeOptions, gain: number, stream: Stream): void {
  const { weight, inFeatures } = layer;
  const he = gain / Math.sqrt(inFeatures);
  const bound = 1 / Math.sqrt(inFeatures);
  switch (name) {
    case 'xavierNormal':
      init.xavierNormal(weight, { gain, stream });
      break;
    case 'xavierUniform':
      init.xavierUniform(weight, { gain, stream });
      break;
    case 'heNormal':
      init.normal(weight, 0, he, { stream });
      break;
    case 'heUniform':
      init.uniform(weight, -Math.sqrt(3) * he, Math.sqrt(3) * he, { stream });
      break;
    case 'orthogonal':
      init.orthogonal(weight, { gain, stream });
      break;
    case 'normal':
      init.normal(weight, 0, std, { stream });
      break;
    case 'zeros':
      init.zeros(weight);
      break;
    case 'constant':
      init.constant(weight, value);
      break;
    case 'default':
      init.uniform(weight, -bound, bound, { stream });
      break;
  }
  if (layer.bias === null) return;
  if (name === 'default' && bias === undefined) init.uniform(layer.bias, -bound, bound, { stream });
  else init.constant(layer.bias, bias ?? 0);
}

/** Stands where a module with a `forward` of its own hides what comes next. */
const unknownModule = new Identity();

/** Layers that leave alone, or restore, what an activation's gain is about. */
const passedOver = [Sequential, Flatten, Identity, Dropout, GaussianNoise, BatchNorm1d, LayerNorm];

/** The activation after each linear layer of a Sequential, null where the next layer is linear or there is none; others are not in the map. */
function activationsAfter(model: Module): Map<Module, Module | null> {
  const found = new Map<Module, Module | null>();
  const order = inOrder(model);
  order.forEach((layer, i) => {
    if (!(layer instanceof Linear)) return;
    const next = order.slice(i + 1).find(other => other === unknownModule || !passedOver.some(kind => other instanceof kind));
    if (next === undefined || next instanceof Linear) found.set(layer, null);
    else if (next !== unknownModule) found.set(layer, next);
  });
  return found;
}

/** The layers in the order in which they are applied, as far as Sequentials tell it. */
function inOrder(module: Module): Module[] {
  if (module instanceof Sequential) return [...module].flatMap(inOrder);
  const children = module.namedChildren();
  if (children.length === 0) return [module];
  return [
    unknownModule,
    ...children.flatMap(([, child]) => (child instanceof Linear ? [child, unknownModule] : [...inOrder(child), unknownModule])),
  ];
}
