/**
 * c = op(a) op(b), in blocks that stay in cache: KC steps of the inner sum at a time, of which MC rows of a and NC columns of b are packed.
 * A product small enough to live in the first cache anyway is taken from where it lies, and only what of b does not run along a row is packed.
 * Which way is taken follows from the shape alone, so the order of every sum does too.
 *
 * Where c has few rows, each part of b is wanted but once: whoever multiplies by it packs it, into memory of its own that stays in the first cache.
 *
 * A blocked product is a row of phases, each of which packs and then multiplies. Within a phase all strips may be packed, and then all tiles be computed,
 * in any order and by any thread; one thread alone goes through the same phases in `gemm`.
 */
import { NO_ACTIVATION } from './codes';
import { finish } from './epilogue';
import { gemmSmall, isFew, isNarrow, isSmall, smallScratch, TILE } from './gemm-small';
import { COLUMNS, micro } from './micro';
import { describe, Operands } from './operands';
import { mergeTile, packStrips } from './pack';

export const KC: i32 = 320;
const MC: i32 = 128;
const NC: i32 = 1024;
/** Rows of a that are packed together where several threads compute with them. */
const SHARED_ROWS: i32 = 1024;
/** Lines that are packed together: whole cache lines of either operand. */
const UNIT: i32 = 16;
/** Rows of c that are few: so many rows of a, packed, stay in the second cache. */
const FEW_ROWS: i32 = 256;

/** The size of blocks that split `total` into as few as blocks of at most `block` do, but evenly: a short last block is mostly overhead. */
@inline
export function evenly(total: i32, block: i32): i32 {
  const blocks = max((total + block - 1) / block, 1);
  return ((total + blocks - 1) / blocks + 15) & ~15; // whole cache lines
}

@inline
export function blocksOf(total: i32, block: i32): i32 {
  return (total + block - 1) / block;
}

/** A blocked product, as it lies at the start of its scratch memory. */
@unmanaged
class Product extends Operands {
  accumulate: bool;
  /** Most columns of a phase. */
  columns: i32;
  /** Whether b is packed by whoever multiplies by it. */
  packsOwn: bool;
  aPack: usize;
  bPack: usize;
}

/** Bytes of a row of a tile. */
const ROW: usize = <usize>COLUMNS << 2;

const PRODUCT: usize = 128; // bytes of a Product, and some

@inline
function mostRows(m: i32, threads: i32): i32 {
  return threads == 1 && m > FEW_ROWS ? MC : min((m + UNIT - 1) & -UNIT, SHARED_ROWS);
}

/** Bytes of memory of its own that a thread needs for `gemmTiles`: for a tile, and for what it packs of b. */
export function gemmLocal(m: i32, k: i32): usize {
  return m > FEW_ROWS ? TILE : TILE + ((<usize>min(k, KC) * UNIT) << 2);
}

/** Bytes of scratch memory that a product of this shape needs. */
export function gemmScratch(m: i32, n: i32, k: i32, threads: i32): usize {
  if (isSmall(m, n, k)) return smallScratch(k);
  const kc = <usize>min(k, KC);
  const columns: usize = m > FEW_ROWS ? <usize>((min(n, NC) + UNIT - 1) & -UNIT) : 0;
  return PRODUCT + <usize>threads * gemmLocal(m, k) + ((kc * (<usize>mostRows(m, threads) + columns)) << 2);
}

/** Describes a blocked product at `scratch`, which has the room that `gemmScratch` says and is aligned to 64 bytes. Returns the number of its phases. */
export function gemmPlan(
  a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, accumulate: bool, bias: usize, activation: i32, scratch: usize,
  threads: i32,
): i32 {
  const product = changetype<Product>(scratch);
  describe(product, a, b, c, m, n, k, transA, transB, bias, activation);
  product.accumulate = accumulate;
  product.steps = evenly(k, KC);
  product.rows = mostRows(m, threads);
  product.packsOwn = m <= FEW_ROWS;
  product.columns = product.packsOwn ? n : NC;
  product.aPack = scratch + PRODUCT + <usize>threads * gemmLocal(m, k);
  product.bPack = product.aPack + ((<usize>min(k, KC) * <usize>product.rows) << 2);
  return blocksOf(n, product.columns) * blocksOf(k, product.steps) * blocksOf(m, product.rows);
}

// Of a phase: the first column, step and row. Rows go round fastest, so that what was packed of b serves all of them.

@inline
function firstRow(product: Product, phase: i32): i32 {
  return (phase % blocksOf(product.m, product.rows)) * product.rows;
}

@inline
function firstStep(product: Product, phase: i32): i32 {
  return ((phase / blocksOf(product.m, product.rows)) % blocksOf(product.k, product.steps)) * product.steps;
}

@inline
function firstColumn(product: Product, phase: i32): i32 {
  return (phase / (blocksOf(product.m, product.rows) * blocksOf(product.k, product.steps))) * product.columns;
}

/** Units that a phase packs beforehand: of a, then, where the phase begins with the first row, of b. */
export function gemmPackUnits(product: Product, phase: i32): i32 {
  const row = firstRow(product, phase);
  const ofA = blocksOf(min(product.m - row, product.rows), UNIT);
  return row > 0 || product.packsOwn ? ofA : ofA + blocksOf(min(product.n - firstColumn(product, phase), product.columns), UNIT);
}

