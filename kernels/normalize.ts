/**
 * Normalization over [outer, n, inner]: each of n features by its statistics over outer x inner values. Totals are gathered in double precision, and
 * the mean is subtracted in two parts (as rounded to float32, and what that left), so that a feature of mean 1000 keeps all its digits. The n features
 * may be some of `features` that lie side by side: so threads share them out, and each is computed as if it were alone.
 */
import { lanesBelow, madd, storeUpTo, sumLanes } from './simd';

// What is summed for each feature.
const VALUES: i32 = 0; //  Σ x
const SQUARES: i32 = 1; // Σ (x - mean)²
const GRADIENT: i32 = 2; // Σ dy
const PRODUCTS: i32 = 3; // Σ dy (x - mean)

@inline
function centered(x: v128, mean: v128, rest: v128): v128 {
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

/** Totals of four columns, each row's added in order. */
@inline
function sweepFour(what: i32, x: usize, dy: usize, mean: usize, rest: usize, totals: usize, rows: i32, row: usize): void {
  const m = v128.load(mean);
  const r = v128.load(rest);
  let low = f64x2.splat(0);
  let high = low;
  for (; rows > 0; rows--, x += row, dy += row) {
    const t = term(what, x, dy, m, r);
    low = f64x2.add(low, f64x2.promote_low_f32x4(t));
    high = f64x2.add(high, f64x2.promote_low_f32x4(upper(t)));
  }
  v128.store(totals, low);
  v128.store(totals, high, 16);
}

/** Totals of n columns, eight at a time in registers; `totals` has room for n rounded up to four. */
@inline
function sweep(what: i32, x: usize, dy: usize, mean: usize, rest: usize, totals: usize, rows: i32, n: i32, row: usize): void {
  let j = n;
  for (; j > 4; j -= 8, x += 32, dy += 32, mean += 32, rest += 32, totals += 64) {
    const m0 = v128.load(mean);
    const m1 = v128.load(mean, 16);
    const r0 = v128.load(rest);
    const r1 = v128.load(rest, 16);
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let from = x;
    let grad = dy;
    for (let left = rows; left > 0; left--, from += row, grad += row) {
      const t = term(what, from, grad, m0, r0);
      const u = term(what, from + 16, grad + 16, m1, r1);
      a = f64x2.add(a, f64x2.promote_low_f32x4(t));
      b = f64x2.add(b, f64x2.promote_low_f32x4(upper(t)));
      c = f64x2.add(c, f64x2.promote_low_f32x4(u));
      d = f64x2.add(d, f64x2.promote_low_f32x4(upper(u)));
    }
    v128.store(totals, a);
    v128.store(totals, b, 16);
    v128.store(totals, c, 32);
    v128.store(totals, d, 48);
  }
  if (j > 0) sweepFour(what, x, dy, mean, rest, totals, rows, row);
}

/** Totals of n features whose values lie in runs of `inner`, one run in each of `outer` slabs. */
@inline
function runs(
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

@inline
function gather(
  what: i32, x: usize, dy: usize, mean: usize, rest: usize, totals: usize, outer: i32, n: i32, inner: i32, slab: usize,
): void {
  if (inner == 1) sweep(what, x, dy, mean, rest, totals, outer, n, slab);
  else runs(what, x, dy, mean, rest, totals, outer, n, inner, slab);
}

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

/** scale = weight / √(variance + ε), shift = bias; weight and bias may be 0 (1 and 0 everywhere) */
function scales(weight: usize, bias: usize, variance: usize, scale: usize, shift: usize, n: i32, eps: f64): void {
  for (let j: usize = 0, end = <usize>n << 2; j < end; j += 4) {
    const gain: f64 = weight == 0 ? 1 : <f64>load<f32>(weight + j);
    store<f32>(scale + j, <f32>(gain / sqrt(<f64>load<f32>(variance + j) + eps)));
    store<f32>(shift + j, bias == 0 ? <f32>0 : load<f32>(bias + j));
  }
}

/**
 * y = weight (x - mean) / √(variance + ε) + bias by the batch's own mean and biased variance, which are kept: mean + rest is the mean to about twice
 * float32's digits. `scratch` has room for 32 bytes a feature, n rounded up to four.
 */
export function batchNorm(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  outer: i32, n: i32, inner: i32, features: i32, eps: f64, scratch: usize,
): void {
  const slab = (<usize>features * <usize>inner) << 2;
  const padded = <usize>((n + 3) & ~3);
  const totals = scratch;
  const scale = scratch + (padded << 3);
  const shift = scale + (padded << 2);
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
  for (; outer > 0; outer--, x += slab, dy += slab, dx += slab) {
    if (inner == 1) {
      let left = n;
      for (let j: usize = 0; j < row; j += 16, left -= 4) {
        const d = centered(v128.load(x + j), v128.load(mean + j), v128.load(rest + j));
        const g = f32x4.sub(f32x4.sub(v128.load(dy + j), v128.load(average + j)), f32x4.mul(d, v128.load(slope + j)));
        storeUpTo(dx + j, f32x4.mul(v128.load(scale + j), g), left);
      }
    } else {
      const run = <usize>inner << 2;
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
}

/**
 * With x̂ = (x - mean) / σ, σ = √(variance + ε) and N = outer inner:
 * dweight = Σ dy x̂, dbias = Σ dy, dx = weight / σ (dy - dbias / N - x̂ dweight / N). dx, dweight and dbias may be 0: not wanted.
 * `scratch` has room for 32 bytes a feature, n rounded up to four.
 */
export function batchNormGrad(
  x: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  outer: i32, n: i32, inner: i32, features: i32, eps: f64, scratch: usize,
): void {
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
