/**
 * Sums over the rows of a strip, sixteen features side by side, each in an order of its own. A mean has to be good to twice the digits of float32, as of a feature
 * far from 0 little is left without it: what rounding takes from its sum is kept. Other sums are of what has no mean any more, and float32 adds up but a few.
 */
import { centered } from './feature-sums';
import { madd } from './simd';

/** Features of a strip, and bytes of one of its rows. */
export const STRIP: i32 = 16;
export const ROW: usize = 64;
/** Rows of which float32 adds up what double precision then does; and the same where what rounding took is kept. */
const TOGETHER: i32 = 4;
const BLOCK: i32 = 256;

/** Bytes of the sums of so many rows. */
@inline
export function partBytes(rows: i32): usize {
  return <usize>((rows + TOGETHER - 1) / TOGETHER) << 6;
}

/** Sums of sums: of those in rows of sixteen from `parts` to `end`, to `totals`, in double precision. */
export function total(parts: usize, end: usize, totals: usize): void {
  for (let half = 0; half < 2; half++, parts += 32, end += 32, totals += 64) {
    let a = f64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let at = parts; at != end; at += ROW) {
      const x = v128.load(at);
      const y = v128.load(at, 16);
      a = f64x2.add(a, f64x2.promote_low_f32x4(x));
      b = f64x2.add(b, f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0)));
      c = f64x2.add(c, f64x2.promote_low_f32x4(y));
      d = f64x2.add(d, f64x2.promote_low_f32x4(v128.shuffle<i64>(y, y, 1, 0)));
    }
    v128.store(totals, a);
    v128.store(totals, b, 16);
    v128.store(totals, c, 32);
    v128.store(totals, d, 48);
  }
}

/** What rounding took from a sum of two: exactly (Møller 1965, Knuth 1969). */
@inline
function lost(a: v128, b: v128, sum: v128): v128 {
  const other = f32x4.sub(sum, a);
  return f32x4.add(f32x4.sub(a, f32x4.sub(sum, other)), f32x4.sub(b, other));
}

/** Sixteen columns, to rows side by side. Their sums over so many rows at a time go to `parts`, and then what rounding took from them. Returns the end of that. */
export function copyStrip(from: usize, row: usize, to: usize, rows: i32, parts: usize): usize {
  for (; rows > 0; rows -= BLOCK, parts += 2 * ROW) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let e0 = s0;
    let e1 = s0;
    let e2 = s0;
    let e3 = s0;
    for (let left = min(rows, BLOCK); left > 0; left--, from += row, to += ROW) {
      const x0 = v128.load(from);
      const x1 = v128.load(from, 16);
      const x2 = v128.load(from, 32);
      const x3 = v128.load(from, 48);
      v128.store(to, x0);
      v128.store(to, x1, 16);
      v128.store(to, x2, 32);
      v128.store(to, x3, 48);
      const t0 = f32x4.add(s0, x0);
      const t1 = f32x4.add(s1, x1);
      const t2 = f32x4.add(s2, x2);
      const t3 = f32x4.add(s3, x3);
      e0 = f32x4.add(e0, lost(s0, x0, t0));
      e1 = f32x4.add(e1, lost(s1, x1, t1));
      e2 = f32x4.add(e2, lost(s2, x2, t2));
      e3 = f32x4.add(e3, lost(s3, x3, t3));
      s0 = t0;
      s1 = t1;
      s2 = t2;
      s3 = t3;
    }
    v128.store(parts, s0);
    v128.store(parts, s1, 16);
    v128.store(parts, s2, 32);
    v128.store(parts, s3, 48);
    v128.store(parts, e0, 64);
    v128.store(parts, e1, 80);
    v128.store(parts, e2, 96);
    v128.store(parts, e3, 112);
  }
  return parts;
}

/** Sixteen columns with their mean taken out, to rows side by side; of every few rows, sums of squares of what is left, where `parts` is not 0. */
@inline
export function centerStrip(from: usize, row: usize, to: usize, rows: i32, mean: usize, rest: usize, parts: usize): void {
  const m0 = v128.load(mean);
  const m1 = v128.load(mean, 16);
  const m2 = v128.load(mean, 32);
  const m3 = v128.load(mean, 48);
  const r0 = v128.load(rest);
  const r1 = v128.load(rest, 16);
  const r2 = v128.load(rest, 32);
  const r3 = v128.load(rest, 48);
  const squares = parts != 0;
  for (; rows > 0; rows -= TOGETHER, parts += ROW) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let left = min(rows, TOGETHER); left > 0; left--, from += row, to += ROW) {
      const d0 = centered(v128.load(from), m0, r0);
      const d1 = centered(v128.load(from, 16), m1, r1);
      const d2 = centered(v128.load(from, 32), m2, r2);
      const d3 = centered(v128.load(from, 48), m3, r3);
      v128.store(to, d0);
      v128.store(to, d1, 16);
      v128.store(to, d2, 32);
      v128.store(to, d3, 48);
      if (!squares) continue;
      s0 = madd(d0, d0, s0);
      s1 = madd(d1, d1, s1);
      s2 = madd(d2, d2, s2);
      s3 = madd(d3, d3, s3);
    }
    if (!squares) continue;
    v128.store(parts, s0);
    v128.store(parts, s1, 16);
    v128.store(parts, s2, 32);
    v128.store(parts, s3, 48);
  }
}

/** What ReLU and dropout let through of the gradient dy. */
@inline
function passed(hasRelu: bool, y: usize, dy: usize, at: usize, by: v128): v128 {
  if (!hasRelu) return v128.load(dy + at);
  return v128.and(f32x4.mul(v128.load(dy + at), by), f32x4.gt(v128.load(y + at), f32x4.splat(0)));
}

/** Sixteen columns of gradients, to rows side by side; of every few rows, sums of them, and of them times what lies at `values`, behind each other. */
@inline
export function passStrip(hasRelu: bool, y: usize, dy: usize, row: usize, by: v128, values: usize, to: usize, rows: i32, parts: usize): void {
  const products = parts + partBytes(rows);
  for (let part: usize = 0; rows > 0; rows -= TOGETHER, part += ROW) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let p0 = s0;
    let p1 = s0;
    let p2 = s0;
    let p3 = s0;
    for (let left = min(rows, TOGETHER); left > 0; left--, y += row, dy += row, values += ROW, to += ROW) {
      const g0 = passed(hasRelu, y, dy, 0, by);
      const g1 = passed(hasRelu, y, dy, 16, by);
      const g2 = passed(hasRelu, y, dy, 32, by);
      const g3 = passed(hasRelu, y, dy, 48, by);
      v128.store(to, g0);
      v128.store(to, g1, 16);
      v128.store(to, g2, 32);
      v128.store(to, g3, 48);
      s0 = f32x4.add(s0, g0);
      s1 = f32x4.add(s1, g1);
      s2 = f32x4.add(s2, g2);
      s3 = f32x4.add(s3, g3);
      p0 = madd(g0, v128.load(values), p0);
      p1 = madd(g1, v128.load(values, 16), p1);
      p2 = madd(g2, v128.load(values, 32), p2);
      p3 = madd(g3, v128.load(values, 48), p3);
    }
    v128.store(parts + part, s0);
    v128.store(parts + part, s1, 16);
    v128.store(parts + part, s2, 32);
    v128.store(parts + part, s3, 48);
    v128.store(products + part, p0);
    v128.store(products + part, p1, 16);
    v128.store(products + part, p2, 32);
    v128.store(products + part, p3, 48);
  }
}
