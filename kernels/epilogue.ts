/** What follows a product that was made elsewhere, by a library that knows no bias and no activation. */
import { NO_ACTIVATION } from './codes';
import { activate } from './gemm';
import { storeUpTo } from './simd';

/** y = f(y + bias) over the rows of [rows, cols], in place. `bias` is 0 where there is none. */
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
