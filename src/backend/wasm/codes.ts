/** Names to the numbers the kernels know them by. */
import * as code from '../../../kernels/codes.ts';
import type { Activation, BinaryName, ReduceName, UnaryName } from '../kernels.ts';

export const UNARY: Readonly<Record<UnaryName, number>> = {
  copy: code.COPY,
  neg: code.NEG,
  abs: code.ABS,
  sign: code.SIGN,
  square: code.SQUARE,
  sqrt: code.SQRT,
  rsqrt: code.RSQRT,
  reciprocal: code.RECIPROCAL,
  exp: code.EXP,
  expm1: code.EXPM1,
  log: code.LOG,
  log1p: code.LOG1P,
  sin: code.SIN,
  cos: code.COS,
  tanh: code.TANH,
  sigmoid: code.SIGMOID,
  softplus: code.SOFTPLUS,
  relu: code.RELU,
  erf: code.ERF,
  floor: code.FLOOR,
  round: code.ROUND,
  addScalar: code.ADD_SCALAR,
  mulScalar: code.MUL_SCALAR,
  powScalar: code.POW_SCALAR,
  leakyRelu: code.LEAKY_RELU,
  elu: code.ELU,
};

export const BINARY: Readonly<Record<BinaryName, number>> = {
  add: code.ADD,
  sub: code.SUB,
  mul: code.MUL,
  div: code.DIV,
  pow: code.POW,
  maximum: code.MAXIMUM,
  minimum: code.MINIMUM,
  eq: code.EQ,
  ne: code.NE,
  lt: code.LT,
  le: code.LE,
  gt: code.GT,
  ge: code.GE,
  reluGrad: code.RELU_GRAD,
  sigmoidGrad: code.SIGMOID_GRAD,
  tanhGrad: code.TANH_GRAD,
};

export const REDUCE: Readonly<Record<ReduceName, number>> = {
  sum: code.SUM,
  max: code.MAX,
  min: code.MIN,
  prod: code.PROD,
  mean: code.MEAN,
};

export const ACTIVATION: Readonly<Record<Activation, number>> = {
  none: code.NO_ACTIVATION,
  relu: code.RELU_ACTIVATION,
  tanh: code.TANH_ACTIVATION,
  sigmoid: code.SIGMOID_ACTIVATION,
};
