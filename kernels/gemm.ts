/**
 * c = op(a) op(b), in blocks that stay in cache: KC steps of the inner sum at a time, of which MC rows of a and NC columns of b are packed.
 * A product small enough to live in the first cache anyway is taken from where it lies, and only what of b does not run along a row is packed.
 * Which way is taken follows from the shape alone, so the order of every sum does too.
 */
import { NO_ACTIVATION, RELU_ACTIVATION, TANH_ACTIVATION } from './codes';
import { sigmoid, tanh } from './functions';
import { rowsTimesColumns, rowsTimesRows } from './gemv';
import { micro, microInPlace } from './micro';
import { mergeTile, packStrips } from './pack';
import { storeUpTo } from './simd';

const KC: i32 = 320;
const MC: i32 = 128;
const NC: i32 = 1024;
/** Products of at most so many multiplications (and at most KC steps) are taken in place. */
const SMALL: f64 = 65536;

const TILE: usize = 128; // bytes of a 4x8 tile
const A_BYTES: usize = (MC * KC) << 2;

@inline
export function activate(x: v128, activation: i32): v128 {
  if (activation == RELU_ACTIVATION) return f32x4.pmax(x, f32x4.splat(0));
  if (activation == TANH_ACTIVATION) return tanh(x);
  return sigmoid(x);
}

/** c = f(c + bias) over rows of up to eight columns, just computed and still in the first cache. */
function finish(c: usize, ldc: usize, rows: i32, cols: i32, bias: usize, activation: i32): void {
  for (; cols > 0; cols -= 4, c += 16) {
    let shift = f32x4.splat(0);
    if (bias != 0) {
      shift = v128.load(bias);
      bias += 16;
    }
    let at = c;
    for (let i = rows; i > 0; i--, at += ldc) {
      let x = f32x4.add(v128.load(at), shift);
      if (activation != NO_ACTIVATION) x = activate(x, activation);
      storeUpTo(at, x, cols);
    }
  }
}

/** Rows of a below which b is not worth packing; and the longest inner sum that is then added up in one chain. */
const FEW: i32 = 4;
const LONG: i32 = 4096;

@inline
function isFew(m: i32, k: i32, transA: bool, transB: bool): bool {
  return m < FEW && k <= LONG && !(transA && transB) && k >= 8;
}

@inline
function isSmall(m: i32, n: i32, k: i32): bool {
  return k <= KC && <f64>m * <f64>n * <f64>k <= SMALL;
}

/** The size of blocks that split `total` into as few as blocks of at most `block` do, but evenly: a short last block is mostly overhead. */
@inline
function evenly(total: i32, block: i32): i32 {
  const blocks = max((total + block - 1) / block, 1);
  return ((total + blocks - 1) / blocks + 15) & ~15; // whole cache lines
}

/** Bytes of scratch memory that a product of this shape needs. */
export function gemmScratch(m: i32, n: i32, k: i32): usize {
  const kc = <usize>min(k, KC);
  if (isSmall(m, n, k)) return TILE + kc * 32;
  const strips = <usize>((min(n, NC) + 7) >> 3);
  return TILE + A_BYTES + strips * kc * 32;
}

/** `bias` is 0 where there is none. `scratch` has the room that `gemmScratch` says, and is aligned to 64 bytes. */
export function gemm(
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
  if (isSmall(m, n, k)) {
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
        if (!whole) mergeTile(scratch, tile, ldc, min(rows, 4), min(cols, 8), accumulate);
      }
      if (finishes) finish(to, ldc, m, min(cols, 8), bias == 0 ? 0 : bias + (<usize>j << 2), activation);
    }
    return;
  }

  const aPack = scratch + TILE;
  const bPack = aPack + A_BYTES;
  const most = evenly(k, KC);
  for (let jc = 0; jc < n; jc += NC) {
    const nc = min(n - jc, NC);
    for (let pc = 0; pc < k; pc += most) {
      const kc = min(k - pc, most);
      const last = pc + kc >= k;
      const add = accumulate || pc > 0;
      const bStrip = <usize>kc << 5;
      const aStrip = <usize>kc << 4;
      const bFrom = b + <usize>jc * bCol + <usize>pc * bStep;
      packStrips(bFrom, bCol, bStep, bPack, kc, nc, 2);
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(m - ic, MC);
        const aFrom = a + <usize>ic * aRow + <usize>pc * aStep;
        packStrips(aFrom, aRow, aStep, aPack, kc, mc, 1);
        for (let j = 0; j < nc; j += 8) {
          const cols = min(nc - j, 8);
          const strip = bPack + <usize>(j >> 3) * bStrip;
          const to = c + <usize>ic * ldc + (<usize>(jc + j) << 2);
          const whole = cols == 8 ? mc >> 2 : 0;
          micro(kc, aPack, strip, to, ldc, add, whole);
          for (let i = whole << 2; i < mc; i += 4) {
            micro(kc, aPack + <usize>(i >> 2) * aStrip, strip, scratch, 32, false, 1);
            mergeTile(scratch, to + <usize>i * ldc, ldc, min(mc - i, 4), cols, add);
          }
          if (last && finishes) finish(to, ldc, mc, cols, bias == 0 ? 0 : bias + (<usize>(jc + j) << 2), activation);
        }
      }
    }
  }
}
