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
import { WIDE } from './simd';
import { ENTRY, listAlong, listBeside, listBeside2, STRIP, STRIP_ROW, TOGETHER } from './sparse-list';
import { pairRows } from './sparse-pair';
import { endsBytes, firstRow, firstStep, listBytes, PRODUCT, rowsIn, sparsePhases, SparseProduct, TILE } from './sparse-product';
import { narrowPairs } from './sparse-tile';
import { NARROW, wideAcross, widePairs } from './sparse-wide';

/** Groups of rows that a phase lists. */
export function sparseListUnits(product: SparseProduct, phase: i32): i32 {
  return blocksOf(rowsIn(product, phase), TOGETHER);
}

/** Where the ends of the lists of a phase's group number `group` are, after a first number, which is where they begin. */
@inline
function endsOf(product: SparseProduct, group: i32): usize {
  return product.ends + <usize>group * endsBytes(product.parts, product.pieces) + 4;
}

/**
 * Lists `count` groups of rows of a phase from group number `first` on: one list after the other, in the order in which they are wanted, which is part by part, and of
 * each part piece by piece. Rows are paired once, where the first steps are listed.
 */
export function sparseList(product: SparseProduct, phase: i32, first: i32, count: i32): void {
  const rows = rowsIn(product, phase);
  const end = min(first + count, sparseListUnits(product, phase));
  for (let group = first; group < end; group++) {
    const done = group * TOGETHER;
    const here = min(rows - done, TOGETHER);
    const row = firstRow(product, phase) + done;
    let to = product.lists + <usize>group * listBytes(product.steps, product.parts);
    let ends = endsOf(product, group);
    if (product.order != 0 && firstStep(product, phase) == 0) pairRows(product, row, here, to);
    store<u32>(ends - 4, <u32>to);
    for (let part = 0; part < product.parts; part++) {
      const step = firstStep(product, phase) + part * product.steps;
      const kc = min(product.k - step, product.steps);
      for (let p = 0; p < product.pieces; p++, ends += <usize>(TOGETHER >> 1) << 2) {
        const from = p * product.piece;
        to = listPiece(product, step + from, min(kc - from, product.piece), from, row, here, to, ends);
      }
    }
  }
}

/** Lists two pairs of neighbours that lie side by side at once, each with memory enough, and then puts the second list behind the first. */
function listNeighbours(at: usize, step: usize, kc: i32, background: f32, to: usize, end: usize, offset: u32): usize {
  let from = to + <usize>kc * ENTRY;
  to = listBeside2(at, step, kc, background, to, from, end + 4, offset);
  store<u32>(end, <u32>to);
  const last = <usize>load<u32>(end, 4);
  const ends = to + (last - from);
  if (to != from) {
    for (; from < last; from += 16, to += 16) v128.store(to, v128.load(from));
  }
  store<u32>(end, <u32>ends, 4);
  return ends;
}

/** Lists `kc` steps of `left` rows, the first of which are a strip's from number `from` on. Returns where the last list ends, which is also where those of pairs that do not exist do. */
function listPiece(product: SparseProduct, step: i32, kc: i32, from: i32, row: i32, left: i32, to: usize, end: usize): usize {
  const aRow = product.aRow;
  const aStep = product.aStep;
  const start = product.a + <usize>step * aStep;
  const offset = <u32>from * <u32>STRIP_ROW;
  let order = product.order + (<usize>row << 2);
  for (const last = end + (<usize>(TOGETHER >> 1) << 2); end != last; end += 4, left -= 2, row += 2, order += 8) {
    if (product.order == 0 && aStep != 4 && left > 3) {
      to = listNeighbours(start + <usize>row * aRow, aStep, kc, product.background, to, end, offset);
      end += 4;
      left -= 2;
      row += 2;
    } else if (left > 0) {
      // a last row without another stands for both, and what comes of it the second time is left out
      const one = product.order == 0 ? <u32>row : load<u32>(order);
      const other = left == 1 ? one : product.order == 0 ? <u32>row + 1 : load<u32>(order, 4);
      const at = start + <usize>one * aRow;
      const beside = start + <usize>other * aRow;
      to = aStep == 4
        ? listAlong(at, beside, kc, product.background, to, offset)
        : listBeside(at, beside, aStep, kc, product.background, to, offset);
    }
    store<u32>(end, <u32>to);
  }
  return to;
}

