/**
 * Sums over the values of each of n features, in double precision, each feature's in the order of its rows. The mean is subtracted in two parts (as
 * rounded to float32, and what that left), so that a feature of mean 1000 keeps all its digits.
 */
import { lanesBelow } from './simd';

// What is summed for each feature.
export const VALUES: i32 = 0; //  Σ x
export const SQUARES: i32 = 1; // Σ (x - mean)²
export const GRADIENT: i32 = 2; // Σ dy
export const PRODUCTS: i32 = 3; // Σ dy (x - mean)

@inline
export function centered(x: v128, mean: v128, rest: v128): v128 {
  return f32x4.sub(f32x4.sub(x, mean), rest);
}

@inline
function term(what: i32, x: usize, dy: usize, mean: v128, rest: v128): v128 {
  if (what == VALUES) return v128.load(x);
  if (what == GRADIENT) return v128.load(dy);
  const d = centered(v128.load(x), mean, rest);
  return f32x4.mul(what == SQUARES ? d : v128.load(dy), d);
}

@inline
function upper(x: v128): v128 {
  return v128.shuffle<i64>(x, x, 1, 0);
}

/** Totals of n features whose values lie in runs of `inner`, one run in each of `outer` slabs. */
@inline
export function gather(
  what: i32, x: usize, dy: usize, mean: usize, rest: usize, totals: usize, outer: i32, n: i32, inner: i32, slab: usize,
): void {
  const run = <usize>inner << 2;
  for (let feature = n; feature > 0; feature--, x += run, dy += run, mean += 4, rest += 4, totals += 8) {
    const m = v128.load32_splat(mean);
    const r = v128.load32_splat(rest);
    let low = f64x2.splat(0);
    let high = low;
    for (let o: usize = 0, end = slab * <usize>outer; o < end; o += slab) {
      let left = inner;
      for (let at = o; left > 0; left -= 4, at += 16) {
        let t = term(what, x + at, dy + at, m, r);
        if (left < 4) t = v128.and(t, lanesBelow(left));
        low = f64x2.add(low, f64x2.promote_low_f32x4(t));
        high = f64x2.add(high, f64x2.promote_low_f32x4(upper(t)));
      }
    }
    const total = f64x2.add(low, high);
    store<f64>(totals, f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1));
  }
}

/** scale = weight / √(variance + ε), shift = bias; weight and bias may be 0 (1 and 0 everywhere) */
export function scales(weight: usize, bias: usize, variance: usize, scale: usize, shift: usize, n: i32, eps: f64): void {
  for (let j: usize = 0, end = <usize>n << 2; j < end; j += 4) {
    const gain: f64 = weight == 0 ? 1 : <f64>load<f32>(weight + j);
    store<f32>(scale + j, <f32>(gain / sqrt(<f64>load<f32>(variance + j) + eps)));
    store<f32>(shift + j, bias == 0 ? <f32>0 : load<f32>(bias + j));
  }
}

/** Mean, what rounding left of it, and biased variance of each feature. `totals` has room for 8 bytes a feature, n rounded up to four. */
export function measure(
  x: usize, mean: usize, rest: usize, variance: usize, outer: i32, n: i32, inner: i32, slab: usize, totals: usize,
): void {
  const count = <f64>outer * <f64>inner;
  gather(VALUES, x, x, mean, rest, totals, outer, n, inner, slab);
  for (let j: usize = 0; j < <usize>n; j++) {
    const exact = load<f64>(totals + (j << 3)) / count;
    const rounded = <f32>exact;
    store<f32>(mean + (j << 2), rounded);
    store<f32>(rest + (j << 2), <f32>(exact - <f64>rounded));
  }
  gather(SQUARES, x, x, mean, rest, totals, outer, n, inner, slab);
  for (let j: usize = 0; j < <usize>n; j++) store<f32>(variance + (j << 2), <f32>(load<f64>(totals + (j << 3)) / count));
}

/** From Σ dy and Σ dy (x - mean) of each feature: dweight and dbias, where wanted, and the factors of `applyGrad`. */
export function slopes(
  weight: usize, variance: usize, sums: usize, products: usize, dweight: usize, dbias: usize, scale: usize, average: usize, slope: usize, n: i32,
  count: f64, eps: f64,
): void {
  for (let j: usize = 0; j < <usize>n; j++) {
    const at = j << 2;
    const inverse = 1 / sqrt(<f64>load<f32>(variance + at) + eps);
    const gain: f64 = weight == 0 ? 1 : <f64>load<f32>(weight + at);
    const sum = load<f64>(sums + (j << 3));
    const product = load<f64>(products + (j << 3)) * inverse;
    if (dbias != 0) store<f32>(dbias + at, <f32>sum);
    if (dweight != 0) store<f32>(dweight + at, <f32>product);
    store<f32>(scale + at, <f32>(gain * inverse));
    store<f32>(average + at, <f32>(sum / count));
    store<f32>(slope + at, <f32>((product * inverse) / count));
  }
}
