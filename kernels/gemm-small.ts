/** Products that are taken from where they lie: of few rows or columns, or small enough to live in the first cache. */
import { NO_ACTIVATION } from './codes';
import { finish } from './epilogue';
import { rowsTimesColumns, rowsTimesFewRows, rowsTimesRows } from './gemv';
import { COLUMNS, microInPlace } from './micro';
import { mergeTile, packStrips } from './pack';

/** Steps that a small product has at most: a sum is then one chain, as within a block of a large product. */
const STEPS: i32 = 320;
/** Multiplications that a small product has at most. */
const SMALL: f64 = 65536;

/** Bytes of a tile of four rows of c. */
export const TILE: usize = <usize>COLUMNS << 4;

/** Rows of a below which b is not worth packing; and the longest inner sum that is then added up in one chain. */
const FEW: i32 = 4;
const LONG: i32 = 4096;

@inline
export function isFew(m: i32, k: i32, transA: bool, transB: bool): bool {
  return m < FEW && k <= LONG && !(transA && transB) && k >= 8;
}

/** Columns up to which a product of rows is taken from where it lies. */
const NARROW: i32 = 16;

/** Whether c has few columns, and both operands run along k. It does not depend on the number of rows, so that any of them may be computed alone. */
export function isNarrow(n: i32, k: i32, transA: bool, transB: bool): bool {
  return n <= NARROW && !transA && transB && k >= 24 && k <= LONG;
}

/** c = f(a bᵀ + bias), or added to c, for a product that is narrow; `bias` is 0 where there is none. */
export function gemmNarrow(a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, accumulate: bool, bias: usize, activation: i32): void {
  rowsTimesFewRows(a, b, c, m, n, k, accumulate);
  if (bias != 0 || activation != NO_ACTIVATION) finish(c, <usize>n << 2, m, n, bias, activation);
}

@inline
export function isSmall(m: i32, n: i32, k: i32): bool {
  return k <= STEPS && <f64>m * <f64>n * <f64>k <= SMALL;
}

/** Bytes of scratch memory that a small product needs. */
export function smallScratch(k: i32): usize {
  return TILE + <usize>k * 32;
}

/** A product that is few or small, as `gemm` has it. */
export function gemmSmall(
  a: usize, b: usize, c: usize, m: i32, n: i32, k: i32, transA: bool, transB: bool, accumulate: bool, bias: usize, activation: i32, scratch: usize,
): void {
  const aRow: usize = transA ? 4 : <usize>k << 2;
  const aStep: usize = transA ? <usize>m << 2 : 4;
  const bCol: usize = transB ? <usize>k << 2 : 4;
  const bStep: usize = transB ? 4 : <usize>n << 2;
  const ldc = <usize>n << 2;
  const finishes = bias != 0 || activation != NO_ACTIVATION;

  if (isFew(m, k, transA && m > 1, transB)) {
    if (transB) rowsTimesRows(a, b, c, m, n, k, accumulate);
    else rowsTimesColumns(a, aRow, aStep, b, c, m, n, k, accumulate);
    if (finishes) finish(c, ldc, m, n, bias, activation);
    return;
  }
  if (isNarrow(n, k, transA, transB)) {
    gemmNarrow(a, b, c, m, n, k, accumulate, bias, activation);
    return;
  }
  const strip = scratch + TILE;
  for (let j = 0; j < n; j += 8) {
    const cols = n - j;
    const full = cols >= 8;
    const from = b + <usize>j * bCol;
    const inPlace = full && !transB;
    if (!inPlace) packStrips(from, bCol, bStep, strip, k, min(cols, 8), 2);
    const to = c + (<usize>j << 2);
    for (let i = 0; i < m; i += 4) {
      const rows = m - i;
      const whole = full && rows >= 4;
      const tile = to + <usize>i * ldc;
      microInPlace(
        k, a + <usize>i * aRow, aRow, aStep, rows, inPlace ? from : strip, inPlace ? bStep : 32,
        whole ? tile : scratch, whole ? ldc : 32, whole && accumulate,
      );
      if (!whole) mergeTile(scratch, 32, tile, ldc, min(rows, 4), min(cols, 8), accumulate);
    }
    if (finishes) finish(to, ldc, m, min(cols, 8), bias == 0 ? 0 : bias + (<usize>j << 2), activation);
  }
}
