/**
 * sin and cos: x = n π/2 + r in double precision, |r| ≤ π/4, then a polynomial in r². The reduction is right to 1e-7 up to |x| of about 1e9;
 * beyond that the result means little, but stays within [-1, 1].
 */
import { constant, madd, pick } from './simd';

const D: usize = memory.data<f64>([0.6366197723675814, 1.5707963267948966]); // 2/π, π/2
const T: usize = memory.data<f32>([
  0.7855, // 0  a little more than π/4
  -0.16666655242443085, // 1  sin r = r + r³ S(r²)
  0.008332190103828907,
  -0.0001951839221874252,
  0.04166664555668831, // 4  cos r = 1 - r²/2 + r⁴ C(r²)
  -0.00138873013202101,
  0.000024430670237052254,
  -0.5, // 7
  1.0, // 8
]);

@inline
function quarters(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, v128.load_splat<f64>(D)));
}

@inline
function rest(x: v128, n: v128): v128 {
  return f32x4.demote_f64x2_zero(f64x2.sub(x, f64x2.mul(n, v128.load_splat<f64>(D + 8))));
}

/** sin(x + shift π/2) for a shift of 0 or 1 */
@inline
function sine(x: v128, shift: i32): v128 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 0));
  const nLow = quarters(low);
  const nHigh = quarters(high);
  let r = v128.shuffle<i64>(rest(low, nLow), rest(high, nHigh), 0, 2);
  let n = v128.shuffle<i64>(i32x4.trunc_sat_f64x2_s_zero(nLow), i32x4.trunc_sat_f64x2_s_zero(nHigh), 0, 2);
  if (shift != 0) n = i32x4.add(n, i32x4.splat(1));
  r = f32x4.pmax(f32x4.pmin(r, constant(T, 0)), f32x4.neg(constant(T, 0)));
  const z = f32x4.mul(r, r);
  const s = madd(f32x4.mul(r, z), madd(madd(z, constant(T, 3), constant(T, 2)), z, constant(T, 1)), r);
  const c = madd(
    f32x4.mul(z, z),
    madd(madd(z, constant(T, 6), constant(T, 5)), z, constant(T, 4)),
    madd(z, constant(T, 7), constant(T, 8)),
  );
  const odd = i32x4.neg(v128.and(n, i32x4.splat(1)));
  return v128.xor(pick(odd, c, s), i32x4.shl(v128.and(n, i32x4.splat(2)), 30));
}

@inline
export function sin(x: v128): v128 {
  return sine(x, 0);
}

@inline
export function cos(x: v128): v128 {
  return sine(x, 1);
}
