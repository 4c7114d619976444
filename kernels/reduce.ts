/**
 * Reductions over the middle of [outer, n, inner]. The order of every sum follows from the shape alone: short chains in float32, and the partial
 * sums of each block gathered in double precision, so that the error does not grow with n.
 */
import { MAX, MEAN, MIN, PROD, SUM } from './codes';
import { lanesBelow, pick, storeUpTo } from './simd';

/** Elements of a row summed in float32 (16 chains of 32) before they go into the double-precision total. */
const BLOCK: i32 = 512;
/** Rows of a column sum added in float32 before they go into the double-precision totals. */
const BLOCK_ROWS: i32 = 64;

@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == SUM) return f32x4.add(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  return f32x4.mul(a, b);
}

@inline
function neutral(op: i32): v128 {
  if (op == SUM) return f32x4.splat(0);
  if (op == MAX) return f32x4.splat(-Infinity);
  if (op == MIN) return f32x4.splat(Infinity);
  return f32x4.splat(1);
}

/** n contiguous elements, combined into four lanes */
@inline
function chains(op: i32, x: usize, n: i32): v128 {
  let a = neutral(op);
  let b = a;
  let c = a;
  let d = a;
  for (; n >= 16; n -= 16, x += 64) {
    a = combine(op, a, v128.load(x));
    b = combine(op, b, v128.load(x, 16));
    c = combine(op, c, v128.load(x, 32));
    d = combine(op, d, v128.load(x, 48));
  }
  for (; n >= 4; n -= 4, x += 16) a = combine(op, a, v128.load(x));
  if (n > 0) b = combine(op, b, pick(lanesBelow(n), v128.load(x), neutral(op)));
  return combine(op, combine(op, a, b), combine(op, c, d));
}

@inline
function lanes(op: i32, x: v128): f32 {
  const half = combine(op, x, v128.shuffle<i64>(x, x, 1, 0));
  return f32x4.extract_lane(combine(op, half, v128.shuffle<i32>(half, half, 1, 0, 3, 2)), 0);
}

/** The sum of n contiguous elements. */
export function sumRow(x: usize, n: i32): f32 {
  if (n <= BLOCK) return lanes(SUM, chains(SUM, x, n));
  let total: f64 = 0;
  for (; n > 0; n -= BLOCK, x += BLOCK << 2) total += lanes(SUM, chains(SUM, x, min(n, BLOCK)));
  return <f32>total;
}

/** The largest of n contiguous elements; NaN if there is one. */
export function maxRow(x: usize, n: i32): f32 {
  return lanes(MAX, chains(MAX, x, n));
}

/** out = f(out, the next row or, with `four`, the next four), or the row itself where it is the first. */
@inline
function addRows(op: i32, x: usize, row: usize, out: usize, inner: i32, first: bool, four: bool): void {
  for (let left = inner; left > 0; left -= 4, x += 16, out += 16) {
    let y = v128.load(x);
    if (four) {
      const second = combine(op, v128.load(x + 2 * row), v128.load(x + 3 * row));
      y = combine(op, combine(op, y, v128.load(x + row)), second);
    }
    if (!first) y = combine(op, v128.load(out), y);
    storeUpTo(out, y, left);
  }
}

/** Over columns: rows are read whole, one after the other, as memory likes it; the results of all columns stay in cache. */
@inline
function columns(op: i32, x: usize, row: usize, out: usize, n: i32, inner: i32): void {
  if (n == 0) {
    for (let left = inner; left > 0; left -= 4, out += 16) storeUpTo(out, neutral(op), left);
    return;
  }
  addRows(op, x, row, out, inner, true, false);
  let i = n - 1;
  x += row;
  for (; i >= 4; i -= 4, x += row << 2) addRows(op, x, row, out, inner, false, true);
  for (; i > 0; i--, x += row) addRows(op, x, row, out, inner, false, false);
}

function sumFewRows(x: usize, row: usize, out: usize, n: i32, inner: i32): void {
  columns(SUM, x, row, out, n, inner);
}

/** Column sums of n rows that are `row` bytes apart. `scratch` has room for 12 inner + 64 bytes. */
export function sumColumns(x: usize, row: usize, out: usize, n: i32, inner: i32, scratch: usize): void {
  if (n > 2 * BLOCK_ROWS) sumManyRows(x, row, out, n, inner, scratch);
  else sumFewRows(x, row, out, n, inner);
}

/** Float32 within a block of rows, double precision across blocks. */
function sumManyRows(x: usize, row: usize, out: usize, n: i32, inner: i32, scratch: usize): void {
  const totals = scratch;
  const block = scratch + (<usize>((inner + 7) & ~7) << 3);
  memory.fill(totals, 0, <usize>inner << 3);
  for (; n > 0; n -= BLOCK_ROWS, x += row * BLOCK_ROWS) {
    sumFewRows(x, row, block, min(n, BLOCK_ROWS), inner);
    for (let j: usize = 0; j < <usize>inner; j++) {
      const total = totals + (j << 3);
      store<f64>(total, load<f64>(total) + <f64>load<f32>(block + (j << 2)));
    }
  }
  for (let j: usize = 0; j < <usize>inner; j++) store<f32>(out + (j << 2), <f32>load<f64>(totals + (j << 3)));
}

@inline
function each(op: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32, scratch: usize): void {
  const slab = (<usize>n * <usize>inner) << 2;
  for (; outer > 0; outer--, x += slab, out += <usize>inner << 2) {
    if (inner == 1) {
      if (op == SUM) store<f32>(out, sumRow(x, n));
      else if (op == MAX) store<f32>(out, maxRow(x, n));
      else store<f32>(out, lanes(op, chains(op, x, n)));
    } else if (op == SUM) {
      sumColumns(x, <usize>inner << 2, out, n, inner, scratch);
    } else {
      columns(op, x, <usize>inner << 2, out, n, inner);
    }
  }
}

/** `scratch` has room for 12 inner + 64 bytes. */
export function reduce(op: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32, scratch: usize): void {
  switch (op) {
    case SUM: each(SUM, x, out, outer, n, inner, scratch); break;
    case MAX: each(MAX, x, out, outer, n, inner, scratch); break;
    case MIN: each(MIN, x, out, outer, n, inner, scratch); break;
    case PROD: each(PROD, x, out, outer, n, inner, scratch); break;
    case MEAN: {
      each(SUM, x, out, outer, n, inner, scratch);
      const share = f32x4.splat(<f32>(1 / <f64>n));
      for (let left = outer * inner; left > 0; left -= 4, out += 16) storeUpTo(out, f32x4.mul(v128.load(out), share), left);
      break;
    }
  }
}

/** The first position of the largest element; NaN counts as largest. */
export function argmax(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2;
  for (; outer > 0; outer--, x += step * <usize>n) {
    for (let j = 0; j < inner; j++, out += 4) {
      let from = x + (<usize>j << 2);
      let best = load<f32>(from);
      let at = 0;
      for (let i = 1; i < n && best == best; i++) {
        from += step;
        const value = load<f32>(from);
        if (!(value <= best)) {
          best = value;
          at = i;
        }
      }
      store<f32>(out, <f32>at);
    }
  }
}

/** Running sums, gathered in double precision. */
export function cumsum(x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const step = <usize>inner << 2;
  const slab = step * <usize>n;
  for (; outer > 0; outer--, x += slab, out += slab) {
    for (let j: usize = 0; j < step; j += 4) {
      let total: f64 = 0;
      let at = j;
      for (let i = n; i > 0; i--, at += step) {
        total += load<f32>(x + at);
        store<f32>(out + at, <f32>total);
      }
    }
  }
}
