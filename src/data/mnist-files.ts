/** MNIST and Fashion-MNIST as files: their names and fingerprints, where they are to be had, and what is in them. */
import { UserError } from '../errors.ts';
import { Dataset } from './dataset.ts';
import { parseIdx } from './idx.ts';
import { DIGIT_NAMES, FASHION_NAMES, FASHION_NORMALIZATION, MNIST_NORMALIZATION } from './mnist-format.ts';

/** The names of the four files, images before labels, training before test; each may be plain or .gz. */
export const MNIST_FILES = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
] as const;
export type MnistFile = (typeof MNIST_FILES)[number];

/** A data set that comes as these four files. */
export interface Edition {
  readonly title: string;
  readonly name: string;
  /** Where in a folder of data it is looked for. */
  readonly subfolders: readonly string[];
  readonly mirrors: readonly string[];
  /** Fingerprints: of the decompressed content by SHA-256, or, where its authors publish no more, of the gzip files by MD5. */
  readonly hash: 'sha256 of content' | 'md5 of gzip';
  readonly hashes: Readonly<Record<MnistFile, string>>;
}

export const MNIST: Edition = {
  title: 'MNIST',
  name: 'mnist',
  subfolders: ['mnist', 'MNIST/raw'],
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
export const FASHION: Edition = {
  title: 'Fashion-MNIST',
  name: 'fashion-mnist',
  subfolders: ['fashion-mnist', 'fashion', 'FashionMNIST/raw'],
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

/** One of the files, decompressed. */
export interface MnistContent {
  /** What messages call it. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Whether it was stored as .gz. */
  readonly isCompressed: boolean;
}

/**
 * The training and test images [1, 28, 28] in the four files, in the order of MNIST_FILES.
 *
 * @throws UserError naming the file that does not hold what it should, and where
 */
export function mnistDatasets(files: readonly MnistContent[], edition: Edition, provenance: string): { train: Dataset; test: Dataset } {
  const part = (images: MnistContent, labels: MnistContent): Dataset => {
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
        `${labels.path}: at byte ${8 + wrong}${labels.isCompressed ? ' of the decompressed content' : ''}, label ${wrong} is ${y.data[wrong]}, expected 0 to 9`,
      );
    }
    return Dataset.from({
      name: edition.name,
      provenance,
      features: x.data,
      targets: y.data,
      featureShape: [1, 28, 28],
      classNames: edition === FASHION ? FASHION_NAMES : DIGIT_NAMES,
      lasting: true,
      normalization: edition === FASHION ? FASHION_NORMALIZATION : MNIST_NORMALIZATION,
    });
  };
  return { train: part(files[0], files[1]), test: part(files[2], files[3]) };
}

function typeName(data: object): string {
  return data.constructor.name.replace('Array', '').toLowerCase();
}
