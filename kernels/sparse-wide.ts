/**
 * Tiles of sparse products in the build `wide`: two rows of c and 48 columns, or 32, in twice as many vectors, of which the engine makes registers of twice the width
 * (docs/design/wide.md). So much of a strip is read for each step that it has to lie in the first cache: a strip is multiplied in pieces that do. Sums are left in
 * tiles between pieces, and go on from there.
 */
import { transpose4 } from './movement';
import { madd, storeUpTo } from './simd';
import { ENTRY, STRIP, STRIP_ROW, TOGETHER } from './sparse-list';
import { putPart, putVector } from './sparse-tile';

/** Columns of a tile that is less broad. */
export const NARROW: i32 = 32;
/** Steps of a piece at most; and beside a background that is not 0, which is that of images: many of their steps are not wanted, or by no row at all. */
export const PIECE: i32 = 128;
export const FAR_PIECE: i32 = 200;
/** Rows that are put across at once, which fill cache lines of c. */
const ACROSS: i32 = 16;

/** What is listed of a pair of rows times a packed strip of 48 columns, beside what lies at `from` and `fromOther`. */
function pair48(entry: usize, end: usize, strip: usize, from: usize, fromOther: usize, one: usize, other: usize): void {
  let x0 = v128.load(from);
  let x1 = v128.load(from, 16);
  let x2 = v128.load(from, 32);
  let x3 = v128.load(from, 48);
  let x4 = v128.load(from, 64);
  let x5 = v128.load(from, 80);
  let x6 = v128.load(from, 96);
  let x7 = v128.load(from, 112);
  let x8 = v128.load(from, 128);
  let x9 = v128.load(from, 144);
  let x10 = v128.load(from, 160);
  let x11 = v128.load(from, 176);
  let y0 = v128.load(fromOther);
  let y1 = v128.load(fromOther, 16);
  let y2 = v128.load(fromOther, 32);
  let y3 = v128.load(fromOther, 48);
  let y4 = v128.load(fromOther, 64);
  let y5 = v128.load(fromOther, 80);
  let y6 = v128.load(fromOther, 96);
  let y7 = v128.load(fromOther, 112);
  let y8 = v128.load(fromOther, 128);
  let y9 = v128.load(fromOther, 144);
  let y10 = v128.load(fromOther, 160);
  let y11 = v128.load(fromOther, 176);
  for (; entry != end; entry += ENTRY) {
    const b = strip + <usize>load<u32>(entry, 8);
    const x = v128.load_splat<f32>(entry);
    const y = v128.load_splat<f32>(entry, 4);
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
    const b8 = v128.load(b, 128);
    const b9 = v128.load(b, 144);
    x8 = madd(x, b8, x8);
    x9 = madd(x, b9, x9);
    y8 = madd(y, b8, y8);
    y9 = madd(y, b9, y9);
    const b10 = v128.load(b, 160);
    const b11 = v128.load(b, 176);
    x10 = madd(x, b10, x10);
    x11 = madd(x, b11, x11);
    y10 = madd(y, b10, y10);
    y11 = madd(y, b11, y11);
  }
  v128.store(one, x0);
  v128.store(one, x1, 16);
  v128.store(one, x2, 32);
  v128.store(one, x3, 48);
  v128.store(one, x4, 64);
  v128.store(one, x5, 80);
  v128.store(one, x6, 96);
  v128.store(one, x7, 112);
  v128.store(one, x8, 128);
  v128.store(one, x9, 144);
  v128.store(one, x10, 160);
  v128.store(one, x11, 176);
  v128.store(other, y0);
  v128.store(other, y1, 16);
  v128.store(other, y2, 32);
  v128.store(other, y3, 48);
  v128.store(other, y4, 64);
  v128.store(other, y5, 80);
  v128.store(other, y6, 96);
  v128.store(other, y7, 112);
  v128.store(other, y8, 128);
  v128.store(other, y9, 144);
  v128.store(other, y10, 160);
  v128.store(other, y11, 176);
}

/** The same of 32 columns. */
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
    const b = strip + <usize>load<u32>(entry, 8);
    const x = v128.load_splat<f32>(entry);
    const y = v128.load_splat<f32>(entry, 4);
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

/** Puts `cols` columns of a row of a tile, and of `from`, where that is not 0, to `to`. */
function putRow(tile: usize, from: usize, to: usize, cols: i32): void {
  for (; cols >= 8; cols -= 8, tile += 32, to += 32) {
    let x = v128.load(tile);
    let y = v128.load(tile, 16);
    if (from != 0) {
      x = f32x4.add(v128.load(from), x);
      y = f32x4.add(v128.load(from, 16), y);
      from += 32;
    }
    v128.store(to, x);
    v128.store(to, y, 16);
  }
  for (; cols > 0; cols -= 4, tile += 16, to += 16) {
    let x = v128.load(tile);
    if (from != 0) {
      x = f32x4.add(v128.load(from), x);
      from += 16;
    }
    storeUpTo(to, x, cols);
  }
}

