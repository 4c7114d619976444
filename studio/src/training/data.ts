/** The data of an experiment, in a worker: drawn by the library, or from files that the page hands over. */
import { digits } from '../../../src/data/digits/digits.ts';
import { UserError } from '../../../src/errors.ts';
import { type PreparedData, prepareImages, preparePoints, prepareTable } from '../../../src/experiment/prepare.ts';
import type { Experiment } from '../../../src/experiment/types.ts';

export type GivenFiles = Readonly<Record<string, Uint8Array>>;

/** @throws UserError where a file is needed that is not there, or cannot be read */
export function prepareData({ data, seed }: Experiment, files: GivenFiles): PreparedData {
  switch (data.name) {
    case 'points':
      return preparePoints(data);
    case 'digits':
      return prepareImages(digits(data), data, seed);
    case 'csv':
      return prepareTable(new TextDecoder().decode(given(files, data.file)), data, seed);
    default:
      throw new UserError(`the data set ${data.name} is not here; choose its files first`);
  }
}

function given(files: GivenFiles, name: string): Uint8Array {
  const file = files[name];
  if (file === undefined) throw new UserError(`${name}: the file was not handed over; choose it first`);
  return file;
}
