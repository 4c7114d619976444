/** The gradients of a linear layer but for its products; and all of them in one call where the products are small, since a call costs as much then. */
import { apply } from './binary';
import { NO_ACTIVATION, RELU_ACTIVATION, RELU_GRAD, SIGMOID_ACTIVATION, SIGMOID_GRAD, TANH_ACTIVATION, TANH_GRAD } from './codes';
import { gemm, gemmScratch } from './gemm';
import { sumColumns } from './reduce';
import { storeUpTo } from './simd';

/** Bytes of n elements up to the next cache line, with room for a vector that is read past them. */
@inline
function paddedBytes(n: i32): usize {
  return ((<usize>n << 2) + 127) & ~63;
}

@inline
function each(op: i32, dy: usize, y: usize, dz: usize, row: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--, dy += row, y += row, dz += row) {
    let left = n;
    let at: usize = 0;
    for (; left >= 16; left -= 16, at += 64) {
      v128.store(dz + at, apply(op, v128.load(dy + at), v128.load(y + at)));
      v128.store(dz + at, apply(op, v128.load(dy + at, 16), v128.load(y + at, 16)), 16);
      v128.store(dz + at, apply(op, v128.load(dy + at, 32), v128.load(y + at, 32)), 32);
      v128.store(dz + at, apply(op, v128.load(dy + at, 48), v128.load(y + at, 48)), 48);
    }
    for (; left > 0; left -= 4, at += 16) storeUpTo(dz + at, apply(op, v128.load(dy + at), v128.load(y + at)), left);
  }
}

/**
 * dz = f'(y) dy where there is an activation, else dz is dy; and the sums of its columns, where `sums` is not 0. The n columns may be some of `features`
 * that lie side by side. `scratch` has room for 12 n + 64 bytes.
 */
export function activationGrad(
  dy: usize, y: usize, dz: usize, sums: usize, rows: i32, n: i32, features: i32, activation: i32, scratch: usize,
): void {
  const row = <usize>features << 2;
  switch (activation) {
    case RELU_ACTIVATION: each(RELU_GRAD, dy, y, dz, row, rows, n); break;
    case TANH_ACTIVATION: each(TANH_GRAD, dy, y, dz, row, rows, n); break;
    case SIGMOID_ACTIVATION: each(SIGMOID_GRAD, dy, y, dz, row, rows, n); break;
  }
  if (sums != 0) sumColumns(dz, row, sums, rows, n, scratch);
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
  const dz = activation == NO_ACTIVATION ? dy : scratch;
  const rest = activation == NO_ACTIVATION ? scratch : scratch + paddedBytes(m * n);
  activationGrad(dy, y, dz, dbias, m, n, n, activation, rest);
  linearProducts(x, w, dz, dx, dw, m, n, k, 0, 2, rest);
}

/** The products of `linearGrad`: of two units, dx and dw, `count` from number `first` on, so that two threads may do one each. */
export function linearProducts(
  x: usize, w: usize, dz: usize, dx: usize, dw: usize, m: i32, n: i32, k: i32, first: i32, count: i32, scratch: usize,
): void {
  if (dx != 0 && first == 0) gemm(dz, w, dx, m, k, n, false, false, false, 0, NO_ACTIVATION, scratch);
  if (dw != 0 && first + count > 1) gemm(dz, x, dw, n, k, m, true, false, false, 0, NO_ACTIVATION, scratch);
}
