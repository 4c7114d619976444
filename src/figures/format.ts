/** Numbers as a person reads them. What is not finite is written as it is, never as a blank. */

/**
 * A number at `digits` significant digits: `0.1234`, `12.34`, `1234`, `1.234e-5`. Whole numbers stay whole up to six digits; zeros that say nothing are
 * kept, so that a column of losses does not jump.
 */
export function formatNumber(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  // Judged after rounding, so that 0.00099999 is written as 0.001000 and not as 1.000e-3.
  const rounded = Number(size.toPrecision(digits));
  if (rounded >= 1e6 || rounded < 1e-4) return value.toExponential(digits - 1).replace('e+', 'e');
  const whole = rounded >= 1 ? Math.floor(Math.log10(rounded)) + 1 : 0;
  const zeros = rounded >= 1 ? 0 : -Math.floor(Math.log10(rounded)) - 1;
  return value.toFixed(Math.max(0, digits - whole + (rounded >= 1 ? 0 : zeros)));
}

const LARGE_UNITS = ['', 'k', 'M', 'G', 'T'] as const;

/**
 * A count in at most four characters and a sign: `0`, `999`, `1.2k`, `12k`, `123k`, `1.2M`; with `digits` 3, `1.23k`, `12.3k`, `123k`. A count below
 * `exactBelow` is written in full.
 */
export function formatCount(value: number, digits = 2, exactBelow = 1000): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) < exactBelow && Number.isInteger(value)) return String(value);
  let unit = 0;
  let scaled = value;
  // Judged after rounding: 999,600 is 1.0M, not 1000k.
  while (Math.abs(Number(scaled.toPrecision(Math.max(3, digits)))) >= 1000 && unit < LARGE_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const size = Math.abs(Number(scaled.toPrecision(digits)));
  const whole = size >= 100 ? 3 : size >= 10 ? 2 : 1;
  return scaled.toFixed(Math.max(0, digits - whole)) + LARGE_UNITS[unit];
}

/** `55,000`: a count as it is read. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A speed: `12.3k samples/s`. */
export function formatRate(perSecond: number, what = 'samples'): string {
  return `${formatCount(perSecond, 3, 100)} ${what}/s`;
}

/** A span of time: `12 ms`, `5.3s`, `1m 05s`, `2h 07m`, `3d 04h`. What is not known (NaN, Infinity, negative) is `?`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '?';
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${twoDigits(whole % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${twoDigits(minutes % 60)}m`;
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)}d ${twoDigits(hours % 24)}h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * A fraction as a percentage: `97.8 %`. Only what is exactly 0 or 1 is written so: 0.99996 is `>99.9 %`, since a perfect score is a claim, and 0.00001
 * is `<0.1 %`.
 */
export function formatPercent(fraction: number, digits = 1): string {
  return `${percentDigits(fraction, digits)} %`;
}

/** The digits of `formatPercent`, without the sign: for the cells of a table. */
export function percentDigits(fraction: number, digits = 1): string {
  if (!Number.isFinite(fraction)) return String(fraction);
  const percent = fraction * 100;
  const text = percent.toFixed(digits);
  const smallest = 10 ** -digits;
  if (percent < 100 && Number(text) === 100) return `>${(100 - smallest).toFixed(digits)}`;
  if (percent > 0 && Number(text) === 0) return `<${smallest.toFixed(digits)}`;
  return text;
}

const BYTE_UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'] as const;

/** A size in bytes, in steps of a thousand: `512 bytes`, `9.9 MB`. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return `${bytes} bytes`;
  let unit = 0;
  let scaled = bytes;
  while (Math.abs(Number(scaled.toPrecision(3))) >= 1000 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 || Math.abs(scaled) >= 99.95 ? scaled.toFixed(0) : scaled.toFixed(1)} ${BYTE_UNITS[unit]}`;
}
