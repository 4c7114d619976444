/** Optimizers: from gradients to better parameters. */
import '../ops/methods.ts';

export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export { BFGS, type BFGSOptions } from './bfgs.ts';
export { type ClipOptions, clipGradNorm, clipGradValue } from './clip.ts';
export { FirstOrderOptimizer, type FirstOrderOptions } from './first-order.ts';
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
export { type LinePoint, type LineSearchOptions, strongWolfe } from './line-search.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export { Newton, type NewtonOptions } from './newton.ts';
export { NewtonCG, type NewtonCGOptions } from './newton-cg.ts';
export { type Closure, type CommonOptions, Optimizer, type OptimizerState, type ParamGroup, type Params } from './optimizer.ts';
export type { QuasiNewtonOptions } from './quasi-newton.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { type LineSearchName, SecondOrderOptimizer } from './second-order.ts';
export { SGD, type SGDOptions } from './sgd.ts';
