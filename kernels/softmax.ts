/** The softmax family over the rows of [rows, cols]. With z = x - max x every exponent is at most 0 and one of them is, so nothing overflows. */
import { exp } from './exp';
import { log } from './log';
import { maxRow, sumRow } from './reduce';
import { storeUpTo } from './simd';

/** out = exp(x - shift) over a row, and its sum. */
@inline
function exponentials(x: usize, out: usize, cols: i32, shift: f32): f32 {
  const by = f32x4.splat(shift);
  let to = out;
  for (let left = cols; left > 0; left -= 4, x += 16, to += 16) storeUpTo(to, exp(f32x4.sub(v128.load(x), by)), left);
  return sumRow(out, cols);
}

@inline
function scaleRow(x: usize, cols: i32, factor: f32): void {
  const by = f32x4.splat(factor);
  for (; cols > 0; cols -= 4, x += 16) storeUpTo(x, f32x4.mul(v128.load(x), by), cols);
}

function ln(x: f32): f32 {
  return f32x4.extract_lane(log(f32x4.splat(x)), 0);
}

/** out = e^z / Σ e^z; returns Σ e^z. */
function softmaxRow(x: usize, out: usize, cols: i32, shift: f32): f32 {
  const total = exponentials(x, out, cols, shift);
  scaleRow(out, cols, 1 / total);
  return total;
}

export function softmax(x: usize, out: usize, rows: i32, cols: i32): void {
  const row = <usize>cols << 2;
  for (; rows > 0; rows--, x += row, out += row) softmaxRow(x, out, cols, maxRow(x, cols));
}

/** out = z - ln Σ e^z. `scratch` has room for one row of exponentials, so that x and out may be the same. */
export function logSoftmax(x: usize, out: usize, rows: i32, cols: i32, scratch: usize): void {
  const row = <usize>cols << 2;
  for (; rows > 0; rows--, x += row, out += row) {
    const shift = maxRow(x, cols);
    const lse = ln(exponentials(x, scratch, cols, shift));
    const by = f32x4.splat(shift);
    const less = f32x4.splat(lse);
    let from = x;
    let to = out;
    for (let left = cols; left > 0; left -= 4, from += 16, to += 16) {
      storeUpTo(to, f32x4.sub(f32x4.sub(v128.load(from), by), less), left);
    }
  }
}

/** losses[i] = (1 - smoothing) (lse - z[label]) + smoothing (lse - mean z) with lse = ln Σ e^z, and the probabilities. */
export function softmaxCrossEntropy(
  x: usize, labels: usize, losses: usize, probabilities: usize, rows: i32, cols: i32, smoothing: f32,
): void {
  const row = <usize>cols << 2;
  for (; rows > 0; rows--, x += row, probabilities += row, labels += 4, losses += 4) {
    const shift = maxRow(x, cols);
    const chosen = load<f32>(x + (<usize>(<i32>load<f32>(labels)) << 2)) - shift;
    let mean: f64 = 0;
    if (smoothing != 0) {
      for (let j = 0; j < cols; j++) mean += <f64>(load<f32>(x + (<usize>j << 2)) - shift);
      mean /= <f64>cols;
    }
    const lse = ln(softmaxRow(x, probabilities, cols, shift));
    let loss = lse - chosen;
    if (smoothing != 0) loss = (1 - smoothing) * loss + smoothing * (lse - <f32>mean); // 0 (-∞) would be NaN
    store<f32>(losses, loss);
  }
}

/** dx[i, c] = share dlosses[i] (probabilities[i, c] - q[i, c]); `step` is the bytes from one element of dlosses to the next, 0 where it is one number. */
export function softmaxCrossEntropyGrad(
  probabilities: usize, labels: usize, dlosses: usize, dx: usize, rows: i32, cols: i32, smoothing: f32, share: f32, step: usize,
): void {
  const row = <usize>cols << 2;
  const even = smoothing / <f32>cols;
  const q = f32x4.splat(even);
  for (; rows > 0; rows--, probabilities += row, dx += row, labels += 4, dlosses += step) {
    const factor = load<f32>(dlosses) * share;
    const by = f32x4.splat(factor);
    const label = <usize>(<i32>load<f32>(labels)) << 2;
    const special = factor * (load<f32>(probabilities + label) - (1 - smoothing + even));
    let from = probabilities;
    let to = dx;
    for (let left = cols; left > 0; left -= 4, from += 16, to += 16) {
      storeUpTo(to, f32x4.mul(f32x4.sub(v128.load(from), q), by), left);
    }
    store<f32>(dx + label, special);
  }
}
