/** What the settings are called: the field's own names where it has them, words in the person's language where not. */
import type { ActivationName, OptimizerOptions } from '../../../src/experiment/types.ts';
import { m } from '../paraglide/messages.js';

export interface Option<T extends string = string> {
  readonly value: T;
  readonly label: string;
  readonly group?: string;
}

const activations: Readonly<Record<ActivationName, string>> = {
  relu: 'ReLU',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  leakyRelu: 'leaky ReLU',
  elu: 'ELU',
  selu: 'SELU',
  gelu: 'GELU',
  silu: 'SiLU',
  mish: 'Mish',
  softplus: 'softplus',
  identity: 'identity',
};
export const activationNames: readonly ActivationName[] = Object.keys(activations) as ActivationName[];
export const activationLabel = (name: ActivationName): string => activations[name];

const optimizers: Readonly<Record<OptimizerOptions['name'], string>> = {
  sgd: 'SGD',
  adam: 'Adam',
  adamw: 'AdamW',
  nadam: 'NAdam',
  adamax: 'Adamax',
  adagrad: 'AdaGrad',
  rmsprop: 'RMSprop',
  adadelta: 'AdaDelta',
  newton: 'Newton',
  newtonCg: 'Newton-CG',
  bfgs: 'BFGS',
  lbfgs: 'L-BFGS',
};
export const optimizerLabel = (name: OptimizerOptions['name']): string => optimizers[name];
export const isSecondOrder = (name: OptimizerOptions['name']): boolean => ['newton', 'newtonCg', 'bfgs', 'lbfgs'].includes(name);

export function optimizerOptions(): Option<OptimizerOptions['name']>[] {
  return (Object.keys(optimizers) as OptimizerOptions['name'][]).map(value => ({
    value,
    label: optimizers[value],
    group: isSecondOrder(value) ? m.play_group_second() : m.play_group_first(),
  }));
}
