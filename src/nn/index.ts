/** Layers, models and initialization. */
import '../ops/methods.ts';

export * from './activations.ts';
export { BatchNorm1d, type BatchNorm1dOptions, recalibrateBatchNorm } from './batch-norm.ts';
export { DropConnect } from './drop-connect.ts';
export { Dropout } from './dropout.ts';
export { Ensemble, type EnsembleOptions } from './ensemble.ts';
export { GaussianNoise } from './gaussian-noise.ts';
export * as init from './init.ts';
export { checkInitializeOptions, type InitializeOptions, type InitializerName, initialize, initializerNames } from './initialize.ts';
export { LayerNorm, type LayerNormOptions } from './layer-norm.ts';
export { Linear } from './linear.ts';
export { currentModulePath, type ForwardHook, Module, observeForward, type SavedArray } from './module.ts';
export { MultiHead } from './multi-head.ts';
export { Parameter } from './parameter.ts';
export { l1Penalty, l2Penalty, maxNorm, type Weights, weightsOf } from './penalties.ts';
export { type Moments, type ProbedParameter, type ProbeRow, probe } from './probe.ts';
export { Sequential } from './sequential.ts';
export { Flatten, Identity } from './shape-layers.ts';
