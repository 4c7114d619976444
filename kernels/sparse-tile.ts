/**
 * Tiles of sparse products: two rows of c, and 16 columns; in the build `wide` 32, in sixteen vectors of which the engine makes eight registers of twice the
 * width (docs/design/wide.md).
 */
import { madd, storeUpTo, WIDE } from './simd';
import { ENTRY, STRIP, STRIP_ROW } from './sparse-list';

/** Rows whose tiles are held back where c is written across. */
const GROUP: i32 = 16;

/** Four numbers side by side. */
@inline
function putVector(c: usize, x: v128, add: bool): void {
  v128.store(c, add ? f32x4.add(v128.load(c), x) : x);
}

/** Lane by lane, x beside y, into four rows of c that are `cCol` bytes apart. */
@inline
function putBeside(c: usize, cCol: usize, x: v128, y: v128, add: bool): void {
  let low = v128.shuffle<f32>(x, y, 0, 4, 1, 5);
  let high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
  const c1 = c + cCol;
  const c2 = c1 + cCol;
  const c3 = c2 + cCol;
  if (add) {
    low = f32x4.add(v128.load64_lane(c1, v128.load64_zero(c), 1), low);
    high = f32x4.add(v128.load64_lane(c3, v128.load64_zero(c2), 1), high);
  }
  v128.store64_lane(c, low, 0);
  v128.store64_lane(c1, low, 1);
  v128.store64_lane(c2, high, 0);
  v128.store64_lane(c3, high, 1);
}

/** What of a row of a tile exists, where that is not all of it. */
export function putPart(tile: usize, c: usize, cCol: usize, cols: i32, add: bool): void {
  if (cCol == 4) {
    for (; cols > 0; cols -= 4, tile += 16, c += 16) {
      const x = v128.load(tile);
      storeUpTo(c, add ? f32x4.add(v128.load(c), x) : x, cols);
    }
  } else {
    for (; cols > 0; cols--, tile += 4, c += cCol) {
      const x = load<f32>(tile);
      store<f32>(c, add ? load<f32>(c) + x : x);
    }
  }
}

/** Tiles of 2 x 16, as `multiplyPairs` has them. */
function narrowPairs(
  list: usize, room: usize, ends: usize, strip: usize, base: usize, c: usize, cRow: usize, cCol: usize, order: usize, rows: i32, cols: i32, add: bool,
  tile: usize,
): void {
  let one = c;
  let other = c + cRow;
  for (; rows > 0; rows -= 2, list += room, ends += 4, one += cRow << 1, other += cRow << 1) {
    if (order != 0) {
      one = c + <usize>load<u32>(order) * cRow;
      other = rows > 1 ? c + <usize>load<u32>(order, 4) * cRow : one;
      order += 8;
    }
    const from = base == 0 ? one : base;
    const fromOther = base == 0 ? other : base;
    let x0 = v128.load(from);
    let x1 = v128.load(from, 16);
    let x2 = v128.load(from, 32);
    let x3 = v128.load(from, 48);
    let y0 = v128.load(fromOther);
    let y1 = v128.load(fromOther, 16);
    let y2 = v128.load(fromOther, 32);
    let y3 = v128.load(fromOther, 48);
    const end = <usize>load<u32>(ends);
    for (let entry = list; entry != end; entry += ENTRY) {
      const b = strip + <usize>load<u32>(entry);
      const x = v128.load_splat<f32>(entry, 4);
      const y = v128.load_splat<f32>(entry, 8);
      const b0 = v128.load(b);
      x0 = madd(x, b0, x0);
      y0 = madd(y, b0, y0);
      const b1 = v128.load(b, 16);
      x1 = madd(x, b1, x1);
      y1 = madd(y, b1, y1);
      const b2 = v128.load(b, 32);
      x2 = madd(x, b2, x2);
      y2 = madd(y, b2, y2);
      const b3 = v128.load(b, 48);
      x3 = madd(x, b3, x3);
      y3 = madd(y, b3, y3);
    }
    if (rows < 2 || cols < STRIP) {
      v128.store(tile, x0);
      v128.store(tile, x1, 16);
      v128.store(tile, x2, 32);
      v128.store(tile, x3, 48);
      v128.store(tile, y0, 64);
      v128.store(tile, y1, 80);
      v128.store(tile, y2, 96);
      v128.store(tile, y3, 112);
      putPart(tile, one, cCol, cols, add);
      if (rows > 1) putPart(tile + 64, other, cCol, cols, add);
    } else if (cCol == 4) {
      putVector(one, x0, add);
      putVector(one + 16, x1, add);
      putVector(one + 32, x2, add);
      putVector(one + 48, x3, add);
      putVector(other, y0, add);
      putVector(other + 16, y1, add);
      putVector(other + 32, y2, add);
      putVector(other + 48, y3, add);
    } else {
      putBeside(one, cCol, x0, y0, add);
      putBeside(one + (cCol << 2), cCol, x1, y1, add);
      putBeside(one + (cCol << 3), cCol, x2, y2, add);
      putBeside(one + 12 * cCol, cCol, x3, y3, add);
    }
  }
}

