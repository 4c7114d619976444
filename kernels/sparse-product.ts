/** What describes a product whose left operand is mostly one value, how it is divided into phases, and whether it is worth it. See gemm-sparse.ts. */
import { blocksOf, evenly, KC } from './gemm';
import { describe, Operands } from './operands';
import { WIDE } from './simd';
import { ENTRY, STRIP, STRIP_ROW, TOGETHER } from './sparse-list';
import { FAR_PIECE, NARROW, PIECE } from './sparse-wide';

/** Bytes of the rows of tiles that a thread holds. */
export const TILE: usize = (WIDE ? <usize>TOGETHER : 2) * STRIP_ROW;
/** Elements of a in a phase, about: beyond, lists would be read from memory. Fewer rows would have more of b packed again. */
const BLOCK: i32 = 401408;
/** Places that are looked at to see whether a product is worth it, and pairs at each, side by side: each place is a line or two of memory to wait for. */
const PLACES: i32 = 32;
const BESIDE: i32 = 8;
/** Places after which it is seen whether that is enough. */
const ROUND: i32 = 8;
/**
 * Steps of a block beside a background that is not 0, where the bits are not those of `gemm` anyway: with longer blocks there are fewer tiles to end. A strip then is
 * in the second cache, where what is wanted of it is known beforehand from the list.
 */
const FAR: i32 = 800;
/** Blocks of `gemm` that are listed at once at most. */
const MOST_PARTS: i32 = WIDE ? 4 : 3;
/** Rows of a strip whose sums are held while parts of it are multiplied. */
const HELD: i32 = 512;
/** Columns from which on strips are broad: of fewer, more would be left over. */
const BROAD_FROM: i32 = 480;
/** What pairs of rows that are alike spare, of what single rows would: the outputs of a layer for one example and another, and for one unit and another. */
const ALIKE: f64 = 0.25;
const ALIKE_BESIDE: f64 = 0.4;

/** A product, as it lies at the start of its scratch memory. */
@unmanaged
export class SparseProduct extends Operands {
  /** From a row of a to the next, in c; and from a column of b to the next. One of them is 4. */
  cRow: usize;
  cCol: usize;
  background: f32;
  /** Columns of a strip. */
  columns: i32;
  /** Parts of a phase, of `steps` steps each: all are listed, and then, strip by strip, multiplied one after the other. */
  parts: i32;
  /** Pieces of a part, of so many steps: what of a strip is in the first cache at a time. */
  pieces: i32;
  piece: i32;
  /** Rows, two by two, as they are paired; 0 where that is as they follow each other. */
  order: usize;
  /** Threads that share it out. */
  threads: i32;
  /** Where lists end, and the lists, of each group of rows. */
  ends: usize;
  lists: usize;
}

export const PRODUCT: usize = 128; // bytes of a SparseProduct, and some

/** Most steps of a part. */
@inline
function stepsOf(k: i32, zeros: bool): i32 {
  return evenly(k, zeros ? KC : FAR);
}

/** Parts of a phase. */
@inline
function partsOf(k: i32, zeros: bool): i32 {
  const blocks = blocksOf(k, stepsOf(k, zeros));
  return zeros ? blocksOf(blocks, blocksOf(blocks, MOST_PARTS)) : 1;
}

/** Rows of a phase: as few phases as there can be, of whole groups. */
@inline
function rowsOf(m: i32, steps: i32, parts: i32): i32 {
  const blocks = max(<i32>((<f64>m * <f64>(steps * parts)) / <f64>BLOCK + 0.5), 1);
  const rows = blocksOf(blocksOf(m, blocks), TOGETHER) * TOGETHER;
  return WIDE && parts > 1 ? min(rows, HELD) : rows;
}

/** Bytes of where the lists of a group end. */
@inline
export function endsBytes(parts: i32, pieces: i32): usize {
  return (4 + (<usize>(parts * pieces * (TOGETHER >> 1)) << 2) + 63) & ~63;
}

/** Bytes of the lists of a group. */
@inline
export function listBytes(steps: i32, parts: i32): usize {
  return <usize>((TOGETHER >> 1) * steps * parts) * ENTRY;
}

/** Pieces of a part. */
@inline
function piecesOf(steps: i32, zeros: bool): i32 {
  return WIDE ? blocksOf(steps, zeros ? PIECE : FAR_PIECE) : 1;
}

@inline
function orderBytes(m: i32): usize {
  return ((<usize>m << 2) + 63) & ~63;
}

