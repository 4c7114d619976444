/**
 * Images resampled: moved, turned, stretched, and bent by a smooth random field. Pixel (row, column) takes the value at (v, u), linear between pixels:
 *
 *     u = a column + b row + x + d₀,   v = c column + d row + y + d₁,   d(p) = Σ_k B((p - k) / s) z_k
 *
 * with B the cubic B-spline and z random numbers at the knots of a coarse grid (src/data/elastic-field.ts). An image is first decoded into a copy with
 * background around it. Where four places in a row all lie beyond what is not background, there is nothing to look up.
 */
import { copy2d } from './movement';
import { eightWords } from './random';
import { constant, lanesBelow, madd, pick, storeUpTo } from './simd';

/** Pixels of background on every side of the copy. */
const BORDER: i32 = 4;
/** Moves by whole rows and columns up to so many pixels stay within the border. */
const FARTHEST: f32 = 3;

const WARP: usize = memory.data<f32>([
  0, 1, 2, 3, // columns of a group
  0.000000119209289550781250, // 4  2⁻²³
  0.16666667, // 5  1 / 6
  8388608.0, // 6  2²³: added to a whole number below it, that stands in the lowest bits
]);
/** The bits of 2²³, as an address of elements. */
const WHOLE: u32 = 0x2c000000;

@inline
function groupsOf(width: i32): i32 {
  return (width + 3) >> 2;
}

/** Where a group of four columns begins: the last one shares some with the one before it, where the width is no multiple of four. */
@inline
function groupAt(column: i32, width: i32): i32 {
  return max(0, min(column, width - 4));
}

@inline
function strideOf(width: i32): i32 {
  return (groupsOf(width) << 2) + 2 * BORDER;
}

/** Knots along so many pixels: four reach each. */
@inline
function knotsAlong(pixels: i32, spacing: f64): i32 {
  return <i32>floor(<f64>(pixels - 1) / spacing) + 4;
}

/** Knots that reach any of four pixels in a row, at most: knots are more than 1.5 pixels apart. */
const REACH: i32 = 6;

/** Bytes of working memory. A spacing of 0 is no field. */
export function warpScratch(height: i32, width: i32, spacing: f64): i32 {
  const groups = groupsOf(width);
  const image = 4 * strideOf(width) * (height + 2 * BORDER) + 16 * groups + 32 * height;
  if (spacing == 0) return image + 64;
  const numbers = 2 * knotsAlong(height, spacing) * knotsAlong(width, spacing);
  return image + 64 + 16 * groups * (REACH + 1) + ((4 * numbers + 95) & ~15) + 32 * groups * knotsAlong(height, spacing);
}

/**
 * One channel of an image into the copy; false where all of it is background. To `marks`: beyond which places there is background only, as u low, u high,
 * v low, v high.
 */
function decode(source: usize, table: usize, image: usize, marks: usize, height: i32, width: i32, background: v128): bool {
  const groups = groupsOf(width);
  const stride = <usize>strideOf(width) << 2;
  for (let g = 0; g < groups; g++) v128.store(marks + (<usize>g << 4), i32x4.splat(0));
  let top = -1;
  let bottom = -1;
  image += <usize>BORDER * stride + 4 * BORDER;
  const zeros = table != 0 && load<f32>(table) == f32x4.extract_lane(background, 0);
  for (let row = 0; row < height; row++, image += stride) {
    let any = i32x4.splat(0);
    let to = image;
    let mark = marks;
    for (let left = width; left > 0; left -= 4, to += 16, mark += 16) {
      let y: v128;
      if (table != 0) {
        const four = load<u32>(source);
        source += 4;
        if (four == 0 && zeros) {
          v128.store(to, background);
          continue;
        }
        y = v128.load32_zero(table + ((four & 0xff) << 2));
        y = v128.load_lane<f32>(table + ((four >>> 6) & 0x3fc), y, 1);
        y = v128.load_lane<f32>(table + ((four >>> 14) & 0x3fc), y, 2);
        y = v128.load_lane<f32>(table + ((four >>> 22) & 0x3fc), y, 3);
      } else {
        y = v128.load(source);
        source += 16;
      }
      if (left < 4) y = pick(lanesBelow(left), y, background);
      v128.store(to, y);
      const is = f32x4.ne(y, background);
      v128.store(mark, v128.or(v128.load(mark), is));
      any = v128.or(any, is);
    }
    if (width & 3) source -= <usize>(4 - (width & 3)) << (table != 0 ? 0 : 2);
    if (v128.any_true(any)) {
      if (top < 0) top = row;
      bottom = row;
    }
  }
  if (top < 0) return false;
  let first = 0;
  while (!v128.any_true(v128.load(marks + (<usize>first << 4)))) first++;
  let last = groups - 1;
  while (!v128.any_true(v128.load(marks + (<usize>last << 4)))) last--;
  const left = (first << 2) + ctz(i32x4.bitmask(v128.load(marks + (<usize>first << 4))));
  const right = (last << 2) + 31 - clz(i32x4.bitmask(v128.load(marks + (<usize>last << 4))));
  store<f32>(marks, <f32>(left + BORDER - 1));
  store<f32>(marks, <f32>(right + BORDER + 1), 4);
  store<f32>(marks, <f32>(top + BORDER - 1), 8);
  store<f32>(marks, <f32>(bottom + BORDER + 1), 12);
  return true;
}

