/**
 * Batch norm of [rows, n], by itself or with the ReLU after it and the dropout after that, in one pass each way, to the bits of one after the other. Nothing
 * is kept of ReLU and dropout for the way back but y: where it is above 0 an element went through both.
 *
 * Features are taken by strips of sixteen, a cache line wide. A strip is copied to where all passes find it in the first cache, which holds few lines of a
 * matrix whose rows are a power of two apart. As in normalize.ts, the n features may be some of `features`.
 */
import { centered, gather, GRADIENT, measure, PRODUCTS, scales, slopes } from './feature-sums';
import { twiceSixteenWords } from './random';
import { madd, storeUpTo } from './simd';

/** Features of a strip, and bytes of one of its rows. */
const STRIP: i32 = 16;
const ROW: usize = 64;

// What is kept of a strip at `scratch`: sums, factors, random words, then its rows.
const SUMS: usize = 0;
const PRODUCT_SUMS: usize = 128;
const SCALE: usize = 256;
const SHIFT: usize = 320;
const AVERAGE: usize = SHIFT; // the way back has no shift
const SLOPE: usize = 384;
const WORDS: usize = 448;
const ROWS: usize = 576; // words of two rows take 128 bytes

@inline
function offset(p: usize, at: usize): usize {
  return p == 0 ? 0 : p + at;
}

/** Sixteen columns, to rows side by side. */
function copyStrip(from: usize, row: usize, to: usize, rows: i32): void {
  for (; rows > 0; rows--, from += row, to += ROW) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  }
}

/** The words `first` to `first + 15` of the sequence; gives their address. `words` has room for 128 bytes. */
function draw(key0: u32, key1: u32, first: u32, words: usize): usize {
  twiceSixteenWords(key0, key1, first >>> 1, (first >>> 1) + 8, words);
  return words + ((first & 1) << 2);
}

/** Four values of a strip, normalized, from `at` on in their row. */
@inline
function normal(from: usize, mean: usize, rest: usize, scratch: usize, at: usize): v128 {
  const d = centered(v128.load(from + at), v128.load(mean + at), v128.load(rest + at));
  return madd(d, v128.load(scratch + at, SCALE), v128.load(scratch + at, SHIFT));
}

@inline
function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

@inline
function keep(words: usize, limit: v128, x: v128, by: v128): v128 {
  return v128.and(i32x4.ge_u(v128.load(words), limit), f32x4.mul(x, by));
}

@inline
function output(
  hasRelu: bool, from: usize, mean: usize, rest: usize, scratch: usize, at: usize, words: usize, threshold: u32, limit: v128, by: v128,
): v128 {
  const z = normal(from, mean, rest, scratch, at);
  if (!hasRelu) return z;
  return threshold != 0 ? keep(words + at, limit, relu(z), by) : relu(z);
}

@inline
function forward(
  hasRelu: bool, x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, threshold: u32, factor: f32, key0: u32, key1: u32, counter: u32, scratch: usize,
): void {
  const row = <usize>features << 2;
  const limit = i32x4.splat(threshold);
  const by = f32x4.splat(factor);
  for (; n > 0; n -= STRIP, x += ROW, y += ROW, mean += ROW, rest += ROW, variance += ROW, counter += STRIP) {
    const wide = min(n, STRIP);
    copyStrip(x, row, scratch + ROWS, rows);
    measure(scratch + ROWS, mean, rest, variance, rows, wide, 1, ROW, scratch + SUMS);
    scales(weight, bias, variance, scratch + SCALE, scratch + SHIFT, wide, eps);
    weight = offset(weight, ROW);
    bias = offset(bias, ROW);
    let from = scratch + ROWS;
    let to = y;
    let word = counter;
    const isOdd = ((counter | features) & 1) != 0;
    for (let r = 0; r < rows; r++, from += ROW, to += row, word += features) {
      let words = scratch + WORDS + (<usize>(r & 1) << 6);
      if (hasRelu && threshold != 0) {
        // words of two rows at a time, where both begin a block
        if (isOdd) words = draw(key0, key1, word, scratch + WORDS);
        else if ((r & 1) == 0) twiceSixteenWords(key0, key1, word >>> 1, (word + features) >>> 1, words);
      }
      if (wide == STRIP) {
        v128.store(to, output(hasRelu, from, mean, rest, scratch, 0, words, threshold, limit, by));
        v128.store(to, output(hasRelu, from, mean, rest, scratch, 16, words, threshold, limit, by), 16);
        v128.store(to, output(hasRelu, from, mean, rest, scratch, 32, words, threshold, limit, by), 32);
        v128.store(to, output(hasRelu, from, mean, rest, scratch, 48, words, threshold, limit, by), 48);
        continue;
      }
      let left = wide;
      for (let at: usize = 0; left > 0; at += 16, left -= 4) {
        storeUpTo(to + at, output(hasRelu, from, mean, rest, scratch, at, words, threshold, limit, by), left);
      }
    }
  }
}

