/** What a product does to a part of c that is complete, while it is still in the first cache. */
import { NO_ACTIVATION, RELU_ACTIVATION, TANH_ACTIVATION } from './codes';
import { sigmoid, tanh } from './functions';
import { storeUpTo } from './simd';

@inline
function activate(x: v128, activation: i32): v128 {
  if (activation == RELU_ACTIVATION) return f32x4.pmax(x, f32x4.splat(0));
  if (activation == TANH_ACTIVATION) return tanh(x);
  return sigmoid(x);
}

/** c = f(c + bias) over rows of a tile's columns, just computed and still in the first cache. */
export function finish(c: usize, ldc: usize, rows: i32, cols: i32, bias: usize, activation: i32): void {
  for (; cols > 0; cols -= 4, c += 16) {
    let shift = f32x4.splat(0);
    if (bias != 0) {
      shift = v128.load(bias);
      bias += 16;
    }
    let at = c;
    for (let i = rows; i > 0; i--, at += ldc) {
      let x = f32x4.add(v128.load(at), shift);
      if (activation != NO_ACTIVATION) x = activate(x, activation);
      storeUpTo(at, x, cols);
    }
  }
}

/** y = f(y + bias) over the rows of [rows, cols], in place: for a product that a library has made, which knows no bias and no activation. */
export function finishRows(y: usize, rows: i32, cols: i32, bias: usize, activation: i32): void {
  for (; rows > 0; rows--) {
    let at = y;
    let shift = bias;
    for (let left = cols; left > 0; left -= 4, at += 16) {
      let x = v128.load(at);
      if (bias != 0) {
        x = f32x4.add(x, v128.load(shift));
        shift += 16;
      }
      if (activation != NO_ACTIVATION) x = activate(x, activation);
      storeUpTo(at, x, left);
    }
    y += <usize>cols << 2;
  }
}