/** Four rows and columns of tiles, as columns and rows of c; what is to be added is turned in its place first. */
@inline
function putFour(tile: usize, c: usize, cCol: usize, add: bool): void {
  if (!add) {
    transpose4(tile, STRIP_ROW, c, cCol);
    return;
  }
  transpose4(tile, STRIP_ROW, tile, STRIP_ROW);
  for (let i = 0; i < 4; i++, tile += STRIP_ROW, c += cCol) putVector(c, v128.load(tile), true);
}

/** `rows` rows of tiles, of `cols` columns, into c, whose columns run on. */
function putAcross(tile: usize, c: usize, cCol: usize, rows: i32, cols: i32, add: bool): void {
  for (; rows > 0; rows -= ACROSS, tile += <usize>ACROSS * STRIP_ROW, c += <usize>ACROSS << 2) {
    if (rows < ACROSS || (cols & 3) != 0) {
      for (let i = 0; i < min(rows, ACROSS); i++) putPart(tile + <usize>i * STRIP_ROW, c + (<usize>i << 2), cCol, cols, add);
      continue;
    }
    let to = c;
    for (let j = 0; j < cols; j += 4, to += cCol << 2) {
      const from = tile + (<usize>j << 2);
      for (let i: usize = 0; i < <usize>ACROSS; i += 4) putFour(from + i * STRIP_ROW, to + (i << 2), cCol, add);
    }
  }
}

/**
 * Tiles of two rows of c and a strip's columns below each other, for up to TOGETHER rows: what is listed of each pair of rows, times a packed strip, beside what lies at
 * `base`. Lists follow each other, piece after piece of the strip; `ends` is where the end of the first is, and before it its beginning. To what a product makes, what lies
 * at `from` is added, unless that is 0, and it is put to `to`; both are c, whose rows may be paired by an order, or hold a strip's rows as they follow each other.
 * `local` is memory for tiles.
 */
export function widePairs(
  ends: usize, pieces: i32, strip: usize, base: usize, from: usize, fromRow: usize, fromOrder: usize, to: usize, toRow: usize, toOrder: usize, rows: i32,
  cols: i32, local: usize,
): void {
  const broad = cols > NARROW;
  const whole = from == 0 && cols == (broad ? STRIP : NARROW) ? rows & ~1 : 0; // rows that are put from where they are computed
  multiply(ends, pieces, strip, base, to, toRow, toOrder, rows, whole, broad, local);
  for (let i = whole; i < rows; i++) {
    const begin = from == 0 ? 0 : rowOf(from, fromRow, fromOrder, i);
    putRow(local + <usize>i * STRIP_ROW, begin, rowOf(to, toRow, toOrder, i), cols);
  }
}

/** The same into columns of c, which run on. */
export function wideAcross(
  ends: usize, pieces: i32, strip: usize, base: usize, c: usize, cCol: usize, rows: i32, cols: i32, add: bool, local: usize,
): void {
  multiply(ends, pieces, strip, base, 0, 0, 0, rows, 0, cols > NARROW, local);
  putAcross(local, c, cCol, rows, cols, add);
}

/** Multiplies `rows` rows, piece after piece. The first `whole` of them end at `to`, the others in tiles. */
function multiply(
  ends: usize, pieces: i32, strip: usize, base: usize, to: usize, toRow: usize, order: usize, rows: i32, whole: i32, broad: bool, local: usize,
): void {
  for (let p = 0; p < pieces; p++, ends += <usize>(TOGETHER >> 1) << 2) {
    let tile = local;
    let end = ends;
    for (let i = 0; i < rows; i += 2, end += 4, tile += 2 * STRIP_ROW) {
      const from = p == 0 ? base : tile;
      const fromOther = p == 0 ? base : tile + STRIP_ROW;
      let one = tile;
      let other = tile + STRIP_ROW;
      if (p == pieces - 1 && i < whole) {
        one = rowOf(to, toRow, order, i);
        other = rowOf(to, toRow, order, i + 1);
      }
      if (broad) pair48(<usize>load<u32>(end - 4), <usize>load<u32>(end), strip, from, fromOther, one, other);
      else pair32(<usize>load<u32>(end - 4), <usize>load<u32>(end), strip, from, fromOther, one, other);
    }
  }
}

/** Where row number `i` is, of rows that may be paired by `order`. */
@inline
function rowOf(at: usize, row: usize, order: usize, i: i32): usize {
  return at + (order == 0 ? <usize>i : <usize>load<u32>(order + (<usize>i << 2))) * row;
}
