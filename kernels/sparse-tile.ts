/** Tiles of sparse products: two rows of c, and 16 columns. Of the build `wide`: sparse-wide.ts. */
import { madd, storeUpTo } from './simd';
import { ENTRY, STRIP } from './sparse-list';

/** Four numbers side by side. */
@inline
export function putVector(c: usize, x: v128, add: bool): void {
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

/**
 * Tiles of two rows of c and a strip's columns below each other, for `rows` rows: what is listed of each pair of rows, times a packed strip, beside what lies at `base`.
 * Lists follow each other; `ends` is where the end of the first is, and before it its beginning.
 */
export function narrowPairs(
  ends: usize, strip: usize, base: usize, c: usize, cRow: usize, cCol: usize, order: usize, rows: i32, cols: i32, add: bool, tile: usize,
): void {
  let one = c;
  let other = c + cRow;
  for (; rows > 0; rows -= 2, ends += 4, one += cRow << 1, other += cRow << 1) {
    if (order != 0) {
      one = c + <usize>load<u32>(order) * cRow;
      other = rows > 1 ? c + <usize>load<u32>(order, 4) * cRow : one;
      order += 8;
    }
    let x0 = v128.load(base);
    let x1 = v128.load(base, 16);
    let x2 = v128.load(base, 32);
    let x3 = v128.load(base, 48);
    let y0 = x0;
    let y1 = x1;
    let y2 = x2;
    let y3 = x3;
    const end = <usize>load<u32>(ends);
    for (let entry = <usize>load<u32>(ends - 4); entry != end; entry += ENTRY) {
      const b = strip + <usize>load<u32>(entry, 8);
      const x = v128.load_splat<f32>(entry);
      const y = v128.load_splat<f32>(entry, 4);
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
