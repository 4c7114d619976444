/** Which rows of a sparse product are listed together. */
import { SparseProduct } from './sparse-product';

/** Steps at which rows are compared to be paired. */
const LOOKS: i32 = 64;
/** Bytes of a row that has no partner yet: its number, and a bit for each step at which it was looked at and has something besides the background. */
const UNPAIRED: usize = 16;

/** Looks at `count` rows, from number `row` on, which run on in memory: at places of four steps. */
function lookAlong(product: SparseProduct, row: i32, count: i32, to: usize): void {
  const places = max(min(product.k >> 2, LOOKS >> 2), 1);
  const apart = <usize>((product.k >> 2) / places) << 4;
  const background = f32x4.splat(product.background);
  let at = product.a + <usize>row * product.aRow;
  for (let i = 0; i < count; i++, at += product.aRow, to += UNPAIRED) {
    let bits: u64 = 0;
    let from = at;
    for (let p = 0; p < places; p++, from += apart) bits = (bits << 4) | <u64>i32x4.bitmask(f32x4.ne(v128.load(from), background));
    store<u32>(to, row + i);
    store<u64>(to, bits, 8);
  }
}

/** The same of rows that lie side by side, four at a time; what that writes of rows that do not exist is not used. */
function lookBeside(product: SparseProduct, row: i32, count: i32, to: usize): void {
  const looks = min(product.k, LOOKS);
  const apart = <usize>(product.k / looks) * product.aStep;
  const background = f32x4.splat(product.background);
  let at = product.a + <usize>row * product.aRow;
  for (let i = 0; i < count; i += 4, at += 16, to += 4 * UNPAIRED) {
    let first = i32x4.splat(0);
    let second = i32x4.splat(0);
    let from = at;
    for (let p = 0; p < looks; p += 2, from += apart << 1) {
      first = i32x4.sub(i32x4.shl(first, 1), f32x4.ne(v128.load(from), background));
      second = i32x4.sub(i32x4.shl(second, 1), f32x4.ne(v128.load(p + 1 < looks ? from + apart : from), background));
    }
    const low = v128.shuffle<i32>(first, second, 0, 4, 1, 5);
    const high = v128.shuffle<i32>(first, second, 2, 6, 3, 7);
    store<u32>(to, row + i);
    v128.store64_lane(to, low, 0, 8);
    store<u32>(to, row + i + 1, 16);
    v128.store64_lane(to, low, 1, 24);
    store<u32>(to, row + i + 2, 32);
    v128.store64_lane(to, high, 0, 40);
    store<u32>(to, row + i + 3, 48);
    v128.store64_lane(to, high, 1, 56);
  }
}

/**
 * Pairs `left` rows from number `row` on: those that have something besides the background at about the same steps, which makes lists shorter. A row without a
 * partner comes last. `rows` is memory for UNPAIRED bytes each, and of up to three rows more.
 */
export function pairRows(product: SparseProduct, row: i32, left: i32, rows: usize): void {
  if (product.aStep == 4) lookAlong(product, row, left, rows);
  else lookBeside(product, row, left, rows);
  let to = product.order + (<usize>row << 2);
  let last = rows + <usize>left * UNPAIRED;
  for (; left > 1; left -= 2, to += 8) {
    last -= UNPAIRED;
    const bits = load<u64>(last, 8);
    let nearest = last - UNPAIRED;
    let least: u64 = 64 + 1;
    for (let other = rows; other != last; other += UNPAIRED) {
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
  if (left > 0) store<u32>(to, load<u32>(rows)); // only the last rows of all can be an odd number
}
