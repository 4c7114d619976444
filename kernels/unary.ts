/**
 * Element functions of one argument. `apply` is compiled once for each function, with `op` known, so that the choice is made outside the loop;
 * the last, partial vector goes through the same arithmetic as the others, so an element's bits do not depend on its place.
 */
import {
  ABS, ADD_SCALAR, COPY, COS, ELU, ERF, EXP, EXPM1, FLOOR, LEAKY_RELU, LOG, LOG1P, MUL_SCALAR, NEG, POW_SCALAR, RECIPROCAL, RELU, ROUND,
  RSQRT, SIGMOID, SIGN, SIN, SOFTPLUS, SQRT, SQUARE, TANH,
} from './codes';
import { exp, expm1 } from './exp';
import { elu, erf, sigmoid, softplus, tanh } from './functions';
import { log, log1p } from './log';
import { pow } from './pow';
import { madd, pick, storeUpTo } from './simd';
import { cos, sin } from './trigonometry';

@inline
function apply(op: i32, x: v128, p: v128): v128 {
  if (op == NEG) return f32x4.neg(x);
  if (op == ABS) return f32x4.abs(x);
  if (op == SIGN) {
    const one = f32x4.splat(1);
    const zero = f32x4.splat(0);
    const sign = f32x4.sub(v128.and(f32x4.gt(x, zero), one), v128.and(f32x4.lt(x, zero), one));
    return pick(f32x4.eq(x, x), sign, x); // NaN stays
  }
  if (op == SQUARE) return f32x4.mul(x, x);
  if (op == SQRT) return f32x4.sqrt(x);
  if (op == RSQRT) return f32x4.div(p, f32x4.sqrt(x)); // p is 1
  if (op == RECIPROCAL) return f32x4.div(p, x); // p is 1
  if (op == EXP) return exp(x);
  if (op == EXPM1) return expm1(x);
  if (op == LOG) return log(x);
  if (op == LOG1P) return log1p(x);
  if (op == SIN) return sin(x);
  if (op == COS) return cos(x);
  if (op == TANH) return tanh(x);
  if (op == SIGMOID) return sigmoid(x);
  if (op == SOFTPLUS) return softplus(x);
  if (op == RELU) return f32x4.pmax(x, p); // p is 0; NaN passes, as it is the first argument
  if (op == ERF) return erf(x);
  if (op == FLOOR) return f32x4.floor(x);
  if (op == ROUND) return f32x4.nearest(x);
  if (op == ADD_SCALAR) return f32x4.add(x, p);
  if (op == MUL_SCALAR) return f32x4.mul(x, p);
  if (op == POW_SCALAR) return pow(x, p);
  if (op == LEAKY_RELU) return pick(f32x4.gt(x, f32x4.splat(0)), x, f32x4.mul(x, p));
  if (op == ELU) return elu(x, p);
  return x;
}

@inline
function each(op: i32, x: usize, out: usize, n: i32, parameter: f32): void {
  const p = f32x4.splat(parameter);
  for (; n > 0; n -= 4, x += 16, out += 16) storeUpTo(out, apply(op, v128.load(x), p), n);
}

/** x^count by repeated multiplication, then its reciprocal where asked. */
function wholePower(x: usize, out: usize, n: i32, count: i32, invert: bool): void {
  const one = f32x4.splat(1);
  for (; n > 0; n -= 4, x += 16, out += 16) {
    let square = v128.load(x);
    let y = one;
    for (let rest = count; ; square = f32x4.mul(square, square)) {
      if (rest & 1) y = f32x4.mul(y, square);
      rest >>= 1;
      if (rest == 0) break;
    }
    storeUpTo(out, invert ? f32x4.div(one, y) : y, n);
  }
}

/** out = f(x) over n elements */
export function unary(op: i32, x: usize, out: usize, n: i32, p: f32): void {
  switch (op) {
    case COPY: each(COPY, x, out, n, p); break;
    case NEG: each(NEG, x, out, n, p); break;
    case ABS: each(ABS, x, out, n, p); break;
    case SIGN: each(SIGN, x, out, n, p); break;
    case SQUARE: each(SQUARE, x, out, n, p); break;
    case SQRT: each(SQRT, x, out, n, p); break;
    case RSQRT: each(RSQRT, x, out, n, 1); break;
    case RECIPROCAL: each(RECIPROCAL, x, out, n, 1); break;
    case EXP: each(EXP, x, out, n, p); break;
    case EXPM1: each(EXPM1, x, out, n, p); break;
    case LOG: each(LOG, x, out, n, p); break;
    case LOG1P: each(LOG1P, x, out, n, p); break;
    case SIN: each(SIN, x, out, n, p); break;
    case COS: each(COS, x, out, n, p); break;
    case TANH: each(TANH, x, out, n, p); break;
    case SIGMOID: each(SIGMOID, x, out, n, p); break;
    case SOFTPLUS: each(SOFTPLUS, x, out, n, p); break;
    case RELU: each(RELU, x, out, n, 0); break;
    case ERF: each(ERF, x, out, n, p); break;
    case FLOOR: each(FLOOR, x, out, n, p); break;
    case ROUND: each(ROUND, x, out, n, p); break;
    case ADD_SCALAR: each(ADD_SCALAR, x, out, n, p); break;
    case MUL_SCALAR: each(MUL_SCALAR, x, out, n, p); break;
    case POW_SCALAR: {
      // up to the eighth power a few multiplications are exact enough and much faster
      if (nearest(p) == p && abs(p) <= 8) wholePower(x, out, n, <i32>abs(p), p < 0);
      else each(POW_SCALAR, x, out, n, p);
      break;
    }
    case LEAKY_RELU: each(LEAKY_RELU, x, out, n, p); break;
    case ELU: each(ELU, x, out, n, p); break;
  }
}

export function fill(out: usize, n: i32, value: f32): void {
  const y = f32x4.splat(value);
  for (; n > 0; n -= 4, out += 16) storeUpTo(out, y, n);
}

/** out = alpha x + beta out */
export function axpby(alpha: f32, x: usize, beta: f32, out: usize, n: i32): void {
  const a = f32x4.splat(alpha);
  const b = f32x4.splat(beta);
  for (; n > 0; n -= 4, x += 16, out += 16) storeUpTo(out, madd(a, v128.load(x), f32x4.mul(b, v128.load(out))), n);
}

/** out = condition ≠ 0 ? a : b */
export function where(condition: usize, a: usize, b: usize, out: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (; n > 0; n -= 4, condition += 16, a += 16, b += 16, out += 16) {
    storeUpTo(out, pick(f32x4.ne(v128.load(condition), zero), v128.load(a), v128.load(b)), n);
  }
}