/** Four pixels at places that lie within the copy. */
@inline
function lookUp(u: v128, v: v128, stride: v128, base: v128, row: usize): v128 {
  const left = f32x4.floor(u);
  const top = f32x4.floor(v);
  const fu = f32x4.sub(u, left);
  const fv = f32x4.sub(v, top);
  const whole = f32x4.add(f32x4.add(f32x4.mul(top, stride), left), constant(WARP, 6));
  const at = i32x4.add(i32x4.shl(whole, 2), base);
  const p0 = <usize>i32x4.extract_lane(at, 0);
  const p1 = <usize>i32x4.extract_lane(at, 1);
  const p2 = <usize>i32x4.extract_lane(at, 2);
  const p3 = <usize>i32x4.extract_lane(at, 3);
  const a01 = v128.load_lane<i64>(p1, v128.load64_zero(p0), 1);
  const a23 = v128.load_lane<i64>(p3, v128.load64_zero(p2), 1);
  const b01 = v128.load_lane<i64>(p1 + row, v128.load64_zero(p0 + row), 1);
  const b23 = v128.load_lane<i64>(p3 + row, v128.load64_zero(p2 + row), 1);
  const a = v128.shuffle<i32>(a01, a23, 0, 2, 4, 6);
  const b = v128.shuffle<i32>(b01, b23, 0, 2, 4, 6);
  const upper = madd(fu, f32x4.sub(v128.shuffle<i32>(a01, a23, 1, 3, 5, 7), a), a);
  const lower = madd(fu, f32x4.sub(v128.shuffle<i32>(b01, b23, 1, 3, 5, 7), b), b);
  return madd(fv, f32x4.sub(lower, upper), upper);
}

@inline
function within(u: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(high, f32x4.pmax(low, u));
}

/** Draws the numbers at the knots, and smooths them along the rows: `smooth` holds for each row of knots d₀, then d₁, at every column. */
function drawField(block: u32, key0: u32, key1: u32, amplitude: f32, rows: i32, columns: i32, groups: i32, basis: usize, knots: usize, smooth: usize): void {
  const numbers = 2 * rows * columns;
  const low = f32x4.splat(-amplitude);
  const width = f32x4.mul(f32x4.splat(amplitude), constant(WARP, 4));
  let to = knots;
  for (let i = 0; i < numbers; i += 8, to += 32, block += 4) {
    eightWords(key0, key1, block, to);
    v128.store(to, madd(f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(to), 8)), width, low));
    v128.store(to, madd(f32x4.convert_i32x4_s(i32x4.shr_u(v128.load(to, 16), 8)), width, low), 16);
  }
  // the last columns of a group may lie beyond the image, where there are no knots
  v128.store(to, i32x4.splat(0));
  for (let line = 2 * rows; line > 0; line--, knots += <usize>columns << 2) {
    let weights = basis;
    for (let g = groups; g > 0; g--, smooth += 16) {
      const z = knots + <usize>load<u32>(weights);
      let even = f32x4.mul(v128.load_splat<f32>(z), v128.load(weights, 16));
      let odd = f32x4.mul(v128.load_splat<f32>(z, 4), v128.load(weights, 32));
      even = madd(v128.load_splat<f32>(z, 8), v128.load(weights, 48), even);
      odd = madd(v128.load_splat<f32>(z, 12), v128.load(weights, 64), odd);
      even = madd(v128.load_splat<f32>(z, 16), v128.load(weights, 80), even);
      odd = madd(v128.load_splat<f32>(z, 20), v128.load(weights, 96), odd);
      v128.store(smooth, f32x4.add(even, odd));
      weights += (REACH + 1) << 4;
    }
  }
}

