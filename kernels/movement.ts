/** Copies: strided, transposed, by index. Strides of `copy2d` count elements and may be 0 or negative; `cols` of the row kernels count elements. */
import { storeUpTo } from './simd';

@inline
function copyRow(from: usize, to: usize, n: i32): void {
  for (; n > 0; n -= 4, from += 16, to += 16) storeUpTo(to, v128.load(from), n);
}

/** Four rows of four become four columns of four. */
@inline
export function transpose4(from: usize, fromStride: usize, to: usize, toStride: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + fromStride);
  const r2 = v128.load(from + 2 * fromStride);
  const r3 = v128.load(from + 3 * fromStride);
  const low01 = v128.shuffle<i32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<i32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<i32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<i32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
  v128.store(to + toStride, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(to + 2 * toStride, v128.shuffle<i64>(high01, high23, 0, 2));
  v128.store(to + 3 * toStride, v128.shuffle<i64>(high01, high23, 1, 3));
}

function copyElements(from: usize, to: usize, rows: i32, cols: i32, fromRow: i32, fromCol: i32, toRow: i32, toCol: i32): void {
  for (; rows > 0; rows--, from += fromRow, to += toRow) {
    let x = from;
    let y = to;
    for (let j = cols; j > 0; j--, x += fromCol, y += toCol) store<f32>(y, load<f32>(x));
  }
}

export function copy2d(from: usize, to: usize, rows: i32, cols: i32, fromRow: i32, fromCol: i32, toRow: i32, toCol: i32): void {
  fromRow <<= 2;
  fromCol <<= 2;
  toRow <<= 2;
  toCol <<= 2;
  if (fromCol == 4 && toCol == 4) {
    for (; rows > 0; rows--, from += fromRow, to += toRow) copyRow(from, to, cols);
  } else if (fromCol == 0 && toCol == 4) {
    for (; rows > 0; rows--, from += fromRow, to += toRow) {
      const x = v128.load_splat<f32>(from);
      let y = to;
      for (let left = cols; left > 0; left -= 4, y += 16) storeUpTo(y, x, left);
    }
  } else if (fromRow == 4 && toCol == 4) {
    const wide = cols & ~3;
    for (; rows >= 4; rows -= 4, from += 16, to += toRow << 2) {
      let x = from;
      let y = to;
      for (let j = 0; j < wide; j += 4, x += fromCol << 2, y += 16) transpose4(x, fromCol, y, toRow);
      copyElements(x, y, 4, cols - wide, fromRow, fromCol, toRow, toCol);
    }
    copyElements(from, to, rows, cols, fromRow, fromCol, toRow, toCol);
  } else {
    copyElements(from, to, rows, cols, fromRow, fromCol, toRow, toCol);
  }
}

@inline
function indexAt(index: usize, i: i32): i32 {
  return <i32>load<f32>(index + (<usize>i << 2));
}

export function gatherRows(x: usize, index: usize, out: usize, rows: i32, cols: i32): void {
  const row = <usize>cols << 2;
  for (let i = 0; i < rows; i++, out += row) copyRow(x + <usize>indexAt(index, i) * row, out, cols);
}

/** out[i, :] = weight x[i, :] + rest from[index[i], :]. Each product is rounded, so that both builds agree. */
export function mixRows(x: usize, from: usize, index: usize, out: usize, rows: i32, cols: i32, weight: f32, rest: f32): void {
  const a = f32x4.splat(weight);
  const b = f32x4.splat(rest);
  for (let i = 0; i < rows; i++) {
    let other = from + (<usize>(indexAt(index, i) * cols) << 2);
    for (let left = cols; left > 0; left -= 4, x += 16, other += 16, out += 16) {
      storeUpTo(out, f32x4.add(f32x4.mul(v128.load(x), a), f32x4.mul(v128.load(other), b)), left);
    }
    if (cols & 3) {
      const past = <usize>(4 - (cols & 3)) << 2;
      x -= past;
      out -= past;
    }
  }
}

