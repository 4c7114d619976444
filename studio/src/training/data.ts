/** The data of an experiment, in a worker: drawn by the library, or from files that the page hands over. */
import { digits } from '../../../src/data/digits/digits.ts';
import { gunzip, isGzip } from '../../../src/data/gzip.ts';
import { type Edition, FASHION, MNIST, MNIST_FILES, type MnistContent, mnistDatasets } from '../../../src/data/mnist-files.ts';
import { UserError } from '../../../src/errors.ts';
import { type PreparedData, prepareImages, preparePoints, prepareTable } from '../../../src/experiment/prepare.ts';
import type { Experiment } from '../../../src/experiment/types.ts';
import { sha256Of } from './sha256.ts';

export type GivenFiles = Readonly<Record<string, Uint8Array>>;

/** @throws UserError where a file is needed that is not there, or cannot be read */
export async function prepareData({ data, seed }: Experiment, files: GivenFiles): Promise<PreparedData> {
  switch (data.name) {
    case 'points':
      return preparePoints(data);
    case 'digits':
      return prepareImages(digits(data), data, seed);
    case 'mnist':
      return prepareImages(await idxData(files, MNIST), data, seed);
    case 'fashion-mnist':
      return prepareImages(await idxData(files, FASHION), data, seed);
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

/** The two parts from four files, each plain or .gz, whatever folder their names begin with. */
async function idxData(files: GivenFiles, edition: Edition): Promise<ReturnType<typeof mnistDatasets>> {
  const contents = await Promise.all(
    MNIST_FILES.map(async (name): Promise<MnistContent> => {
      const path = Object.keys(files).find(one => one.replace(/^.*\//, '').replace(/\.gz$/, '').replace('.idx', '-idx') === name);
      if (path === undefined) {
        throw new UserError(`${edition.title} comes in four files, each plain or .gz: ${MNIST_FILES.join(', ')}. ${name} is missing`);
      }
      const isCompressed = isGzip(files[path]);
      return { path, isCompressed, content: isCompressed ? await gunzip(files[path], path) : files[path] };
    }),
  );
  const hashes = edition.hash === 'sha256 of content' ? await Promise.all(contents.map(({ content }) => sha256Of(content))) : [];
  const isOriginal = hashes.length > 0 && hashes.every((hash, i) => hash === edition.hashes[MNIST_FILES[i]]);
  const verdict = isOriginal ? 'verified' : 'not compared with the original';
  return mnistDatasets(contents, edition, `${edition.title}, from files chosen in the studio, ${verdict}`);
}
