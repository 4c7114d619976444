import { formatNumber } from './format.ts';

/** A marked place on an axis. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

/**
 * Ticks at multiples of 1, 2 or 5 times a power of ten, within the range: at most `most` of them.
 *
 * @param whole the axis holds whole numbers (epochs, steps): no tick between two of them
 */
export function linearTicks(min: number, max: number, most: number, whole = false): Tick[] {
  if (!(max > min)) return [{ value: min, label: formatNumber(min) }];
  const step = tickStep((max - min) / Math.max(1, most - 1), whole);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // A range near the resolution of numbers has no ticks between its ends, and counting would never reach the last.
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last))) return [min, max].map(value => ({ value, label: formatNumber(value) }));
  const ticks: Tick[] = [];
  // Counted in whole steps, so that a tick at 0.3 is not at 0.30000000000000004.
  for (let i = first; i <= last; i++) ticks.push({ value: cleaned(i, step), label: tickLabel(cleaned(i, step), step) });
  return ticks;
}

/** The smallest of 1, 2, 5 times a power of ten that is at least `least`. */
function tickStep(least: number, whole: boolean): number {
  if (whole && least <= 1) return 1;
  let exponent = Math.floor(Math.log10(least));
  let digit = [1, 2, 5].find(candidate => candidate * 10 ** exponent >= least * (1 - 1e-9));
  if (digit === undefined) {
    digit = 1;
    exponent++;
  }
  // From text: 10 ** -3 * 5 is not the number that 0.005 is.
  return Number(`${digit}e${exponent}`);
}

function cleaned(count: number, step: number): number {
  return Number((count * step).toPrecision(12));
}

/** As many decimals as the step has; thousands as k and millions as M where the step allows it. */
function tickLabel(value: number, step: number): string {
  if (value === 0) return '0';
  const size = Math.max(Math.abs(value), step);
  if (size >= 1e9 || size < 1e-4) return value.toExponential(significantAt(value, step)).replace('e+', 'e');
  if (step >= 1e6) return `${value / 1e6}M`;
  if (step >= 1e3) return `${value / 1e3}k`;
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function significantAt(value: number, step: number): number {
  return Math.max(0, Math.floor(Math.log10(Math.abs(value)) + 1e-9) - Math.floor(Math.log10(step) + 1e-9));
}

/**
 * Ticks for a logarithmic axis over a positive range: 1, 2 and 5 times powers of ten where there is room for them, else powers of ten; in a range too
 * narrow for either, as on a linear axis. At most `most`.
 */
export function logTicks(min: number, max: number, most: number): Tick[] {
  if (!(max > min)) return [{ value: min, label: formatNumber(min) }];
  // Also for an end that was reckoned beyond the numbers there are, at 0 or at infinity.
  const low = Math.floor(Math.log10(Math.max(min, Number.MIN_VALUE)) + 1e-9);
  const high = Math.ceil(Math.log10(Math.min(max, Number.MAX_VALUE)) - 1e-9);
  const inside = (value: number): boolean => value > 0 && Number.isFinite(value) && value >= min * (1 - 1e-9) && value <= max * (1 + 1e-9);
  const powers: number[] = [];
  for (let e = low; e <= high; e++) if (inside(Number(`1e${e}`))) powers.push(e);
  const finer: Tick[] = [];
  for (let e = low - 1; e <= high; e++) {
    for (const digit of [1, 2, 5]) {
      const value = Number(`${digit}e${e}`);
      if (inside(value)) finer.push({ value, label: powerLabel(digit, e) });
    }
  }
  if (finer.length >= 2 && finer.length <= most) return finer;
  if (powers.length < 2) return linearTicks(min, max, most);
  const every = Math.ceil(powers.length / Math.max(1, most));
  return powers.filter((_, i) => i % every === 0).map(e => ({ value: Number(`1e${e}`), label: powerLabel(1, e) }));
}

function powerLabel(digit: number, exponent: number): string {
  if (exponent >= -3 && exponent <= 3) return String(Number(`${digit}e${exponent}`));
  return `${digit}e${exponent}`;
}
