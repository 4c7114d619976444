/** The header of an npy file: a Python dict of three keys. Read by a grammar of its own, since it is neither JSON nor code to run. */
import { named, shown } from './words.ts';

export interface NpyHeader {
  /** Byte order and type of the elements, as in '<f4'. */
  readonly descr: string;
  /** Columns first: the first index runs fastest. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

type Value = string | boolean | readonly number[];

// A text without escapes; True or False; or a tuple of whole numbers, of which Python 2 wrote some as 3L.
const entryPattern = /\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\d\sL,]*)\))\s*(,|(?=\}))/y;

/** `fail` is told what is wrong, and must throw. */
export function parseNpyHeader(text: string, fail: (problem: string) => never): NpyHeader {
  const trimmed = text.trim();
  const wrong = (): never =>
    fail(`its header is ${shown(trimmed)}; a dict such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } was expected`);
  if (!trimmed.startsWith('{') || !trimmed.endsWith('}')) wrong();
  const entries = new Map<string, Value>();
  entryPattern.lastIndex = 1;
  while (trimmed.slice(entryPattern.lastIndex).trim() !== '}') {
    const [, single, double, textSingle, textDouble, boolean, tuple] = entryPattern.exec(trimmed) ?? wrong();
    const key = single ?? double;
    if (entries.has(key)) fail(`its header has ${named(key)} twice`);
    entries.set(
      key,
      boolean !== undefined ? boolean === 'True' : tuple !== undefined ? (sizes(tuple) ?? wrong()) : (textSingle ?? textDouble),
    );
  }
  const { descr, fortran_order: fortranOrder, shape } = Object.fromEntries(entries) as Record<string, Value | undefined>;
  if (entries.size !== 3 || typeof descr !== 'string' || typeof fortranOrder !== 'boolean' || !Array.isArray(shape)) return wrong();
  return { descr, fortranOrder, shape };
}

/** '3, 4' or '3,' or nothing; a comma must follow a single size, or it is a number in parentheses. Null for anything else. */
function sizes(tuple: string): number[] | null {
  const parts = tuple.split(',').map(part => part.trim());
  if (parts.at(-1) === '') parts.pop();
  else if (parts.length === 1) return null;
  const list = parts.map(part => (/^\d+L?$/.test(part) ? Number.parseInt(part, 10) : Number.NaN));
  return list.every(Number.isSafeInteger) ? list : null;
}
