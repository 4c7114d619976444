/**
 * The micro-kernels: a tile of 4 x 8 of c in eight registers, c[i, j] = Σ_k a[i, k] b[k, j] in the order of k. One step loads two vectors of b and
 * four broadcast elements of a. The loop is not unrolled: engines then run out of the sixteen registers and spill.
 *
 * In the build `wide` it is 4 x 16: sixteen vectors, of which the engine makes eight registers of twice the width (docs/design/wide.md).
 */
import { madd, WIDE } from './simd';

/** Columns of a tile whose operands are packed: a strip of b. */
export const COLUMNS: i32 = WIDE ? 16 : 8;

@inline
function put(c: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    const x = v128.load(c); // both before either is stored: else an engine may not join them
    const y = v128.load(c, 16);
    v128.store(c, f32x4.add(x, left));
    v128.store(c, f32x4.add(y, right), 16);
  } else {
    v128.store(c, left);
    v128.store(c, right, 16);
  }
}

/** Both operands packed: `tiles` tiles below each other, from as many strips of a and one of b. c's rows are `ldc` bytes apart; `add` adds to it. */
export function micro(kc: i32, a: usize, strip: usize, c: usize, ldc: usize, add: bool, tiles: i32): void {
  if (WIDE) micro16(kc, a, strip, c, ldc, add, tiles);
  else micro8(kc, a, strip, c, ldc, add, tiles);
}

function micro8(kc: i32, a: usize, strip: usize, c: usize, ldc: usize, add: bool, tiles: i32): void {
  for (; tiles > 0; tiles--, c += ldc) {
    let b = strip;
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0);
    let c31 = f32x4.splat(0);
    for (const end = a + (<usize>kc << 4); a != end; a += 16, b += 32) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const a0 = v128.load_splat<f32>(a);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load_splat<f32>(a, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load_splat<f32>(a, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load_splat<f32>(a, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
    }
    put(c, c00, c01, add);
    c += ldc;
    put(c, c10, c11, add);
    c += ldc;
    put(c, c20, c21, add);
    c += ldc;
    put(c, c30, c31, add);
  }
}

@inline
function putWide(c: usize, x0: v128, x1: v128, x2: v128, x3: v128, add: bool): void {
  put(c, x0, x1, add);
  put(c + 32, x2, x3, add);
}

function micro16(kc: i32, a: usize, strip: usize, c: usize, ldc: usize, add: bool, tiles: i32): void {
  for (; tiles > 0; tiles--, c += ldc) {
    let b = strip;
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c02 = f32x4.splat(0);
    let c03 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c12 = f32x4.splat(0);
    let c13 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c22 = f32x4.splat(0);
    let c23 = f32x4.splat(0);
    let c30 = f32x4.splat(0);
    let c31 = f32x4.splat(0);
    let c32 = f32x4.splat(0);
    let c33 = f32x4.splat(0);
    for (const end = a + (<usize>kc << 4); a != end; a += 16, b += 64) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      const b2 = v128.load(b, 32);
      const b3 = v128.load(b, 48);
      const a0 = v128.load_splat<f32>(a);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      c02 = madd(a0, b2, c02);
      c03 = madd(a0, b3, c03);
      const a1 = v128.load_splat<f32>(a, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      c12 = madd(a1, b2, c12);
      c13 = madd(a1, b3, c13);
      const a2 = v128.load_splat<f32>(a, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      c22 = madd(a2, b2, c22);
      c23 = madd(a2, b3, c23);
      const a3 = v128.load_splat<f32>(a, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      c32 = madd(a3, b2, c32);
      c33 = madd(a3, b3, c33);
    }
    putWide(c, c00, c01, c02, c03, add);
    c += ldc;
    putWide(c, c10, c11, c12, c13, add);
    c += ldc;
    putWide(c, c20, c21, c22, c23, add);
    c += ldc;
    putWide(c, c30, c31, c32, c33, add);
  }
}

/**
 * Operands where they lie: rows of a are `row` bytes apart and its steps of k `step` bytes, steps of b `bStep` bytes. Of the four rows only `rows`
 * exist; the others read the first again, and their results are left out by the caller.
 */
export function microInPlace(
  kc: i32, a: usize, row: usize, step: usize, rows: i32, b: usize, bStep: usize, c: usize, ldc: usize, add: bool,
): void {
  let p1 = rows > 1 ? a + row : a;
  let p2 = rows > 2 ? a + 2 * row : a;
  let p3 = rows > 3 ? a + 3 * row : a;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (; kc > 0; kc--, a += step, p1 += step, p2 += step, p3 += step, b += bStep) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f32>(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load_splat<f32>(p1);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load_splat<f32>(p2);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load_splat<f32>(p3);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
  }
  put(c, c00, c01, add);
  c += ldc;
  put(c, c10, c11, add);
  c += ldc;
  put(c, c20, c21, add);
  c += ldc;
  put(c, c30, c31, add);
}
