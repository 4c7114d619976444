/** MNIST and Fashion-MNIST: from a folder, from the cache, or downloaded and verified. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { Dataset } from '../dataset.ts';
import { gunzip } from '../gzip.ts';
import { parseIdx } from '../idx.ts';
import { DIGIT_NAMES, FASHION_NAMES, FASHION_NORMALIZATION, MNIST_NORMALIZATION } from '../mnist-format.ts';
import { download, type Progress } from './download.ts';
import { cacheFolder, type DataFile, findFile, readDataFile, reasonOf, writeAtomically } from './files.ts';

export interface MnistOptions {
  /** A folder with the four files, or with a subfolder of them (`mnist`, `fashion-mnist`). Default: the environment's CHAINRULE_DATA. */
  readonly data?: string;
  /** Where downloads are kept. Default: the user's cache folder. */
  readonly cache?: string;
  /** Fashion-MNIST, ten kinds of clothing, in place of digits. Default false. */
  readonly fashion?: boolean;
  /** Folders on the web to download from, tried in order. */
  readonly mirrors?: readonly string[];
  /** Milliseconds without a byte after which a mirror is given up. Default 20,000. */
  readonly timeout?: number;
  readonly onProgress?: (progress: Progress) => void;
}

const FILES = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'] as const;
type FileName = (typeof FILES)[number];

interface Edition {
  readonly title: string;
  readonly name: string;
  readonly subfolders: readonly string[];
  readonly mirrors: readonly string[];
  /** Fingerprints: of the decompressed content by SHA-256, or, where its authors publish no more, of the gzip files by MD5. */
  readonly hash: 'sha256 of content' | 'md5 of gzip';
  readonly hashes: Readonly<Record<FileName, string>>;
}

