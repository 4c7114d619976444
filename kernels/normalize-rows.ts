/**
 * Batch norm of [rows, n], by itself or with the ReLU after it and the dropout after that, in one pass each way, to the bits of one after the other. Nothing
 * is kept of ReLU and dropout for the way back but y: where it is above 0 an element went through both.
 *
 * Features are taken by strips of sixteen, a cache line wide. A strip is copied to where all passes find it in the first cache, which holds few lines of a
 * matrix whose rows are a power of two apart. As in normalize.ts, the n features may be some of `features`.
 */
import { scales, slopes } from './feature-sums';
import { putKeys, twiceSixteenWords, WORDS as DRAWN } from './random';
import { madd, storeUpTo } from './simd';
import { centerStrip, copyStrip, partBytes, passStrip, ROW, STRIP, total } from './strip-sums';

// What is kept of a strip at `scratch`: sums, factors, random words, then its rows.
const SUMS: usize = 0;
const PRODUCT_SUMS: usize = 128;
const SCALE: usize = 256;
const SHIFT: usize = 320;
const AVERAGE: usize = SHIFT; // the way back has no shift
const SLOPE: usize = 384;
const WORDS: usize = 448;
const ROWS: usize = WORDS + DRAWN;

@inline
function offset(p: usize, at: usize): usize {
  return p == 0 ? 0 : p + at;
}

/** Copies a strip of x with its mean taken out, and keeps mean, what rounding left of it, and biased variance. */
function measureStrip(x: usize, row: usize, rows: i32, wide: i32, mean: usize, rest: usize, variance: usize, scratch: usize): void {
  const values = scratch + ROWS;
  const parts = values + (<usize>rows << 6);
  const totals = scratch + SUMS;
  const count = <f64>rows;
  total(parts, copyStrip(x, row, values, rows, parts), totals);
  for (let j: usize = 0; j < <usize>wide; j++) {
    const exact = load<f64>(totals + (j << 3)) / count;
    const rounded = <f32>exact;
    store<f32>(mean + (j << 2), rounded);
    store<f32>(rest + (j << 2), <f32>(exact - <f64>rounded));
  }
  centerStrip(values, ROW, values, rows, mean, rest, parts);
  total(parts, parts + partBytes(rows), totals);
  for (let j: usize = 0; j < <usize>wide; j++) store<f32>(variance + (j << 2), <f32>(load<f64>(totals + (j << 3)) / count));
}

/** The words `first` to `first + 15` of the sequence whose keys are put at `words`; gives their address. */
function draw(first: u32, words: usize): usize {
  twiceSixteenWords(first >>> 1, (first >>> 1) + 8, words);
  return words + ((first & 1) << 2);
}

@inline
function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

/** What of a normalized value comes out, by its random word. */
@inline
function output(hasRelu: bool, z: v128, word: v128, drops: bool, limit: v128, by: v128): v128 {
  if (!hasRelu) return z;
  return drops ? v128.and(i32x4.ge_u(word, limit), f32x4.mul(relu(z), by)) : relu(z);
}

/** A row of sixteen, or as many of them as there are. */
function putPart(from: usize, to: usize, wide: i32): void {
  for (; wide > 0; wide -= 4, from += 16, to += 16) storeUpTo(to, v128.load(from), wide);
}

@inline
function forward(
  hasRelu: bool, x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, threshold: u32, factor: f32, key0: u32, key1: u32, counter: u32, scratch: usize,
): void {
  const row = <usize>features << 2;
  const limit = i32x4.splat(threshold);
  const by = f32x4.splat(factor);
  const drops = hasRelu && threshold != 0;
  if (drops) putKeys(key0, key1, scratch + WORDS);
  for (; n > 0; n -= STRIP, x += ROW, y += ROW, mean += ROW, rest += ROW, variance += ROW, counter += STRIP) {
    const wide = min(n, STRIP);
    measureStrip(x, row, rows, wide, mean, rest, variance, scratch);
    scales(weight, bias, variance, scratch + SCALE, scratch + SHIFT, wide, eps);
    weight = offset(weight, ROW);
    bias = offset(bias, ROW);
    let from = scratch + ROWS;
    let to = y;
    let word = counter;
    const isOdd = ((counter | features) & 1) != 0;
    const a0 = v128.load(scratch, SCALE);
    const a1 = v128.load(scratch, SCALE + 16);
    const a2 = v128.load(scratch, SCALE + 32);
    const a3 = v128.load(scratch, SCALE + 48);
    const b0 = v128.load(scratch, SHIFT);
    const b1 = v128.load(scratch, SHIFT + 16);
    const b2 = v128.load(scratch, SHIFT + 32);
    const b3 = v128.load(scratch, SHIFT + 48);
    for (let r = 0; r < rows; r++, from += ROW, to += row, word += features) {
      let words = scratch + WORDS + (<usize>(r & 1) << 6);
      if (drops) {
        // words of two rows at a time, where both begin a block
        if (isOdd) words = draw(word, scratch + WORDS);
        else if ((r & 1) == 0) twiceSixteenWords(word >>> 1, (word + features) >>> 1, words);
      }
      // all is loaded before anything is stored, else the engine does not join it
      const x0 = v128.load(from);
      const x1 = v128.load(from, 16);
      const x2 = v128.load(from, 32);
      const x3 = v128.load(from, 48);
      const w0 = v128.load(words);
      const w1 = v128.load(words, 16);
      const w2 = v128.load(words, 32);
      const w3 = v128.load(words, 48);
      const put = wide == STRIP ? to : from;
      v128.store(put, output(hasRelu, madd(x0, a0, b0), w0, drops, limit, by));
      v128.store(put, output(hasRelu, madd(x1, a1, b1), w1, drops, limit, by), 16);
      v128.store(put, output(hasRelu, madd(x2, a2, b2), w2, drops, limit, by), 32);
      v128.store(put, output(hasRelu, madd(x3, a3, b3), w3, drops, limit, by), 48);
      if (wide < STRIP) putPart(from, to, wide);
    }
  }
}

