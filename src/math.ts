/**
 * exp, log, sine and their kin in double precision, the same bits on every engine. `Math.exp` and its like may differ in the last place between
 * engines (the language leaves them open), and one bit is enough to part two training runs. Everything here is built from operations that
 * IEEE 754 fixes exactly: + - * /, square root, floor, and bit access through typed arrays. Relative error is below 1e-15 unless said otherwise.
 */

const float64 = new Float64Array(1);
const words = new Int32Array(float64.buffer);
float64[0] = 1;
/** Index of the word that holds sign and exponent. */
const HIGH = words[1] !== 0 ? 1 : 0;

// ln 2 and π/2 as a sum of parts: the first parts end in so many zero bits that a product with a count k is exact.
const LN2_HIGH = 0.6931471803691238; // 32 bits
const LN2_LOW = 1.9082149292705877e-10;
const HALF_PI_1 = 1.5707963267341256; // 33 bits
const HALF_PI_2 = 6.077100506303966e-11; // 33 bits
const HALF_PI_3 = 2.0222662487959506e-21;
const TWO_OVER_PI = 0.6366197723675814;

/** x 2^k for whole k, also where 2^k alone would overflow or vanish. */
function scale(x: number, k: number): number {
  if (k > 1023) return x * 8.98846567431158e307 * powerOfTwo(Math.min(k - 1023, 1023));
  if (k < -1022) return x * powerOfTwo(Math.max(k + 1000, -1022)) * 9.332636185032189e-302;
  return x * powerOfTwo(k);
}

function powerOfTwo(k: number): number {
  words[1 - HIGH] = 0;
  words[HIGH] = (k + 1023) << 20;
  return float64[0];
}

/** e^r - 1 for |r| ≤ ½ ln 2, by its Taylor series to r^14 / 14!. */
function expm1Small(r: number): number {
  let p = 1 / 87178291200;
  p = p * r + 1 / 6227020800;
  p = p * r + 1 / 479001600;
  p = p * r + 1 / 39916800;
  p = p * r + 1 / 3628800;
  p = p * r + 1 / 362880;
  p = p * r + 1 / 40320;
  p = p * r + 1 / 5040;
  p = p * r + 1 / 720;
  p = p * r + 1 / 120;
  p = p * r + 1 / 24;
  p = p * r + 1 / 6;
  p = p * r + 0.5;
  return r + r * r * p;
}

/** e^x = 2^k e^r with k = round(x / ln 2), r = x - k ln 2. */
export function exp(x: number): number {
  if (!(x < 709.7827128933841)) return Number.isNaN(x) ? x : Infinity;
  if (x < -745.1332191019412) return 0;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const lost = high - r - low; // what rounding took from r
  return scale(1 + (expm1Small(r) + lost), k);
}

/** e^x - 1, exact to the last places where x is near 0. */
export function expm1(x: number): number {
  if (x > -0.34657359027997264 && x < 0.34657359027997264) return x === 0 ? x : expm1Small(x);
  return exp(x) - 1;
}

/** ln x = k ln 2 + ln m with x = m 2^k, √½ ≤ m < √2; ln m = 2 artanh(s), s = (m - 1) / (m + 1). */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984; // 2^54
    k = -54;
  }
  float64[0] = x;
  k += (words[HIGH] >>> 20) - 1023;
  words[HIGH] = (words[HIGH] & 0xfffff) | 0x3ff00000;
  let m = float64[0];
  if (m >= Math.SQRT2) {
    m *= 0.5;
    k += 1;
  }
  return k * LN2_HIGH + (log1pSmall(m - 1) + k * LN2_LOW);
}

/** ln(1 + f) for √½ ≤ 1 + f < √2: 2s + s R with 2s = f - s f, so that the leading term is f itself. */
function log1pSmall(f: number): number {
  const s = f / (2 + f);
  const z = s * s;
  let r = 2 / 23;
  r = r * z + 2 / 21;
  r = r * z + 2 / 19;
  r = r * z + 2 / 17;
  r = r * z + 2 / 15;
  r = r * z + 2 / 13;
  r = r * z + 2 / 11;
  r = r * z + 2 / 9;
  r = r * z + 2 / 7;
  r = r * z + 2 / 5;
  r = r * z + 2 / 3;
  const half = 0.5 * f * f; // s f = half - s half, which loses less
  return f - (half - s * (half + r * z));
}

/** ln(1 + x), exact to the last places where x is near 0. */
export function log1p(x: number): number {
  if (x > -0.29 && x < 0.41) return x === 0 ? x : log1pSmall(x);
  return log(1 + x);
}

function sinSmall(r: number, low: number): number {
  const z = r * r;
  let p = -1 / 1307674368000;
  p = p * z + 1 / 6227020800;
  p = p * z - 1 / 39916800;
  p = p * z + 1 / 362880;
  p = p * z - 1 / 5040;
  p = p * z + 1 / 120;
  p = p * z - 1 / 6;
  return r + (z * r * p + low * (1 - 0.5 * z));
}

function cosSmall(r: number, low: number): number {
  const z = r * r;
  let p = 1 / 20922789888000;
  p = p * z - 1 / 87178291200;
  p = p * z + 1 / 479001600;
  p = p * z - 1 / 3628800;
  p = p * z + 1 / 40320;
  p = p * z - 1 / 720;
  p = p * z + 1 / 24;
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * z * p - r * low));
}

