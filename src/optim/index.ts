/** Optimizers: from gradients to better parameters. */
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { Optimizer, type OptimizerState, type ParamGroup } from './optimizer.ts';
export { SGD, type SGDOptions } from './sgd.ts';
