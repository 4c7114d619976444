/**
 * Rows one by one, for the build `wide`: where zeros lie without order, a pair of rows has half as many again as a single one. A tile is 1 x 64; each multiply-add then
 * loads its part of b, so a strip has to lie in the first cache, and blocks are gone through in pieces that do. Sums are left in tiles between pieces, and go on
 * from there: the bits are those of pairs.
 */
import { madd } from './simd';
import { addRow, putPart } from './sparse-tile';

/** Columns of b that are packed together. */
export const BROAD: i32 = 64;
/** Bytes from one step to the next of a packed strip, and of a row of a tile. */
export const BROAD_ROW: usize = <usize>BROAD << 2;
/** Steps of a piece at most: so many of a strip are most of the first cache. */
export const PIECE: i32 = 96;
/** Rows that are multiplied by one piece after the other. */
const GROUP: i32 = 32;
/** Bytes of tiles, and of zeros that sums begin with. */
export const BROAD_TILES: usize = (<usize>GROUP + 1) * BROAD_ROW;
/** Bytes of an entry: where the row of b begins, in bytes, and a number; and of what precedes a list, where it ends. */
const ENTRY: usize = 8;

/** Bytes of a list of up to so many steps. */
@inline
export function listBytes(steps: i32): usize {
  return ENTRY + <usize>steps * ENTRY;
}

@inline
function grown(listed: bool): usize {
  return <usize>listed << 3;
}

/** What a row that runs on in memory has besides zeros, in `kc` steps. */
export function listRow(at: usize, kc: i32, list: usize): void {
  let to = list + ENTRY;
  let offset: u32 = 0;
  for (; kc >= 4; kc -= 4, at += 16, offset += <u32>BROAD_ROW << 2) {
    const x = v128.load(at);
    const listed = i32x4.bitmask(f32x4.ne(x, f32x4.splat(0)));
    store<u32>(to, offset);
    v128.store32_lane(to, x, 0, 4);
    to += grown((listed & 1) != 0);
    store<u32>(to, offset + <u32>BROAD_ROW);
    v128.store32_lane(to, x, 1, 4);
    to += grown((listed & 2) != 0);
    store<u32>(to, offset + 2 * <u32>BROAD_ROW);
    v128.store32_lane(to, x, 2, 4);
    to += grown((listed & 4) != 0);
    store<u32>(to, offset + 3 * <u32>BROAD_ROW);
    v128.store32_lane(to, x, 3, 4);
    to += grown(listed > 7);
  }
  for (; kc > 0; kc--, at += 4, offset += <u32>BROAD_ROW) {
    const x = load<f32>(at);
    store<u32>(to, offset);
    store<f32>(to, x, 4);
    to += grown(x != 0);
  }
  store<u32>(list, <u32>to);
}

/** The same of four rows side by side, `step` bytes from one step to the next, whose lists are `room` bytes apart. */
export function listFour(at: usize, step: usize, kc: i32, list: usize, room: usize): void {
  const list1 = list + room;
  const list2 = list1 + room;
  const list3 = list2 + room;
  let to = list + ENTRY;
  let to1 = list1 + ENTRY;
  let to2 = list2 + ENTRY;
  let to3 = list3 + ENTRY;
  let offset: u32 = 0;
  for (; kc > 0; kc--, at += step, offset += <u32>BROAD_ROW) {
    const x = v128.load(at);
    const listed = i32x4.bitmask(f32x4.ne(x, f32x4.splat(0)));
    store<u32>(to, offset);
    v128.store32_lane(to, x, 0, 4);
    to += grown((listed & 1) != 0);
    store<u32>(to1, offset);
    v128.store32_lane(to1, x, 1, 4);
    to1 += grown((listed & 2) != 0);
    store<u32>(to2, offset);
    v128.store32_lane(to2, x, 2, 4);
    to2 += grown((listed & 4) != 0);
    store<u32>(to3, offset);
    v128.store32_lane(to3, x, 3, 4);
    to3 += grown(listed > 7);
  }
  store<u32>(list, <u32>to);
  store<u32>(list1, <u32>to1);
  store<u32>(list2, <u32>to2);
  store<u32>(list3, <u32>to3);
}

