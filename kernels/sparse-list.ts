/**
 * Lists of what two rows of a have besides the background: entries of where in a packed strip of b the step's row begins, in bytes, and what each of the two
 * has there beyond the background. Every step is written where the next entry goes; whether that place moves on decides if it stays.
 */

import { WIDE } from './simd';

/** Columns of b that are packed together. */
export const STRIP: i32 = WIDE ? 32 : 16;
/** Bytes of an entry. */
export const ENTRY: usize = 12;
/** Bytes from one step to the next of a packed strip. */
export const STRIP_ROW: usize = <usize>STRIP << 2;

/** Whether an entry is listed, 1 or 0, as bytes that the list grows by. */
@inline
function grown(listed: i32): usize {
  return <usize>(listed * <i32>ENTRY);
}

/** The steps of a block from a pair of rows that each run on in memory. Returns the end of the list. */
export function listAlong(at: usize, other: usize, kc: i32, background: f32, to: usize): usize {
  const g = f32x4.splat(background);
  let offset: u32 = 0;
  for (; kc >= 4; kc -= 4, at += 16, other += 16, offset += <u32>STRIP_ROW << 2) {
    const x = f32x4.sub(v128.load(at), g);
    const y = f32x4.sub(v128.load(other), g);
    const listed = i32x4.bitmask(v128.or(f32x4.ne(x, f32x4.splat(0)), f32x4.ne(y, f32x4.splat(0))));
    if (listed == 0) continue;
    const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
    store<u32>(to, offset);
    v128.store64_lane(to, low, 0, 4);
    to += grown(listed & 1);
    store<u32>(to, offset + <u32>STRIP_ROW);
    v128.store64_lane(to, low, 1, 4);
    to += grown((listed >> 1) & 1);
    store<u32>(to, offset + 2 * <u32>STRIP_ROW);
    v128.store64_lane(to, high, 0, 4);
    to += grown((listed >> 2) & 1);
    store<u32>(to, offset + 3 * <u32>STRIP_ROW);
    v128.store64_lane(to, high, 1, 4);
    to += grown(listed >> 3);
  }
  for (; kc > 0; kc--, at += 4, other += 4, offset += <u32>STRIP_ROW) {
    const two = f32x4.sub(v128.load32_lane(other, v128.load32_zero(at), 1), g);
    store<u32>(to, offset);
    v128.store64_lane(to, two, 0, 4);
    to += grown(<i32>((i32x4.bitmask(f32x4.ne(two, f32x4.splat(0))) & 3) != 0));
  }
  return to;
}

/** The same from a pair of rows that lie side by side, with `step` bytes from one step to the next; or from one that is alone. */
export function listBeside(at: usize, step: usize, alone: bool, kc: i32, background: f32, to: usize): usize {
  const g = f32x4.splat(background);
  let offset: u32 = 0;
  for (; kc > 0; kc--, at += step, offset += <u32>STRIP_ROW) {
    const two = f32x4.sub(alone ? v128.load32_splat(at) : v128.load64_zero(at), g);
    store<u32>(to, offset);
    v128.store64_lane(to, two, 0, 4);
    to += grown(<i32>((i32x4.bitmask(f32x4.ne(two, f32x4.splat(0))) & 3) != 0));
  }
  return to;
}

/** The same of two pairs at once. The end of the second list is left at `end`. */
export function listBeside2(at: usize, step: usize, kc: i32, background: f32, to: usize, to2: usize, end: usize): usize {
  const g = f32x4.splat(background);
  let offset: u32 = 0;
  for (; kc > 0; kc--, at += step, offset += <u32>STRIP_ROW) {
    const four = f32x4.sub(v128.load(at), g);
    const listed = i32x4.bitmask(f32x4.ne(four, f32x4.splat(0)));
    store<u32>(to, offset);
    v128.store64_lane(to, four, 0, 4);
    to += grown(<i32>((listed & 3) != 0));
    store<u32>(to2, offset);
    v128.store64_lane(to2, four, 1, 4);
    to2 += grown(<i32>(listed > 3));
  }
  store<u32>(end, <u32>to2);
  return to;
}
