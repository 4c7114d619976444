/** Optimizers: from gradients to better parameters. */
export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export { type ClipOptions, clipGradNorm, clipGradValue } from './clip.ts';
export { FirstOrderOptimizer, type FirstOrderOptions } from './first-order.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export { type Closure, type CommonOptions, Optimizer, type OptimizerState, type ParamGroup, type Params } from './optimizer.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { SGD, type SGDOptions } from './sgd.ts';
