/**
 * The micro-kernels: a tile of 4 x 8 of c in eight registers, c[i, j] = Σ_k a[i, k] b[k, j] in the order of k. One step loads two vectors of b and
 * four broadcast elements of a. The loop is not unrolled: engines then run out of the sixteen registers and spill.
 */
import { madd } from './simd';

@inline
function put(c: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    v128.store(c, f32x4.add(v128.load(c), left));
    v128.store(c, f32x4.add(v128.load(c, 16), right), 16);
  } else {
    v128.store(c, left);
    v128.store(c, right, 16);
  }
}

/** Both operands packed: `tiles` tiles below each other, from as many strips of a and one of b. c's rows are `ldc` bytes apart; `add` adds to it. */
export function micro(kc: i32, a: usize, strip: usize, c: usize, ldc: usize, add: bool, tiles: i32): void {
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
