/** What every large product c = f(op(a) op(b) + bias) is described by. */

/** Addresses; strides in bytes, from a row, or column, to the next and from a step of the inner sum to the next; sizes. */
@unmanaged
export class Operands {
  a: usize;
  aRow: usize;
  aStep: usize;
  b: usize;
  bCol: usize;
  bStep: usize;
  c: usize;
  m: i32;
  n: i32;
  k: i32;
  /** 0 where there is none. */
  bias: usize;
  activation: i32;
  /** Most steps and rows of a phase. */
  steps: i32;
  rows: i32;
}

/** All but how it is divided into phases. */
export function describe(
  product: Operands, a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, bias: usize, activation: i32,
): void {
  product.a = a;
  product.aRow = transA ? 4 : <usize>k << 2;
  product.aStep = transA ? <usize>m << 2 : 4;
  product.b = b;
  product.bCol = transB ? <usize>k << 2 : 4;
  product.bStep = transB ? 4 : <usize>n << 2;
  product.c = c;
  product.m = m;
  product.n = n;
  product.k = k;
  product.bias = bias;
  product.activation = activation;
}
