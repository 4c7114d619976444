/**
 * Products whose left operand is mostly one value, its background: zeros that a ReLU has left, the paper of a scan. A pair of rows of a is listed by what
 * it has besides, and only that is multiplied: a[i, k] = g + a'[i, k] gives c[i, j] = g Σ_k b[k, j] + Σ a'[i, k] b[k, j], the latter over the list.
 *
 * Sums go in the order of k and, beside a background of 0, in blocks of k as in gemm.ts. A zero adds nothing to a sum, so there the bits are those of `gemm`.
 */
import { NO_ACTIVATION } from './codes';
import { finish } from './epilogue';
import { blocksOf } from './gemm';
import { pack16 } from './pack';
import { ENTRY, listAlong, listBeside, listBeside2, STRIP, STRIP_ROW } from './sparse-list';
import { WIDE } from './simd';
import { pairRows } from './sparse-pair';
import { columnsOf, firstRow, firstStep, PRODUCT, rowsIn, sparsePhases, SparseProduct, TILE } from './sparse-product';
import { BROAD_ROW, BROAD_TILES, listBytes, listFour, listRow, multiplyRows } from './sparse-single';
import { multiplyPairs } from './sparse-tile';

/** Rows that are listed at a time, and among which a row's partner is looked for: their lists begin with memory enough for that. */
const GROUP: i32 = 64;

/** Groups of rows that a phase lists. */
export function sparseListUnits(product: SparseProduct, phase: i32): i32 {
  return blocksOf(rowsIn(product, phase), GROUP);
}

/** Where part `part` of the lists of a phase begins. */
@inline
function listsOf(product: SparseProduct, part: i32): usize {
  return product.lists + <usize>part * <usize>(product.rows >> 1) * <usize>product.steps * ENTRY;
}

/** Where the ends of part `part` of the lists begin. */
@inline
function endsOf(product: SparseProduct, part: i32): usize {
  return product.ends + <usize>part * ((product.lists - product.ends) / product.parts);
}

/** Lists `count` groups of rows of a phase from group number `first` on. Rows are paired once, where the first steps are listed; where they lie side by side, neighbours are. */
export function sparseList(product: SparseProduct, phase: i32, first: i32, count: i32): void {
  const step = firstStep(product, phase);
  const rows = rowsIn(product, phase);
  const end = min((first + count) * GROUP, rows);
  for (let at = first * GROUP; at < end; at += GROUP) {
    const here = min(end - at, GROUP);
    const row = firstRow(product, phase) + at;
    if (WIDE && product.single) {
      listRows(product, step, row, at, here);
      continue;
    }
    const lists = product.lists + <usize>(at >> 1) * <usize>product.steps * ENTRY;
    if (product.order != 0 && step == 0) pairRows(product, row, here, lists);
    for (let part = 0; part < product.parts; part++) listPart(product, part, step + part * product.steps, row, at >> 1, here);
  }
}

/** Where the list of a phase's row number `row` is, of piece number `piece` of all its parts. */
@inline
function listOf(product: SparseProduct, piece: i32, row: i32): usize {
  return product.lists + <usize>(piece * ((product.rows + 3) & ~3) + row) * listBytes(product.piece);
}

/** Lists `count` rows from `row` on one by one, which are the phase's from number `first` on. */
function listRows(product: SparseProduct, step: i32, row: i32, first: i32, count: i32): void {
  const room = listBytes(product.piece);
  const rows = product.a + <usize>row * product.aRow;
  for (let p = 0; p < product.parts * product.pieces; p++) {
    const part = p / product.pieces;
    const done = (p % product.pieces) * product.piece;
    const from = step + part * product.steps + done;
    const kc = max(min(product.k - from, min(product.steps - done, product.piece)), 0);
    let at = rows + <usize>from * product.aStep;
    let list = listOf(product, p, first);
    if (product.aStep == 4) {
      for (let i = 0; i < count; i++, at += product.aRow, list += room) listRow(at, kc, list);
    } else {
      for (let i = 0; i < count; i += 4, at += 16, list += room << 2) listFour(at, product.aStep, kc, list, room);
    }
  }
}

