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

/**
 * c = f(c + bias) over rows, `ldc` bytes apart, of up to a strip's columns that have just been computed. Row by row: where rows are a power of two apart, only few of them
 * are in the first cache.
 */
export function finish(c: usize, ldc: usize, rows: i32, cols: i32, bias: usize, activation: i32): void {
  for (; rows > 0; rows--, c += ldc) {
    let at = c;
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
  }
}

/** The same of all columns of a product that a library has made, which knows no bias and no activation. */
export function finishRows(y: usize, rows: i32, cols: i32, bias: usize, activation: i32): void {
  finish(y, <usize>cols << 2, rows, cols, bias, activation);
}
