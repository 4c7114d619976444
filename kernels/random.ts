/**
 * Threefry-2x32 with 20 rounds, four blocks at a time (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * Word i of a sequence: j = counter + i (modulo 2^32); block = threefry(key, (j >>> 1, 0)); the word is block[j & 1].
 */
import { log } from './log';
import { constant, madd, storeUpTo, WIDE } from './simd';
import { sin } from './trigonometry';

const COUNTING: usize = memory.data<i32>([0, 1, 2, 3, 4, 5, 6, 7]);

@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** Half a round; the other half is a += b. */
@inline
function mix(a: v128, b: v128, by: i32): v128 {
  return v128.xor(rotate(b, by), a);
}

/** The words of the blocks block0 to block0 + 3, eight in order, to `words`. */
export function eightWords(key0: u32, key1: u32, block0: u32, words: usize): void {
  const key2 = key0 ^ key1 ^ 0x1bd11bda;
  const counter = v128.and(i32x4.add(i32x4.splat(block0), i32x4(0, 1, 2, 3)), i32x4.splat(0x7fffffff));
  let a = i32x4.add(counter, i32x4.splat(key0));
  let b = i32x4.splat(key1);
  // after every four rounds one key of the three is added, in turn, and the number of the addition
  a = i32x4.add(a, b);
  b = mix(a, b, 13);
  a = i32x4.add(a, b);
  b = mix(a, b, 15);
  a = i32x4.add(a, b);
  b = mix(a, b, 26);
  a = i32x4.add(a, b);
  b = mix(a, b, 6);
  a = i32x4.add(a, i32x4.splat(key1));
  b = i32x4.add(b, i32x4.splat(key2 + 1));
  a = i32x4.add(a, b);
  b = mix(a, b, 17);
  a = i32x4.add(a, b);
  b = mix(a, b, 29);
  a = i32x4.add(a, b);
  b = mix(a, b, 16);
  a = i32x4.add(a, b);
  b = mix(a, b, 24);
  a = i32x4.add(a, i32x4.splat(key2));
  b = i32x4.add(b, i32x4.splat(key0 + 2));
  a = i32x4.add(a, b);
  b = mix(a, b, 13);
  a = i32x4.add(a, b);
  b = mix(a, b, 15);
  a = i32x4.add(a, b);
  b = mix(a, b, 26);
  a = i32x4.add(a, b);
  b = mix(a, b, 6);
  a = i32x4.add(a, i32x4.splat(key0));
  b = i32x4.add(b, i32x4.splat(key1 + 3));
  a = i32x4.add(a, b);
  b = mix(a, b, 17);
  a = i32x4.add(a, b);
  b = mix(a, b, 29);
  a = i32x4.add(a, b);
  b = mix(a, b, 16);
  a = i32x4.add(a, b);
  b = mix(a, b, 24);
  a = i32x4.add(a, i32x4.splat(key1));
  b = i32x4.add(b, i32x4.splat(key2 + 4));
  a = i32x4.add(a, b);
  b = mix(a, b, 13);
  a = i32x4.add(a, b);
  b = mix(a, b, 15);
  a = i32x4.add(a, b);
  b = mix(a, b, 26);
  a = i32x4.add(a, b);
  b = mix(a, b, 6);
  a = i32x4.add(a, i32x4.splat(key2));
  b = i32x4.add(b, i32x4.splat(key0 + 5));
  v128.store(words, v128.shuffle<i32>(a, b, 0, 4, 1, 5));
  v128.store(words, v128.shuffle<i32>(a, b, 2, 6, 3, 7), 16);
}

// What is kept beside sixteen words and sixteen more: where joined vectors come apart again, and the keys, each in two vectors.
const APART: usize = 128;
const KEYS: usize = 256;
/** Bytes of memory that `twiceSixteenWords` works with. */
export const WORDS: usize = KEYS + 64 + 5 * 64;

/** Two vectors of a key. */
@inline
function putKey(at: usize, key: u32): void {
  const k = i32x4.splat(key);
  v128.store(at, k);
  v128.store(at, k, 16);
}

/** Keys for `twiceSixteenWords`: the two that blocks begin with, and of the three those two that are added after every four rounds, in turn, with the number of the addition. */
export function putKeys(key0: u32, key1: u32, words: usize): void {
  let x = key0;
  let y = key1;
  let z = key0 ^ key1 ^ 0x1bd11bda;
  for (let number: u32 = 0, at = words + KEYS; number <= 5; number++, at += 64) {
    putKey(at, x);
    putKey(at + 32, y + number);
    const t = x;
    x = y;
    y = z;
    z = t;
  }
}