/** For each group of four columns where its knots begin (in bytes), then the weights of `REACH` of them. */
function makeBasis(basis: usize, groups: i32, width: i32, spacing: f64): void {
  memory.fill(basis, 0, <usize>(groups * (REACH + 1)) << 4);
  for (let g = 0; g < groups; g++, basis += <usize>(REACH + 1) << 4) {
    const begin = groupAt(g << 2, width);
    const first = <i32>floor(<f64>begin / spacing);
    store<u32>(basis, first << 2);
    for (let j = 0; j < 4; j++) {
      const position = <f64>(begin + j) / spacing;
      const k = <i32>floor(position);
      const t = position - <f64>k;
      const u = 1 - t;
      const at = basis + (<usize>(1 + k - first) << 4) + (<usize>j << 2);
      store<f32>(at, <f32>((u * u * u) / 6));
      store<f32>(at, <f32>((3 * t * t * t - 6 * t * t + 4) / 6), 16);
      store<f32>(at, <f32>((3 * u * u * u - 6 * u * u + 4) / 6), 32);
      store<f32>(at, <f32>((t * t * t) / 6), 48);
    }
  }
}

/** Moves by rows and columns alone, without looking anything up: neighbours stay neighbours. u and v are those of the first pixel. */
function move(image: usize, marks: usize, out: usize, pitch: usize, height: i32, width: i32, u: f32, v: f32, background: v128): void {
  const stride = <usize>strideOf(width) << 2;
  const left = floor(u);
  const top = floor(v);
  const fu = f32x4.splat(u - left);
  const fv = f32x4.splat(v - top);
  const low = load<f32>(marks, 8);
  const high = load<f32>(marks, 12);
  let from = image + <usize><i32>top * stride + (<usize><i32>left << 2);
  for (let row = 0; row < height; row++, from += stride, out += pitch) {
    const at = v + <f32>row;
    const blank = at <= low || at >= high;
    for (let column = 0; column < width; column += 4) {
      const shift = <usize>groupAt(column, width) << 2;
      const x = from + shift;
      let y = background;
      if (!blank) {
        const a = v128.load(x);
        const b = v128.load(x + stride);
        const upper = madd(fu, f32x4.sub(v128.load(x, 4), a), a);
        const lower = madd(fu, f32x4.sub(v128.load(x + stride, 4), b), b);
        y = madd(fv, f32x4.sub(lower, upper), upper);
      }
      v128.store(out + shift, y);
    }
  }
}

/** Whether all places of a cell lie beyond `low` or `high` along one axis: they lie between `least` and `most`, and as far on as `along` over its rows. */
@inline
function beyond(least: v128, most: v128, along: v128, low: v128, high: v128): v128 {
  const none = i32x4.splat(0);
  return v128.or(
    f32x4.le(f32x4.add(most, f32x4.pmax(along, none)), low),
    f32x4.ge(f32x4.add(least, f32x4.pmin(along, none)), high),
  );
}

/**
 * Rows `from` to `to` of one channel, which lie between the same rows of knots, in cells of four columns. `smooth` is where the first of those knots' numbers
 * lie, or 0 where there is no field.
 */
