/** Image augmentation: each image of a training batch is moved, turned, stretched and bent a little, anew in every epoch. */
import { UserError } from '../errors.ts';
import { cos, sin } from '../math.ts';
import type { Stream } from '../random.ts';
import type { DatasetInfo } from './dataset.ts';
import { elasticField } from './elastic-field.ts';
import type { Batch } from './loader.ts';

export interface ElasticOptions {
  /** Strength, as Simard et al. have it: the root mean square of the displacement is α / (2 √(3π) σ) pixels in each direction. */
  readonly alpha: number;
  /** Width in pixels of the Gaussian that smooths the field: points much closer than this move together. From 1 up. */
  readonly sigma: number;
}

/** How much an image may change. Plain JSON; every part is off unless given. */
export interface AugmentOptions {
  /** Pixels: moved right and down by up to this much, either way. From 0 to half the image. Default 0. */
  readonly shift?: number;
  /** Degrees: turned by up to this much, either way. From 0 to 180. Default 0. */
  readonly rotate?: number;
  /** Made larger or smaller by up to this share: 0.1 is a factor from 0.9 to 1.1. From 0, below 1. Default 0. */
  readonly scale?: number;
  /** Degrees: slanted by up to this much, either way. From 0 to 60. Default 0. */
  readonly shear?: number;
  /** Bent by a smooth random field. For MNIST, `{ alpha: 34, sigma: 4 }`. Default null: not at all. */
  readonly elastic?: ElasticOptions | null;
  /** The share of images that is changed; the others pass as they are. From 0 to 1. Default 1. */
  readonly probability?: number;
}

/** What the images are: their shape, and how their pixels were normalized. A `Dataset` is such. */
export type ImageInfo = Pick<DatasetInfo, 'featureShape' | 'normalization'>;

/** Checked, with every default written out. Throws a UserError that names the option, what was given and what is allowed. */
export function checkAugmentOptions(options: AugmentOptions): Required<AugmentOptions> {
  const { shift = 0, rotate = 0, scale = 0, shear = 0, elastic = null, probability = 1 } = options;
  inRange('shift', shift, 0, Infinity, 'a number of pixels of at least 0');
  inRange('rotate', rotate, 0, 180, 'degrees from 0 to 180');
  if (!(scale >= 0 && scale < 1)) throw refusal('scale', scale, 'a share of at least 0 and below 1');
  inRange('shear', shear, 0, 60, 'degrees from 0 to 60');
  inRange('probability', probability, 0, 1, 'a share from 0 to 1');
  if (elastic !== null) {
    inRange('elastic.alpha', elastic.alpha, 0, Infinity, 'a number of at least 0');
    inRange('elastic.sigma', elastic.sigma, 1, Infinity, 'a number of pixels of at least 1');
  }
  return { shift, rotate, scale, shear, elastic, probability };
}

/**
 * A loader's `transform` that changes the images of a batch, by a kernel on their way into it (`Batch.warp`). Each new pixel p takes the old value, linear between pixels, at
 *
 *     c + M⁻¹ (p - c - t) + d(p)
 *     M = R(φ) S(ψ) s,   S(ψ) = [1 tan ψ; 0 1],   c the image's centre,   t, φ, s, ψ uniform within the options,   d the elastic field
 *
 * What comes in from outside the image is background: the normalized value of 0. Images are [channels, height, width] or [height, width];
 * all channels of one image move alike. With the loader's stream for each batch, an image's change depends on seed, epoch and place in the
 * epoch alone, so a resumed run sees the same images.
 *
 * ```ts
 * const loader = new DataLoader(train, { batchSize: 128, shuffle: true, transform: augmentImages({ shift: 2, rotate: 10 }, train) });
 * ```
 *
 * Differs from torchvision's RandomAffine: angles and factors are drawn for one image, not for a batch of them, and shear is along x alone
 * (along y it is a turn and a shear along x). Source of the elastic field: Simard, Steinkraus and Platt 2003, section 2.
 */