/**
 * The words of eight blocks from `first` on, sixteen in order, to `words`, and those from `second` on behind them, by the keys that are put there. Four groups of four blocks
 * go side by side: each is one long chain of operations that wait for one another.
 */
export function twiceSixteenWords(first: u32, second: u32, words: usize): void {
  const last = i32x4.splat(0x7fffffff);
  const low = v128.load(COUNTING);
  const high = v128.load(COUNTING, 16);
  let a = v128.and(i32x4.add(i32x4.splat(first), low), last);
  let c = v128.and(i32x4.add(i32x4.splat(first), high), last);
  let e = v128.and(i32x4.add(i32x4.splat(second), low), last);
  let g = v128.and(i32x4.add(i32x4.splat(second), high), last);
  let b = i32x4.splat(0);
  let d = b;
  let f = b;
  let h = b;
  for (let keys = words + KEYS, number = 0; ; keys += 64, number++) {
    // two vectors of a key are loaded one after the other, else the engine does not join them
    a = i32x4.add(a, v128.load(keys));
    c = i32x4.add(c, v128.load(keys, 16));
    e = i32x4.add(e, v128.load(keys));
    g = i32x4.add(g, v128.load(keys, 16));
    b = i32x4.add(b, v128.load(keys, 32));
    d = i32x4.add(d, v128.load(keys, 48));
    f = i32x4.add(f, v128.load(keys, 32));
    h = i32x4.add(h, v128.load(keys, 48));
    if (number == 5) break;
    if ((number & 1) == 0) {
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 13);
      d = mix(c, d, 13);
      f = mix(e, f, 13);
      h = mix(g, h, 13);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 15);
      d = mix(c, d, 15);
      f = mix(e, f, 15);
      h = mix(g, h, 15);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 26);
      d = mix(c, d, 26);
      f = mix(e, f, 26);
      h = mix(g, h, 26);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 6);
      d = mix(c, d, 6);
      f = mix(e, f, 6);
      h = mix(g, h, 6);
    } else {
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 17);
      d = mix(c, d, 17);
      f = mix(e, f, 17);
      h = mix(g, h, 17);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 29);
      d = mix(c, d, 29);
      f = mix(e, f, 29);
      h = mix(g, h, 29);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 16);
      d = mix(c, d, 16);
      f = mix(e, f, 16);
      h = mix(g, h, 16);
      a = i32x4.add(a, b);
      c = i32x4.add(c, d);
      e = i32x4.add(e, f);
      g = i32x4.add(g, h);
      b = mix(a, b, 24);
      d = mix(c, d, 24);
      f = mix(e, f, 24);
      h = mix(g, h, 24);
    }
  }
  if (WIDE) {
    // by way of memory, where vectors that were joined come apart again: of its own, else the engine sees what is stored twice, and joins but half of them
    const raw = words + APART;
    v128.store(raw, a);
    v128.store(raw, c, 16);
    v128.store(raw, b, 32);
    v128.store(raw, d, 48);
    v128.store(raw, e, 64);
    v128.store(raw, g, 80);
    v128.store(raw, f, 96);
    v128.store(raw, h, 112);
    interleave(v128.load(raw), v128.load(raw, 32), v128.load(raw, 16), v128.load(raw, 48), words);
    interleave(v128.load(raw, 64), v128.load(raw, 96), v128.load(raw, 80), v128.load(raw, 112), words + 64);
  } else {
    interleave(a, b, c, d, words);
    interleave(e, f, g, h, words + 64);
  }
}

/** The words of eight blocks, in order. */
@inline
function interleave(a: v128, b: v128, c: v128, d: v128, words: usize): void {
  v128.store(words, v128.shuffle<i32>(a, b, 0, 4, 1, 5));
  v128.store(words, v128.shuffle<i32>(a, b, 2, 6, 3, 7), 16);
  v128.store(words, v128.shuffle<i32>(c, d, 0, 4, 1, 5), 32);
  v128.store(words, v128.shuffle<i32>(c, d, 2, 6, 3, 7), 48);
}

