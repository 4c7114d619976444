/** log and log1p: x = 2^e m, √½ ≤ m < √2, f = m - 1; ln m = f - f²/2 + f³ Q(f), Q the minimax polynomial of degree 7. */
import { constant, madd, pick } from './simd';

const T: usize = memory.data<f32>([
  1.1754943508222875e-38, // 0  the smallest normal number
  8388608.0, // 1  2^23
  23.0, // 2
  1.0, // 3
  0.3333333134651184, // 4  Q
  -0.250008225440979,
  0.20001232624053955,
  -0.16623298823833466,
  0.14201553165912628,
  -0.1316058188676834,
  0.1276332587003708,
  -0.07635654509067535,
  -0.5, // 12
  0.693145751953125, // 13  ln 2, first 15 bits: e times it is exact
  1.4286068203094172e-6, // 14  ln 2, the rest
  Infinity, // 15
  -Infinity, // 16
]);

const ROOT_HALF: usize = memory.data<i32>([0x3f3504f3]);

/** ln x to 1 ulp; ln 0 = -∞, and NaN below 0. */
@inline
export function log(x: v128): v128 {
  const tiny = f32x4.lt(x, constant(T, 0));
  const normal = pick(tiny, f32x4.mul(x, constant(T, 1)), x);
  const exponent = i32x4.shr_s(i32x4.sub(normal, constant(ROOT_HALF, 0)), 23);
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(tiny, constant(T, 2)));
  const f = f32x4.sub(i32x4.sub(normal, i32x4.shl(exponent, 23)), constant(T, 3));
  let q = madd(f, constant(T, 11), constant(T, 10));
  q = madd(q, f, constant(T, 9));
  q = madd(q, f, constant(T, 8));
  q = madd(q, f, constant(T, 7));
  q = madd(q, f, constant(T, 6));
  q = madd(q, f, constant(T, 5));
  q = madd(q, f, constant(T, 4));
  const f2 = f32x4.mul(f, f);
  // smallest terms first
  let y = madd(f32x4.mul(f, f2), q, f32x4.mul(e, constant(T, 14)));
  y = madd(f2, constant(T, 12), y);
  y = f32x4.add(y, f);
  y = madd(e, constant(T, 13), y);
  y = pick(f32x4.lt(x, constant(T, 15)), y, x); // ∞ and NaN stay themselves
  y = v128.or(y, f32x4.lt(x, f32x4.splat(0))); // all ones is a NaN
  return pick(f32x4.eq(x, f32x4.splat(0)), constant(T, 16), y);
}

/** ln(1 + x) = ln u + (x - (u - 1)) / u with u = 1 + x rounded: the second term gives back what rounding took. */
@inline
export function log1p(x: v128): v128 {
  const one = constant(T, 3);
  const u = f32x4.add(x, one);
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, one)), u);
  // at u = 0 and u = ∞ the quotient is NaN and ln u needs no correction
  return f32x4.add(log(u), v128.and(lost, f32x4.lt(f32x4.abs(lost), one)));
}
