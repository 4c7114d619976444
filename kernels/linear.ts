/** The gradients of a linear layer whose product is small: all in one call, since a call costs as much as the arithmetic. */
import { NO_ACTIVATION, RELU_ACTIVATION, RELU_GRAD, SIGMOID_GRAD, SUM, TANH_ACTIVATION, TANH_GRAD } from './codes';
import { binary } from './binary';
import { gemm, gemmScratch } from './gemm';
import { reduce } from './reduce';

/** Bytes of n elements up to the next cache line, with room for a vector that is read past them. */
@inline
function paddedBytes(n: i32): usize {
  return ((<usize>n << 2) + 127) & ~63;
}

/** Bytes of scratch memory for `linearGrad`. */
export function linearGradScratch(m: i32, n: i32, k: i32): usize {
  const ofProducts = max(gemmScratch(m, k, n, 1), gemmScratch(n, k, m, 1));
  return paddedBytes(m * n) + max(ofProducts, <usize>12 * <usize>n + 128);
}

/**
 * With dz = f'(z) dy for y = f(z), z = x wᵀ + bias: dx = dz w, dw = dzᵀ x, dbias = Σ dz over the batch; each may be 0: not wanted.
 * x [m, k], w [n, k], y and dy [m, n].
 */
export function linearGrad(
  x: usize, w: usize, y: usize, dy: usize, dx: usize, dw: usize, dbias: usize, m: i32, n: i32, k: i32, activation: i32, scratch: usize,
): void {
  let dz = dy;
  let rest = scratch;
  if (activation != NO_ACTIVATION) {
    const op = activation == RELU_ACTIVATION ? RELU_GRAD : activation == TANH_ACTIVATION ? TANH_GRAD : SIGMOID_GRAD;
    dz = scratch;
    rest = scratch + paddedBytes(m * n);
    binary(op, dy, y, dz, 1, m * n, 0, 16, 0, 16, rest);
  }
  if (dx != 0) gemm(dz, w, dx, m, k, n, false, false, false, 0, NO_ACTIVATION, rest);
  if (dw != 0) gemm(dz, x, dw, n, k, m, true, false, false, 0, NO_ACTIVATION, rest);
  if (dbias != 0) reduce(SUM, dz, dbias, 1, m, n, rest);
}