/** Lists part `part`, which begins at `step`, of `left` rows from `row` on, whose pairs are the phase's from number `first` on. */
function listPart(product: SparseProduct, part: i32, step: i32, row: i32, first: i32, left: i32): void {
  const aRow = product.aRow;
  const aStep = product.aStep;
  const background = product.background;
  const kc = min(product.k - step, product.steps);
  const room = <usize>product.steps * ENTRY;
  const start = product.a + <usize>step * aStep;
  let at = start + <usize>row * aRow;
  let order = product.order + (<usize>row << 2);
  let to = listsOf(product, part) + <usize>first * room;
  let end = endsOf(product, part) + (<usize>first << 2);
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

/** Packs `kc` steps of up to a strip's columns of b, row after row of `row` bytes. */
function packStrip(b: usize, bCol: usize, bStep: usize, to: usize, row: usize, kc: i32, cols: i32): void {
  for (let j = 0; j < <i32>(row >> 2); j += 16) pack16(b + <usize>j * bCol, bCol, bStep, to + (<usize>j << 2), row, kc, cols - j);
}

/** background Σ_k b[k, j] over a packed strip. */
function sumStrip(strip: usize, kc: i32, background: f32, to: usize): void {
  const g = f32x4.splat(background);
  for (let j: usize = 0; j < STRIP_ROW; j += 64) {
    let s0 = f32x4.splat(0);
    let s1 = f32x4.splat(0);
    let s2 = f32x4.splat(0);
    let s3 = f32x4.splat(0);
    let at = strip + j;
    for (let left = kc; left > 0; left--, at += STRIP_ROW) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, 16));
      s2 = f32x4.add(s2, v128.load(at, 32));
      s3 = f32x4.add(s3, v128.load(at, 48));
    }
    v128.store(to + j, f32x4.mul(g, s0));
    v128.store(to + j, f32x4.mul(g, s1), 16);
    v128.store(to + j, f32x4.mul(g, s2), 32);
    v128.store(to + j, f32x4.mul(g, s3), 48);
  }
}

/** Strips below which their rows are divided: else threads would wait for each other's last strip. */
const MANY_STRIPS: i32 = 16;

/** Rows of the smallest share of a strip: whole groups of tiles, and of rows among which partners were found. */
@inline
function leastShare(product: SparseProduct): i32 {
  return product.order == 0 ? GROUP >> 1 : GROUP;
}

/** Shares into which the rows of a phase's strips are divided. Each packs the strip for itself, unless the same thread goes on with the next. */
@inline
function sharesOf(product: SparseProduct, phase: i32): i32 {
  return max(min(MANY_STRIPS / blocksOf(product.n, columnsOf(product)), rowsIn(product, phase) / leastShare(product)), 1);
}

/** Strips of columns, or shares of them. */
export function sparseTileUnits(product: SparseProduct, phase: i32): i32 {
  return blocksOf(product.n, columnsOf(product)) * sharesOf(product, phase);
}

