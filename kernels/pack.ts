/**
 * Packing: a strip of four rows of a, or eight columns of b, rewritten so that the micro-kernel reads it from front to back; for each step of the
 * inner sum the strip's 4 or 8 elements in a row. What a strip lacks at the edge of the matrix is filled with zeros.
 */
import { storePart } from './simd';
import { transpose4 } from './movement';

/** The first `count` (0 to 4) elements at `from`, zeros after them. */
// @ts-ignore: decorator
@inline
function loadPart(from: usize, count: i32): v128 {
  if (count >= 4) return v128.load(from);
  let x = f32x4.splat(0);
  if (count > 0) x = v128.load_lane<f32>(from, x, 0);
  if (count > 1) x = v128.load_lane<f32>(from, x, 1, 4);
  if (count > 2) x = v128.load_lane<f32>(from, x, 2, 8);
  return x;
}

/** Four lines of the strip that lie side by side in memory: element (line, k) at from + 4 line + step k. */
// @ts-ignore: decorator
@inline
function packBeside(from: usize, step: usize, to: usize, toStep: usize, kc: i32, count: i32): void {
  if (count >= 4) {
    for (; kc > 0; kc--, from += step, to += toStep) v128.store(to, v128.load(from));
  } else {
    for (; kc > 0; kc--, from += step, to += toStep) v128.store(to, loadPart(from, count));
  }
}

/** Four lines of the strip that each run on in memory: element (line, k) at from + line stride + 4 k. */
// @ts-ignore: decorator
@inline
function packAlong(from: usize, stride: usize, to: usize, toStep: usize, kc: i32, count: i32): void {
  if (count >= 4) {
    for (; kc >= 4; kc -= 4, from += 16, to += toStep << 2) transpose4(from, stride, to, toStep);
  }
  for (; kc > 0; kc--, from += 4, to += toStep) {
    let x = f32x4.splat(0);
    if (count > 0) x = v128.load_lane<f32>(from, x, 0);
    if (count > 1) x = v128.load_lane<f32>(from + stride, x, 1);
    if (count > 2) x = v128.load_lane<f32>(from + 2 * stride, x, 2);
    if (count > 3) x = v128.load_lane<f32>(from + 3 * stride, x, 3);
    v128.store(to, x);
  }
}

/** Four lines into lanes of a strip whose steps are `toStep` bytes apart. `line` and `step` are the strides in bytes; one of them is 4. */
export function pack4(from: usize, line: usize, step: usize, to: usize, toStep: usize, kc: i32, count: i32): void {
  if (line == 4) packBeside(from, step, to, toStep, kc, count);
  else packAlong(from, line, to, toStep, kc, count);
}

/** Eight columns of b. */
export function packStrip8(from: usize, line: usize, step: usize, to: usize, kc: i32, count: i32): void {
  pack4(from, line, step, to, 32, kc, count);
  pack4(from + 4 * line, line, step, to + 16, 32, kc, count - 4);
}

/** Adds a 4x8 tile's valid part into c, or puts it there. */
export function mergeTile(tile: usize, c: usize, ldc: usize, rows: i32, cols: i32, add: bool): void {
  for (; rows > 0; rows--, tile += 32, c += ldc) {
    let from = tile;
    let to = c;
    for (let left = cols; left > 0; left -= 4, from += 16, to += 16) {
      let x = v128.load(from);
      if (add) x = f32x4.add(v128.load(to), x);
      if (left >= 4) v128.store(to, x);
      else storePart(to, x, left);
    }
  }
}
