/**
 * Products whose left operand is mostly one value, its background: zeros that a ReLU has left, the paper of a scan. A pair of rows of a is listed by what
 * it has besides, and only that is multiplied: a[i, k] = g + a'[i, k] gives c[i, j] = g Σ_k b[k, j] + Σ a'[i, k] b[k, j], the latter over the list.
 *
 * Sums go in blocks of k as in gemm.ts and in the order of k. A zero adds nothing to a sum, so with a background of 0 the bits are those of `gemm`.
 */
import { NO_ACTIVATION } from './codes';
import { finish } from './epilogue';
import { blocksOf, evenly, KC } from './gemm';
import { pack4, packAlong8, packBeside16 } from './pack';
import { madd, storeUpTo } from './simd';
import { ENTRY, listAlong, listBeside, listBeside2, STRIP_ROW } from './sparse-list';

/** Columns of b that are packed together. */
const STRIP: i32 = 16;
/** Bytes that two rows of a strip take. */
const TILE: usize = 128;
/** Elements of a in a phase, about: beyond, lists would be read from memory. Fewer rows would have more of b packed again. */
const BLOCK: i32 = 401408;
/** Pairs that are looked at to see whether a product is worth it. */
const SAMPLES: i32 = 256;
/**
 * Steps of a block beside a background that is not 0, where the bits are not those of `gemm` anyway. A strip then is in the second cache, which gives what is
 * wanted of it, known beforehand from the list, as fast as it is multiplied; and there are fewer tiles to end.
 */
const FAR: i32 = 800;
/** Rows among which a row's partner is looked for. */
const NEAR: i32 = 128;
/** Places of four steps each at which rows are compared to be paired. */
const PLACES: i32 = 16;

/** A product, as it lies at the start of its scratch memory. Strides are bytes. */
@unmanaged
class SparseProduct {
  a: usize;
  aRow: usize;
  aStep: usize;
  b: usize;
  bCol: usize;
  bStep: usize;
  c: usize;
  /** From a row of a to the next, in c; and from a column of b to the next. One of them is 4. */
  cRow: usize;
  cCol: usize;
  m: i32;
  n: i32;
  k: i32;
  bias: usize;
  activation: i32;
  background: f32;
  /** Most steps and rows of a phase. */
  steps: i32;
  rows: i32;
  /** Rows, two by two, as they are paired; 0 where that is as they follow each other. */
  order: usize;
  /** Where the list of each pair of rows ends; and the lists, with room for `steps` entries each. */
  ends: usize;
  lists: usize;
}

const PRODUCT: usize = 128; // bytes of a SparseProduct, and some

/** Rows of a phase: as few phases as there can be, of an even number of rows. */
@inline
function rowsOf(m: i32, steps: i32): i32 {
  const blocks = max(<i32>((<f64>m * <f64>steps) / <f64>BLOCK + 0.5), 1);
  return (blocksOf(m, blocks) + 1) & ~1;
}

@inline
function endsBytes(rows: i32): usize {
  return ((<usize>rows << 1) + 63) & ~63;
}

@inline
function orderBytes(m: i32): usize {
  return ((<usize>m << 2) + 63) & ~63;
}

/** Bytes of memory of its own that a thread needs for `sparseTiles`. */
export function sparseLocal(k: i32): usize {
  return TILE + STRIP_ROW + <usize>evenly(k, FAR) * STRIP_ROW;
}

/** Bytes of scratch memory that a product of this shape needs. */
export function sparseScratch(m: i32, k: i32, threads: i32): usize {
  const rows = rowsOf(m, evenly(k, KC));
  const lists = endsBytes(rows) + <usize>(rows >> 1) * <usize>evenly(k, FAR) * ENTRY;
  return PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m) + max(lists, <usize>rows * UNPAIRED);
}

/** Whether row `row` and the next have nothing but the background at a step. */
@inline
function isBare(at: usize, next: usize, background: f32): bool {
  return load<f32>(at) == background && load<f32>(next) == background;
}

/**
 * Describes c = op(a) op(b) at `scratch`, which has the room that `sparseScratch` says and is aligned to 64 bytes. `transC` says that c is [n, m].
 * Returns the share of a's pairs that would have to be multiplied, as far as a sample shows it: of 0 or of a's first element, whichever spares more.
 * The latter may be no larger than other numbers of a: beside a background of -999, what differs from it would lose digits.
 */