/** `rows` rows of a strip, from the phase's number `first` on, that go two by two: b's columns at `b`, into c from `column` on. */
function stripOfPairs(product: SparseProduct, phase: i32, b: usize, column: usize, first: i32, rows: i32, cols: i32, local: usize): void {
  const bCol = product.bCol;
  const bStep = product.bStep;
  const background = product.background;
  const steps = product.steps;
  const step = firstStep(product, phase);
  const row = firstRow(product, phase) + first;
  const left = product.k - step;
  const base = local + TILE;
  const strip = base + STRIP_ROW;
  if (background != 0) {
    const kc = min(left, steps * product.parts);
    packStrip(b, bCol, bStep, strip, STRIP_ROW, kc, cols);
    sumStrip(strip, kc, background, base);
  } else {
    memory.fill(base, 0, STRIP_ROW);
  }
  const order = product.order == 0 ? 0 : product.order + (<usize>row << 2);
  const to = order == 0 ? column + <usize>row * product.cRow : column; // rows of the order are counted from the first of all
  const room = <usize>steps * ENTRY;
  const pair = <usize>(first >> 1);
  for (let part = 0; part < product.parts; part++) {
    const done = part * steps;
    const packed = strip + <usize>done * STRIP_ROW;
    if (background == 0) packStrip(b + <usize>done * bStep, bCol, bStep, packed, STRIP_ROW, min(left - done, steps), cols);
    const begin = part == 0 || background == 0 ? base : 0;
    const add = begin != 0 && step + part > 0;
    const lists = listsOf(product, part) + pair * room;
    multiplyPairs(lists, room, endsOf(product, part) + (pair << 2), packed, begin, to, product.cRow, product.cCol, order, rows, cols, add, local);
  }
}

/** The same of rows that go one by one. */
function stripOfRows(product: SparseProduct, phase: i32, b: usize, column: usize, first: i32, rows: i32, cols: i32, local: usize): void {
  const steps = product.steps;
  const pieces = product.pieces;
  const piece = product.piece;
  const step = firstStep(product, phase);
  const strip = local + BROAD_TILES;
  const next = listOf(product, 1, 0) - listOf(product, 0, 0);
  const to = column + <usize>(firstRow(product, phase) + first) * product.cRow;
  for (let part = 0; part < product.parts; part++) {
    const done = part * steps;
    const kc = min(product.k - step - done, steps);
    packStrip(b + <usize>done * product.bStep, product.bCol, product.bStep, strip, BROAD_ROW, kc, cols);
    const lists = listOf(product, part * pieces, first);
    multiplyRows(lists, listBytes(piece), next, pieces, piece, strip, to, product.cRow, rows, cols, step + part > 0, local);
  }
}

/** Multiplies `count` strips, or shares of them, from number `first` on by what a phase has listed. `local` is what `sparseLocal` says. */
export function sparseTiles(product: SparseProduct, phase: i32, first: i32, count: i32, local: usize): void {
  const bias = product.bias;
  const all = rowsIn(product, phase);
  const step = firstStep(product, phase);
  const finishes = step + product.steps * product.parts >= product.k && (bias != 0 || product.activation != NO_ACTIVATION);
  const columns = columnsOf(product);
  const shares = sharesOf(product, phase);
  const least = leastShare(product);
  const share = blocksOf(blocksOf(all, shares), least) * least;
  const end = min(first + count, sparseTileUnits(product, phase));
  while (first < end) {
    const j = (first / shares) * columns;
    const row = (first % shares) * share;
    const here = min(end - first, shares - (first % shares));
    first += here;
    const rows = min(all - row, here * share);
    if (rows <= 0) continue;
    const cols = min(product.n - j, columns);
    const column = product.c + <usize>j * product.cCol;
    const b = product.b + <usize>j * product.bCol + <usize>step * product.bStep;
    if (WIDE && product.single) stripOfRows(product, phase, b, column, row, rows, cols, local);
    else stripOfPairs(product, phase, b, column, row, rows, cols, local);
    if (!finishes) continue;
    const to = column + <usize>(firstRow(product, phase) + row) * product.cRow;
    finish(to, product.cRow, rows, cols, bias == 0 ? 0 : bias + (<usize>j << 2), product.activation);
  }
}

/** The product that `sparsePlan` has described, by this thread alone. */
export function sparseGemm(product: SparseProduct): void {
  const phases = sparsePhases(product);
  for (let phase = 0; phase < phases; phase++) {
    sparseList(product, phase, 0, sparseListUnits(product, phase));
    sparseTiles(product, phase, 0, sparseTileUnits(product, phase), changetype<usize>(product) + PRODUCT);
  }
}
