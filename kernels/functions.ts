/** tanh, sigmoid, softplus, elu and erf, each from exp and its kin so that no argument overflows or cancels. */
import { exp, expm1 } from './exp';
import { log1p } from './log';
import { constant, madd, pick } from './simd';

const T: usize = memory.data<f32>([
  10.0, // 0  tanh is 1 beyond
  2.0, // 1
  1.0, // 2
  -0.0, // 3  the sign bit
  4.0, // 4  erf is 1 beyond
  0.12837916612625122, // 5  erf(x) = x + x E(x²) for |x| < 1
  -0.3761262595653534,
  0.11283578723669052,
  -0.026853347197175026,
  0.005187162198126316,
  -0.0007997853099368513,
  0.00007806903886375949,
  0.00018846812599804252, // 12  erf(x) = 1 - e^{F(x)} for 1 ≤ x < 4
  -1.1295802593231201,
  -0.6332166194915771,
  -0.10842171311378479,
  0.02520998939871788,
  -0.004205110017210245,
  0.00044142716797068715,
  -0.00002169277831853833,
]);

/** tanh x = t / (t + 2), t = e^{2|x|} - 1, with the sign of x. */
@inline
export function tanh(x: v128): v128 {
  const a = f32x4.pmin(f32x4.abs(x), constant(T, 0));
  const t = expm1(f32x4.add(a, a));
  return v128.or(f32x4.div(t, f32x4.add(t, constant(T, 1))), v128.and(x, constant(T, 3)));
}

/** σ(x) = 1 / (1 + e^{-x}) */
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(constant(T, 2), f32x4.add(constant(T, 2), exp(f32x4.neg(x))));
}

/** ln(1 + e^x) = max(x, 0) + log1p(e^{-|x|}) */
@inline
export function softplus(x: v128): v128 {
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), log1p(exp(f32x4.neg(f32x4.abs(x)))));
}

/** x > 0 ? x : p (e^x - 1) */
@inline
export function elu(x: v128, p: v128): v128 {
  return pick(f32x4.gt(x, f32x4.splat(0)), x, f32x4.mul(p, expm1(x)));
}

@inline
export function erf(x: v128): v128 {
  const a = f32x4.abs(x);
  const z = f32x4.mul(a, a);
  let e = madd(z, constant(T, 11), constant(T, 10));
  e = madd(e, z, constant(T, 9));
  e = madd(e, z, constant(T, 8));
  e = madd(e, z, constant(T, 7));
  e = madd(e, z, constant(T, 6));
  e = madd(e, z, constant(T, 5));
  const b = f32x4.pmin(a, constant(T, 4));
  let f = madd(b, constant(T, 19), constant(T, 18));
  f = madd(f, b, constant(T, 17));
  f = madd(f, b, constant(T, 16));
  f = madd(f, b, constant(T, 15));
  f = madd(f, b, constant(T, 14));
  f = madd(f, b, constant(T, 13));
  f = madd(f, b, constant(T, 12));
  const far = v128.or(f32x4.sub(constant(T, 2), exp(f)), v128.and(x, constant(T, 3)));
  return pick(f32x4.lt(a, constant(T, 2)), madd(x, e, x), far);
}