@inline
function bend(
  smooth: usize, times: usize, image: usize, marks: usize, out: usize, pitch: usize, from: i32, to: i32, width: i32, map: usize, background: v128,
): void {
  const groups = groupsOf(width);
  const row = <usize>strideOf(width) << 2;
  const line = <usize>groups << 4;
  const a = v128.load_splat<f32>(map);
  const b = v128.load_splat<f32>(map, 4);
  const c = v128.load_splat<f32>(map, 8);
  const d = v128.load_splat<f32>(map, 12);
  const first = f32x4.splat(<f32>from);
  const x = f32x4.add(madd(b, first, v128.load_splat<f32>(map, 16)), f32x4.splat(<f32>BORDER));
  const y = f32x4.add(madd(d, first, v128.load_splat<f32>(map, 20)), f32x4.splat(<f32>BORDER));
  const more = f32x4.splat(<f32>(to - from - 1));
  const alongU = f32x4.mul(b, more);
  const alongV = f32x4.mul(d, more);
  const stride = f32x4.splat(<f32>strideOf(width));
  const base = i32x4.splat(<i32>image - WHOLE);
  const lowU = v128.load_splat<f32>(marks);
  const highU = v128.load_splat<f32>(marks, 4);
  const lowV = v128.load_splat<f32>(marks, 8);
  const highV = v128.load_splat<f32>(marks, 12);
  const none = i32x4.splat(0);
  const last = times + (<usize>to << 2);
  for (let group = 0; group < width; group += 4) {
    const begin = groupAt(group, width);
    const column = f32x4.add(v128.load(WARP), f32x4.splat(<f32>begin));
    let p0 = madd(a, column, x);
    let q0 = madd(c, column, y);
    let p1 = none;
    let p2 = none;
    let p3 = none;
    let q1 = none;
    let q2 = none;
    let q3 = none;
    let outside: v128;
    if (smooth) {
      // Between two knots the spline is one cubic, c₀ + c₁ t + c₂ t² + c₃ t³, and never beyond the four numbers it is made of.
      const half = f32x4.splat(0.5);
      const sixth = constant(WARP, 5);
      let z0 = v128.load(smooth);
      let z1 = v128.load(smooth + 2 * line);
      let z2 = v128.load(smooth + 4 * line);
      let z3 = v128.load(smooth + 6 * line);
      outside = beyond(
        f32x4.add(p0, f32x4.pmin(f32x4.pmin(z0, z1), f32x4.pmin(z2, z3))),
        f32x4.add(p0, f32x4.pmax(f32x4.pmax(z0, z1), f32x4.pmax(z2, z3))),
        alongU, lowU, highU,
      );
      let outer = f32x4.add(z0, z2);
      p0 = f32x4.add(p0, f32x4.mul(madd(f32x4.splat(4), z1, outer), sixth));
      p1 = f32x4.mul(f32x4.sub(z2, z0), half);
      p2 = f32x4.sub(f32x4.mul(outer, half), z1);
      p3 = f32x4.mul(madd(f32x4.splat(3), f32x4.sub(z1, z2), f32x4.sub(z3, z0)), sixth);
      z0 = v128.load(smooth + line);
      z1 = v128.load(smooth + 3 * line);
      z2 = v128.load(smooth + 5 * line);
      z3 = v128.load(smooth + 7 * line);
      outside = v128.or(outside, beyond(
        f32x4.add(q0, f32x4.pmin(f32x4.pmin(z0, z1), f32x4.pmin(z2, z3))),
        f32x4.add(q0, f32x4.pmax(f32x4.pmax(z0, z1), f32x4.pmax(z2, z3))),
        alongV, lowV, highV,
      ));
      outer = f32x4.add(z0, z2);
      q0 = f32x4.add(q0, f32x4.mul(madd(f32x4.splat(4), z1, outer), sixth));
      q1 = f32x4.mul(f32x4.sub(z2, z0), half);
      q2 = f32x4.sub(f32x4.mul(outer, half), z1);
      q3 = f32x4.mul(madd(f32x4.splat(3), f32x4.sub(z1, z2), f32x4.sub(z3, z0)), sixth);
      smooth += 16;
    } else {
      outside = v128.or(beyond(p0, p0, alongU, lowU, highU), beyond(q0, q0, alongV, lowV, highV));
    }
    let at = out + (<usize>begin << 2);
    if (i32x4.all_true(outside)) {
      for (let rows = to - from; rows > 0; rows--, at += pitch) v128.store(at, background);
      continue;
    }
    for (let time = times + (<usize>from << 2); time < last; time += 4, at += pitch) {
      let u = p0;
      let v = q0;
      if (smooth) {
        const t = v128.load_splat<f32>(time);
        u = madd(madd(madd(p3, t, p2), t, p1), t, u);
        v = madd(madd(madd(q3, t, q2), t, q1), t, v);
      }
      p0 = f32x4.add(p0, b);
      q0 = f32x4.add(q0, d);
      v128.store(at, lookUp(within(u, lowU, highU), within(v, lowV, highV), stride, base, row));
    }
  }
}

