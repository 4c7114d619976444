/**
 * Normalization over [outer, n, inner]: each of n features by its statistics over outer x inner values. The n features may be some of `features` that lie
 * side by side: so threads share them out, and each is computed as if it were alone.
 */
import { centered, gather, GRADIENT, measure, PRODUCTS, scales, slopes } from './feature-sums';
import { batchNormRows, batchNormRowsGrad } from './normalize-rows';
import { lanesBelow, madd, storeUpTo, sumLanes } from './simd';

/** y = scale (x - mean - rest) + shift */
function apply(
  x: usize, mean: usize, rest: usize, scale: usize, shift: usize, y: usize, outer: i32, n: i32, inner: i32, slab: usize,
): void {
  const row = <usize>n << 2;
  for (; outer > 0; outer--, x += slab, y += slab) {
    if (inner == 1) {
      let left = n;
      for (let j: usize = 0; j < row; j += 16, left -= 4) {
        const d = centered(v128.load(x + j), v128.load(mean + j), v128.load(rest + j));
        storeUpTo(y + j, madd(d, v128.load(scale + j), v128.load(shift + j)), left);
      }
    } else {
      let from = x;
      let to = y;
      for (let j: usize = 0; j < row; j += 4, from += <usize>inner << 2, to += <usize>inner << 2) {
        const m = v128.load32_splat(mean + j);
        const r = v128.load32_splat(rest + j);
        const a = v128.load32_splat(scale + j);
        const b = v128.load32_splat(shift + j);
        let at: usize = 0;
        for (let left = inner; left > 0; left -= 4, at += 16) {
          storeUpTo(to + at, madd(centered(v128.load(from + at), m, r), a, b), left);
        }
      }
    }
  }
}

/**
 * y = weight (x - mean) / √(variance + ε) + bias by the batch's own mean and biased variance, which are kept: mean + rest is the mean to about twice
 * float32's digits. `scratch` has room for 32 bytes a feature, n rounded up to four, or for what `batchNormRows` needs.
 */
export function batchNorm(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  outer: i32, n: i32, inner: i32, features: i32, eps: f64, scratch: usize,
): void {
  if (inner == 1) {
    batchNormRows(x, weight, bias, y, mean, rest, variance, outer, n, features, eps, scratch);
    return;
  }
  const slab = (<usize>features * <usize>inner) << 2;
  const padded = <usize>((n + 3) & ~3);
  const scale = scratch + (padded << 3);
  const shift = scale + (padded << 2);
  measure(x, mean, rest, variance, outer, n, inner, slab, scratch);
  scales(weight, bias, variance, scale, shift, n, eps);
  apply(x, mean, rest, scale, shift, y, outer, n, inner, slab);
}

/** y = weight (x - mean) / √(variance + ε) + bias by statistics given. */
export function normalize(
  x: usize, mean: usize, variance: usize, weight: usize, bias: usize, y: usize, outer: i32, n: i32, inner: i32, eps: f64, scratch: usize,
): void {
  const padded = <usize>((n + 3) & ~3) << 2;
  memory.fill(scratch, 0, padded);
  scales(weight, bias, variance, scratch + padded, scratch + 2 * padded, n, eps);
  apply(x, mean, scratch, scratch + padded, scratch + 2 * padded, y, outer, n, inner, (<usize>n * <usize>inner) << 2);
}

/** dx = scale ((dy - average) - slope (x - mean)) */
function applyGrad(
  x: usize, dy: usize, mean: usize, rest: usize, scale: usize, average: usize, slope: usize, dx: usize, outer: i32, n: i32, inner: i32,
  slab: usize,
): void {
  const row = <usize>n << 2;
  const run = <usize>inner << 2;
  for (; outer > 0; outer--, x += slab, dy += slab, dx += slab) {
    let from = x;
    let grad = dy;
    let to = dx;
    for (let j: usize = 0; j < row; j += 4, from += run, grad += run, to += run) {
      const m = v128.load32_splat(mean + j);
      const r = v128.load32_splat(rest + j);
      const a = v128.load32_splat(scale + j);
      const b = v128.load32_splat(average + j);
      const c = v128.load32_splat(slope + j);
      let at: usize = 0;
      for (let left = inner; left > 0; left -= 4, at += 16) {
        const d = centered(v128.load(from + at), m, r);
        storeUpTo(to + at, f32x4.mul(a, f32x4.sub(f32x4.sub(v128.load(grad + at), b), f32x4.mul(d, c))), left);
      }
    }
  }
}

/**
 * With x̂ = (x - mean) / σ, σ = √(variance + ε) and N = outer inner:
 * dweight = Σ dy x̂, dbias = Σ dy, dx = weight / σ (dy - dbias / N - x̂ dweight / N). dx, dweight and dbias may be 0: not wanted.
 * `scratch` has room for 32 bytes a feature, n rounded up to four, or for what `batchNormRowsGrad` needs.
 */
export function batchNormGrad(
  x: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  outer: i32, n: i32, inner: i32, features: i32, eps: f64, scratch: usize,
): void {
  if (inner == 1) {
    batchNormRowsGrad(x, dy, weight, mean, rest, variance, dx, dweight, dbias, outer, n, features, eps, scratch);
    return;
  }
  const slab = (<usize>features * <usize>inner) << 2;
  const padded = <usize>((n + 3) & ~3);
  const sums = scratch;
  const products = sums + (padded << 3);
  const scale = products + (padded << 3);
  const average = scale + (padded << 2);
  const slope = average + (padded << 2);
  const count = <f64>outer * <f64>inner;
  gather(GRADIENT, x, dy, mean, rest, sums, outer, n, inner, slab);
  gather(PRODUCTS, x, dy, mean, rest, products, outer, n, inner, slab);
  slopes(weight, variance, sums, products, dweight, dbias, scale, average, slope, n, count, eps);
  if (dx != 0) applyGrad(x, dy, mean, rest, scale, average, slope, dx, outer, n, inner, slab);
}

/** Scales each row of [rows, cols] whose L2 norm is above `limit` back to it, in place. */
export function limitRowNorms(x: usize, rows: i32, cols: i32, limit: f32): void {
  const row = <usize>cols << 2;
  for (; rows > 0; rows--, x += row) {
    let total: f64 = 0;
    // chains of at most 128 squares in float32, their sums in double precision
    for (let from = x, left = cols; left > 0; ) {
      let sum = f32x4.splat(0);
      for (let i = 0; i < 128 && left > 0; i++, left -= 4, from += 16) {
        let v = v128.load(from);
        if (left < 4) v = v128.and(v, lanesBelow(left));
        sum = madd(v, v, sum);
      }
      total += <f64>sumLanes(sum);
    }
    const norm = sqrt(total);
    if (!(norm > <f64>limit)) continue;
    const factor = f32x4.splat(<f32>(<f64>limit / norm));
    let left = cols;
    for (let at = x; left > 0; left -= 4, at += 16) storeUpTo(at, f32x4.mul(v128.load(at), factor), left);
  }
}