/** Bytes of the lists of a phase. */
function phaseBytes(m: i32, k: i32, zeros: bool): usize {
  const steps = stepsOf(k, zeros);
  const parts = partsOf(k, zeros);
  return <usize>(rowsOf(m, steps, parts) / TOGETHER) * (endsBytes(parts, piecesOf(steps, zeros)) + listBytes(steps, parts));
}

/** Bytes of memory of its own that a thread needs for `sparseTiles`: tiles, what sums begin with, a strip, and sums. */
export function sparseLocal(k: i32): usize {
  return TILE + STRIP_ROW + <usize>(stepsOf(k, false) + (WIDE && k > KC ? HELD : 0)) * STRIP_ROW;
}

/** Bytes of scratch memory that a product of this shape needs. */
export function sparseScratch(m: i32, k: i32, threads: i32): usize {
  return PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m) + max(phaseBytes(m, k, true), phaseBytes(m, k, false));
}

/** Divides a product into phases, parts and pieces. */
function divide(product: SparseProduct): void {
  const k = product.k;
  const zeros = product.background == 0;
  product.columns = WIDE && product.n < BROAD_FROM ? NARROW : STRIP;
  product.steps = stepsOf(k, zeros);
  product.parts = partsOf(k, zeros);
  product.pieces = piecesOf(product.steps, zeros);
  product.piece = (blocksOf(product.steps, product.pieces) + 3) & ~3;
  product.rows = rowsOf(product.m, product.steps, product.parts);
  product.lists = product.ends + endsBytes(product.parts, product.pieces) * <usize>(product.rows / TOGETHER);
}

/** Whether row `row` and the next have nothing but the background at a step. */
@inline
function isBare(at: usize, next: usize, background: f32): bool {
  return load<f32>(at) == background && load<f32>(next) == background;
}

/** The share of pairs that would be multiplied, of those that were looked at. */
@inline
function shareOf(zeros: i32, firsts: i32, lone: i32, loneFirsts: i32, looked: i32, along: bool, pairs: bool): f64 {
  let bare = <f64>max(zeros, firsts);
  if (pairs) bare += (along ? ALIKE : ALIKE_BESIDE) * max(<f64>(zeros >= firsts ? lone : loneFirsts) - bare, 0);
  return 1 - bare / <f64>looked;
}

/** Whether a share is so far from where it matters that more places would not change what comes of it. */
@inline
function isClear(share: f64, place: i32): bool {
  return share > 0.95 || share < (place < 2 * ROUND - 1 ? 0.45 : 0.65);
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
  describe(product, a, b, c, m, n, k, transA, transB, bias, activation);
  product.threads = threads;
  product.cRow = transC ? 4 : <usize>n << 2;
  product.cCol = transC ? <usize>m << 2 : 4;
  product.order = transC ? 0 : scratch + PRODUCT + <usize>threads * sparseLocal(k);
  product.ends = scratch + PRODUCT + <usize>threads * sparseLocal(k) + orderBytes(m);

  const first = load<f32>(a);
  let zeros = 0;
  let firsts = 0;
  let lone = 0; // zeros of rows by themselves
  let loneFirsts = 0;
  let row: u32 = 0;
  let step: u32 = 0;
  let largest: f32 = 0; // of what is not the first element
  let looked = 0; // pairs
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
      const x = load<f32>(at);
      lone += <i32>(x == 0);
      loneFirsts += <i32>(x == first);
      if (x != first) largest = max(largest, abs(x));
    }
    looked += BESIDE;
    if ((i & (ROUND - 1)) == ROUND - 1 && isClear(shareOf(zeros, firsts, lone, loneFirsts, looked, along, product.order != 0), i)) break;
    random = random * 1664525 + 1013904223;
    row = ((random >>> 8) % <u32>m) & ~1;
    random = random * 1664525 + 1013904223;
    step = (random >>> 8) % <u32>k;
  }
  if (!(abs(first) <= largest)) firsts = 0;
  product.background = zeros >= firsts ? 0 : first;
  divide(product);
  return shareOf(zeros, firsts, lone, loneFirsts, looked, along, product.order != 0);
}

/** The background of a product that is described. */
export function sparseBackground(product: SparseProduct): f32 {
  return product.background;
}

/** Blocks of rows and steps, of which each is listed and then multiplied. */
export function sparsePhases(product: SparseProduct): i32 {
  return blocksOf(product.m, product.rows) * blocksOf(product.k, product.steps * product.parts);
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
