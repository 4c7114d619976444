import { describe, expect, it } from 'vitest';
import { type AugmentOptions, augmentImages } from './augment.ts';
import { Dataset } from './dataset.ts';
import { digits } from './digits/digits.ts';
import { DataLoader } from './loader.ts';

const { train } = digits({ train: 60, test: 0 });
const BACKGROUND = Math.fround((0 - train.normalization.mean) / train.normalization.std);

/** All images after augmentation, one loader's first epoch. */
function augmented(options: AugmentOptions, seed = 1, data: Dataset = train): Float32Array[] {
  const loader = new DataLoader(data, { batchSize: 20, seed, transform: augmentImages(options, data) });
  return Array.from(loader.batches(), batch => batch.x.slice());
}

const all = (options: AugmentOptions, seed?: number): Float32Array => {
  const parts = augmented(options, seed);
  const joined = new Float32Array(parts.length * parts[0].length);
  for (const [i, part] of parts.entries()) joined.set(part, i * parts[0].length);
  return joined;
};

/** Ink above the background: its sum, and its centre. */
function ink(image: ArrayLike<number>): { mass: number; x: number; y: number } {
  let [mass, x, y] = [0, 0, 0];
  for (let i = 0; i < 784; i++) {
    const value = image[i] - BACKGROUND;
    mass += value;
    x += value * (i % 28);
    y += value * Math.floor(i / 28);
  }
  return { mass, x: x / mass, y: y / mass };
}
const images = (pixels: Float32Array): Float32Array[] =>
  Array.from({ length: pixels.length / 784 }, (_, i) => pixels.subarray(784 * i, 784 * (i + 1)));
const plain = all({});

describe('augmentImages', () => {
  it('leaves every image bit for bit where there is nothing to do', () => {
    expect(new Set(plain).has(BACKGROUND)).toBe(true);
    for (const options of [
      { probability: 0, shift: 3, rotate: 90, elastic: { alpha: 34, sigma: 4 } },
      { shift: 0, rotate: 0, scale: 0, shear: 0, elastic: null },
      { elastic: { alpha: 0, sigma: 4 } },
    ]) {
      expect(all(options)).toEqual(plain);
    }
  });

  it('keeps the ink when it moves, turns, slants and bends, and changes it with the scale squared', () => {
    const before = images(plain).map(ink);
    const ratios = (options: AugmentOptions): number[] => images(all(options)).map((image, i) => ink(image).mass / before[i].mass);
    for (const ratio of ratios({ shift: 2, rotate: 20, shear: 10 })) expect(ratio).toBeCloseTo(1, 1);
    const bent = ratios({ elastic: { alpha: 34, sigma: 4 } });
    for (const ratio of bent) expect(Math.abs(ratio - 1)).toBeLessThan(0.8); // a place may be much stretched
    expect(bent.reduce((sum, r) => sum + r) / bent.length).toBeCloseTo(1, 1);
    const scaled = ratios({ scale: 0.2 });
    for (const ratio of scaled) expect(ratio > 0.6 && ratio < 1.5).toBe(true); // 0.8², 1.2²
    expect(Math.max(...scaled)).toBeGreaterThan(1.2);
    expect(Math.min(...scaled)).toBeLessThan(0.8);
  });

  it('shifts within its bounds, differently for each image', () => {
    const before = images(plain).map(ink);
    const moved = images(all({ shift: 2 })).map((image, i) => ({ x: ink(image).x - before[i].x, y: ink(image).y - before[i].y }));
    for (const { x, y } of moved) expect(Math.max(Math.abs(x), Math.abs(y))).toBeLessThan(2.001);
    expect(new Set(moved.map(m => m.x.toFixed(3))).size).toBeGreaterThan(55);
    expect(Math.max(...moved.map(m => m.x)) - Math.min(...moved.map(m => m.x))).toBeGreaterThan(3.2);
    expect(Math.max(...moved.map(m => m.y)) - Math.min(...moved.map(m => m.y))).toBeGreaterThan(3.2);
  });

  it('changes the share of images asked for', () => {
    const half = images(all({ rotate: 30, probability: 0.5 }));
    const same = half.filter((image, i) => image.every((value, j) => value === plain[784 * i + j])).length;
    expect(same).toBeGreaterThan(18);
    expect(same).toBeLessThan(42);
  });

  it('brings in background, and nothing beyond the values there were', () => {
    const range = (pixels: Float32Array): number[] => [pixels.reduce((a, b) => Math.min(a, b)), pixels.reduce((a, b) => Math.max(a, b))];
    const [low, high] = range(all({ shift: 8, rotate: 180, scale: 0.5, shear: 40, elastic: { alpha: 60, sigma: 4 } }));
    expect(low).toBe(BACKGROUND);
    expect(high).toBeLessThanOrEqual(range(plain)[1]);
  });

  it('is the same for the same seed, another in each epoch, and goes on exactly after a restore', () => {
    const options: AugmentOptions = { shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 }, probability: 0.9 };
    expect(all(options, 3)).toEqual(all(options, 3));
    expect(all(options, 3)).not.toEqual(all(options, 4));
    const make = (): DataLoader =>
      new DataLoader(train, { batchSize: 16, shuffle: true, seed: 5, transform: augmentImages(options, train) });
    const epoch = (loader: DataLoader): Float32Array[] => Array.from(loader.batches(), batch => batch.x.slice());
    const whole = make();
    const first = epoch(whole);
    const second = epoch(whole);
    expect(second).not.toEqual(first);
    const resumed = make();
    resumed.restore({ epoch: 1, position: 2 });
    expect(epoch(resumed)).toEqual(second.slice(2));
  });

  it('moves all channels of an image alike', () => {
    const gray = train.take(10);
    const features = new Uint8Array(10 * 2 * 784);
    for (let i = 0; i < 10; i++) for (const c of [0, 1]) features.set(gray.raw(i), (2 * i + c) * 784);
    const { normalization } = train;
    const both = Dataset.from({ features, targets: new Uint8Array(10), featureShape: [2, 28, 28], normalization });
    const [x] = augmented({ rotate: 30, elastic: { alpha: 34, sigma: 4 } }, 1, both);
    for (let i = 0; i < 10; i++) expect(x.subarray(1568 * i, 1568 * i + 784)).toEqual(x.subarray(1568 * i + 784, 1568 * (i + 1)));
  });

  it('refuses what makes no sense', () => {
    const refused = (options: AugmentOptions, message: string): void => expect(() => augmentImages(options, train)).toThrow(message);
    refused({ shift: -1 }, 'augmentation: shift is -1; it must be a number of pixels of at least 0');
    refused({ shift: 15 }, 'shift is 15; it must be at most half of an image of 28 x 28 pixels, 14');
    refused({ rotate: 181 }, 'rotate is 181; it must be degrees from 0 to 180');
    refused({ scale: 1 }, 'scale is 1; it must be a share of at least 0 and below 1');
    refused({ shear: 61 }, 'shear is 61; it must be degrees from 0 to 60');
    refused({ elastic: { alpha: -1, sigma: 4 } }, 'elastic.alpha is -1; it must be a number of at least 0');
    refused({ elastic: { alpha: 1, sigma: 0.5 } }, 'elastic.sigma is 0.5; it must be a number of pixels of at least 1');
    refused({ probability: 1.1 }, 'probability is 1.1; it must be a share from 0 to 1');
    refused({ rotate: Number.NaN }, 'rotate is NaN');
    const table = { featureShape: [13], normalization: train.normalization };
    expect(() => augmentImages({ shift: 1 }, table)).toThrow('augmentation moves the pixels of images');
  });
});