export function augmentImages(options: AugmentOptions, images: ImageInfo): (batch: Batch, stream: Stream) => void {
  const { shift, rotate, scale, shear, elastic, probability } = checkAugmentOptions(options);
  const { channels, height, width } = imageShape(images.featureShape);
  if (shift > Math.min(height, width) / 2) {
    throw refusal('shift', shift, `at most half of an image of ${height} x ${width} pixels, ${Math.min(height, width) / 2}`);
  }
  const moves = shift > 0 || rotate > 0 || scale > 0 || shear > 0;
  const field = elastic !== null && elastic.alpha > 0 ? elasticField(height, width, elastic.alpha, elastic.sigma) : null;
  if (probability === 0 || !(moves || field !== null)) return () => {};
  const { scale: unit, mean, std } = images.normalization;
  const background = (0 * unit - mean) / std;
  return (batch, stream) => {
    const n = batch.indices.length;
    const maps = new Float32Array(6 * n);
    const blocks = new Int32Array(n);
    const { key0, key1 } = stream.leave(0);
    for (let i = 0; i < n; i++) {
      if (probability < 1 && stream.uniform() >= probability) {
        blocks[i] = -1;
        continue;
      }
      if (moves) drawMap(stream, { shift, rotate, scale, shear }, (width - 1) / 2, (height - 1) / 2, maps, 6 * i);
      else maps.set(UNMOVED, 6 * i);
      blocks[i] = stream.leave(field?.blocks ?? 0).first;
    }
    batch.warp({ channels, height, width, background, maps, blocks, field: field === null ? null : { ...field, key0, key1 } });
  };
}

const UNMOVED = [1, 0, 0, 1, 0, 0];
const RADIANS = 0.017453292519943295;

/**
 * From where a pixel p comes, c + M⁻¹ (p - c - t), as the six numbers of a map. Five numbers are drawn, whatever the options, so that one option does not
 * shift another.
 */
function drawMap(
  stream: Stream,
  { shift, rotate, scale, shear }: Required<Pick<AugmentOptions, 'shift' | 'rotate' | 'scale' | 'shear'>>,
  centreX: number,
  centreY: number,
  maps: Float32Array,
  at: number,
): void {
  const x = shift * (2 * stream.uniform() - 1);
  const y = shift * (2 * stream.uniform() - 1);
  let [a, b, c, d] = [1, 0, 0, 1];
  if (rotate === 0 && scale === 0 && shear === 0) {
    stream.leave(3);
  } else {
    const angle = rotate * RADIANS * (2 * stream.uniform() - 1);
    const factor = 1 / (1 + scale * (2 * stream.uniform() - 1));
    const slant = shear * RADIANS * (2 * stream.uniform() - 1);
    const sine = sin(angle);
    const cosine = cos(angle);
    const tangent = sin(slant) / cos(slant);
    // M⁻¹ = S(-ψ) R(-φ) / s
    a = factor * (cosine + tangent * sine);
    b = factor * (sine - tangent * cosine);
    c = -factor * sine;
    d = factor * cosine;
  }
  maps[at] = a;
  maps[at + 1] = b;
  maps[at + 2] = c;
  maps[at + 3] = d;
  maps[at + 4] = centreX - a * (centreX + x) - b * (centreY + y);
  maps[at + 5] = centreY - c * (centreX + x) - d * (centreY + y);
}

function imageShape(shape: readonly number[]): { channels: number; height: number; width: number } {
  const [channels, height, width] = shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length < 2 || shape.length > 3 || !(height >= 2 && width >= 2)) {
    throw new UserError(
      `augmentation moves the pixels of images, [channels, height, width] or [height, width]; the features here are [${shape.join(', ')}]`,
    );
  }
  return { channels, height, width };
}

function inRange(name: string, value: number, low: number, high: number, allowed: string): void {
  if (!(value >= low && value <= high) || value === Infinity) throw refusal(name, value, allowed);
}

function refusal(name: string, value: number, allowed: string): UserError {
  return new UserError(`augmentation: ${name} is ${value}; it must be ${allowed}`);
}