/** Four elements, or the n that are left: each is kept where its word is at the limit or above, and its bit of the mask says so. */
@inline
function keepOrNot(words: usize, x: usize, out: usize, n: i32, limit: v128, factor: v128, mask: usize): void {
  const keep = i32x4.ge_u(v128.load(words), limit);
  storeUpTo(out, v128.and(keep, f32x4.mul(v128.load(x), factor)), n);
  store<u8>(mask, <u8>i32x4.bitmask(keep));
}

/** out[i] = word i ≥ threshold (unsigned) ? scale x[i] : 0. The mask gets a byte for every four elements. `scratch` has room for 640 bytes. */
export function dropout(
  x: usize, out: usize, n: i32, threshold: u32, scale: f32, key0: u32, key1: u32, counter: u32, mask: usize, scratch: usize,
): void {
  const limit = i32x4.splat(threshold);
  const factor = f32x4.splat(scale);
  const odd = <usize>(counter & 1) << 2;
  let block = counter >>> 1;
  if (!odd) {
    putKeys(key0, key1, scratch);
    for (; n >= 32; n -= 32, block += 16, x += 128, out += 128) {
      twiceSixteenWords(block, block + 8, scratch);
      for (let at: usize = 0; at < 128; at += 16, mask++) keepOrNot(scratch + at, x + at, out + at, 4, limit, factor, mask);
    }
  } else {
    eightWords(key0, key1, block, scratch);
  }
  while (n > 0) {
    // With an odd counter the eight words wanted begin one past a block, and the eighth is the first of the blocks that follow.
    if (odd) {
      eightWords(key0, key1, block + 4, scratch + 32);
    } else {
      eightWords(key0, key1, block, scratch);
    }
    block += 4;
    let words = scratch + odd;
    for (let end = words + 32; words < end && n > 0; words += 16, n -= 4, x += 16, out += 16, mask++) {
      keepOrNot(words, x, out, n, limit, factor, mask);
    }
    if (odd) {
      v128.store(scratch, v128.load(scratch, 32));
      v128.store(scratch, v128.load(scratch, 48), 16);
    }
  }
}

/** dx[i] = scale dy[i] where the mask of `dropout` kept element i, else 0. */
export function dropoutGrad(dy: usize, mask: usize, dx: usize, n: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  const bits = i32x4(1, 2, 4, 8);
  for (; n > 0; n -= 4, dy += 16, dx += 16, mask++) {
    const keep = i32x4.eq(v128.and(v128.load8_splat(mask), bits), bits);
    storeUpTo(dx, v128.and(keep, f32x4.mul(v128.load(dy), factor)), n);
  }
}

const NORMAL: usize = memory.data<f32>([
  0.00000011920928955078125, // 0  2⁻²³
  0.00000037450703, // 1  2π / 2²⁴
  -2.0,
]);

/**
 * out[i] = x[i] + std ε[i], two ε from each block (a, b) by Box and Muller: r cos t and r sin t with r = √(-2 ln((a >>> 9) + ½) 2⁻²³) and t = 2π b / 2³²
 * in its upper 24 bits. The counter is even. `scratch` has room for 32 bytes.
 */
export function gaussianNoise(x: usize, out: usize, n: i32, std: f32, key0: u32, key1: u32, counter: u32, scratch: usize): void {
  const s = f32x4.splat(std);
  for (let block = counter >>> 1; n > 0; block += 4) {
    eightWords(key0, key1, block, scratch);
    for (let words = scratch; words < scratch + 32 && n > 0; words += 16, n -= 4, x += 16, out += 16) {
      const w = v128.load(words); // a0 b0 a1 b1
      const a = f32x4.convert_i32x4_u(i32x4.shr_u(v128.shuffle<i32>(w, w, 0, 0, 2, 2), 9));
      const u = f32x4.mul(f32x4.add(a, f32x4.splat(0.5)), constant(NORMAL, 0));
      const radius = f32x4.sqrt(f32x4.mul(log(u), constant(NORMAL, 2)));
      // a quarter of a turn on, the sine is the cosine; as a signed number the turn is within ±π
      const turn = i32x4.add(v128.shuffle<i32>(w, w, 1, 1, 3, 3), i32x4(0x40000000, 0, 0x40000000, 0));
      const angle = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(turn, 8)), constant(NORMAL, 1));
      storeUpTo(out, madd(s, f32x4.mul(radius, sin(angle)), v128.load(x)), n);
    }
  }
}
