/** Layers, models and initialization. */
export * from './activations.ts';
export { Dropout } from './dropout.ts';
export * as init from './init.ts';
export { Linear } from './linear.ts';
export { currentModulePath, type ForwardHook, Module, observeForward, type SavedArray } from './module.ts';
export { Parameter } from './parameter.ts';
export { Sequential } from './sequential.ts';
export { Flatten, Identity } from './shape-layers.ts';
