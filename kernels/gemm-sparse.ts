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
import { pairRows } from './sparse-pair';
import { firstRow, firstStep, PRODUCT, rowsIn, sparsePhases, SparseProduct, TILE } from './sparse-product';
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
    const lists = product.lists + <usize>(at >> 1) * <usize>product.steps * ENTRY;
    if (product.order != 0 && step == 0) pairRows(product, row, here, lists);
    for (let part = 0; part < product.parts; part++) listPart(product, part, step + part * product.steps, row, at >> 1, here);
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

/** Packs `kc` steps of up to a strip's columns of b, row after row. */
function packStrip(b: usize, bCol: usize, bStep: usize, to: usize, kc: i32, cols: i32): void {
  for (let j = 0; j < STRIP; j += 16) pack16(b + <usize>j * bCol, bCol, bStep, to + (<usize>j << 2), STRIP_ROW, kc, cols - j);
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

/** Strips of columns. */
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
  const steps = product.steps;
  const parts = product.parts;
  const kc = min(product.k - step, steps * parts);
  const finishes = step + kc >= product.k && (bias != 0 || activation != NO_ACTIVATION);
  const base = local + TILE;
  const strip = base + STRIP_ROW;
  memory.fill(base, 0, STRIP_ROW);
  const end = min((first + count) * STRIP, n);
  for (let j = first * STRIP; j < end; j += STRIP) {
    const cols = min(n - j, STRIP);
    const to = product.c + <usize>row * cRow + <usize>j * cCol;
    const b = product.b + <usize>j * bCol + <usize>step * product.bStep;
    if (background != 0) {
      packStrip(b, bCol, product.bStep, strip, kc, cols);
      sumStrip(strip, kc, background, base);
    }
    const order = product.order == 0 ? 0 : product.order + (<usize>row << 2);
    const from = order == 0 ? to : product.c + <usize>j * cCol; // rows of the order are counted from the first of all
    for (let part = 0; part < parts; part++) {
      const done = part * steps;
      const packed = strip + <usize>done * STRIP_ROW;
      if (background == 0) packStrip(b + <usize>done * product.bStep, bCol, product.bStep, packed, min(kc - done, steps), cols);
      const begin = part == 0 || background == 0 ? base : 0;
      const add = begin != 0 && step + part > 0;
      const lists = listsOf(product, part);
      multiplyPairs(lists, <usize>steps * ENTRY, endsOf(product, part), packed, begin, from, cRow, cCol, order, rows, cols, add, local);
    }
    if (finishes) finish(to, cRow, rows, cols, bias == 0 ? 0 : bias + (<usize>j << 2), activation);
  }
}

/** The product that `sparsePlan` has described, by this thread alone. */
export function sparseGemm(product: SparseProduct): void {
  const phases = sparsePhases(product);
  for (let phase = 0; phase < phases; phase++) {
    sparseList(product, phase, 0, sparseListUnits(product, phase));
    sparseTiles(product, phase, 0, sparseTileUnits(product), changetype<usize>(product) + PRODUCT);
  }
}
