/** Where things stand in a chart: scales, thinning, and labels that do not cover each other. */
import { linearTicks, logTicks, type Tick } from '../../figures/ticks.ts';

/** From values to places between 0 and 1, on a linear or a logarithmic axis. */
export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly ticks: readonly Tick[];
  place(value: number): number;
}

export interface ScaleOptions {
  readonly most: number;
  /** The axis holds whole numbers: epochs, steps. */
  readonly whole?: boolean;
  /** Logarithmic where all values are positive and span more than a factor of 20. */
  readonly mayBeLog?: boolean;
  /** Room beyond the outermost values, as a share of the span. */
  readonly margin?: number;
}

const LOG_FROM = 20;

/** What an axis can hold with room around it: a value of more is not drawn, and on a logarithmic axis a smaller one stands at its end. */
const MOST = 1e300;
const LEAST = 1e-300;

/** A scale that holds all the finite values, up to 1e300; null where there are none. */
export function scaleFor(values: readonly number[], { most, whole = false, mayBeLog = false, margin = 0 }: ScaleOptions): Scale | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!(Math.abs(value) <= MOST)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  // Also where they differ by less than can be told on an axis, or told at all in numbers of this size.
  if (high - low <= 1e-9 * Math.max(Math.abs(low), Math.abs(high))) {
    const around = whole ? 1 : Math.abs(low) / 10 || 1;
    [low, high] = [low - around, high + around];
  }
  const log = mayBeLog && low > 0 && high / Math.max(low, LEAST) > LOG_FROM;
  const at = (value: number): number => (log ? Math.log10(Math.max(value, LEAST)) : value);
  const [from, to] = [at(low), at(high)];
  const start = from - margin * (to - from);
  const span = to - from + 2 * margin * (to - from);
  const [min, max] = log ? [10 ** start, 10 ** (start + span)] : [start, start + span];
  return {
    min,
    max,
    log,
    ticks: log ? logTicks(min, max, most) : linearTicks(min, max, most, whole),
    place: value => (at(value) - start) / span,
  };
}

/**
 * Labels at these places, moved as little as need be so that two are at least `gap` apart and all lie from `low` to `high`. Their order is kept. Where
 * there is no room for that gap, they are spread evenly.
 */
export function spreadLabels(places: readonly number[], gap: number, low: number, high: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a] - places[b] || a - b);
  const room = order.length > 1 ? Math.min(gap, (high - low) / (order.length - 1)) : gap;
  const out = new Array<number>(places.length);
  let least = low;
  for (const i of order) {
    out[i] = Math.max(places[i], least);
    least = out[i] + room;
  }
  let most = high;
  for (const i of order.toReversed()) {
    out[i] = Math.min(out[i], most);
    most = out[i] - room;
  }
  return out;
}

/** At most `most` of the items, evenly spaced, the last always among them. */
export function thinned<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  const every = Math.ceil(items.length / most);
  return items.filter((_, i) => (items.length - 1 - i) % every === 0);
}
