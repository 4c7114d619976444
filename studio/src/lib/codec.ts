/** The state of a lab as the query of its address, and back. */

/** Something in an address that could not be read; what stood there before is used instead. */
export interface Problem {
  readonly key: string;
  readonly given: string;
  /** what would be right, in words or by example */
  readonly wanted: string;
}

/** One key of the query. `read` gives undefined for what it cannot read. */
export interface Field<T> {
  readonly initial: T;
  write(value: T): string;
  read(text: string): T | undefined;
  /** what is right, for who must mend an address: 'a number from 0 to 1' in any language's digits and signs */
  readonly wanted: string;
}

export interface Codec<S> {
  readonly initial: S;
  /** What differs from the initial state. */
  write(state: S): URLSearchParams;
  read(query: URLSearchParams): { readonly state: S; readonly problems: readonly Problem[] };
}

/** A codec from a field for each key of the state; the key in the address is that of the field unless `names` gives a shorter one. */
export function codec<S extends object>(
  fields: { readonly [K in keyof S]: Field<S[K]> },
  names: Partial<Record<NoInfer<keyof S>, string>> = {},
): Codec<S> {
  const keys = Object.keys(fields) as (keyof S & string)[];
  const nameOf = (key: keyof S & string): string => names[key] ?? key;
  const initial = Object.fromEntries(keys.map(key => [key, fields[key].initial])) as S;
  return {
    initial,
    write(state) {
      const query = new URLSearchParams();
      for (const key of keys) {
        const text = fields[key].write(state[key]);
        if (text !== fields[key].write(initial[key])) query.set(nameOf(key), text);
      }
      return query;
    },
    read(query) {
      const state = { ...initial };
      const problems: Problem[] = [];
      for (const key of keys) {
        const text = query.get(nameOf(key));
        if (text === null) continue;
        const value = fields[key].read(text);
        if (value === undefined) problems.push({ key: nameOf(key), given: text, wanted: fields[key].wanted });
        else state[key] = value;
      }
      return { state, problems };
    },
  };
}

export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly whole?: boolean;
}

const numberPattern = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

/** A number as people write it, or undefined. */
export function readNumber(
  text: string,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, whole = false }: Range = {},
): number | undefined {
  const plain = text.trim().replace('−', '-');
  const value = numberPattern.test(plain) ? Number(plain) : Number.NaN;
  if (!Number.isFinite(value) || value < min || value > max || (whole && !Number.isSafeInteger(value))) return undefined;
  return value;
}

/** 0, 1, 2 … 10000 of whole numbers; 0 ≤ x ≤ 1000 (0.5, 1e-3 …) of others. */
function rangeInSigns({ min, max, whole }: Range): string {
  if (whole) {
    const first = min ?? 0;
    return `${first}, ${first + 1}, ${first + 2} … ${max ?? ''}`.trim();
  }
  const range =
    min === undefined && max === undefined ? '' : `${min === undefined ? '' : `${min} ≤ `}x${max === undefined ? '' : ` ≤ ${max}`} `;
  return `${range}(0.5, 1e-3 …)`;
}

export function number(initial: number, range: Range = {}): Field<number> {
  return { initial, write: String, read: text => readNumber(text, range), wanted: rangeInSigns(range) };
}

export function text(initial: string, maxLength = 4000): Field<string> {
  return { initial, write: value => value, read: value => (value.length <= maxLength ? value : undefined), wanted: `≤ ${maxLength}` };
}

export function flag(initial = false): Field<boolean> {
  const words: Readonly<Record<string, boolean>> = { '1': true, '0': false };
  return { initial, write: value => (value ? '1' : '0'), read: value => words[value], wanted: '0, 1' };
}

export function oneOf<const T extends string>(values: readonly T[], initial: NoInfer<T> = values[0]): Field<T> {
  return { initial, write: value => value, read: value => values.find(one => one === value), wanted: values.join(', ') };
}

/** A list with commas between: `list(oneOf(...))`, `list(number(...))`. */
export function list<T>(item: Field<T>, initial: readonly T[], maxLength = 1000): Field<readonly T[]> {
  return {
    initial,
    write: values => values.map(value => item.write(value)).join(','),
    read(text) {
      const values = text === '' ? [] : text.split(',').map(part => item.read(part));
      return values.length > maxLength || values.includes(undefined) ? undefined : (values as T[]);
    },
    wanted: `${item.wanted}, …`,
  };
}

/** Numbers by name: `u:2,v:-0.5`. */
export function numbersByName(initial: Readonly<Record<string, number>> = {}): Field<Readonly<Record<string, number>>> {
  return {
    initial,
    write: values =>
      Object.entries(values)
        .map(([name, value]) => `${name}:${value}`)
        .join(','),
    read(text) {
      if (text === '') return {};
      const entries = text.split(',').map(part => {
        const [name, value = '', ...rest] = part.split(':');
        return [name, rest.length > 0 || name === '' ? undefined : readNumber(value)] as const;
      });
      return entries.some(([, value]) => value === undefined) ? undefined : (Object.fromEntries(entries) as Record<string, number>);
    },
    wanted: 'u:2,v:-0.5',
  };
}
