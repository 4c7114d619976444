/**
 * x^y = e^{y ln |x|}, with the sign of x where y is odd. y ln |x| reaches 88 before the result overflows, and every digit before the point is
 * lost behind it, so the middle is computed in double precision, two lanes at a time:
 * ln m = 2 artanh s = 2 (s + s³/3 + s⁵/5 + ...), s = (m - 1) / (m + 1), |s| ≤ 0.172; and e^r by its Taylor series, |r| ≤ ½ ln 2.
 */
import { constant, pick } from './simd';

const D: usize = memory.data<f64>([
  1.0, // 0
  0.6931471805599453, // 1  ln 2
  1.4426950408889634, // 2  1 / ln 2
  0.15384615384615385, // 3  2/13
  0.18181818181818182, // 4  2/11
  0.2222222222222222, // 5  2/9
  0.2857142857142857, // 6  2/7
  0.4, // 7  2/5
  0.6666666666666666, // 8  2/3
  2.0, // 9
  -110.0, // 10  e^-110 is 0 in float32
  100.0, // 11  e^100 is infinity in float32
  2.48015873015873e-5, // 12  1/8!
  1.984126984126984e-4, // 13  1/7!
  0.001388888888888889, // 14
  0.008333333333333333, // 15
  0.041666666666666664, // 16
  0.16666666666666666, // 17
  0.5, // 18
]);
const T: usize = memory.data<f32>([1.1754943508222875e-38, 8388608.0, 1.0, Infinity, -0.0, 0.5]);
const ROOT_HALF: usize = memory.data<i32>([0x3f3504f3, 23]);

@inline
function d(i: usize): v128 {
  return v128.load_splat<f64>(D + (i << 3));
}

@inline
function step(p: v128, x: v128, i: usize): v128 {
  return f64x2.add(f64x2.mul(p, x), d(i));
}

/** |x|^y of the two low lanes, where |x| = 2^e m */
function powHalf(m32: v128, e32: v128, a32: v128, y32: v128): v128 {
  const m = f64x2.promote_low_f32x4(m32);
  const s = f64x2.div(f64x2.sub(m, d(0)), f64x2.add(m, d(0)));
  const z = f64x2.mul(s, s);
  let p = step(d(3), z, 4);
  p = step(p, z, 5);
  p = step(p, z, 6);
  p = step(p, z, 7);
  p = step(p, z, 8);
  p = step(p, z, 9);
  let ln = f64x2.add(f64x2.mul(p, s), f64x2.mul(f64x2.convert_low_i32x4_s(e32), d(1)));
  const a = f64x2.promote_low_f32x4(a32);
  ln = pick(f64x2.lt(a, f64x2.splat(Infinity)), ln, a); // ∞ and NaN stay themselves
  ln = pick(f64x2.eq(a, f64x2.splat(0)), f64x2.splat(-Infinity), ln);
  let t = f64x2.mul(ln, f64x2.promote_low_f32x4(y32));
  t = f64x2.pmax(f64x2.pmin(t, d(11)), d(10));
  const n = f64x2.nearest(f64x2.mul(t, d(2)));
  const r = f64x2.sub(t, f64x2.mul(n, d(1)));
  p = step(d(12), r, 13);
  p = step(p, r, 14);
  p = step(p, r, 15);
  p = step(p, r, 16);
  p = step(p, r, 17);
  p = step(p, r, 18);
  p = step(p, r, 0);
  p = step(p, r, 0);
  const n64 = i64x2.extend_low_i32x4_s(i32x4.trunc_sat_f64x2_s_zero(n));
  return f32x4.demote_f64x2_zero(f64x2.mul(p, i64x2.shl(i64x2.add(n64, i64x2.splat(1023)), 52)));
}

/** x^y; special cases are those of `Math.pow`: x^0 = 1 for every x, and a negative x needs a whole y. */
export function pow(x: v128, y: v128): v128 {
  const a = f32x4.abs(x);
  const tiny = f32x4.lt(a, constant(T, 0));
  const normal = pick(tiny, f32x4.mul(a, constant(T, 1)), a);
  const exponent = i32x4.shr_s(i32x4.sub(normal, constant(ROOT_HALF, 0)), 23);
  const m = i32x4.sub(normal, i32x4.shl(exponent, 23));
  const e = i32x4.sub(exponent, v128.and(tiny, constant(ROOT_HALF, 1)));
  const low = powHalf(m, e, a, y);
  const high = powHalf(swap(m), swap(e), swap(a), swap(y));
  let z = v128.shuffle<i64>(low, high, 0, 2);
  const whole = f32x4.eq(f32x4.floor(y), y);
  const halfY = f32x4.mul(y, constant(T, 5));
  const odd = v128.andnot(whole, f32x4.eq(f32x4.floor(halfY), halfY));
  z = v128.xor(z, v128.and(v128.and(odd, x), constant(T, 4)));
  const finite = f32x4.lt(a, constant(T, 3));
  z = v128.or(z, v128.andnot(v128.and(f32x4.lt(x, f32x4.splat(0)), finite), whole));
  return pick(f32x4.eq(y, f32x4.splat(0)), constant(T, 2), z);
}

@inline
function swap(x: v128): v128 {
  return v128.shuffle<i64>(x, x, 1, 0);
}
