/** What the benchmarks use of the library, from its sources. */
import '../src/ops/index.ts';

export { BlasBackend } from '../src/backend/blas/blas-backend.ts';
export { createBlasBackend, findBlas } from '../src/backend/blas/node/find.ts';
export { currentBackend, setBackend, setThreads } from '../src/backend/current.ts';
export { augmentImages } from '../src/data/augment.ts';
export { DataLoader } from '../src/data/loader.ts';
export { mnist } from '../src/data/node/mnist.ts';
export { crossEntropy } from '../src/loss/index.ts';
export * as nn from '../src/nn/index.ts';
export * as optim from '../src/optim/index.ts';
export { tensor } from '../src/tensor/create.ts';
export { keep, liveTensors, step } from '../src/tensor/scope.ts';
export { emptyTensor } from '../src/tensor/tensor.ts';
export { mixup } from '../src/train/mixup.ts';
