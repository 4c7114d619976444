/** Ops as methods of Tensor: `x.mul(y).sum()`. The one place where the class and the ops meet. */
import { type BackwardOptions, backward, setArithmetic } from '../autograd/backward.ts';
import { ownGradient } from '../tensor/scope.ts';
import type { Shape } from '../tensor/shape.ts';
import { aliasTensor, emptyTensor, Tensor } from '../tensor/tensor.ts';
import * as activation from './activation.ts';
import * as arithmetic from './arithmetic.ts';
import * as comparison from './comparison.ts';
import * as functions from './functions.ts';
import { type MatmulOptions, matmul } from './matmul.ts';
import * as movement from './movement.ts';
import * as reduction from './reduction.ts';
import * as softmax from './softmax.ts';

setArithmetic({ add: arithmetic.add, sumTo: reduction.sumTo, dot: (a, b) => reduction.sum(arithmetic.mul(a, b)) });

type Operand = arithmetic.Operand;
type Dims = reduction.Dims;

declare module '../tensor/tensor.ts' {
  interface Tensor {
    add(other: Operand): Tensor;
    sub(other: Operand): Tensor;
    mul(other: Operand): Tensor;
    div(other: Operand): Tensor;
    pow(exponent: Operand): Tensor;
    neg(): Tensor;
    exp(): Tensor;
    log(): Tensor;
    sqrt(): Tensor;
    square(): Tensor;
    abs(): Tensor;
    sin(): Tensor;
    cos(): Tensor;
    relu(): Tensor;
    sigmoid(): Tensor;
    tanh(): Tensor;
    softmax(dim?: number): Tensor;
    logSoftmax(dim?: number): Tensor;
    matmul(other: Tensor, options?: MatmulOptions): Tensor;
    sum(dims?: Dims, keepdim?: boolean): Tensor;
    mean(dims?: Dims, keepdim?: boolean): Tensor;
    max(dims?: Dims, keepdim?: boolean): Tensor;
    min(dims?: Dims, keepdim?: boolean): Tensor;
    argmax(dim?: number): Tensor;
    eq(other: Operand): Tensor;
    gt(other: Operand): Tensor;
    lt(other: Operand): Tensor;
    reshape(shape: Shape): Tensor;
    flatten(startDim?: number): Tensor;
    transpose(dim0?: number, dim1?: number): Tensor;
    permute(order: readonly number[]): Tensor;
    expand(shape: Shape): Tensor;
    slice(ranges: Parameters<typeof movement.slice>[1]): Tensor;
    squeeze(dim: number): Tensor;
    unsqueeze(dim: number): Tensor;
    /** The same numbers, cut from the graph; shares storage. */
    detach(): Tensor;
    /** A copy with its own storage, cut from the graph. */
    clone(): Tensor;
    /** Adds ∂this/∂leaf to the `.grad` of every leaf that requires it. */
    backward(options?: BackwardOptions): void;
    /** Forgets the gradient. */
    zeroGrad(): void;
  }
}

const methods = {
  ...{ add: arithmetic.add, sub: arithmetic.sub, mul: arithmetic.mul, div: arithmetic.div, pow: arithmetic.pow, neg: arithmetic.neg },
  ...{ exp: functions.exp, log: functions.log, sqrt: functions.sqrt, square: functions.square, abs: functions.abs },
  ...{ sin: functions.sin, cos: functions.cos },
  ...{ relu: activation.relu, sigmoid: activation.sigmoid, tanh: activation.tanh },
  ...{ softmax: softmax.softmax, logSoftmax: softmax.logSoftmax, matmul },
  ...{ sum: reduction.sum, mean: reduction.mean, max: reduction.max, min: reduction.min, argmax: reduction.argmax },
  ...{ eq: comparison.eq, gt: comparison.gt, lt: comparison.lt },
  ...{ reshape: movement.reshape, flatten: movement.flatten, transpose: movement.transpose, permute: movement.permute },
  ...{ expand: movement.expand, slice: movement.slice, squeeze: movement.squeeze, unsqueeze: movement.unsqueeze },
  backward,
  detach: (x: Tensor): Tensor => aliasTensor(x, x.shape),
  clone: (x: Tensor): Tensor => emptyTensor(x.shape, x.kernels).set(x),
  zeroGrad: (x: Tensor): void => ownGradient(x, null),
};

for (const [name, f] of Object.entries(methods)) {
  const call = f as (self: Tensor, ...rest: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
    writable: true,
    configurable: true,
  });
}