const MNIST: Edition = {
  title: 'MNIST',
  name: 'mnist',
  subfolders: ['mnist', join('MNIST', 'raw')],
  mirrors: ['https://ossci-datasets.s3.amazonaws.com/mnist/', 'https://storage.googleapis.com/cvdf-datasets/mnist/'],
  hash: 'sha256 of content',
  hashes: {
    'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
};

/** The MD5 of each .gz file is the one in the authors' README (github.com/zalandoresearch/fashion-mnist). */
const FASHION: Edition = {
  title: 'Fashion-MNIST',
  name: 'fashion-mnist',
  subfolders: ['fashion-mnist', 'fashion', join('FashionMNIST', 'raw')],
  mirrors: [
    'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/',
    'https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/',
  ],
  hash: 'md5 of gzip',
  hashes: {
    'train-images-idx3-ubyte': '8d4fb7e6c68d591d4c3dfef9ec88bf0d',
    'train-labels-idx1-ubyte': '25c81989df183df01b3e8a0aad5dffbe',
    't10k-images-idx3-ubyte': 'bef4ecab320f06d8554ea6380940ec79',
    't10k-labels-idx1-ubyte': 'bb300cfdad3c16e7a12a480ee83cd310',
  },
};

/**
 * The training and test images [1, 28, 28] of MNIST or Fashion-MNIST.
 *
 * They are looked for in `data`, in the folder CHAINRULE_DATA, and in the cache, in this order, and downloaded into the cache where none has them.
 * What is downloaded is verified; what is read from a folder is compared, and the dataset's `provenance` says whether it is the original.
 *
 * @throws UserError naming file and offset of what is wrong, or each mirror with its reason and what else can be done
 */
export async function mnist(options: MnistOptions = {}): Promise<{ train: Dataset; test: Dataset }> {
  const edition = options.fashion ? FASHION : MNIST;
  const given = options.data ?? (process.env.CHAINRULE_DATA || undefined);
  if (given !== undefined) {
    const folder = findFolder(given, edition);
    if (folder !== null) return await fromFolder(folder, edition);
    const from = options.data === undefined ? 'CHAINRULE_DATA' : 'data';
    // a folder for data in general may well hold other sets; one that is not there is a mistake
    if (options.data !== undefined || !existsSync(given)) {
      throw new UserError(
        `${from}: ${given} ${existsSync(given) ? `holds no ${edition.title} files` : 'is not there'}; expected ${FILES.join(', ')} (each plain or .gz), in it or in ${join(given, edition.subfolders[0])}`,
      );
    }
  }
  return await fromCache(edition, options);
}

/** The folder, or a subfolder of known name, that has at least one of the files. */
function findFolder(folder: string, edition: Edition): string | null {
  const places = [...edition.subfolders.map(sub => join(folder, sub)), folder];
  return places.find(place => FILES.some(name => findFile(place, name) !== null)) ?? null;
}

async function fromFolder(folder: string, edition: Edition): Promise<{ train: Dataset; test: Dataset }> {
  const paths = FILES.map(name => {
    const path = findFile(folder, name);
    if (path === null) throw new UserError(`${folder}: ${name} (plain or .gz) is missing; ${edition.title} is made of ${FILES.join(', ')}`);
    return path;
  });
  const files = await Promise.all(paths.map(readDataFile));
  for (const other of [MNIST, FASHION]) {
    if (other !== edition && FILES.some((name, i) => matches(files[i], name, other))) {
      throw new UserError(`${folder} holds ${other.title}, not ${edition.title}`);
    }
  }
  const strange = FILES.filter((name, i) => !matches(files[i], name, edition));
  const verdict = strange.length === 0 ? 'verified' : `not verified: ${strange.join(', ')} cannot be matched with the original`;
  return toDatasets(files, edition, `${edition.title}, from folder ${folder}, ${verdict}`);
}

function matches({ stored, content }: Pick<DataFile, 'stored' | 'content'>, name: FileName, edition: Edition): boolean {
  const digest =
    edition.hash === 'sha256 of content'
      ? createHash('sha256').update(content).digest('hex')
      : createHash('md5').update(stored).digest('hex');
  return digest === edition.hashes[name];
}

async function fromCache(edition: Edition, options: MnistOptions): Promise<{ train: Dataset; test: Dataset }> {
  const folder = join(options.cache ?? cacheFolder(), edition.name);
  const files: DataFile[] = [];
  const origins = new Set<string>();
  let note = '';
  for (const name of FILES) {
    const path = join(folder, `${name}.gz`);
    const kept = existsSync(path) ? await readDataFile(path).catch(() => null) : null;
    if (kept !== null && matches(kept, name, edition)) {
      files.push(kept);
      origins.add(`cache ${folder}`);
      continue;
    }
    await rm(path, { force: true }).catch(() => undefined); // damaged: get it again
    const { url, bytes, content } = await fetchVerified(name, edition, options);
    await writeAtomically(path, bytes).catch(error => {
      note = ` (it could not be kept in ${folder}: ${reasonOf(error)})`;
    });
    files.push({ path: url, stored: bytes, content });
    origins.add(new URL(url).host);
  }
  return toDatasets(files, edition, `${edition.title}, from ${[...origins].join(' and ')}, verified${note}`);
}

async function fetchVerified(
  name: FileName,
  edition: Edition,
  options: MnistOptions,
): Promise<{ url: string; bytes: Uint8Array; content: Uint8Array }> {
  const check = async (stored: Uint8Array, url: string): Promise<Uint8Array> => {
    const content = await gunzip(stored, url);
    if (!matches({ stored, content }, name, edition)) {
      throw new UserError(`the ${edition.hash} is not the one of ${edition.title}'s ${name}; the file is damaged or another one`);
    }
    return content;
  };
  try {
    const { url, bytes, value } = await download({
      mirrors: options.mirrors ?? edition.mirrors,
      file: `${name}.gz`,
      check,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    return { url, bytes, content: value };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${edition.title}: ${error.message}\nEither give a folder with the four files (--data DIR, or the environment variable CHAINRULE_DATA), or use the embedded data set: digits`,
      undefined,
      { cause: error },
    );
  }
}

function toDatasets(files: readonly DataFile[], edition: Edition, provenance: string): { train: Dataset; test: Dataset } {
  const part = (images: DataFile, labels: DataFile): Dataset => {
    const x = parseIdx(images.content, images.path);
    const y = parseIdx(labels.content, labels.path);
    if (!(x.data instanceof Uint8Array) || x.shape.length !== 3 || x.shape[1] !== 28 || x.shape[2] !== 28) {
      throw new UserError(`${images.path}: expected images of uint8 [n, 28, 28], found ${typeName(x.data)} [${x.shape.join(', ')}]`);
    }
    if (!(y.data instanceof Uint8Array) || y.shape.length !== 1) {
      throw new UserError(`${labels.path}: expected labels of uint8 [n], found ${typeName(y.data)} [${y.shape.join(', ')}]`);
    }
    if (x.shape[0] !== y.shape[0]) {
      throw new UserError(`${images.path} holds ${x.shape[0]} images, ${labels.path} ${y.shape[0]} labels; each image needs one label`);
    }
    const wrong = y.data.findIndex(label => label > 9);
    if (wrong >= 0) {
      throw new UserError(
        `${labels.path}: at byte ${8 + wrong}${labels.stored === labels.content ? '' : ' of the decompressed content'}, label ${wrong} is ${y.data[wrong]}, expected 0 to 9`,
      );
    }
    return Dataset.from({
      name: edition.name,
      provenance,
      features: x.data,
      targets: y.data,
      featureShape: [1, 28, 28],
      classNames: edition === FASHION ? FASHION_NAMES : DIGIT_NAMES,
      normalization: edition === FASHION ? FASHION_NORMALIZATION : MNIST_NORMALIZATION,
    });
  };
  return { train: part(files[0], files[1]), test: part(files[2], files[3]) };
}

function typeName(data: object): string {
  return data.constructor.name.replace('Array', '').toLowerCase();
}
