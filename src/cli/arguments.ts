import { UserError } from '../errors.ts';

/**
 * Turns the text of a command-line option into its value. Each function here takes the option's name and what is allowed, and gives a parser (as commander
 * takes them) whose errors say the option, what was given, and what would be right.
 */
export type Parser<T> = (text: string) => T;

/** What a number must lie between; the ends are allowed unless they are called `above` and `below`. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

/** A whole number: `wholeNumber('--epochs', { min: 1 })`. Digits only: no `1e3`, no `0x10`, no `10.5`. */
export function wholeNumber(option: string, range: Range = {}): Parser<number> {
  return text => {
    const value = /^[-+]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || !isWithin(value, range)) throw refusal(option, text, describe('a whole number', range));
    return value;
  };
}

/** A number, with a decimal point or an exponent where it likes: `realNumber('--lr', { above: 0 })`. */
export function realNumber(option: string, range: Range = {}): Parser<number> {
  return text => {
    const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
    if (!Number.isFinite(value) || !isWithin(value, range)) throw refusal(option, text, describe('a number', range));
    return value;
  };
}

/** Whole numbers with commas between them: `wholeNumbers('--hidden', { min: 1 })` takes `512,256`. An empty text or `none` is an empty list. */
export function wholeNumbers(option: string, range: Range = {}): Parser<number[]> {
  const one = wholeNumber(option, range);
  return text => {
    if (text.trim() === '' || text.trim() === 'none') return [];
    try {
      return text.split(',').map(one);
    } catch {
      throw refusal(option, text, `${describe('whole numbers', range)}, with commas between them, as in 512,256`);
    }
  };
}

/** Numbers with commas between them: `realNumbers('--betas', { min: 0, below: 1 }, 2)` takes `0.9,0.999`. */
export function realNumbers(option: string, range: Range = {}, count?: number): Parser<number[]> {
  const one = realNumber(option, range);
  const wanted = `${describe(count === undefined ? 'numbers' : `${count} numbers`, range)}, with commas between them`;
  return text => {
    let values: number[];
    try {
      values = text.split(',').map(one);
    } catch {
      throw refusal(option, text, wanted);
    }
    if (count !== undefined && values.length !== count) throw refusal(option, text, wanted);
    return values;
  };
}

/** One of several words: `choice('--optimizer', ['sgd', 'adam'])`. A near miss is answered with what was probably meant. */
export function choice<T extends string>(option: string, allowed: readonly T[]): Parser<T> {
  return text => {
    const found = allowed.find(value => value === text.trim());
    if (found !== undefined) return found;
    const near = nearest(text.trim(), allowed);
    throw refusal(option, text, `one of ${allowed.join(', ')}`, near === undefined ? undefined : `Did you mean ${near}?`);
  };
}

/**
 * What was probably meant: the word that is reached by the fewest typing errors (a letter added, left out, changed, or swapped with its neighbour), if they
 * are few for its length.
 */
export function nearest<T extends string>(text: string, words: readonly T[]): T | undefined {
  let best: T | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const word of words) {
    const errors = typingErrors(text.toLowerCase(), word.toLowerCase());
    if (errors < fewest && errors <= Math.ceil(word.length / 3)) {
      fewest = errors;
      best = word;
    }
  }
  return best;
}

/** The optimal string alignment distance. */
function typingErrors(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    rows.push([i]);
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, rows[i - 2][j - 2] + 1);
      rows[i].push(least);
    }
  }
  return rows[a.length][b.length];
}

function isWithin(value: number, { min, max, above, below }: Range): boolean {
  if (min !== undefined && value < min) return false;
  if (max !== undefined && value > max) return false;
  if (above !== undefined && value <= above) return false;
  return below === undefined || value < below;
}

/** `a whole number from 1 to 10`, `a number above 0`, `a number of at least 0 and below 1`. */
function describe(kind: string, { min, max, above, below }: Range): string {
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  const limits = [
    ...(min === undefined ? [] : [`of at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`of at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return limits.length === 0 ? kind : `${kind} ${limits.join(' and ')}`;
}

function refusal(option: string, given: string, wanted: string, hint?: string): UserError {
  return new UserError(`${option}: ${given.trim() === '' ? 'nothing was given' : `'${given}' was given`}; it takes ${wanted}`, hint);
}
