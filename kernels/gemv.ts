/**
 * Products with few rows of a (one example at a time, as in inference) or few columns (the last layer). Packing an operand would cost more than the
 * product, so each is read from where it lies.
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

/** The sums of the lanes of four vectors, each as `sumLanes` has it. */
@inline
function sumLanes4(x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const one = f32x4.add(v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), v128.shuffle<f32>(x0, x1, 2, 6, 3, 7));
  const other = f32x4.add(v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), v128.shuffle<f32>(x2, x3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(one, other, 0, 1, 4, 5), v128.shuffle<f32>(one, other, 2, 3, 6, 7));
}

/** Two elements beside each other, the lanes from `lane` on of x; or the first of them alone. */
@inline
function putTwo(c: usize, x: v128, lane: u8, both: bool, accumulate: bool): void {
  if (accumulate) x = f32x4.add(x, v128.load64_splat(c));
  if (lane == 0) {
    if (both) v128.store64_lane(c, x, 0);
    else v128.store32_lane(c, x, 0);
  } else if (both) v128.store64_lane(c, x, 1);
  else v128.store32_lane(c, x, 2);
}

/** c[i, j] = Σ_k a[i, k] b[j, k] in tiles of four rows and two columns. A sum is that of `rowsTimesRows`. */
export function rowsTimesFewRows(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, accumulate: bool): void {
  const row = <usize>k << 2;
  const ldc = <usize>n << 2;
  const whole = k & ~3;
  const rest = lanesBelow(k - whole);
  for (; m > 0; m -= 4, a += row << 2, c += ldc << 2) {
    // past the last row, or column, the last is read again, and what comes of it is not stored
    const a1 = m > 1 ? a + row : a;
    const a2 = m > 2 ? a1 + row : a1;
    const a3 = m > 3 ? a2 + row : a2;
    let b0 = b;
    let to = c;
    for (let left = n; left > 0; left -= 2, b0 += row << 1, to += 8) {
      const b1 = left > 1 ? b0 + row : b0;
      let x0 = f32x4.splat(0);
      let x1 = x0;
      let x2 = x0;
      let x3 = x0;
      let y0 = x0;
      let y1 = x0;
      let y2 = x0;
      let y3 = x0;
      let at: usize = 0;
      for (const end = <usize>whole << 2; at != end; at += 16) {
        const u = v128.load(b0 + at);
        const v = v128.load(b1 + at);
        const w0 = v128.load(a + at);
        x0 = madd(w0, u, x0);
        y0 = madd(w0, v, y0);
        const w1 = v128.load(a1 + at);
        x1 = madd(w1, u, x1);
        y1 = madd(w1, v, y1);
        const w2 = v128.load(a2 + at);
        x2 = madd(w2, u, x2);
        y2 = madd(w2, v, y2);
        const w3 = v128.load(a3 + at);
        x3 = madd(w3, u, x3);
        y3 = madd(w3, v, y3);
      }
      if (whole < k) {
        const u = v128.and(v128.load(b0 + at), rest);
        const v = v128.and(v128.load(b1 + at), rest);
        const w0 = v128.and(v128.load(a + at), rest);
        x0 = madd(w0, u, x0);
        y0 = madd(w0, v, y0);
        const w1 = v128.and(v128.load(a1 + at), rest);
        x1 = madd(w1, u, x1);
        y1 = madd(w1, v, y1);
        const w2 = v128.and(v128.load(a2 + at), rest);
        x2 = madd(w2, u, x2);
        y2 = madd(w2, v, y2);
        const w3 = v128.and(v128.load(a3 + at), rest);
        x3 = madd(w3, u, x3);
        y3 = madd(w3, v, y3);
      }
      const one = sumLanes4(x0, x1, x2, x3);
      const other = sumLanes4(y0, y1, y2, y3);
      const low = v128.shuffle<f32>(one, other, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(one, other, 2, 6, 3, 7);
      const both = left > 1;
      putTwo(to, low, 0, both, accumulate);
      if (m > 1) putTwo(to + ldc, low, 2, both, accumulate);
      if (m > 2) putTwo(to + 2 * ldc, high, 0, both, accumulate);
      if (m > 3) putTwo(to + 3 * ldc, high, 2, both, accumulate);
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
