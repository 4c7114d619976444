/** The same examples, asked something else. */
import { UserError } from '../errors.ts';
import { Dataset, type FeatureSource } from './dataset.ts';

/**
 * A dataset of the same features whose targets are the numbers that `targets` makes of each example's own target, one column each:
 * [count] values an example. For several tasks on one data set.
 *
 * ```ts
 * const both = relabel(mnist.train, 2, digit => [digit, digit % 2]);
 * ```
 */
export function relabel(data: Dataset, count: number, targets: (target: number, index: number) => readonly number[]): Dataset {
  if (!(Number.isInteger(count) && count >= 1)) throw new UserError(`relabel: count is ${count}; it must be a whole number of at least 1`);
  const made = new Float32Array(data.length * count);
  for (let i = 0; i < data.length; i++) {
    const own = targets(data.target(i), i);
    if (own.length !== count) throw new UserError(`relabel: example ${i} was given ${own.length} targets; ${count} were said`);
    made.set(own, i * count);
  }
  const source: FeatureSource = { length: data.length, fill: (indices, out) => data.fillBatch(indices, out) };
  if (keepsFeatures(data)) source.raw = i => data.raw(i);
  return new Dataset({ ...data.info(), targetKind: 'value', targetShape: [count], classNames: [] }, source, made);
}

function keepsFeatures(data: Dataset): boolean {
  try {
    data.raw(0);
    return true;
  } catch {
    return false;
  }
}