/** `scratch` has room for 1216 bytes and 80 more a row. */
export function batchNormRows(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, scratch: usize,
): void {
  forward(false, x, weight, bias, y, mean, rest, variance, rows, n, features, eps, 0, 1, 0, 0, 0, scratch);
}

/**
 * y = word ≥ threshold ? factor max(0, batch norm of x) : 0, for element i of the whole by word `counter` + i, where `counter` is given for the first of
 * the n features. With a threshold of 0 nothing is drawn. `scratch` has room for 1216 bytes and 80 more a row.
 */
export function batchNormRelu(
  x: usize, weight: usize, bias: usize, y: usize, mean: usize, rest: usize, variance: usize,
  rows: i32, n: i32, features: i32, eps: f64, threshold: u32, factor: f32, key0: u32, key1: u32, counter: u32, scratch: usize,
): void {
  forward(true, x, weight, bias, y, mean, rest, variance, rows, n, features, eps, threshold, factor, key0, key1, counter, scratch);
}

/** Four values of dx = scale ((dy - average) - slope (x - mean)). */
@inline
function slanted(centered: v128, grad: v128, scale: v128, average: v128, slope: v128): v128 {
  return f32x4.mul(scale, f32x4.sub(f32x4.sub(grad, average), f32x4.mul(centered, slope)));
}

/** Those of a strip of `wide` columns, from rows side by side to rows that are `row` bytes apart. */
function slantStrip(from: usize, grad: usize, to: usize, row: usize, rows: i32, wide: i32, scratch: usize): void {
  const a0 = v128.load(scratch, SCALE);
  const a1 = v128.load(scratch, SCALE + 16);
  const a2 = v128.load(scratch, SCALE + 32);
  const a3 = v128.load(scratch, SCALE + 48);
  const b0 = v128.load(scratch, AVERAGE);
  const b1 = v128.load(scratch, AVERAGE + 16);
  const b2 = v128.load(scratch, AVERAGE + 32);
  const b3 = v128.load(scratch, AVERAGE + 48);
  const c0 = v128.load(scratch, SLOPE);
  const c1 = v128.load(scratch, SLOPE + 16);
  const c2 = v128.load(scratch, SLOPE + 32);
  const c3 = v128.load(scratch, SLOPE + 48);
  for (; rows > 0; rows--, from += ROW, grad += ROW, to += row) {
    // all is loaded before anything is stored, else the engine does not join it
    const x0 = v128.load(from);
    const x1 = v128.load(from, 16);
    const x2 = v128.load(from, 32);
    const x3 = v128.load(from, 48);
    const g0 = v128.load(grad);
    const g1 = v128.load(grad, 16);
    const g2 = v128.load(grad, 32);
    const g3 = v128.load(grad, 48);
    const put = wide == STRIP ? to : from;
    v128.store(put, slanted(x0, g0, a0, b0, c0));
    v128.store(put, slanted(x1, g1, a1, b1, c1), 16);
    v128.store(put, slanted(x2, g2, a2, b2, c2), 32);
    v128.store(put, slanted(x3, g3, a3, b3, c3), 48);
    if (wide < STRIP) putPart(from, to, wide);
  }
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
  const parts = gradients + (<usize>rows << 6);
  const products = parts + partBytes(rows);
  for (; n > 0; n -= STRIP, x += ROW, y += ROW, dy += ROW, mean += ROW, rest += ROW, variance += ROW) {
    const wide = min(n, STRIP);
    centerStrip(x, row, values, rows, mean, rest, 0);
    passStrip(hasRelu, y, dy, row, by, values, gradients, rows, parts);
    total(parts, products, scratch + SUMS);
    total(products, products + partBytes(rows), scratch + PRODUCT_SUMS);
    slopes(
      weight, variance, scratch + SUMS, scratch + PRODUCT_SUMS, dweight, dbias, scratch + SCALE, scratch + AVERAGE, scratch + SLOPE, wide, <f64>rows, eps,
    );
    weight = offset(weight, ROW);
    dweight = offset(dweight, ROW);
    dbias = offset(dbias, ROW);
    if (dx == 0) continue;
    slantStrip(values, gradients, dx, row, rows, wide, scratch);
    dx += ROW;
  }
}

/** `scratch` has room for 1216 bytes and 160 more a row. */
export function batchNormRowsGrad(
  x: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  rows: i32, n: i32, features: i32, eps: f64, scratch: usize,
): void {
  backward(false, x, 0, dy, weight, mean, rest, variance, dx, dweight, dbias, rows, n, features, eps, 1, scratch);
}

/**
 * The gradients: with g = factor dy where y > 0, else 0, those of `batchNormGrad` for g. dx, dweight and dbias may be 0: not wanted. `scratch` has room for
 * 1216 bytes and 160 more a row.
 */
export function batchNormReluGrad(
  x: usize, y: usize, dy: usize, weight: usize, mean: usize, rest: usize, variance: usize, dx: usize, dweight: usize, dbias: usize,
  rows: i32, n: i32, features: i32, eps: f64, factor: f32, scratch: usize,
): void {
  backward(true, x, y, dy, weight, mean, rest, variance, dx, dweight, dbias, rows, n, features, eps, factor, scratch);
}