/**
 * Resamples n images [channels, height, width]: bytes that a table of 256 values decodes, or, where the table is 0, numbers. Each has a map of six numbers,
 * a, b, c, d, x, y, and the first block of the random numbers of its field; below 0, it passes as it is.
 */
export function warpImages(
  source: usize, table: usize, background: f32, out: usize, maps: usize, blocks: usize, n: i32, channels: i32, height: i32, width: i32,
  spacing: f64, amplitude: f32, key0: u32, key1: u32, scratch: usize,
): void {
  const size = height * width;
  const groups = groupsOf(width);
  const stride = strideOf(width);
  const nothing = f32x4.splat(background);
  const marks = scratch;
  const image = marks + (<usize>groups << 4);
  const imageBytes = <usize>(stride * (height + 2 * BORDER)) << 2;
  for (let i: usize = 0; i < imageBytes; i += 16) v128.store(image + i, nothing);
  const times = image + imageBytes;
  const basis = times + (<usize>height << 5);
  const knots = basis + (<usize>(groups * (REACH + 1)) << 4);
  let rows = 0;
  let columns = 0;
  let smooth: usize = 0;
  if (spacing > 0) {
    rows = knotsAlong(height, spacing);
    columns = knotsAlong(width, spacing);
    smooth = knots + <usize>((8 * rows * columns + 95) & ~15);
    makeBasis(basis, groups, width, spacing);
    for (let row = 0; row < height; row++) {
      const position = <f64>row / spacing;
      store<f32>(times + (<usize>row << 2), <f32>(position - floor(position)));
    }
  }
  // An image of fewer than four columns is made beside, four columns wide.
  const narrow = width < 4;
  const pitch = <usize>max(width, 4) << 2;
  const beside = basis - (<usize>height << 4);
  const bytes = <usize>size << (table != 0 ? 0 : 2);
  for (; n > 0; n--, maps += 24, blocks += 4) {
    const block = load<i32>(blocks);
    const warps = block >= 0;
    if (warps && spacing > 0) drawField(block, key0, key1, amplitude, rows, columns, groups, basis, knots, smooth);
    const x = load<f32>(maps, 16);
    const y = load<f32>(maps, 20);
    const straight = !warps || (spacing == 0 && load<f32>(maps) == 1 && load<f32>(maps, 4) == 0 && load<f32>(maps, 8) == 0 && load<f32>(maps, 12) == 1 && max(abs(x), abs(y)) <= FARTHEST);
    for (let channel = 0; channel < channels; channel++, source += bytes, out += <usize>size << 2) {
      if (!decode(source, table, image, marks, height, width, nothing)) {
        for (let left = size, at = out; left > 0; left -= 4, at += 16) storeUpTo(at, nothing, left);
        continue;
      }
      const to = narrow ? beside : out;
      if (straight) {
        move(image, marks, to, pitch, height, width, (warps ? x : 0) + <f32>BORDER, (warps ? y : 0) + <f32>BORDER, nothing);
      } else {
        for (let row = 0, k = 0; row < height; k++) {
          let end = row + 1;
          if (spacing == 0) end = min(row + 8, height);
          else while (end < height && <i32>floor(<f64>end / spacing) == k) end++;
          const knotsHere = spacing == 0 ? 0 : smooth + (<usize>(2 * k * groups) << 4);
          bend(knotsHere, times, image, marks, to + <usize>row * pitch, pitch, row, end, width, maps, nothing);
          row = end;
        }
      }
      if (narrow) copy2d(beside, out, height, width, 4, 1, width, 1);
    }
  }
}
