/**
 * Reductions over the middle of [outer, n, inner]. The order of every sum follows from the shape alone: short chains in float32, and the partial
 * sums of each block gathered in double precision, so that the error does not grow with n.
 */
import { MAX, MIN, PROD, SUM } from './codes';
import { lanesBelow, pick, storeUpTo } from './simd';

/** Elements of a row summed in float32 (16 chains of 32) before they go into the double-precision total. */
const BLOCK: i32 = 512;
/** Rows of a column sum added in float32 before they go into the double-precision totals. */
const BLOCK_ROWS: i32 = 64;

// @ts-ignore: decorator
@inline
function combine(op: i32, a: v128, b: v128): v128 {
  if (op == SUM) return f32x4.add(a, b);
  if (op == MAX) return f32x4.max(a, b);
  if (op == MIN) return f32x4.min(a, b);
  return f32x4.mul(a, b);
}

// @ts-ignore: decorator
@inline
function neutral(op: i32): v128 {
  if (op == SUM) return f32x4.splat(0);
  if (op == MAX) return f32x4.splat(-Infinity);
  if (op == MIN) return f32x4.splat(Infinity);
  return f32x4.splat(1);
}

/** n contiguous elements, combined into four lanes */
// @ts-ignore: decorator
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

// @ts-ignore: decorator
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

// @ts-ignore: decorator
@inline
function columns(op: i32, x: usize, out: usize, n: i32, inner: i32): void {
  const row = <usize>inner << 2;
  let left = inner;
  for (; left >= 16; left -= 16, x += 64, out += 64) {
    let a = neutral(op);
    let b = a;
    let c = a;
    let d = a;
    let from = x;
    for (let i = n; i > 0; i--, from += row) {
      a = combine(op, a, v128.load(from));
      b = combine(op, b, v128.load(from, 16));
      c = combine(op, c, v128.load(from, 32));
      d = combine(op, d, v128.load(from, 48));
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
  }
  for (; left > 0; left -= 4, x += 16, out += 16) {
    let a = neutral(op);
    let from = x;
    for (let i = n; i > 0; i--, from += row) a = combine(op, a, v128.load(from));
    storeUpTo(out, a, left);
  }
}

/** Column sums of more rows than a block: float32 within a block, double precision across blocks. */
function sumTallColumns(x: usize, out: usize, n: i32, inner: i32): void {
  const row = <usize>inner << 2;
  for (let left = inner; left > 0; left -= 4, x += 16, out += 16) {
    let low = f64x2.splat(0);
    let high = low;
    let from = x;
    for (let rows = n; rows > 0; rows -= BLOCK_ROWS) {
      let even = f32x4.splat(0);
      let odd = even;
      let i = min(rows, BLOCK_ROWS);
      for (; i > 1; i -= 2, from += 2 * row) {
        even = f32x4.add(even, v128.load(from));
        odd = f32x4.add(odd, v128.load(from + row));
      }
      if (i > 0) even = f32x4.add(even, v128.load(from));
      const sum = f32x4.add(even, odd);
      low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i64>(sum, sum, 1, 0)));
    }
    const total = v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
    storeUpTo(out, total, left);
  }
}

// @ts-ignore: decorator
@inline
function each(op: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  const slab = (<usize>n * <usize>inner) << 2;
  for (; outer > 0; outer--, x += slab, out += <usize>inner << 2) {
    if (inner == 1) {
      if (op == SUM) store<f32>(out, sumRow(x, n));
      else if (op == MAX) store<f32>(out, maxRow(x, n));
      else store<f32>(out, lanes(op, chains(op, x, n)));
    } else if (op == SUM && n > 2 * BLOCK_ROWS) {
      sumTallColumns(x, out, n, inner);
    } else {
      columns(op, x, out, n, inner);
    }
  }
}

export function reduce(op: i32, x: usize, out: usize, outer: i32, n: i32, inner: i32): void {
  switch (op) {
    case SUM: each(SUM, x, out, outer, n, inner); break;
    case MAX: each(MAX, x, out, outer, n, inner); break;
    case MIN: each(MIN, x, out, outer, n, inner); break;
    case PROD: each(PROD, x, out, outer, n, inner); break;
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
