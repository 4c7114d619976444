/** Loads the data an experiment names, from folders, downloads, files or the embedded generator. */
import { readFile } from 'node:fs/promises';
import { digits } from '../../data/digits/digits.ts';
import { type MnistOptions, mnist } from '../../data/node/mnist.ts';
import { UserError } from '../../errors.ts';
import { type PreparedData, prepareImages, preparePoints, prepareTable } from '../prepare.ts';
import type { DataOptions } from '../types.ts';

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
      return prepareTable(await readText(data.file), data, seed);
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`${path}: ${code === 'ENOENT' ? 'there is no such file' : message}; a CSV file was expected`);
  }
}
