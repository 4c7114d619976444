/** Which rows of a sparse product are listed together. */
import { SparseProduct, UNPAIRED } from './sparse-product';

/** Rows among which a row's partner is looked for. */
const NEAR: i32 = 128;
/** Places of four steps each at which rows are compared to be paired. */
const PLACES: i32 = 16;

/**
 * Pairs rows that have something besides the background at about the same steps, which makes lists shorter. Done once a product has been described and
 * before anything is listed; where rows lie side by side, they stay as they are. A row without a partner comes last.
 */
export function sparsePair(product: SparseProduct): void {
  let to = product.order;
  if (to == 0) return;
  const places = max(min(product.k >> 2, PLACES), 1);
  const apart = <usize>((product.k >> 2) / places) << 4;
  const background = f32x4.splat(product.background);
  for (let row = 0; row < product.m; row += product.rows) {
    let left = min(product.m - row, product.rows);
    let last = product.ends;
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
      for (let other = last - <usize>min(left - 1, NEAR) * UNPAIRED; other != last; other += UNPAIRED) {
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
    if (left > 0) store<u32>(to, load<u32>(product.ends)); // all blocks but the last are of an even number of rows
  }
}