/** x = quarter π/2 + r + low, |r| ≤ π/4; the two parts are left here rather than in an object made anew for each call. */
let reducedR = 0;
let reducedLow = 0;

function reduceAngle(x: number): number {
  if (x > 1e6 || x < -1e6) return reduceLargeAngle(x);
  const k = Math.floor(x * TWO_OVER_PI + 0.5);
  const first = x - k * HALF_PI_1; // exact
  const second = k * HALF_PI_2;
  const r1 = first - second;
  const lost = first - r1 - second;
  const low = lost - k * HALF_PI_3;
  reducedR = r1 + low;
  reducedLow = r1 - reducedR + low;
  return k & 3;
}

const ANGLE_BITS = 1200n;
let halfPiBits: bigint | undefined;

/** π/2 · 2^1200 by Machin's formula, π/4 = 4 arctan(1/5) - arctan(1/239). */
function halfPi(): bigint {
  if (halfPiBits === undefined) {
    const one = 1n << (ANGLE_BITS + 64n);
    const arctan = (inverse: bigint): bigint => {
      let sum = 0n;
      let power = one / inverse;
      for (let n = 1n; power !== 0n; n += 4n) {
        sum += power / n;
        power /= inverse * inverse;
        sum -= power / (n + 2n);
        power /= inverse * inverse;
      }
      return sum;
    };
    halfPiBits = (2n * (4n * arctan(5n) - arctan(239n))) >> 64n;
  }
  return halfPiBits;
}

/** The same in whole numbers of 1200 bits behind the point: slow, right for every finite x. */
function reduceLargeAngle(x: number): number {
  float64[0] = x;
  const exponent = ((words[HIGH] >>> 20) & 0x7ff) - 1075;
  const significand = BigInt(x < 0 ? -scale(x, -exponent) : scale(x, -exponent));
  const fixed = significand << (ANGLE_BITS + BigInt(exponent));
  const quarter = halfPi();
  let k = fixed / quarter;
  let rest = fixed - k * quarter;
  if (2n * rest > quarter) {
    rest -= quarter;
    k += 1n;
  }
  const sign = x < 0 ? -1 : 1;
  reducedR = sign * scale(Number(rest >> 1000n), -200);
  reducedLow = 0;
  return (sign * Number(k & 3n)) & 3;
}

/** sin x, x in radians, at any finite size of x. Accurate to 1e-15 relative, or 1e-16 absolute next to a zero other than 0. */
export function sin(x: number): number {
  if (x - x !== 0) return NaN;
  if (x === 0) return x;
  const quarter = reduceAngle(x);
  const y = (quarter & 1) === 0 ? sinSmall(reducedR, reducedLow) : cosSmall(reducedR, reducedLow);
  return (quarter & 2) === 0 ? y : -y;
}

/** cos x, x in radians; accuracy as of {@link sin}. */
export function cos(x: number): number {
  if (x - x !== 0) return NaN;
  const quarter = reduceAngle(x);
  const y = (quarter & 1) === 0 ? cosSmall(reducedR, reducedLow) : sinSmall(reducedR, reducedLow);
  return ((quarter + 1) & 2) === 0 ? y : -y;
}

/** tanh x = t / (t + 2) with t = e^{2x} - 1. */
export function tanh(x: number): number {
  if (x > 22) return 1;
  if (x < -22) return -1;
  if (x === 0) return x;
  const t = expm1(x < 0 ? -2 * x : 2 * x);
  const y = t / (t + 2);
  return x < 0 ? -y : y;
}

/** x^n for a whole n ≥ 0 by repeated squaring. */
function wholePower(x: number, n: number): number {
  let result = 1;
  for (;;) {
    if (n % 2 === 1) result *= x;
    n = Math.floor(n / 2);
    if (n === 0) return result;
    x *= x;
  }
}

/**
 * x^y. A whole y up to 2^31 by repeated multiplication; any other as x^n · e^{(y - n) ln x} with n the whole number nearest to y. Special cases
 * are those of `Math.pow`. The relative error grows with the number of multiplications, about 1e-16 · |y|, and with |ln x|, about 1e-16 · |ln x|.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (y === Infinity || y === -Infinity) {
    const size = x < 0 ? -x : x;
    return size === 1 ? NaN : size > 1 === y > 0 ? Infinity : 0;
  }
  if (y === 0.5 && x >= 0) return Math.sqrt(x) + 0; // -0 becomes 0
  const n = Math.floor(y + 0.5);
  const size = y < 0 ? -y : y;
  if (n === y && size < 2 ** 31) {
    if (y > 0) return wholePower(x, size);
    const power = wholePower(x, size);
    return power === Infinity || power === -Infinity ? wholePower(1 / x, size) : 1 / power;
  }
  if (x < 0) {
    if (n !== y && x !== -Infinity) return NaN;
    const magnitude = pow(-x, y);
    return n === y && size % 2 === 1 ? -magnitude : magnitude;
  }
  if (x === 0) return y > 0 ? 0 : Infinity;
  if (x === Infinity) return y > 0 ? Infinity : 0;
  if (size >= 2 ** 31) return exp(y * log(x));
  return pow(x, n) * exp((y - n) * log(x));
}
