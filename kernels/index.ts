/** The module's exports. */
export { argmax, cumsum, reduce } from './reduce';
export { axpby, fill, unary, where } from './unary';
export { binary } from './binary';
export { copy2d, decodeRows, gatherRows, mixRows, pickColumns, scatterAddRows, unpickColumns } from './movement';
export { gemm, gemmLocal, gemmPack, gemmPackUnits, gemmPlan, gemmScratch, gemmTiles, gemmTileUnits } from './gemm';
export { gemmNarrow, isNarrow } from './gemm-small';
export { sparseGemm, sparseList, sparseListUnits, sparseTiles, sparseTileUnits } from './gemm-sparse';
export { sparseBackground, sparseLocal, sparsePhases, sparsePlan, sparseScratch } from './sparse-product';
export { finishRows } from './epilogue';
export { activationGrad, linearGrad, linearGradScratch, linearProducts } from './linear';
export { logSoftmax, softmax, softmaxCrossEntropy, softmaxCrossEntropyGrad } from './softmax';
export { batchNorm, batchNormGrad, limitRowNorms, normalize } from './normalize';
export { batchNormRelu, batchNormReluGrad } from './normalize-rows';
export { dropout, dropoutGrad, gaussianNoise } from './random';
export { warpImages, warpScratch } from './warp';
export { adadelta, adagrad, adam, adamax, rmsprop, sgd } from './optim';

import { madd } from './simd';

/** a b + c as this build computes it on this machine: the caller sees by it whether multiply-add is fused. */
export function multiplyAdd(a: f32, b: f32, c: f32): f32 {
  return f32x4.extract_lane(madd(f32x4.splat(a), f32x4.splat(b), f32x4.splat(c)), 0);
}
