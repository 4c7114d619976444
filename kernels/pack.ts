/**
 * Packing: a strip of four rows of a, or eight columns of b, rewritten so that the micro-kernel reads it from front to back; for each step of the
 * inner sum the strip's 4 or 8 elements in a row. What a strip lacks at the edge of the matrix is filled with zeros.
 */
import { storePart } from './simd';
import { transpose4 } from './movement';

/** The first `count` (0 to 4) elements at `from`, zeros after them. */
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
@inline
function packBeside(from: usize, step: usize, to: usize, toStep: usize, kc: i32, count: i32): void {
  if (count >= 4) {
    for (; kc > 0; kc--, from += step, to += toStep) v128.store(to, v128.load(from));
  } else {
    for (; kc > 0; kc--, from += step, to += toStep) v128.store(to, loadPart(from, count));
  }
}

/** Four lines of the strip that each run on in memory: element (line, k) at from + line stride + 4 k. */
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

/** Sixteen lines that lie side by side, in groups of four: so every cache line is read once, and whole. */
export function packBeside16(from: usize, step: usize, to: usize, to1: usize, to2: usize, to3: usize, toStep: usize, kc: i32): void {
  for (; kc > 0; kc--, from += step, to += toStep, to1 += toStep, to2 += toStep, to3 += toStep) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to1, b);
    v128.store(to2, c);
    v128.store(to3, d);
  }
}

/** Eight lines that each run on, at once: so that more of memory is under way at a time. */
function packAlong8(from: usize, stride: usize, to: usize, to1: usize, toStep: usize, kc: i32): void {
  const from1 = from + (stride << 2);
  const whole = kc & ~3;
  for (let k = 0; k < whole; k += 4) {
    const at = <usize>k << 2;
    const put = <usize>k * toStep;
    transpose4(from + at, stride, to + put, toStep);
    transpose4(from1 + at, stride, to1 + put, toStep);
  }
  const at = <usize>whole << 2;
  const put = <usize>whole * toStep;
  pack4(from + at, stride, 4, to + put, toStep, kc - whole, 4);
  pack4(from1 + at, stride, 4, to1 + put, toStep, kc - whole, 4);
}

/** Sixteen lines that each run on, at once, into steps that are whole cache lines. */
function packAlong16(from: usize, stride: usize, to: usize, toStep: usize, kc: i32): void {
  const from1 = from + (stride << 2);
  const from2 = from1 + (stride << 2);
  const from3 = from2 + (stride << 2);
  const whole = kc & ~3;
  for (let k = 0; k < whole; k += 4) {
    const at = <usize>k << 2;
    const put = to + <usize>k * toStep;
    transpose4(from + at, stride, put, toStep);
    transpose4(from1 + at, stride, put + 16, toStep);
    transpose4(from2 + at, stride, put + 32, toStep);
    transpose4(from3 + at, stride, put + 48, toStep);
  }
  const at = <usize>whole << 2;
  const put = to + <usize>whole * toStep;
  for (let j = 0; j < 16; j += 4) pack4(from + at + <usize>j * stride, stride, 4, put + (<usize>j << 2), toStep, kc - whole, 4);
}

/** Sixteen lines, or as many as there are, into the lanes of a strip whose steps are `toStep` bytes apart. */
export function pack16(from: usize, line: usize, step: usize, to: usize, toStep: usize, kc: i32, lines: i32): void {
  if (lines >= 16 && line == 4) {
    packBeside16(from, step, to, to + 16, to + 32, to + 48, toStep, kc);
  } else if (lines >= 16) {
    packAlong16(from, line, to, toStep, kc);
  } else {
    for (let j = 0; j < 16; j += 4) pack4(from + <usize>j * line, line, step, to + (<usize>j << 2), toStep, kc, lines - j);
  }
}

/** All strips of `lines` lines, one after the other; a strip is as wide as one, two or four vectors of four. */
export function packStrips(from: usize, line: usize, step: usize, to: usize, kc: i32, lines: i32, vectors: usize): void {
  if (vectors == 4) {
    for (; lines > 0; lines -= 16, from += line << 4, to += <usize>kc << 6) pack16(from, line, step, to, 64, kc, lines);
  } else {
    packNarrow(from, line, step, to, kc, lines, vectors);
  }
}

/** The same of strips of one or two vectors, sixteen or eight lines at a time. */
function packNarrow(from: usize, line: usize, step: usize, to: usize, kc: i32, lines: i32, vectors: usize): void {
  const toStep = vectors << 4;
  const strip = <usize>kc * toStep;
  const four = line << 2;
  const second = vectors == 1 ? strip : 16; // from one group of four to the next
  const pair = vectors == 1 ? strip << 1 : strip; // from two groups to the next two
  if (line == 4) {
    for (; lines >= 16; lines -= 16, from += 64, to += pair << 1) {
      packBeside16(from, step, to, to + second, to + pair, to + pair + second, toStep, kc);
    }
  } else {
    for (; lines >= 8; lines -= 8, from += four << 1, to += pair) packAlong8(from, line, to, to + second, toStep, kc);
  }
  for (; lines > 0; lines -= <i32>vectors << 2, to += strip, from += four * vectors) {
    pack4(from, line, step, to, toStep, kc, lines);
    if (vectors == 2) pack4(from + four, line, step, to + 16, toStep, kc, lines - 4);
  }
}

/** Adds the valid part of a tile, whose rows are `row` bytes apart, into c, or puts it there. */
export function mergeTile(tile: usize, row: usize, c: usize, ldc: usize, rows: i32, cols: i32, add: bool): void {
  for (; rows > 0; rows--, tile += row, c += ldc) {
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
