/** Tables and arrays on disk, by the ending of their name. What few need is loaded when it is asked for. */
import { readCsv } from '../../data/csv.ts';
import type { Table } from '../../data/table.ts';
import { UserError } from '../../errors.ts';
import { readFileBytes } from '../../io/node/files.ts';
import { decodeNpy, type NpyArray } from '../../io/npy.ts';
import { arraysOfNpy } from '../prepare-arrays.ts';

/** The cells of a CSV or parquet file. `header` says whether the first line of a CSV holds names. */
export async function readTable(path: string, header = true): Promise<Table> {
  if (/\.parquet$/i.test(path)) {
    const { decodeParquet } = await import('../../io/parquet.ts');
    return decodeParquet(await readFileBytes(path, 'a parquet file'), path);
  }
  return readCsv(new TextDecoder().decode(await readFileBytes(path, 'a CSV file')), { source: path, header });
}

/** The arrays of an npz file, by name. */
export async function readArrays(path: string): Promise<Map<string, NpyArray>> {
  const { decodeNpz } = await import('../../io/npz.ts');
  return decodeNpz(await readFileBytes(path, 'a file of NumPy arrays'), path);
}

/** The array of an npy file. */
export async function readNpy(path: string): Promise<NpyArray> {
  return decodeNpy(await readFileBytes(path, 'an npy file'), path);
}

/** The inputs `x` of an npy file, and the targets `y`: of the file `label`, or of that column of the inputs. */
export async function readNpyPair(path: string, label: string | number | undefined): Promise<Map<string, NpyArray>> {
  const inputs = await readNpy(path);
  if (label === undefined) throw new UserError(`${path}: it holds inputs alone; name the file or the column of the targets with --label`);
  return arraysOfNpy(inputs, typeof label === 'number' ? label : await readNpy(label), path);
}
