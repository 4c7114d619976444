/** Loads the data an experiment names, from folders, downloads, files or the embedded generator. */
import { digits } from '../../data/digits/digits.ts';
import { type MnistOptions, mnist } from '../../data/node/mnist.ts';
import { type PreparedData, prepareImages, preparePoints, prepareTable } from '../prepare.ts';
import { prepareArrays } from '../prepare-arrays.ts';
import type { DataOptions } from '../types.ts';
import { readArrays, readNpyPair, readTable } from './table-files.ts';

export type LoadOptions = Pick<MnistOptions, 'onProgress' | 'cache' | 'mirrors'>;

/** The parts of the data described. `seed` decides which examples are held out. */
export async function loadData(data: DataOptions, seed: number, options: LoadOptions = {}): Promise<PreparedData> {
  switch (data.name) {
    case 'mnist':
    case 'fashion-mnist': {
      const folder = data.folder === undefined ? {} : { data: data.folder };
      return prepareImages(await mnist({ ...options, ...folder, fashion: data.name === 'fashion-mnist' }), data, seed);
    }
    case 'digits':
      return prepareImages(digits(data), data, seed);
    case 'points':
      return preparePoints(data);
    case 'csv':
    case 'parquet':
      return prepareTable(await readTable(data.file), data, seed);
    case 'npz':
      return prepareArrays(await readArrays(data.file), data, seed);
    case 'npy': {
      const { inputs: _, label, ...rest } = data;
      return prepareArrays(await readNpyPair(data.file, label), rest, seed);
    }
  }
}
