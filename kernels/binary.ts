/**
 * Element functions of two arguments over [rows, cols]. A row that repeats one value is read from a vector of it in scratch memory with a step of
 * 0: so one loop for each function serves vectors, rows, columns and scalars on either side.
 */
import {
  ADD, DIV, EQ, GE, GT, LE, LT, MAXIMUM, MINIMUM, MUL, NE, POW, RELU_GRAD, SIGMOID_GRAD, SUB, TANH_GRAD,
} from './codes';
import { pow } from './pow';
import { storeUpTo } from './simd';

@inline
function truth(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1));
}

@inline
export function apply(op: i32, a: v128, b: v128): v128 {
  if (op == ADD) return f32x4.add(a, b);
  if (op == SUB) return f32x4.sub(a, b);
  if (op == MUL) return f32x4.mul(a, b);
  if (op == DIV) return f32x4.div(a, b);
  if (op == POW) return pow(a, b);
  if (op == MAXIMUM) return f32x4.max(a, b); // these two propagate NaN
  if (op == MINIMUM) return f32x4.min(a, b);
  if (op == EQ) return truth(f32x4.eq(a, b));
  if (op == NE) return truth(f32x4.ne(a, b));
  if (op == LT) return truth(f32x4.lt(a, b));
  if (op == LE) return truth(f32x4.le(a, b));
  if (op == GT) return truth(f32x4.gt(a, b));
  if (op == GE) return truth(f32x4.ge(a, b));
  if (op == RELU_GRAD) return v128.and(a, f32x4.gt(b, f32x4.splat(0)));
  if (op == SIGMOID_GRAD) return f32x4.mul(f32x4.mul(a, b), f32x4.sub(f32x4.splat(1), b));
  return f32x4.mul(a, f32x4.sub(f32x4.splat(1), f32x4.mul(b, b))); // TANH_GRAD
}

@inline
function each(
  op: i32, a: usize, b: usize, out: usize, rows: i32, cols: i32, aRow: usize, aStep: usize, bRow: usize, bStep: usize, scratch: usize,
): void {
  for (; rows > 0; rows--, a += aRow, b += bRow, out += <usize>cols << 2) {
    let from = a;
    let other = b;
    if (aStep == 0) {
      from = scratch;
      v128.store(scratch, v128.load_splat<f32>(a));
    }
    if (bStep == 0) {
      other = scratch + 16;
      v128.store(other, v128.load_splat<f32>(b));
    }
    let to = out;
    for (let left = cols; left > 0; left -= 4, from += aStep, other += bStep, to += 16) {
      storeUpTo(to, apply(op, v128.load(from), v128.load(other)), left);
    }
  }
}

/**
 * out[i, j] = f(a[i, j], b[i, j]). Row strides in bytes; steps are 16 (the row is a vector) or 0 (it repeats one value). `scratch` has room for
 * 32 bytes.
 */
export function binary(
  op: i32, a: usize, b: usize, out: usize, rows: i32, cols: i32, aRow: usize, aStep: usize, bRow: usize, bStep: usize, scratch: usize,
): void {
  switch (op) {
    case ADD: each(ADD, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case SUB: each(SUB, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case MUL: each(MUL, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case DIV: each(DIV, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case POW: each(POW, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case MAXIMUM: each(MAXIMUM, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case MINIMUM: each(MINIMUM, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case EQ: each(EQ, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case NE: each(NE, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case LT: each(LT, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case LE: each(LE, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case GT: each(GT, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case GE: each(GE, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case RELU_GRAD: each(RELU_GRAD, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case SIGMOID_GRAD: each(SIGMOID_GRAD, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
    case TANH_GRAD: each(TANH_GRAD, a, b, out, rows, cols, aRow, aStep, bRow, bStep, scratch); break;
  }
}