/** What is listed of a pair of rows times a packed strip of 32 columns, beside what lies at `from` and `fromOther`. */
function pair32(entry: usize, end: usize, strip: usize, from: usize, fromOther: usize, one: usize, other: usize): void {
  let x0 = v128.load(from);
  let x1 = v128.load(from, 16);
  let x2 = v128.load(from, 32);
  let x3 = v128.load(from, 48);
  let x4 = v128.load(from, 64);
  let x5 = v128.load(from, 80);
  let x6 = v128.load(from, 96);
  let x7 = v128.load(from, 112);
  let y0 = v128.load(fromOther);
  let y1 = v128.load(fromOther, 16);
  let y2 = v128.load(fromOther, 32);
  let y3 = v128.load(fromOther, 48);
  let y4 = v128.load(fromOther, 64);
  let y5 = v128.load(fromOther, 80);
  let y6 = v128.load(fromOther, 96);
  let y7 = v128.load(fromOther, 112);
  for (; entry != end; entry += ENTRY) {
    const b = strip + <usize>load<u32>(entry);
    const x = v128.load_splat<f32>(entry, 4);
    const y = v128.load_splat<f32>(entry, 8);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    x0 = madd(x, b0, x0);
    x1 = madd(x, b1, x1);
    y0 = madd(y, b0, y0);
    y1 = madd(y, b1, y1);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    x2 = madd(x, b2, x2);
    x3 = madd(x, b3, x3);
    y2 = madd(y, b2, y2);
    y3 = madd(y, b3, y3);
    const b4 = v128.load(b, 64);
    const b5 = v128.load(b, 80);
    x4 = madd(x, b4, x4);
    x5 = madd(x, b5, x5);
    y4 = madd(y, b4, y4);
    y5 = madd(y, b5, y5);
    const b6 = v128.load(b, 96);
    const b7 = v128.load(b, 112);
    x6 = madd(x, b6, x6);
    x7 = madd(x, b7, x7);
    y6 = madd(y, b6, y6);
    y7 = madd(y, b7, y7);
  }
  v128.store(one, x0);
  v128.store(one, x1, 16);
  v128.store(one, x2, 32);
  v128.store(one, x3, 48);
  v128.store(one, x4, 64);
  v128.store(one, x5, 80);
  v128.store(one, x6, 96);
  v128.store(one, x7, 112);
  v128.store(other, y0);
  v128.store(other, y1, 16);
  v128.store(other, y2, 32);
  v128.store(other, y3, 48);
  v128.store(other, y4, 64);
  v128.store(other, y5, 80);
  v128.store(other, y6, 96);
  v128.store(other, y7, 112);
}

/** Adds a whole row of a tile. */
export function addRow(tile: usize, c: usize): void {
  for (const end = c + STRIP_ROW; c != end; c += 32, tile += 32) {
    const x = v128.load(c);
    const y = v128.load(c, 16);
    const left = f32x4.add(x, v128.load(tile));
    const right = f32x4.add(y, v128.load(tile, 16));
    v128.store(c, left);
    v128.store(c, right, 16);
  }
}

