/** What a sweep varies: each flag with its values or its range. */
import { UserError } from '../errors.ts';
import { exp, log } from '../math.ts';
import { Random } from '../random.ts';
import { experimentFlags, experimentFromFlags } from './flags.ts';
import type { Experiment } from './types.ts';

/** A flag with a list of values, or a range to draw from. */
export type Dimension =
  | { readonly flag: string; readonly values: readonly string[] }
  | {
      readonly flag: string;
      readonly low: number;
      readonly high: number;
      readonly log: boolean;
      readonly whole: boolean;
      readonly points: number | null;
    };

/** The flags of one trial, by their names as typed; a flag that takes no value is `on` or `off`. */
export type Choice = Readonly<Record<string, string>>;

const NUMBER = '[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?';
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})((?::[a-z\\d]+)*)$`, 'i');

/**
 * `lr=1e-4..1e-1:log` is a range (`:log`, `:int`, and `:4` for four points of a grid); `dropout=0,0.2,0.5` a list. Values that hold commas are parted by
 * bars: `hidden=128|256,128`.
 */
export function parseDimension(text: string): Dimension {
  const [, name, list] = /^(?:--)?([\w-]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined)
    throw new UserError(`--vary: '${text}' was given; it takes a flag with values or a range, as in lr=1e-4..1e-1:log`);
  if (!experimentFlags().some(({ flag }) => flag === `--${name}`)) throw new UserError(`--vary: there is no flag --${name}`);
  if (name === 'seed' || name === 'epochs')
    throw new UserError(`--vary: ${name} is not varied; all trials share it. Give --${name} itself`);
  const range = RANGE.exec(list);
  if (range !== null) return parseRange(name, list, range);
  const values = list.split(list.includes('|') ? '|' : ',').map(one => one.trim());
  if (values.some(one => one === '') || new Set(values).size < values.length)
    throw new UserError(`--vary ${name}: '${list}' was given; its values must differ, and none be empty`);
  return { flag: name, values };
}

function parseRange(flag: string, text: string, [, from, to, marks]: readonly string[]): Dimension {
  const [low, high] = [Number(from), Number(to)];
  const words = marks.split(':').slice(1);
  const points = words.map(Number).find(Number.isFinite) ?? null;
  const odd = words.find(word => word !== 'log' && word !== 'int' && !/^\d+$/.test(word));
  if (odd !== undefined) throw new UserError(`--vary ${flag}: '${odd}' was given after the range; it takes log, int, or a count of points`);
  if (!(high > low)) throw new UserError(`--vary ${flag}: '${text}' was given; the second end must be above the first`);
  const isLog = words.includes('log');
  if (isLog && low <= 0) throw new UserError(`--vary ${flag}: '${text}' was given; a logarithmic range lies above 0`);
  if (points !== null && points < 2) throw new UserError(`--vary ${flag}: ${points} points were given; a range takes at least 2`);
  return { flag, low, high, log: isLog, whole: words.includes('int'), points };
}

/** The value at a share u from 0 to 1 of a range, at four significant digits, so that it can be typed again. */
function valueAt(range: Extract<Dimension, { low: number }>, u: number): string {
  const { low, high, log: isLog, whole } = range;
  const value = isLog ? low * exp(u * log(high / low)) : low + u * (high - low);
  const rounded = whole ? Math.round(value) : Number(value.toPrecision(4));
  return String(Math.min(high, Math.max(low, rounded)));
}

/**
 * The choice of trial number `index`: each flag is drawn from a stream named by both, so that no trial depends on how many there are, or on what else is
 * varied.
 */
export function sampleChoice(dimensions: readonly Dimension[], seed: number, index: number): Choice {
  const random = new Random(seed);
  return Object.fromEntries(
    dimensions.map(dimension => {
      const stream = random.stream(`sweep/${index}/${dimension.flag}`);
      const value = 'values' in dimension ? dimension.values[stream.int(dimension.values.length)] : valueAt(dimension, stream.uniform());
      return [dimension.flag, value];
    }),
  );
}

/** Every combination, the last flag changing fastest. */
export function gridChoices(dimensions: readonly Dimension[]): Choice[] {
  let out: Choice[] = [{}];
  for (const dimension of dimensions) {
    const values = valuesOf(dimension);
    if (out.length * values.length > 10_000)
      throw new UserError('--vary: the grid has more than 10,000 trials; vary less, or take --method random');
    out = out.flatMap(before => values.map(value => ({ ...before, [dimension.flag]: value })));
  }
  return out;
}

function valuesOf(dimension: Dimension): readonly string[] {
  if ('values' in dimension) return dimension.values;
  const { points, flag } = dimension;
  if (points === null)
    throw new UserError(`--vary ${flag}: a grid needs a count of points for a range, as in ${flag}=${dimension.low}..${dimension.high}:5`);
  return [...new Set(Array.from({ length: points }, (_, i) => valueAt(dimension, i / (points - 1))))];
}

/** The experiment of a trial: the base with the flags chosen. All trials share the base's seed, and so the held-out examples. */
export function experimentOf(base: Experiment, choice: Choice, given: Readonly<Record<string, string | true>> = {}): Experiment {
  const bare = new Set(experimentFlags().flatMap(one => (one.value === undefined ? [] : [one.flag.slice(2)])));
  const chosen = Object.entries(choice).flatMap(([flag, value]): [string, string | true][] => {
    if (!bare.has(flag)) return [[`--${flag}`, value]];
    if (value !== 'on' && value !== 'off') throw new UserError(`--vary: ${value} was given for --${flag}; it takes on and off`);
    return value === 'on' ? [[`--${flag}`, true]] : [];
  });
  return experimentFromFlags({ flags: { ...given, ...Object.fromEntries(chosen) }, config: base });
}