export function scatterAddRows(x: usize, index: usize, out: usize, rows: i32, cols: i32): void {
  const row = <usize>cols << 2;
  for (let i = 0; i < rows; i++) {
    let to = out + <usize>indexAt(index, i) * row;
    let from = x + <usize>i * row;
    for (let left = cols; left > 0; left -= 4, from += 16, to += 16) storeUpTo(to, f32x4.add(v128.load(to), v128.load(from)), left);
  }
}

export function pickColumns(x: usize, index: usize, out: usize, rows: i32, cols: i32): void {
  for (let i = 0; i < rows; i++, out += 4, x += <usize>cols << 2) store<f32>(out, load<f32>(x + (<usize>indexAt(index, i) << 2)));
}

/** `out` has been filled with zeros. */
export function unpickColumns(x: usize, index: usize, out: usize, rows: i32, cols: i32): void {
  for (let i = 0; i < rows; i++, x += 4, out += <usize>cols << 2) store<f32>(out + (<usize>indexAt(index, i) << 2), load<f32>(x));
}

@inline
function decode4(bytes: usize, table: usize, out: usize): void {
  const four = load<u32>(bytes);
  let y = v128.load32_zero(table + ((four & 0xff) << 2));
  y = v128.load_lane<f32>(table + ((four >>> 6) & 0x3fc), y, 1);
  y = v128.load_lane<f32>(table + ((four >>> 14) & 0x3fc), y, 2);
  y = v128.load_lane<f32>(table + ((four >>> 22) & 0x3fc), y, 3);
  v128.store(out, y);
}

/** out[i] = table[bytes[i]]: 256 values of float32. Pictures are zero for long stretches, which need no looking up. */
@inline
function decode(bytes: usize, table: usize, out: usize, n: i32): void {
  const zero = v128.load_splat<f32>(table);
  for (; n >= 16; n -= 16, bytes += 16, out += 64) {
    if (!v128.any_true(v128.load(bytes))) {
      v128.store(out, zero);
      v128.store(out, zero, 16);
      v128.store(out, zero, 32);
      v128.store(out, zero, 48);
      continue;
    }
    decode4(bytes, table, out);
    decode4(bytes + 4, table, out + 16);
    decode4(bytes + 8, table, out + 32);
    decode4(bytes + 12, table, out + 48);
  }
  for (; n >= 4; n -= 4, bytes += 4, out += 16) decode4(bytes, table, out);
  for (; n > 0; n--, bytes++, out += 4) store<f32>(out, load<f32>(table + (<usize>load<u8>(bytes) << 2)));
}

/** Bytes of rows that are touched before they are decoded, about: they stay in the second cache until then. */
const TOUCHED: i32 = 131072;
const CACHE_LINE: i32 = 64;

/**
 * out[i, :] = table[bytes[index[i], :]], where `index` holds whole numbers. Rows of a large array lie in no cache, so they are touched before they are needed: where
 * each begins, for the pages, and then line by line, since waits only overlap where nothing else is done between them.
 * Returns nothing of meaning; but what is touched must be used.
 */
export function decodeRows(bytes: usize, index: usize, table: usize, out: usize, rows: i32, cols: i32): i32 {
  const together = max(TOUCHED / max(cols, 1), 1);
  let touched = 0;
  for (let i = 0; i < rows; i += together) {
    const first = index + (<usize>i << 2);
    const end = index + (<usize>min(rows, i + together) << 2);
    for (let at = first; at != end; at += 4) touched += load<u8>(bytes + <usize>load<u32>(at) * <usize>cols);
    for (let at = first; at != end; at += 4) {
      const row = bytes + <usize>load<u32>(at) * <usize>cols;
      for (let j = 0; j < cols; j += CACHE_LINE) touched += load<u8>(row + j);
    }
    for (let at = first; at != end; at += 4, out += <usize>cols << 2) decode(bytes + <usize>load<u32>(at) * <usize>cols, table, out, cols);
  }
  return touched;
}
