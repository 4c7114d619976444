/** Which rows of a sparse product are listed together. */
import { SparseProduct } from './sparse-product';

/** Places of four steps each at which rows are compared to be paired. */
const PLACES: i32 = 16;
/** Bytes of a row that has no partner yet: its number, and a bit for each step at which it was looked at and has something besides the background. */
const UNPAIRED: usize = 16;

/**
 * Pairs `left` rows from number `row` on: those that have something besides the background at about the same steps, which makes lists shorter. A row without a
 * partner comes last. `rows` is memory for UNPAIRED bytes each.
 */
export function pairRows(product: SparseProduct, row: i32, left: i32, rows: usize): void {
  let to = product.order + (<usize>row << 2);
  const places = max(min(product.k >> 2, PLACES), 1);
  const apart = <usize>((product.k >> 2) / places) << 4;
  const background = f32x4.splat(product.background);
  let last = rows;
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
