/** What an array of targets means: classes or values. */
import { sizeOfShape } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { type NpyArray, npyNumbers } from '../io/npy.ts';

export interface Targets {
  readonly count: number;
  /** Class numbers [count], or values [count, ...targetShape]. */
  readonly values: Float32Array;
  readonly targetKind: 'class' | 'value';
  readonly targetShape: readonly number[];
  readonly classNames: readonly string[];
}

/** Whole numbers are taken as classes up to so many different ones, and floats that are whole numbers up to so many. */
const MOST_CLASSES = { whole: 1000, float: 20 } as const;

/** Targets of each array, read by one meaning for all: rows with a single 1 are classes, and so are a few different whole numbers from 0. */
export function targetsOf(arrays: readonly NpyArray[], target: 'auto' | 'class' | 'value', source: string): Targets[] {
  const read = arrays.map(array => ({ array, values: Float32Array.from(npyNumbers(array)), count: array.shape[0] ?? 1 }));
  for (const { array, values } of read) {
    const wrong = values.findIndex(value => !Number.isFinite(value));
    if (wrong >= 0) throw new UserError(`${source}: target ${wrong} is ${values[wrong]}; a finite number was expected`);
    if (array.shape.length === 0 || sizeOfShape(array.shape) === 0)
      throw new UserError(`${source}: the targets are [${array.shape.join(', ')}]; one for each example was expected`);
  }
  const widths = read.map(({ array }) => sizeOfShape(array.shape.slice(1)));
  if (widths.some(width => width !== widths[0]))
    throw new UserError(`${source}: the targets for training and for the test differ in their shape`);
  const width = widths[0];
  const classes = read.map(({ values }) => (width > 1 && target !== 'value' ? hotColumns(values, width) : width === 1 ? values : null));
  const areClasses =
    classes.every(one => one !== null) &&
    (width > 1 ||
      target === 'class' ||
      (target === 'auto' &&
        lookLikeClasses(
          read.map(one => one.array),
          classes as Float32Array[],
        )));
  if (!areClasses) {
    if (target === 'class')
      throw new UserError(`${source}: the targets are rows of ${width} numbers, and not of a single 1; they are no classes`);
    return read.map(({ values, count }) => ({ count, values, targetKind: 'value', targetShape: [width], classNames: [] }));
  }
  const names =
    width > 1
      ? Array.from({ length: width }, (_, i) => i)
      : [...new Set((classes as Float32Array[]).flatMap(one => [...new Set(one)]))].sort((a, b) => a - b);
  const numberOf = new Map(names.map((name, i) => [name, i]));
  return read.map(({ count }, i) => ({
    count,
    values: (classes[i] as Float32Array).map(value => numberOf.get(value)!),
    targetKind: 'class',
    targetShape: [],
    classNames: names.map(String),
  }));
}

/** The column of the 1 in each row, where every row has one 1 and else 0; otherwise null. */
function hotColumns(values: Float32Array, width: number): Float32Array | null {
  const columns = new Float32Array(values.length / width);
  for (let row = 0; row < columns.length; row++) {
    const numbers = values.subarray(row * width, (row + 1) * width);
    columns[row] = numbers.indexOf(1);
    if (columns[row] < 0 || numbers.some((value, i) => value !== (i === columns[row] ? 1 : 0))) return null;
  }
  return columns;
}

function lookLikeClasses(arrays: readonly NpyArray[], classes: readonly Float32Array[]): boolean {
  const different = new Set<number>();
  const most = arrays.every(({ dtype }) => !dtype.startsWith('float')) ? MOST_CLASSES.whole : MOST_CLASSES.float;
  for (const values of classes) {
    for (const value of values) {
      if (!Number.isInteger(value) || value < 0) return false;
      different.add(value);
      if (different.size > most) return false;
    }
  }
  return true;
}