describe('the elastic field', () => {
  it('has the size and the smoothness of the field described by Simard et al.', () => {
    const [alpha, sigma, count] = [34, 4, 400];
    const [size, margin, lag] = [32, 8, 4];
    // Two channels whose values are the place itself say from where each pixel came. No pixel comes from farther than the margin.
    const place = Float32Array.from({ length: 2 * size * size }, (_, i) => (i < size * size ? i % size : Math.floor(i / size) - size));
    const features = new Float32Array(count * place.length);
    for (let i = 0; i < count; i++) features.set(place, i * place.length);
    const data = Dataset.from({ features, targets: new Uint8Array(count), featureShape: [2, size, size] });
    let [square, lagged, sum, pixels, cross] = [0, 0, 0, 0, 0];
    for (const batch of augmented({ elastic: { alpha, sigma } }, 1, data)) {
      for (let start = 0; start < batch.length; start += place.length) {
        const moved = (axis: number, row: number, column: number): number => {
          const i = axis * size * size + row * size + column;
          return batch[start + i] - place[i];
        };
        for (let row = margin; row < size - margin; row++) {
          for (let column = margin; column < size - margin - lag; column++) {
            const [x, y] = [moved(0, row, column), moved(1, row, column)];
            square += x * x + y * y;
            lagged += x * moved(0, row, column + lag) + y * moved(1, row, column + lag);
            cross += x * y;
            sum += x + y;
            pixels += 2;
          }
        }
      }
    }
    const rms = alpha / (2 * Math.sqrt(3 * Math.PI) * sigma);
    expect(Math.sqrt(square / pixels) / rms).toBeCloseTo(1, 1);
    expect(sum / pixels).toBeCloseTo(0, 1);
    expect((2 * cross) / square).toBeCloseTo(0, 1);
    // noise smoothed by a Gaussian of σ correlates as exp(-lag² / 4σ²)
    expect(lagged / square).toBeCloseTo(Math.exp(-(lag ** 2) / (4 * sigma ** 2)), 1);
  });
});
