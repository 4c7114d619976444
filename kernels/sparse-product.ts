/** What describes a product whose left operand is mostly one value, how it is divided into phases, and whether it is worth it. See gemm-sparse.ts. */
import { blocksOf, evenly, KC } from './gemm';
import { describe, Operands } from './operands';
import { WIDE } from './simd';
import { ENTRY, STRIP, STRIP_ROW } from './sparse-list';
import { BROAD, BROAD_ROW, BROAD_TILES, listBytes, PIECE } from './sparse-single';

/** Bytes of the rows of tiles that a thread holds: two, or sixteen where c is written across (sparse-tile.ts). */
export const TILE: usize = (WIDE ? 16 : 2) * STRIP_ROW;
/** Elements of a in a phase, about: beyond, lists would be read from memory. Fewer rows would have more of b packed again. */
const BLOCK: i32 = 401408;
/** Places that are looked at to see whether a product is worth it, and pairs at each, side by side: each place is a line or two of memory to wait for. */
const PLACES: i32 = 32;
const BESIDE: i32 = 8;
/**
 * Steps of a block beside a background that is not 0, where the bits are not those of `gemm` anyway: with longer blocks there are fewer tiles to end. A strip then is
 * in the second cache, where what is wanted of it is known beforehand from the list.
 */
const FAR: i32 = 800;
/** Steps of a part of such a block: so much of a strip is mostly found in the first cache. */
const PART: i32 = WIDE ? 400 : 800;
/** Parts of a block of that length, which may also be blocks of `gemm`. */
const MOST_PARTS: usize = 3;
/** Columns from which on rows may go one by one, as strips are broad there, and steps, as they are cut into pieces. */
const BROAD_FROM: i32 = 256;
const DEEP_FROM: i32 = 192;
/**
 * Steps up to which a step of rows that go one by one costs so much more than one of pairs; beyond, what lists and tiles wait for makes up for that. There
 * src/backend/wasm/sparse.ts has another share from which on nothing is left out, so the number is the same there.
 */
const LONG: i32 = 640;
const DEARER: f64 = 1.4;

/** A product, as it lies at the start of its scratch memory. */
@unmanaged
export class SparseProduct extends Operands {
  /** From a row of a to the next, in c; and from a column of b to the next. One of them is 4. */
  cRow: usize;
  cCol: usize;
  background: f32;
  /** Parts of a phase, of `steps` steps each: all are listed, and then, strip by strip, multiplied one after the other. */
  parts: i32;
  /** Whether rows go one by one (sparse-single.ts), in so many pieces of a part, and of so many steps. */
  single: bool;
  pieces: i32;
  piece: i32;
  /** Rows, two by two, as they are paired; 0 where that is as they follow each other. */
  order: usize;
  /** Where the list of each pair of rows ends, part by part; and the lists, with room for `steps` entries each. */
  ends: usize;
  lists: usize;
}

export const PRODUCT: usize = 128; // bytes of a SparseProduct, and some

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
  const ofPairs = TILE + STRIP_ROW + <usize>evenly(k, FAR) * STRIP_ROW;
  return WIDE ? max(ofPairs, BROAD_TILES + <usize>evenly(k, KC) * BROAD_ROW) : ofPairs;
}

/** Bytes of scratch memory that a product of this shape needs. */
export function sparseScratch(m: i32, k: i32, threads: i32): usize {
  const rows = rowsOf(m, evenly(k, KC));
  const steps = evenly(k, FAR) + <i32>MOST_PARTS * 16; // each part may have up to 15 steps more than there are
  const ofPairs = endsBytes(rows) * MOST_PARTS + <usize>(rows >> 1) * <usize>steps * ENTRY;
  // the pieces of a part begin with where they end, and may have up to 4 steps more; there are at most 4
  const lists = WIDE ? max(ofPairs, endsBytes(rows) * MOST_PARTS + <usize>(rows + 3) * listBytes(steps + 64)) : ofPairs;
  return PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m) + lists;
}

/** Divides a product into phases and parts. Beside a background that is not 0, a part goes on in c with the sums of the one before, so c's columns must run on. */
function divide(product: SparseProduct, transC: bool): void {
  const k = product.k;
  product.steps = evenly(k, product.background == 0 ? KC : transC || k > FAR ? FAR : PART);
  product.parts = k > FAR ? 1 : blocksOf(k, product.steps);
  product.rows = rowsOf(product.m, product.steps * product.parts);
  product.lists = product.ends + endsBytes(product.rows) * product.parts;
  if (WIDE) {
    product.pieces = blocksOf(product.steps, PIECE);
    product.piece = (blocksOf(product.steps, product.pieces) + 3) & ~3;
  }
}

