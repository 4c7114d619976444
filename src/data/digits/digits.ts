/**
 * The embedded data set `digits`: handwritten-like digits drawn by a seeded generator. It needs no network and no file, and is named as what
 * it is in every result: a model that was trained on it has not seen a human hand.
 */
import { UserError } from '../../errors.ts';
import { Random, type Stream } from '../../random.ts';
import { Dataset, type DatasetInfo, type FeatureSource, memorySource } from '../dataset.ts';
import { MNIST_NORMALIZATION } from '../mnist-format.ts';
import { SIDE } from '../normalize-digit.ts';
import { drawDigit } from './draw.ts';

export interface DigitsOptions {
  /** Default 1. The same seed gives the same images on every engine. */
  readonly seed?: number;
  /** Training images; default 20,000. */
  readonly train?: number;
  /** Test images, from a sequence of their own; default 2,000. */
  readonly test?: number;
  /** Draw each image again each time it is asked for, rather than once and keep it. Default false. */
  readonly lazy?: boolean;
}

const PIXELS = SIDE * SIDE;
const CLASSES = 10;

/**
 * Training and test images [1, 28, 28] of the ten digits, in MNIST's form. Example i is of class i mod 10, so any run of them is balanced.
 * Image i depends on the seed, the part and i alone: a larger set begins with the smaller one.
 *
 * ```ts
 * const { train, test } = digits({ seed: 1 });
 * ```
 */
export function digits(options: DigitsOptions = {}): { train: Dataset; test: Dataset } {
  const { seed = 1, train = 20_000, test = 2_000, lazy = false } = options;
  const stream = new Random(seed).stream('digits');
  for (const [name, count] of [
    ['train', train],
    ['test', test],
  ] as const) {
    if (!(Number.isInteger(count) && count >= 0 && count <= 10_000_000)) {
      throw new UserError(`digits: ${name} is ${count}, expected a whole number of images from 0 to 10,000,000`);
    }
  }
  const part = (name: string, count: number): Dataset => {
    const info: DatasetInfo = {
      name: 'digits',
      provenance: `embedded digits, drawn by chainrule's generator with seed ${seed} (not human handwriting)`,
      featureShape: [1, SIDE, SIDE],
      targetKind: 'class',
      targetShape: [],
      classNames: Array.from({ length: CLASSES }, (_, i) => String(i)),
      normalization: MNIST_NORMALIZATION,
    };
    const targets = Uint8Array.from({ length: count }, (_, i) => i % CLASSES);
    const own = stream.split(name);
    return new Dataset(info, drawnSource(own, count, !lazy), targets);
  };
  return { train: part('train', train), test: part('test', test) };
}

/** Draws an image when it is first asked for, so that training begins at once; `keeps` it, or draws it again each time. */
function drawnSource(stream: Stream, length: number, keeps: boolean): FeatureSource {
  const kept = new Uint8Array(keeps ? length * PIXELS : 0);
  const isDrawn = new Uint8Array(keeps ? length : 0);
  const raw = (i: number): Uint8Array => {
    const image = keeps ? kept.subarray(i * PIXELS, (i + 1) * PIXELS) : new Uint8Array(PIXELS);
    if (isDrawn[i] !== 1) drawDigit(i % CLASSES, stream.split(String(i)), image, 0);
    if (keeps) isDrawn[i] = 1;
    return image;
  };
  if (!keeps) {
    const { scale, mean, std } = MNIST_NORMALIZATION;
    const normalized = Float32Array.from({ length: 256 }, (_, byte) => (byte * scale - mean) / std);
    const fill = (indices: Uint32Array, out: Float32Array): void => {
      for (let i = 0; i < indices.length; i++) {
        const image = raw(indices[i]);
        for (let j = 0; j < PIXELS; j++) out[i * PIXELS + j] = normalized[image[j]];
      }
    };
    return { length, fill, raw };
  }
  const all = memorySource(kept, PIXELS, MNIST_NORMALIZATION);
  const drawn = (indices: Uint32Array): Uint32Array => {
    for (let i = 0; i < indices.length; i++) if (isDrawn[indices[i]] !== 1) raw(indices[i]);
    return indices;
  };
  return {
    length,
    raw,
    fill: (indices, out) => all.fill(drawn(indices), out),
    fillStorage: (indices, kernels, out, warp) => all.fillStorage!(drawn(indices), kernels, out, warp),
    fillAhead: (indices, kernels, warp) => all.fillAhead!(drawn(indices), kernels, warp),
  };
}
