/** Every op of the library. Importing this attaches the methods of Tensor. */
import './methods.ts';

export * from './activation.ts';
export * from './arithmetic.ts';
export { type BatchNormOptions, batchNorm, normalize, normalizeRows } from './batch-norm.ts';
export { eq, ge, gt, le, lt, ne, where } from './comparison.ts';
export { dropout } from './dropout.ts';
export { abs, cos, erf, exp, expm1, floor, log, log1p, reciprocal, round, rsqrt, sign, sin, sqrt, square } from './functions.ts';
export { indexSelect, oneHot, pick } from './indexing.ts';
export { linear, type MatmulOptions, matmul } from './matmul.ts';
export { concat, expand, flatten, flip, narrow, pad, permute, reshape, slice, squeeze, stack, transpose, unsqueeze } from './movement.ts';
export { gaussianNoise } from './noise.ts';
export { argmax, cumsum, type Dims, logsumexp, max, mean, min, norm, prod, std, sum, variance } from './reduction.ts';
export { logSoftmax, softmax, softmaxCrossEntropy } from './softmax.ts';