export function sparsePlan(
  a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, transC: bool, bias: usize, activation: i32, scratch: usize,
  threads: i32,
): f64 {
  const product = changetype<SparseProduct>(scratch);
  product.a = a;
  product.aRow = transA ? 4 : <usize>k << 2;
  product.aStep = transA ? <usize>m << 2 : 4;
  product.b = b;
  product.bCol = transB ? <usize>k << 2 : 4;
  product.bStep = transB ? 4 : <usize>n << 2;
  product.c = c;
  product.cRow = transC ? 4 : <usize>n << 2;
  product.cCol = transC ? <usize>m << 2 : 4;
  product.m = m;
  product.n = n;
  product.k = k;
  product.bias = bias;
  product.activation = activation;
  product.order = transA ? 0 : scratch + PRODUCT + <usize>threads * sparseLocal(k);
  product.ends = scratch + PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m);

  const first = load<f32>(a);
  let zeros = 0;
  let firsts = 0;
  let row: u32 = 0;
  let step: u32 = 0;
  let largest: f32 = 0; // of what is not the first element
  let random: u32 = 1; // a linear congruential sequence, of which the upper bits are used
  for (let i = 0; i < SAMPLES; i++) {
    const at = a + <usize>row * product.aRow + <usize>step * product.aStep;
    const next = <i32>row + 1 < m ? at + product.aRow : at;
    zeros += <i32>isBare(at, next, 0);
    firsts += <i32>isBare(at, next, first);
    const x = load<f32>(at);
    if (x != first) largest = max(largest, abs(x));
    random = random * 1664525 + 1013904223;
    row = ((random >>> 8) % <u32>m) & ~1;
    random = random * 1664525 + 1013904223;
    step = (random >>> 8) % <u32>k;
  }
  if (!(abs(first) <= largest)) firsts = 0;
  product.background = zeros >= firsts ? 0 : first;
  product.steps = evenly(k, zeros >= firsts ? KC : FAR);
  product.rows = rowsOf(m, product.steps);
  product.lists = product.ends + endsBytes(product.rows);
  return 1 - <f64>max(zeros, firsts) / <f64>SAMPLES;
}

/** Bytes of a row that has no partner yet: its number, and a bit for each step at which it was looked at and has something besides the background. */
const UNPAIRED: usize = 16;

/**
 * Pairs rows that have something besides the background at about the same steps, which makes lists shorter. Done once a product has been described and
 * before anything is listed; where rows lie side by side, they stay as they are. A row without a partner comes last.
 */
export function sparsePair(product: SparseProduct): void {
  let to = product.order;
  if (to == 0) return;
  const places = max(min(product.k >> 2, PLACES), 1);
  const apart = <usize>((product.k >> 2) / places) << 4;
  const background = f32x4.splat(product.background);
  for (let row = 0; row < product.m; row += product.rows) {
    let left = min(product.m - row, product.rows);
    let last = product.ends;
    let at = product.a + <usize>row * product.aRow;
    for (let i = 0; i < left; i++, at += product.aRow, last += UNPAIRED) {
      let bits: u64 = 0;
      let from = at;
      for (let p = 0; p < places; p++, from += apart) bits = (bits << 4) | <u64>i32x4.bitmask(f32x4.ne(v128.load(from), background));
      store<u32>(last, row + i);
      store<u64>(last, bits, 8);
    }
    for (; left > 1; left -= 2, to += 8) {
      last -= UNPAIRED;
      const bits = load<u64>(last, 8);
      let nearest = last - UNPAIRED;
      let least: u64 = 64 + 1;
      for (let other = last - <usize>min(left - 1, NEAR) * UNPAIRED; other != last; other += UNPAIRED) {
        const differ = popcnt<u64>(load<u64>(other, 8) ^ bits);
        if (differ < least) {
          least = differ;
          nearest = other;
        }
      }
      store<u32>(to, load<u32>(last));
      store<u32>(to, load<u32>(nearest), 4);
      last -= UNPAIRED;
      v128.store(nearest, v128.load(last)); // the one before takes its place
    }
    if (left > 0) {
      store<u32>(to, load<u32>(product.ends));
      to += 4;
    }
  }
}

/** Parts of rows and steps, of which each is listed and then multiplied. */
export function sparsePhases(product: SparseProduct): i32 {
  return blocksOf(product.m, product.rows) * blocksOf(product.k, product.steps);
}

// Of a phase: the first row, how many there are, and the first step.

@inline
function firstRow(product: SparseProduct, phase: i32): i32 {
  return (phase % blocksOf(product.m, product.rows)) * product.rows;
}

@inline
function rowsIn(product: SparseProduct, phase: i32): i32 {
  return min(product.m - firstRow(product, phase), product.rows);
}

@inline
function firstStep(product: SparseProduct, phase: i32): i32 {
  return (phase / blocksOf(product.m, product.rows)) * product.steps;
}

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