/** Whether row `row` and the next have nothing but the background at a step. */
@inline
function isBare(at: usize, next: usize, background: f32): bool {
  return load<f32>(at) == background && load<f32>(next) == background;
}

/**
 * Describes c = op(a) op(b) at `scratch`, which has the room that `sparseScratch` says and is aligned to 64 bytes. `transC` says that c is [n, m].
 * Returns the share of a's pairs that would have to be multiplied, as far as a sample shows it: of 0 or of a's first element, whichever spares more. Where rows go one by
 * one, it is the share of pairs that would take as long.
 * The latter may be no larger than other numbers of a: beside a background of -999, what differs from it would lose digits.
 */
export function sparsePlan(
  a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, transC: bool, bias: usize, activation: i32, scratch: usize,
  threads: i32,
): f64 {
  const product = changetype<SparseProduct>(scratch);
  describe(product, a, b, c, m, n, k, transA, transB, bias, activation);
  product.cRow = transC ? 4 : <usize>n << 2;
  product.cCol = transC ? <usize>m << 2 : 4;
  product.order = transA ? 0 : scratch + PRODUCT + <usize>threads * sparseLocal(k);
  product.ends = scratch + PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m);

  const first = load<f32>(a);
  let zeros = 0;
  let firsts = 0;
  let singles = 0; // zeros of rows by themselves
  let row: u32 = 0;
  let step: u32 = 0;
  let largest: f32 = 0; // of what is not the first element
  let random: u32 = 1; // a linear congruential sequence, of which the upper bits are used
  const along = product.aStep == 4; // else rows are side by side
  for (let i = 0; i < PLACES; i++) {
    for (let j = 0; j < BESIDE; j++) {
      const r = along ? <i32>row : min(<i32>row + 2 * j, (m - 1) & ~1);
      const s = along ? min(<i32>step + j, k - 1) : <i32>step;
      const at = a + <usize>r * product.aRow + <usize>s * product.aStep;
      const next = r + 1 < m ? at + product.aRow : at;
      zeros += <i32>isBare(at, next, 0);
      firsts += <i32>isBare(at, next, first);
      if (WIDE) singles += <i32>(load<f32>(at) == 0) + <i32>(load<f32>(next) == 0);
      const x = load<f32>(at);
      if (x != first) largest = max(largest, abs(x));
    }
    random = random * 1664525 + 1013904223;
    row = ((random >>> 8) % <u32>m) & ~1;
    random = random * 1664525 + 1013904223;
    step = (random >>> 8) % <u32>k;
  }
  if (!(abs(first) <= largest)) firsts = 0;
  product.background = zeros >= firsts ? 0 : first;
  divide(product, transC);
  const share = 1 - <f64>max(zeros, firsts) / <f64>(PLACES * BESIDE);
  if (!WIDE) return share;
  const alone = (1 - <f64>singles / <f64>(2 * PLACES * BESIDE)) * (k > LONG ? 1 : DEARER);
  product.single = product.background == 0 && !transC && n >= BROAD_FROM && k >= DEEP_FROM && alone < share;
  if (product.single) product.order = 0;
  return product.single ? alone : share;
}

/** The background of a product that is described. */
export function sparseBackground(product: SparseProduct): f32 {
  return product.background;
}

/** Blocks of rows and steps, of which each is listed and then multiplied. */
export function sparsePhases(product: SparseProduct): i32 {
  return blocksOf(product.m, product.rows) * blocksOf(product.k, product.steps * product.parts);
}

/** Columns of a strip. */
@inline
export function columnsOf(product: SparseProduct): i32 {
  return WIDE && product.single ? BROAD : STRIP;
}

// Of a phase: the first row, how many there are, and the first step.

@inline
export function firstRow(product: SparseProduct, phase: i32): i32 {
  return (phase % blocksOf(product.m, product.rows)) * product.rows;
}

@inline
export function rowsIn(product: SparseProduct, phase: i32): i32 {
  return min(product.m - firstRow(product, phase), product.rows);
}

@inline
export function firstStep(product: SparseProduct, phase: i32): i32 {
  return (phase / blocksOf(product.m, product.rows)) * product.steps * product.parts;
}
