import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { DataLoader } from '../loader.ts';
import { CENTRE, centreOfMass, SIDE } from '../normalize-digit.ts';
import { digits } from './digits.ts';

const { train, test } = digits({ train: 3000, test: 500 });
const hash = (images: Iterable<ArrayLike<number>>): string => {
  const sha = createHash('sha256');
  for (const image of images) sha.update(Uint8Array.from(image));
  return sha.digest('hex');
};
const all = (n: number, of = train) => Array.from({ length: n }, (_, i) => of.raw(i));

describe('digits', () => {
  it('says what it is', () => {
    expect(train.name).toBe('digits');
    expect(train.provenance).toBe("embedded digits, drawn by chainrule's generator with seed 1 (not human handwriting)");
    expect(train.featureShape).toEqual([1, 28, 28]);
    expect([train.length, test.length]).toEqual([3000, 500]);
    expect(train.classCounts()).toEqual(new Array(10).fill(300));
  });

  it('draws the same bits everywhere: a change here changes every model trained on it', () => {
    expect(hash(all(200))).toMatchInlineSnapshot(`"9da8dce280daa519c0388ff261520826c85ded738b231bbad359a198681897c6"`);
  });

  it('follows from seed, part and index alone', () => {
    const few = digits({ train: 50, test: 50 });
    expect(all(50, few.train)).toEqual(all(50));
    expect(hash(all(50, digits({ train: 50, test: 0, seed: 2 }).train))).not.toBe(hash(all(50)));
    expect(hash(all(50, few.test))).not.toBe(hash(all(50)));
    expect(new Set(all(3000).map(image => hash([image]))).size).toBe(3000);
  });

  it('lazy draws the same images when they are asked for', () => {
    const lazy = digits({ train: 100, test: 0, lazy: true }).train;
    expect(all(100, lazy)).toEqual(all(100));
    const read = (dataset: typeof lazy) =>
      Array.from(new DataLoader(dataset, { batchSize: 32, shuffle: true, seed: 1 }).batches(), b => b.x.slice());
    expect(read(lazy.subset([3, 5, 8]))).toEqual(read(train.subset([3, 5, 8])));
  });

  it('has the form and the ink of MNIST', () => {
    let ink = 0;
    let squares = 0;
    for (const image of all(3000)) {
      const { x, y } = centreOfMass(image, SIDE, SIDE);
      expect(Math.abs(x - CENTRE)).toBeLessThan(0.8);
      expect(Math.abs(y - CENTRE)).toBeLessThan(0.8);
      for (const v of image) {
        ink += v / 255;
        squares += (v / 255) ** 2;
      }
    }
    const mean = ink / (3000 * 784);
    expect(Math.abs(mean - 0.1307)).toBeLessThan(0.006);
    expect(Math.abs(Math.sqrt(squares / (3000 * 784) - mean * mean) - 0.3081)).toBeLessThan(0.01);
  });

  it('can be learned: the nearest of the training images has the class of most test images', () => {
    let right = 0;
    for (let i = 0; i < 200; i++) {
      const image = test.raw(i);
      let best = Infinity;
      let label = -1;
      for (let j = 0; j < 2000; j++) {
        const other = train.raw(j);
        let distance = 0;
        for (let k = 0; k < 784 && distance < best; k++) distance += (image[k] - other[k]) ** 2;
        if (distance < best) {
          best = distance;
          label = train.target(j);
        }
      }
      if (label === test.target(i)) right++;
    }
    expect(right / 200).toBeGreaterThan(0.7); // by chance 0.1; hands differ too much for 2000 of them to hold every likeness
  });

  it('draws thousands a second', () => {
    const start = performance.now();
    digits({ train: 2000, test: 0 });
    expect(2000 / ((performance.now() - start) / 1000)).toBeGreaterThan(2000); // 25,000 on one core of a quiet machine
  });

  it('refuses what is no count or seed', () => {
    expect(() => digits({ train: -1 })).toThrow('digits: train is -1, expected a whole number of images from 0 to 10,000,000');
    expect(() => digits({ test: 1.5 })).toThrow('digits: test is 1.5');
    expect(() => digits({ seed: -1 })).toThrow('seed is -1, expected a whole number from 0 to 2^53 - 1');
  });
});