/** Packs `kc` steps of up to a strip's columns of b, as many as a tile has. */
function packStrip(b: usize, bCol: usize, bStep: usize, to: usize, kc: i32, cols: i32): void {
  const width = WIDE && cols <= NARROW ? NARROW : STRIP;
  for (let j = 0; j < width; j += 16) pack16(b + <usize>j * bCol, bCol, bStep, to + (<usize>j << 2), STRIP_ROW, kc, cols - j);
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

/** Strips below which the rows of all of them are divided, and how many shares there are to be then. */
const FEW_STRIPS: i32 = 8;
const MANY_SHARES: i32 = 16;
/**
 * Strips whose rows are divided where there are more, and into how many shares: threads wait for each other's last. Which is in the middle where two come from both ends
 * (`Pool`), and else at the end.
 */
const LAST_STRIPS: i32 = 2;
const LAST_SHARES: i32 = 4;

@inline
function stripsOf(product: SparseProduct): i32 {
  return blocksOf(product.n, product.columns);
}

/** Strips whose rows are not divided. */
@inline
function wholeStrips(product: SparseProduct): i32 {
  const strips = stripsOf(product);
  return strips < FEW_STRIPS ? 0 : strips - LAST_STRIPS;
}

/** Shares into which the rows of the other strips are divided, by whole groups. Each packs the strip for itself, unless the same thread goes on with the next. */
@inline
function sharesOf(product: SparseProduct, phase: i32): i32 {
  const strips = stripsOf(product);
  const most = strips < FEW_STRIPS ? MANY_SHARES / strips : LAST_SHARES;
  return max(min(most, rowsIn(product, phase) / TOGETHER), 1);
}

/** Strips of columns, or shares of them. */
export function sparseTileUnits(product: SparseProduct, phase: i32): i32 {
  const whole = wholeStrips(product);
  return whole + (stripsOf(product) - whole) * sharesOf(product, phase);
}

/** Multiplies groups of rows of a strip, from group number `group` on: b's columns at `b`, into c from `column` on. */
function multiplyStrip(product: SparseProduct, phase: i32, b: usize, column: usize, group: i32, groups: i32, cols: i32, local: usize): void {
  const parts = product.parts;
  const background = product.background;
  const base = local + TILE;
  const strip = base + STRIP_ROW;
  const sums = strip + <usize>product.steps * STRIP_ROW;
  const across = product.cRow == 4;
  memory.fill(base, 0, STRIP_ROW);
  for (let part = 0; part < parts; part++) {
    const step = firstStep(product, phase) + part * product.steps;
    const kc = min(product.k - step, product.steps);
    if (kc <= 0) break;
    packStrip(b + <usize>step * product.bStep, product.bCol, product.bStep, strip, kc, cols);
    if (background != 0) sumStrip(strip, kc, background, base);
    const begins = step == 0;
    const last = part == parts - 1 || step + kc == product.k;
    for (let i = 0; i < groups; i++) {
      const done = (group + i) * TOGETHER;
      const rows = min(rowsIn(product, phase) - done, TOGETHER);
      const row = firstRow(product, phase) + done;
      const ends = endsOf(product, group + i) + (<usize>(part * product.pieces * (TOGETHER >> 1)) << 2);
      const order = product.order == 0 ? 0 : product.order + (<usize>row << 2);
      const c = order == 0 ? column + <usize>row * product.cRow : column; // rows of the order are counted from the first of all
      if (!WIDE) {
        narrowPairs(ends, strip, base, c, product.cRow, product.cCol, order, rows, cols, !begins, local);
      } else if (across) {
        wideAcross(ends, product.pieces, strip, base, c, product.cCol, rows, cols, !begins, local);
      } else {
        // sums of a part go on with those of the part before, and the first's with what the phase before has left in c
        const held = sums + <usize>(i * TOGETHER) * STRIP_ROW;
        const opens = part == 0;
        widePairs(
          ends, product.pieces, strip, base, begins ? 0 : opens ? c : held, opens ? product.cRow : STRIP_ROW, opens ? order : 0, last ? c : held,
          last ? product.cRow : STRIP_ROW, last ? order : 0, rows, cols, local,
        );
      }
    }
  }
}

/** Multiplies `count` strips, or shares of them, from number `first` on by what a phase has listed. `local` is what `sparseLocal` says. */
export function sparseTiles(product: SparseProduct, phase: i32, first: i32, count: i32, local: usize): void {
  const finishes = firstStep(product, phase) + product.steps * product.parts >= product.k && (product.bias != 0 || product.activation != NO_ACTIVATION);
  const whole = wholeStrips(product);
  const shares = sharesOf(product, phase);
  const before = product.threads == 2 ? whole >> 1 : whole; // strips before those that are divided
  const behind = before + (stripsOf(product) - whole) * shares; // units before those behind
  const all = sparseListUnits(product, phase);
  const share = blocksOf(all, shares);
  const end = min(first + count, sparseTileUnits(product, phase));
  while (first < end) {
    let strip = first;
    let group = 0;
    let groups = all;
    let here = 1;
    if (first >= behind) {
      strip = first - behind + before + (stripsOf(product) - whole);
    } else if (first >= before) {
      const at = (first - before) % shares;
      strip = before + (first - before) / shares;
      here = min(end - first, shares - at);
      group = at * share;
      groups = min(all - group, here * share);
    }
    first += here;
    if (groups <= 0) continue;
    const j = strip * product.columns;
    const cols = min(product.n - j, product.columns);
    const column = product.c + <usize>j * product.cCol;
    const bias = product.bias == 0 ? 0 : product.bias + (<usize>j << 2);
    multiplyStrip(product, phase, product.b + <usize>j * product.bCol, column, group, groups, cols, local);
    if (!finishes) continue;
    const row = firstRow(product, phase) + group * TOGETHER;
    const rows = min(firstRow(product, phase) + rowsIn(product, phase) - row, groups * TOGETHER);
    finish(column + <usize>row * product.cRow, product.cRow, rows, cols, bias, product.activation);
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
