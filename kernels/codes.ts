/**
 * The numbers by which TypeScript names a kernel's function. This file is read by both compilers, AssemblyScript's and TypeScript's, so that
 * the two sides cannot drift apart.
 */
export const COPY = 0;
export const NEG = 1;
export const ABS = 2;
export const SIGN = 3;
export const SQUARE = 4;
export const SQRT = 5;
export const RSQRT = 6;
export const RECIPROCAL = 7;
export const EXP = 8;
export const EXPM1 = 9;
export const LOG = 10;
export const LOG1P = 11;
export const SIN = 12;
export const COS = 13;
export const TANH = 14;
export const SIGMOID = 15;
export const SOFTPLUS = 16;
export const RELU = 17;
export const ERF = 18;
export const FLOOR = 19;
export const ROUND = 20;
export const ADD_SCALAR = 21;
export const MUL_SCALAR = 22;
export const POW_SCALAR = 23;
export const LEAKY_RELU = 24;
export const ELU = 25;

export const ADD = 0;
export const SUB = 1;
export const MUL = 2;
export const DIV = 3;
export const POW = 4;
export const MAXIMUM = 5;
export const MINIMUM = 6;
export const EQ = 7;
export const NE = 8;
export const LT = 9;
export const LE = 10;
export const GT = 11;
export const GE = 12;
export const RELU_GRAD = 13;
export const SIGMOID_GRAD = 14;
export const TANH_GRAD = 15;

export const SUM = 0;
export const MAX = 1;
export const MIN = 2;
export const PROD = 3;
export const MEAN = 4;

export const NO_ACTIVATION = 0;
export const RELU_ACTIVATION = 1;
export const TANH_ACTIVATION = 2;
export const SIGMOID_ACTIVATION = 3;
