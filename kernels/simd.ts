/**
 * What every kernel builds on. Constants of formulas lie in memory as `memory.data` (addresses 1024 to 4095, below the heap) and are loaded
 * where they are used: engines rebuild a 128-bit constant from scratch at each use, inside a loop too, while a load is one instruction.
 * Those constants are the module's only data segment. Instantiating it again, as every thread does, writes the same bytes over the same bytes, and
 * nothing else lives there (the control block of the threads is a block of the heap), so it disturbs nothing.
 */

/** Whether this is the build for engines that join two vectors side by side into one of twice the width. Set by scripts/build-kernels.mjs. */
export const WIDE: bool = WIDE_BUILD != 0;

/** a b + c, in one rounding where the build has fused multiply-add. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Constant number i of a table, in all four lanes. */
@inline
export function constant(table: usize, i: usize): v128 {
  return v128.load_splat<f32>(table + (i << 2));
}

@inline
export function pick(mask: v128, yes: v128, no: v128): v128 {
  return v128.bitselect(yes, no, mask);
}

/** Stores the first `count` (1 to 3) lanes. Loads need no such care: reading past a block is harmless, writing is not. */
export function storePart(out: usize, y: v128, count: i32): void {
  v128.store_lane<f32>(out, y, 0);
  if (count > 1) v128.store_lane<f32>(out, y, 1, 4);
  if (count > 2) v128.store_lane<f32>(out, y, 2, 8);
}

/** Stores four lanes, or as many as are left. */
@inline
export function storeUpTo(out: usize, y: v128, left: i32): void {
  if (left >= 4) v128.store(out, y);
  else storePart(out, y, left);
}

const LANES: usize = memory.data<i32>([0, 1, 2, 3]);

/** All ones in the lanes below `left`, zeros in the others. */
@inline
export function lanesBelow(left: i32): v128 {
  return i32x4.gt_s(i32x4.splat(left), v128.load(LANES));
}

/** (l0 + l2) + (l1 + l3) */
@inline
export function sumLanes(x: v128): f32 {
  const half = f32x4.add(x, v128.shuffle<i64>(x, x, 1, 0));
  return f32x4.extract_lane(half, 0) + f32x4.extract_lane(half, 1);
}

@inline
export function maxLanes(x: v128): f32 {
  const half = f32x4.max(x, v128.shuffle<i64>(x, x, 1, 0));
  return max<f32>(f32x4.extract_lane(half, 0), f32x4.extract_lane(half, 1));
}
