import type { DatasetInfo } from '../../data/dataset.ts';
import { encodeNpy } from '../../io/npy.ts';
import { writeFileAtomic } from '../../train/node/atomic.ts';
import { UsageError } from '../errors.ts';
import type { Prediction } from './predictions.ts';

/** Told before anything is computed. */
export function mustBeWritable(path: string): void {
  if (!/\.(npy|csv)$/i.test(path)) throw new UsageError(`--out: '${path}' was given; it takes a name that ends in .npy or .csv`);
}

/** One row an example: the probability of each class, or the values. */
export async function writePredictions(path: string, predictions: readonly Prediction[], { classNames }: DatasetInfo): Promise<void> {
  const rows = predictions.map(({ probabilities, value }) =>
    probabilities === undefined ? [value ?? []].flat() : classNames.map(name => probabilities[name]),
  );
  const width = rows[0]?.length ?? 0;
  if (/\.npy$/i.test(path)) return await writeFileAtomic(path, encodeNpy(Float32Array.from(rows.flat()), [rows.length, width]));
  const header = classNames.length > 0 ? classNames : Array.from({ length: width }, (_, i) => (width === 1 ? 'value' : `value${i}`));
  await writeFileAtomic(path, [header.map(cell), ...rows].map(row => `${row.join(',')}\n`).join(''));
}

function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