/** Packs `count` units from unit number `first` on. */
export function gemmPack(product: Product, phase: i32, first: i32, count: i32): void {
  const row = firstRow(product, phase);
  const step = firstStep(product, phase);
  const kc = min(product.k - step, product.steps);
  const unit = (<usize>kc * UNIT) << 2;
  const mc = min(product.m - row, product.rows);
  const ofA = blocksOf(mc, UNIT);
  if (first < ofA) {
    const lines = min(mc - first * UNIT, count * UNIT);
    const from = product.a + <usize>(row + first * UNIT) * product.aRow + <usize>step * product.aStep;
    packStrips(from, product.aRow, product.aStep, product.aPack + <usize>first * unit, kc, lines, 1);
  }
  const end = first + count - ofA;
  if (end > 0) {
    first = max(first - ofA, 0);
    const column = firstColumn(product, phase);
    const lines = min(min(product.n - column, product.columns), end * UNIT) - first * UNIT;
    packColumns(product, column + first * UNIT, lines, step, kc, product.bPack + <usize>first * unit);
  }
}

@inline
function packColumns(product: Product, column: i32, columns: i32, step: i32, kc: i32, to: usize): void {
  const from = product.b + <usize>column * product.bCol + <usize>step * product.bStep;
  packStrips(from, product.bCol, product.bStep, to, kc, columns, COLUMNS >> 2);
}

/** Units that a phase multiplies: strips of b, for each block of MC rows; where each thread packs its own, sixteen columns and all rows. */
export function gemmTileUnits(product: Product, phase: i32): i32 {
  const columns = min(product.n - firstColumn(product, phase), product.columns);
  if (product.packsOwn) return blocksOf(columns, UNIT);
  return blocksOf(columns, COLUMNS) * blocksOf(min(product.m - firstRow(product, phase), product.rows), MC);
}

/** `mc` rows of up to a strip's columns of c, from strips of a and one of b. `bias` is that of the first column, or 0. */
@inline
function multiply(
  kc: i32, aPack: usize, strip: usize, c: usize, ldc: usize, mc: i32, cols: i32, add: bool, finishes: bool, bias: usize, activation: i32, tile: usize,
): void {
  const whole = cols == COLUMNS ? mc >> 2 : 0;
  micro(kc, aPack, strip, c, ldc, add, whole);
  for (let i = whole << 2; i < mc; i += 4) {
    micro(kc, aPack + ((<usize>i * <usize>kc) << 2), strip, tile, ROW, false, 1);
    mergeTile(tile, ROW, c + <usize>i * ldc, ldc, min(mc - i, 4), cols, add);
  }
  if (finishes) finish(c, ldc, mc, cols, bias, activation);
}

/** Multiplies `count` units from unit number `first` on, where everything is packed. `local` is what `gemmLocal` says. */
export function gemmTiles(product: Product, phase: i32, first: i32, count: i32, local: usize): void {
  const row = firstRow(product, phase);
  const step = firstStep(product, phase);
  const column = firstColumn(product, phase);
  const kc = min(product.k - step, product.steps);
  const nc = min(product.n - column, product.columns);
  const ldc = <usize>product.n << 2;
  const add = product.accumulate || step > 0;
  const bias = product.bias;
  const activation = product.activation;
  const finishes = step + kc >= product.k && (bias != 0 || activation != NO_ACTIVATION);
  const strips = blocksOf(nc, COLUMNS);
  let ic = product.packsOwn ? 0 : (first / strips) * MC;
  let j = product.packsOwn ? first * UNIT : (first % strips) * COLUMNS;
  let strip = product.bPack + ((<usize>j * <usize>kc) << 2);
  if (product.packsOwn) count = blocksOf(min(nc - j, count * UNIT), COLUMNS);
  for (; count > 0; count--) {
    if (product.packsOwn && (j & 15) == 0) {
      strip = local + TILE;
      packColumns(product, column + j, min(nc - j, UNIT), step, kc, strip);
    }
    const mc = min(min(product.m - row, product.rows) - ic, product.packsOwn ? FEW_ROWS : MC);
    const to = product.c + <usize>(row + ic) * ldc + (<usize>(column + j) << 2);
    multiply(
      kc, product.aPack + ((<usize>ic * <usize>kc) << 2), strip, to, ldc, mc, min(nc - j, COLUMNS), add, finishes,
      bias == 0 ? 0 : bias + (<usize>(column + j) << 2), activation, local,
    );
    j += COLUMNS;
    strip += <usize>kc * ROW;
    if (j >= nc && !product.packsOwn) {
      j = 0;
      strip = product.bPack;
      ic += MC;
    }
  }
}

/** c = op(a) op(b), by this thread alone. `bias` is 0 where there is none. `scratch` has the room that `gemmScratch` says, and is aligned to 64 bytes. */
export function gemm(
  a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, accumulate: bool, bias: usize, activation: i32, scratch: usize,
): void {
  if (isFew(m, k, transA && m > 1, transB) || isNarrow(n, k, transA, transB) || isSmall(m, n, k)) {
    gemmSmall(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, scratch);
    return;
  }
  const phases = gemmPlan(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, scratch, 1);
  const product = changetype<Product>(scratch);
  for (let phase = 0; phase < phases; phase++) {
    gemmPack(product, phase, 0, gemmPackUnits(product, phase));
    gemmTiles(product, phase, 0, gemmTileUnits(product, phase), scratch + PRODUCT);
  }
}
