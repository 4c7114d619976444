/**
 * Products whose left operand is mostly one value, its background: zeros that a ReLU has left, the paper of a scan. A pair of rows of a is listed by what
 * it has besides, and only that is multiplied: a[i, k] = g + a'[i, k] gives c[i, j] = g Σ_k b[k, j] + Σ a'[i, k] b[k, j], the latter over the list.
 *
 * Sums go in the order of k and, beside a background of 0, in blocks of k as in gemm.ts. A zero adds nothing to a sum, so there the bits are those of `gemm`.
 */
import { NO_ACTIVATION } from './codes';
import { finish } from './epilogue';
import { blocksOf } from './gemm';
import { pack4, packAlong8, packBeside16 } from './pack';
import { madd, storeUpTo } from './simd';
import { ENTRY, listAlong, listBeside, listBeside2, STRIP_ROW } from './sparse-list';
import { sparsePair } from './sparse-pair';
import { firstRow, firstStep, PRODUCT, rowsIn, sparsePhases, SparseProduct, TILE } from './sparse-product';

/** Columns of b that are packed together. */
const STRIP: i32 = 16;

/** Pairs of rows that a phase lists. */
export function sparseListUnits(product: SparseProduct, phase: i32): i32 {
  return (rowsIn(product, phase) + 1) >> 1;
}

/** Lists `count` pairs of rows of a phase from pair number `first` on. */
export function sparseList(product: SparseProduct, phase: i32, first: i32, count: i32): void {
  const aRow = product.aRow;
  const aStep = product.aStep;
  const background = product.background;
  const step = firstStep(product, phase);
  const kc = min(product.k - step, product.steps);
  const room = <usize>product.steps * ENTRY;
  const row = firstRow(product, phase) + 2 * first;
  let left = min(product.m - row, 2 * count);
  const start = product.a + <usize>step * aStep;
  let at = start + <usize>row * aRow;
  let order = product.order + (<usize>row << 2);
  let to = product.lists + <usize>first * room;
  let end = product.ends + (<usize>first << 2);
  while (left > 0) {
    if (left > 3 && aStep != 4) {
      store<u32>(end, <u32>listBeside2(at, aStep, kc, background, to, to + room, end + 4));
      left -= 4;
      at += aRow << 2;
      to += room << 1;
      end += 8;
      continue;
    }
    // a last row without another stands for both, and what comes of it the second time is left out
    if (aStep == 4) {
      const one = start + <usize>load<u32>(order) * aRow;
      const other = left > 1 ? start + <usize>load<u32>(order, 4) * aRow : one;
      store<u32>(end, <u32>listAlong(one, other, kc, background, to));
      order += 8;
    } else {
      store<u32>(end, <u32>listBeside(at, aStep, left == 1, kc, background, to));
    }
    left -= 2;
    at += aRow << 1;
    to += room;
    end += 4;
  }
}

/** Packs `kc` steps of up to sixteen columns of b, as rows of sixteen. */
function packStrip(b: usize, bCol: usize, bStep: usize, to: usize, kc: i32, cols: i32): void {
  if (cols >= STRIP && bCol == 4) {
    packBeside16(b, bStep, to, to + 16, to + 32, to + 48, STRIP_ROW, kc);
  } else if (cols >= STRIP) {
    packAlong8(b, bCol, to, to + 16, STRIP_ROW, kc);
    packAlong8(b + (bCol << 3), bCol, to + 32, to + 48, STRIP_ROW, kc);
  } else {
    for (let j = 0; j < STRIP; j += 4) pack4(b + <usize>j * bCol, bCol, bStep, to + (<usize>j << 2), STRIP_ROW, kc, cols - j);
  }
}

/** background Σ_k b[k, j] over a packed strip. */
function sumStrip(strip: usize, kc: i32, background: f32, to: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  for (; kc > 0; kc--, strip += STRIP_ROW) {
    s0 = f32x4.add(s0, v128.load(strip));
    s1 = f32x4.add(s1, v128.load(strip, 16));
    s2 = f32x4.add(s2, v128.load(strip, 32));
    s3 = f32x4.add(s3, v128.load(strip, 48));
  }
  const g = f32x4.splat(background);
  v128.store(to, f32x4.mul(g, s0));
  v128.store(to, f32x4.mul(g, s1), 16);
  v128.store(to, f32x4.mul(g, s2), 32);
  v128.store(to, f32x4.mul(g, s3), 48);
}

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
function putPart(tile: usize, c: usize, cCol: usize, cols: i32, add: bool): void {
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
 * Tiles of 2 x 16 below each other, for `rows` rows: what is listed of each pair of rows, times a packed strip. Lists are `room` bytes apart. A sum begins
 * with what lies at `base`.
 */
function multiplyPairs(
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
    let x0 = v128.load(base);
    let x1 = v128.load(base, 16);
    let x2 = v128.load(base, 32);
    let x3 = v128.load(base, 48);
    let y0 = x0;
    let y1 = x1;
    let y2 = x2;
    let y3 = x3;
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

/** Strips of sixteen columns. */
export function sparseTileUnits(product: SparseProduct): i32 {
  return blocksOf(product.n, STRIP);
}

/** Multiplies `count` strips from strip number `first` on by what a phase has listed. `local` is what `sparseLocal` says. */
export function sparseTiles(product: SparseProduct, phase: i32, first: i32, count: i32, local: usize): void {
  const bCol = product.bCol;
  const cRow = product.cRow;
  const cCol = product.cCol;
  const n = product.n;
  const background = product.background;
  const bias = product.bias;
  const activation = product.activation;
  const row = firstRow(product, phase);
  const rows = rowsIn(product, phase);
  const step = firstStep(product, phase);
  const kc = min(product.k - step, product.steps);
  const add = step > 0;
  const finishes = step + kc >= product.k && (bias != 0 || activation != NO_ACTIVATION);
  const base = local + TILE;
  const strip = base + STRIP_ROW;
  memory.fill(base, 0, STRIP_ROW);
  const end = min((first + count) * STRIP, n);
  for (let j = first * STRIP; j < end; j += STRIP) {
    const cols = min(n - j, STRIP);
    const to = product.c + <usize>row * cRow + <usize>j * cCol;
    packStrip(product.b + <usize>j * bCol + <usize>step * product.bStep, bCol, product.bStep, strip, kc, cols);
    if (background != 0) sumStrip(strip, kc, background, base);
    const order = product.order == 0 ? 0 : product.order + (<usize>row << 2);
    const from = order == 0 ? to : product.c + <usize>j * cCol; // rows of the order are counted from the first of all
    multiplyPairs(product.lists, <usize>product.steps * ENTRY, product.ends, strip, base, from, cRow, cCol, order, rows, cols, add, local);
    if (finishes) finish(to, cRow, rows, cols, bias == 0 ? 0 : bias + (<usize>j << 2), activation);
  }
}

/** The product that `sparsePlan` has described, by this thread alone. */
export function sparseGemm(product: SparseProduct): void {
  sparsePair(product);
  const phases = sparsePhases(product);
  for (let phase = 0; phase < phases; phase++) {
    sparseList(product, phase, 0, sparseListUnits(product, phase));
    sparseTiles(product, phase, 0, sparseTileUnits(product), changetype<usize>(product) + PRODUCT);
  }
}