/** Four rows, 128 bytes apart, and columns of tiles, as columns and rows of c. */
@inline
function putFour(tile: usize, c: usize, cCol: usize, add: bool): void {
  const r0 = v128.load(tile);
  const r1 = v128.load(tile, 128);
  const r2 = v128.load(tile, 256);
  const r3 = v128.load(tile, 384);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  putVector(c, v128.shuffle<i64>(low01, low23, 0, 2), add);
  putVector(c + cCol, v128.shuffle<i64>(low01, low23, 1, 3), add);
  putVector(c + 2 * cCol, v128.shuffle<i64>(high01, high23, 0, 2), add);
  putVector(c + 3 * cCol, v128.shuffle<i64>(high01, high23, 1, 3), add);
}

/** Tiles below each other whose columns are put where c's run on: sixteen rows at a time, which fill cache lines of c. */
function pairsAcross(
  list: usize, room: usize, ends: usize, strip: usize, base: usize, c: usize, cCol: usize, rows: i32, cols: i32, add: bool, tile: usize,
): void {
  for (; rows > 0; rows -= GROUP, c += <usize>GROUP << 2) {
    const here = min(rows, GROUP);
    for (let i = 0; i < here; i += 2, list += room, ends += 4) {
      const row = tile + <usize>i * STRIP_ROW;
      pair32(list, <usize>load<u32>(ends), strip, base, base, row, row + STRIP_ROW);
    }
    if (here < GROUP || cols < STRIP) {
      for (let i = 0; i < here; i++) putPart(tile + <usize>i * STRIP_ROW, c + (<usize>i << 2), cCol, cols, add);
      continue;
    }
    let to = c;
    for (let j: usize = 0; j < STRIP_ROW; j += 16, to += cCol << 2) {
      const from = tile + j;
      putFour(from, to, cCol, add);
      putFour(from + 4 * STRIP_ROW, to + 16, cCol, add);
      putFour(from + 8 * STRIP_ROW, to + 32, cCol, add);
      putFour(from + 12 * STRIP_ROW, to + 48, cCol, add);
    }
  }
}

/** The same in tiles of 2 x 32. */
function widePairs(
  list: usize, room: usize, ends: usize, strip: usize, base: usize, c: usize, cRow: usize, cCol: usize, order: usize, rows: i32, cols: i32, add: bool,
  tile: usize,
): void {
  if (order == 0 && cRow == 4) {
    pairsAcross(list, room, ends, strip, base, c, cCol, rows, cols, add, tile);
    return;
  }
  let one = c;
  let other = c + cRow;
  for (; rows > 0; rows -= 2, list += room, ends += 4, one += cRow << 1, other += cRow << 1) {
    if (order != 0) {
      one = c + <usize>load<u32>(order) * cRow;
      other = rows > 1 ? c + <usize>load<u32>(order, 4) * cRow : one;
      order += 8;
    }
    const end = <usize>load<u32>(ends);
    const whole = cols == STRIP && cCol == 4 && rows > 1;
    const from = base == 0 ? one : base;
    const fromOther = base == 0 ? other : base;
    if (whole && !add) {
      pair32(list, end, strip, from, fromOther, one, other);
      continue;
    }
    pair32(list, end, strip, from, fromOther, tile, tile + STRIP_ROW);
    if (whole) {
      addRow(tile, one);
      addRow(tile + STRIP_ROW, other);
    } else {
      putPart(tile, one, cCol, cols, add);
      if (rows > 1) putPart(tile + STRIP_ROW, other, cCol, cols, add);
    }
  }
}

/**
 * Tiles of two rows of c and a strip's columns below each other, for `rows` rows: what is listed of each pair of rows, times a packed strip. Lists are `room`
 * bytes apart. A sum begins with what lies at `base`, or where that is 0 with what c has, whose columns then run on.
 */
export function multiplyPairs(
  list: usize, room: usize, ends: usize, strip: usize, base: usize, c: usize, cRow: usize, cCol: usize, order: usize, rows: i32, cols: i32, add: bool,
  tile: usize,
): void {
  if (WIDE) widePairs(list, room, ends, strip, base, c, cRow, cCol, order, rows, cols, add, tile);
  else narrowPairs(list, room, ends, strip, base, c, cRow, cCol, order, rows, cols, add, tile);
}