/** What a list has, times a packed strip, beside what lies at `from`. */
function row64(entry: usize, end: usize, strip: usize, from: usize, to: usize): void {
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
  let x12 = v128.load(from, 192);
  let x13 = v128.load(from, 208);
  let x14 = v128.load(from, 224);
  let x15 = v128.load(from, 240);
  for (; entry != end; entry += ENTRY) {
    const b = strip + <usize>load<u32>(entry);
    const x = v128.load_splat<f32>(entry, 4);
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    x0 = madd(x, b0, x0);
    x1 = madd(x, b1, x1);
    const b2 = v128.load(b, 32);
    const b3 = v128.load(b, 48);
    x2 = madd(x, b2, x2);
    x3 = madd(x, b3, x3);
    const b4 = v128.load(b, 64);
    const b5 = v128.load(b, 80);
    x4 = madd(x, b4, x4);
    x5 = madd(x, b5, x5);
    const b6 = v128.load(b, 96);
    const b7 = v128.load(b, 112);
    x6 = madd(x, b6, x6);
    x7 = madd(x, b7, x7);
    const b8 = v128.load(b, 128);
    const b9 = v128.load(b, 144);
    x8 = madd(x, b8, x8);
    x9 = madd(x, b9, x9);
    const b10 = v128.load(b, 160);
    const b11 = v128.load(b, 176);
    x10 = madd(x, b10, x10);
    x11 = madd(x, b11, x11);
    const b12 = v128.load(b, 192);
    const b13 = v128.load(b, 208);
    x12 = madd(x, b12, x12);
    x13 = madd(x, b13, x13);
    const b14 = v128.load(b, 224);
    const b15 = v128.load(b, 240);
    x14 = madd(x, b14, x14);
    x15 = madd(x, b15, x15);
  }
  v128.store(to, x0);
  v128.store(to, x1, 16);
  v128.store(to, x2, 32);
  v128.store(to, x3, 48);
  v128.store(to, x4, 64);
  v128.store(to, x5, 80);
  v128.store(to, x6, 96);
  v128.store(to, x7, 112);
  v128.store(to, x8, 128);
  v128.store(to, x9, 144);
  v128.store(to, x10, 160);
  v128.store(to, x11, 176);
  v128.store(to, x12, 192);
  v128.store(to, x13, 208);
  v128.store(to, x14, 224);
  v128.store(to, x15, 240);
}

/**
 * A strip's columns of `rows` rows of c: the lists of `pieces` pieces, of `piece` steps each, times a packed strip. Lists of rows that follow each other are
 * `room` bytes apart, those of a row's next piece `next` bytes. `local` is memory for BROAD_TILES.
 */
export function multiplyRows(
  list: usize, room: usize, next: usize, pieces: i32, piece: i32, strip: usize, c: usize, cRow: usize, rows: i32, cols: i32, add: bool, local: usize,
): void {
  const zeros = local + <usize>GROUP * BROAD_ROW;
  memory.fill(zeros, 0, BROAD_ROW);
  const straight = !add && cols == BROAD;
  for (; rows > 0; rows -= GROUP, list += <usize>GROUP * room) {
    const here = min(rows, GROUP);
    for (let p = 0; p < pieces; p++) {
      const packed = strip + <usize>(p * piece) * BROAD_ROW;
      const ends = straight && p == pieces - 1; // in c
      let at = list + <usize>p * next;
      let tile = local;
      let to = c;
      for (let i = 0; i < here; i++, at += room, tile += BROAD_ROW, to += cRow) {
        row64(at + ENTRY, <usize>load<u32>(at), packed, p == 0 ? zeros : tile, ends ? to : tile);
      }
    }
    let tile = local;
    for (let i = 0; i < here; i++, tile += BROAD_ROW, c += cRow) {
      if (straight) continue;
      if (cols < BROAD) {
        putPart(tile, c, 4, cols, add);
      } else {
        addRow(tile, c);
        addRow(tile + (BROAD_ROW >> 1), c + (BROAD_ROW >> 1));
      }
    }
  }
}
