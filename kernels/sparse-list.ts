/**
 * Lists of what two rows of a have besides the background: entries of what each of the two has at a step beyond the background, and where in a packed
 * strip of b the step's row begins, in bytes. Every step is written where the next entry goes; whether that place moves on decides if it stays. `offset` is where the first
 * step's row begins, as a list may go on where another has ended.
 */

import { WIDE } from './simd';

/** Columns of b that are packed together at most. */
export const STRIP: i32 = WIDE ? 48 : 16;
/** Rows that are listed, and multiplied, together, and among which a row's partner is looked for. */
export const TOGETHER: i32 = 64;
/** Bytes of an entry. */
export const ENTRY: usize = 12;
/** Bytes from one step to the next of a packed strip. */
export const STRIP_ROW: usize = <usize>STRIP << 2;

/** Whether an entry is listed, 1 or 0, as bytes that the list grows by. */
@inline
function grown(listed: i32): usize {
  return <usize>(listed * <i32>ENTRY);
}

/** `kc` steps of a pair of rows that each run on in memory. Returns the end of the list. */
export function listAlong(at: usize, other: usize, kc: i32, background: f32, to: usize, offset: u32): usize {
  const g = f32x4.splat(background);
  for (; kc >= 4; kc -= 4, at += 16, other += 16, offset += <u32>STRIP_ROW << 2) {
    const x = f32x4.sub(v128.load(at), g);
    const y = f32x4.sub(v128.load(other), g);
    const listed = i32x4.bitmask(v128.or(f32x4.ne(x, f32x4.splat(0)), f32x4.ne(y, f32x4.splat(0))));
    if (listed == 0) continue;
    const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
    const high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
    v128.store64_lane(to, low, 0);
    store<u32>(to, offset, 8);
    to += grown(listed & 1);
    v128.store64_lane(to, low, 1);
    store<u32>(to, offset + <u32>STRIP_ROW, 8);
    to += grown((listed >> 1) & 1);
    v128.store64_lane(to, high, 0);
    store<u32>(to, offset + 2 * <u32>STRIP_ROW, 8);
    to += grown((listed >> 2) & 1);
    v128.store64_lane(to, high, 1);
    store<u32>(to, offset + 3 * <u32>STRIP_ROW, 8);
    to += grown(listed >> 3);
  }
  for (; kc > 0; kc--, at += 4, other += 4, offset += <u32>STRIP_ROW) {
    const two = f32x4.sub(v128.load32_lane(other, v128.load32_zero(at), 1), g);
    v128.store64_lane(to, two, 0);
    store<u32>(to, offset, 8);
    to += grown(<i32>((i32x4.bitmask(f32x4.ne(two, f32x4.splat(0))) & 3) != 0));
  }
  return to;
}

/** The same of a pair of rows among others that lie side by side, with `step` bytes from one step to the next. */
export function listBeside(at: usize, other: usize, step: usize, kc: i32, background: f32, to: usize, offset: u32): usize {
  const g = f32x4.splat(background);
  for (; kc > 0; kc--, at += step, other += step, offset += <u32>STRIP_ROW) {
    const two = f32x4.sub(v128.load32_lane(other, v128.load32_zero(at), 1), g);
    v128.store64_lane(to, two, 0);
    store<u32>(to, offset, 8);
    to += grown(<i32>((i32x4.bitmask(f32x4.ne(two, f32x4.splat(0))) & 3) != 0));
  }
  return to;
}

/** The same of two pairs of neighbours at once. The end of the second list, which begins at `to2`, is left at `end2`. */
export function listBeside2(at: usize, step: usize, kc: i32, background: f32, to: usize, to2: usize, end2: usize, offset: u32): usize {
  const g = f32x4.splat(background);
  for (; kc > 0; kc--, at += step, offset += <u32>STRIP_ROW) {
    const four = f32x4.sub(v128.load(at), g);
    const listed = i32x4.bitmask(f32x4.ne(four, f32x4.splat(0)));
    v128.store64_lane(to, four, 0);
    store<u32>(to, offset, 8);
    to += grown(<i32>((listed & 3) != 0));
    v128.store64_lane(to2, four, 1);
    store<u32>(to2, offset, 8);
    to2 += grown(<i32>(listed > 3));
  }
  store<u32>(end2, <u32>to2);
  return to;
}
