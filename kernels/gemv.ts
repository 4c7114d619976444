/**
 * Products with at most three rows of a: one example at a time, as in inference. Packing b would cost more than the product, so b is read once,
 * front to back, from where it lies.
 */
import { lanesBelow, madd, storeUpTo, sumLanes } from './simd';

/** c[i, j] = Σ_k a[i, k] b[j, k]: rows of b, four at a time. */
export function rowsTimesRows(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, accumulate: bool): void {
  const row = <usize>k << 2;
  const whole = k & ~3;
  const rest = lanesBelow(k - whole);
  for (let j = 0; j < n; j += 4) {
    const b0 = b + <usize>j * row;
    // past the last row the last is read again, and what comes of it is not stored
    const b1 = j + 1 < n ? b0 + row : b0;
    const b2 = j + 2 < n ? b1 + row : b1;
    const b3 = j + 3 < n ? b2 + row : b2;
    let x = a;
    let to = c + (<usize>j << 2);
    for (let i = 0; i < m; i++, x += row, to += <usize>n << 2) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let at: usize = 0;
      for (const end = <usize>whole << 2; at != end; at += 16) {
        const v = v128.load(x + at);
        s0 = madd(v, v128.load(b0 + at), s0);
        s1 = madd(v, v128.load(b1 + at), s1);
        s2 = madd(v, v128.load(b2 + at), s2);
        s3 = madd(v, v128.load(b3 + at), s3);
      }
      if (whole < k) {
        const v = v128.and(v128.load(x + at), rest);
        s0 = madd(v, v128.and(v128.load(b0 + at), rest), s0);
        s1 = madd(v, v128.and(v128.load(b1 + at), rest), s1);
        s2 = madd(v, v128.and(v128.load(b2 + at), rest), s2);
        s3 = madd(v, v128.and(v128.load(b3 + at), rest), s3);
      }
      let sums = f32x4(sumLanes(s0), sumLanes(s1), sumLanes(s2), sumLanes(s3));
      if (accumulate) sums = f32x4.add(v128.load(to), sums);
      storeUpTo(to, sums, n - j);
    }
  }
}

/** c[i, j] = Σ_k a[i, k] b[k, j]: c += a[i, k] b[k, :] for four rows of b at a time. `row` and `step` are the strides of a in bytes. */
export function rowsTimesColumns(
  a: usize, row: usize, step: usize, b: usize, c: usize, m: i32, n: i32, k: i32, accumulate: bool,
): void {
  const line = <usize>n << 2;
  for (; m > 0; m--, a += row, c += line) {
    if (!accumulate) memory.fill(c, 0, line);
    let x = a;
    let from = b;
    let p = k;
    for (; p >= 4; p -= 4, x += step << 2, from += line << 2) {
      const a0 = v128.load_splat<f32>(x);
      const a1 = v128.load_splat<f32>(x + step);
      const a2 = v128.load_splat<f32>(x + 2 * step);
      const a3 = v128.load_splat<f32>(x + 3 * step);
      let b0 = from;
      let b1 = from + line;
      let b2 = b1 + line;
      let b3 = b2 + line;
      let to = c;
      for (let left = n; left > 0; left -= 4, to += 16, b0 += 16, b1 += 16, b2 += 16, b3 += 16) {
        let y = madd(a0, v128.load(b0), v128.load(to));
        y = madd(a1, v128.load(b1), y);
        y = madd(a2, v128.load(b2), y);
        storeUpTo(to, madd(a3, v128.load(b3), y), left);
      }
    }
    for (; p > 0; p--, x += step, from += line) {
      const a0 = v128.load_splat<f32>(x);
      let b0 = from;
      let to = c;
      for (let left = n; left > 0; left -= 4, to += 16, b0 += 16) storeUpTo(to, madd(a0, v128.load(b0), v128.load(to)), left);
    }
  }
}