/** `scratch` has room for 576 bytes and 64 more a row. */
export function batchNormRows(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, scratch: usize,
): void {
  forward(false, x, weight, bias, y, mean, rest, variance, rows, n, features, eps, 0, 1, 0, 0, 0, scratch);
}

/**
 * y = word ≥ threshold ? factor max(0, batch norm of x) : 0, for element i of the whole by word `counter` + i, where `counter` is given for the first of
 * the n features. With a threshold of 0 nothing is drawn. `scratch` has room for 576 bytes and 64 more a row.
 */
export function batchNormRelu(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, threshold: u32, factor: f32, key0: u32, key1: u32, counter: u32, scratch: usize,
): void {
  forward(true, x, weight, bias, y, mean, rest, variance, rows, n, features, eps, threshold, factor, key0, key1, counter, scratch);
}

/** What ReLU and dropout let through of the gradient dy. */
@inline
function passed(y: usize, dy: usize, by: v128): v128 {
  return v128.and(f32x4.mul(v128.load(dy), by), f32x4.gt(v128.load(y), f32x4.splat(0)));
}

/** That of sixteen columns, to rows side by side. */
function passStrip(y: usize, dy: usize, row: usize, by: v128, to: usize, rows: i32): void {
  for (; rows > 0; rows--, y += row, dy += row, to += ROW) {
    v128.store(to, passed(y, dy, by));
    v128.store(to, passed(y + 16, dy + 16, by), 16);
    v128.store(to, passed(y + 32, dy + 32, by), 32);
    v128.store(to, passed(y + 48, dy + 48, by), 48);
  }
}

/** Four values of dx = scale ((dy - average) - slope (x - mean)), from `at` on in their row. */
@inline
function slanted(from: usize, grad: usize, mean: usize, rest: usize, scratch: usize, at: usize): v128 {
  const d = centered(v128.load(from + at), v128.load(mean + at), v128.load(rest + at));
  const g = f32x4.sub(v128.load(grad + at), v128.load(scratch + at, AVERAGE));
  return f32x4.mul(v128.load(scratch + at, SCALE), f32x4.sub(g, f32x4.mul(d, v128.load(scratch + at, SLOPE))));
}

@inline
function backward(
  hasRelu: bool, x: usize, y: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  rows: i32, n: i32, features: i32, eps: f64, factor: f32, scratch: usize,
): void {
  const row = <usize>features << 2;
  const by = f32x4.splat(factor);
  const values = scratch + ROWS;
  const gradients = values + (<usize>rows << 6);
  for (; n > 0; n -= STRIP, x += ROW, y += ROW, dy += ROW, mean += ROW, rest += ROW, variance += ROW) {
    const wide = min(n, STRIP);
    copyStrip(x, row, values, rows);
    if (hasRelu) passStrip(y, dy, row, by, gradients, rows);
    else copyStrip(dy, row, gradients, rows);
    gather(GRADIENT, values, gradients, mean, rest, scratch + SUMS, rows, wide, 1, ROW);
    gather(PRODUCTS, values, gradients, mean, rest, scratch + PRODUCT_SUMS, rows, wide, 1, ROW);
    slopes(
      weight, variance, scratch + SUMS, scratch + PRODUCT_SUMS, dweight, dbias, scratch + SCALE, scratch + AVERAGE, scratch + SLOPE, wide, <f64>rows, eps,
    );
    weight = offset(weight, ROW);
    dweight = offset(dweight, ROW);
    dbias = offset(dbias, ROW);
    if (dx == 0) continue;
    let from = values;
    let grad = gradients;
    let to = dx;
    for (let r = rows; r > 0; r--, from += ROW, grad += ROW, to += row) {
      if (wide == STRIP) {
        v128.store(to, slanted(from, grad, mean, rest, scratch, 0));
        v128.store(to, slanted(from, grad, mean, rest, scratch, 16), 16);
        v128.store(to, slanted(from, grad, mean, rest, scratch, 32), 32);
        v128.store(to, slanted(from, grad, mean, rest, scratch, 48), 48);
        continue;
      }
      let left = wide;
      for (let at: usize = 0; left > 0; at += 16, left -= 4) storeUpTo(to + at, slanted(from, grad, mean, rest, scratch, at), left);
    }
    dx += ROW;
  }
}

/** `scratch` has room for 576 bytes and 128 more a row. */
export function batchNormRowsGrad(
  x: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  rows: i32, n: i32, features: i32, eps: f64, scratch: usize,
): void {
  backward(false, x, 0, dy, weight, mean, rest, variance, dx, dweight, dbias, rows, n, features, eps, 1, scratch);
}

/**
 * The gradients: with g = factor dy where y > 0, else 0, those of `batchNormGrad` for g. dx, dweight and dbias may be 0: not wanted. `scratch` has room for
 * 576 bytes and 128 more a row.
 */
export function batchNormReluGrad(
  x: usize, y: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  rows: i32, n: i32, features: i32, eps: f64, factor: f32, scratch: usize,
): void {
  backward(true, x, y, dy, weight, mean, rest, variance, dx, dweight, dbias, rows, n, features, eps, factor, scratch);
}
