/** exp and expm1: x = n ln 2 + r, |r| ≤ ½ ln 2; e^x = 2^n e^r, with e^r - 1 - r = r² P(r), P the minimax polynomial of degree 4. */
import { constant, madd } from './simd';

const T: usize = memory.data<f32>([
  89.0, // 0  beyond: infinity
  -104.0, // 1  below: 0
  1.4426950408889634, // 2  1 / ln 2
  12582912.0, // 3  1.5 · 2^23: adding it rounds to a whole number, which then stands in the low bits
  -0.693145751953125, // 4  -ln 2, first 15 bits: n times it is exact
  -1.4286068203094172e-6, // 5  -ln 2, the rest
  0.4999999403953552, // 6  P
  0.16666515171527863,
  0.041668087244033813,
  0.00836929865181446,
  0.001383830327540636,
  1.0, // 11
  -20.0, // 12  expm1 is -1 below
]);

const EXPONENT: usize = memory.data<i32>([127, 126]);

@inline
function twoTo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, constant(EXPONENT, 0)), 23);
}

/** e^r - 1 on the reduced range */
@inline
function expm1Reduced(r: v128): v128 {
  let p = madd(r, constant(T, 10), constant(T, 9));
  p = madd(p, r, constant(T, 8));
  p = madd(p, r, constant(T, 7));
  p = madd(p, r, constant(T, 6));
  return madd(f32x4.mul(r, r), p, r);
}

/** e^x to 1 ulp; results too small for a normal number may be 0. */
@inline
export function exp(x: v128): v128 {
  // pmin and pmax pass NaN on from their first argument
  const c = f32x4.pmax(f32x4.pmin(x, constant(T, 0)), constant(T, 1));
  const t = madd(c, constant(T, 2), constant(T, 3));
  const n = f32x4.sub(t, constant(T, 3));
  const r = madd(n, constant(T, 5), madd(n, constant(T, 4), c));
  const y = f32x4.add(expm1Reduced(r), constant(T, 11));
  // 2^n alone may overflow or vanish while the product does not, so it is applied in two halves
  const whole = i32x4.sub(t, constant(T, 3));
  const half = i32x4.shr_s(whole, 1);
  return f32x4.mul(f32x4.mul(y, twoTo(half)), twoTo(i32x4.sub(whole, half)));
}

/** e^x - 1 = 2^n ((e^r - 1) + (1 - 2^-n)), whose first term keeps its relative precision where n = 0. */
@inline
export function expm1(x: v128): v128 {
  const c = f32x4.pmax(f32x4.pmin(x, constant(T, 0)), constant(T, 12));
  const t = madd(c, constant(T, 2), constant(T, 3));
  const n = f32x4.sub(t, constant(T, 3));
  const r = madd(n, constant(T, 5), madd(n, constant(T, 4), c));
  const whole = i32x4.sub(t, constant(T, 3));
  const half = i32x4.shr_s(whole, 1);
  const inverse = twoTo(i32x4.neg(i32x4.min_s(whole, constant(EXPONENT, 1))));
  const y = f32x4.add(expm1Reduced(r), f32x4.sub(constant(T, 11), inverse));
  return f32x4.mul(f32x4.mul(y, twoTo(half)), twoTo(i32x4.sub(whole, half)));
}
