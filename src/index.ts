/** The public surface: everything that runs in any JavaScript engine. What needs files and downloads is in `chainrule/node`. */
import './ops/methods.ts';

export { type BackwardOptions, backward, grad } from './autograd/backward.ts';
export { type GradientCheckOptions, gradientError } from './autograd/check.ts';
export { hessian, hessianVectorProduct } from './autograd/derivatives.ts';
export { enableGrad, isRecording, noGrad, observeOps } from './autograd/mode.ts';
export { type BackendName, backendNames, fallbackReason, setBackend, setThreads, withBackend } from './backend/current.ts';
export * from './data/index.ts';
export { UserError } from './errors.ts';
export {
  type Experiment,
  type ExperimentData,
  parseExperiment,
  type RunOptions,
  type RunResult,
  restoreModel,
  runExperiment,
} from './experiment/index.ts';
export * from './loss/index.ts';
export * as nn from './nn/index.ts';
export * as ops from './ops/index.ts';
export * as optim from './optim/index.ts';
export { currentRandom, manualSeed, Random, type RandomState, Stream, type StreamState, withRandom } from './random.ts';
export * as schedule from './schedule/index.ts';
export {
  arange,
  eye,
  full,
  linspace,
  ones,
  rand,
  randn,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
} from './tensor/create.ts';
export { keep, liveTensors, step } from './tensor/scope.ts';
export type { Shape } from './tensor/shape.ts';
export { Tensor } from './tensor/tensor.ts';
export * from './train/index.ts';
export { version } from './version.ts';
