import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualSeed } from '../random.ts';
import { Dataset } from './dataset.ts';

/** n examples of two bytes (i, 2i) in classes i mod 3. */
function bytes(n: number): Dataset {
  return Dataset.from({
    name: 'bytes',
    features: Uint8Array.from({ length: 2 * n }, (_, i) => (i >> 1) * (1 + (i & 1))),
    targets: Uint8Array.from({ length: n }, (_, i) => i % 3),
    featureShape: [1, 2],
    normalization: { scale: 1 / 255, mean: 0.5, std: 0.25 },
  });
}

const allTargets = (d: Dataset): number[] => Array.from({ length: d.length }, (_, i) => d.target(i));
const ids = (d: Dataset): number[] => Array.from({ length: d.length }, (_, i) => d.raw(i)[0]);

describe('Dataset', () => {
  it('normalizes bytes as a batch is made', () => {
    const x = new Float32Array(4);
    const y = new Float32Array(2);
    bytes(9).fillBatch(Uint32Array.of(5, 0), x, y);
    const f = (b: number) => Math.fround((b / 255 - 0.5) / 0.25);
    x.forEach((value, i) => {
      expect(value).toBeCloseTo(f([5, 10, 0, 0][i]), 6);
    });
    expect(Array.from(y)).toEqual([2, 0]);
  });

  it('takes floats as they are, or normalized', () => {
    const options = {
      features: Float32Array.of(1, 2, 3, 4),
      targets: Float32Array.of(0.5, -1),
      featureShape: [2],
      targetKind: 'value',
    } as const;
    const x = new Float32Array(4);
    const y = new Float32Array(2);
    Dataset.from(options).fillBatch(Uint32Array.of(1, 0), x, y);
    expect(Array.from(x)).toEqual([3, 4, 1, 2]);
    expect(Array.from(y)).toEqual([-1, 0.5]);
    Dataset.from({ ...options, normalization: { scale: 2, mean: 1, std: 0.5 } }).fillBatch(Uint32Array.of(0, 1), x);
    expect(Array.from(x)).toEqual([2, 6, 10, 14]);
  });

  it('subset and take select without copying', () => {
    const d = bytes(10);
    expect(ids(d.subset([7, 3, 3]).subset([2, 0]))).toEqual([3, 7]);
    expect(ids(d.take(3))).toEqual([0, 1, 2]);
    expect(d.take(99).length).toBe(10);
    const x = new Float32Array(2);
    d.subset([7, 3]).fillBatch(Uint32Array.of(1), x);
    expect(x[0]).toBeCloseTo((3 / 255 - 0.5) / 0.25, 6);
    expect(d.subset([4]).info()).toEqual(d.info());
  });

  it('split parts the examples, each to one side, the same for the same seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 80 }), fc.nat({ max: 1000 }), fc.boolean(), (n, seed, stratified) => {
        const count = 1 + (seed % (n - 1));
        const { train, validation } = bytes(n).split({ validation: count, seed, stratified });
        expect(validation.length).toBe(count);
        expect([...ids(train), ...ids(validation)].sort((a, b) => a - b)).toEqual(ids(bytes(n)));
        expect(ids(bytes(n).split({ validation: count, seed, stratified }).validation)).toEqual(ids(validation));
      }),
      { numRuns: 60, seed: 1 },
    );
    expect(bytes(50).split({ validation: 0.2, seed: 1 }).validation.length).toBe(10);
  });

  it('a stratified split keeps the share of each class', () => {
    const d = Dataset.from({
      features: new Uint8Array(100),
      featureShape: [1],
      targets: Uint8Array.from({ length: 100 }, (_, i) => (i < 70 ? 0 : i < 90 ? 1 : 2)),
    });
    const { train, validation } = d.split({ validation: 0.1, seed: 3, stratified: true });
    expect(validation.classCounts()).toEqual([7, 2, 1]);
    expect(train.classCounts()).toEqual([63, 18, 9]);
  });

  it('draws from the current generator where no seed is given', () => {
    const draw = (seed: number) => {
      manualSeed(seed);
      return ids(bytes(40).split({ validation: 10 }).validation);
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('says what does not fit', () => {
    const features = new Uint8Array(6);
    expect(() => Dataset.from({ features, targets: new Uint8Array(2), featureShape: [2], name: 'd' })).toThrow(
      "dataset 'd': 2 targets with features of shape [2] need 4 feature numbers, 6 were given",
    );
    expect(() => Dataset.from({ features, targets: Float32Array.of(0, 1, 1.5), featureShape: [2], name: 'd' })).toThrow(
      "dataset 'd': the target of example 2 is 1.5, expected a class number from 0 to 1",
    );
    const d = bytes(3);
    expect(() => d.fillBatch(Uint32Array.of(0), new Float32Array(3))).toThrow(
      'fillBatch: 1 examples need x of 2 and y of 1 numbers; x has 3',
    );
    expect(() => d.fillBatch(Uint32Array.of(3), new Float32Array(2))).toThrow("dataset 'bytes': there is no example 3; it has 3");
    expect(() => d.subset([0, 1.5])).toThrow("subset of 'bytes': there is no example 1.5; it has 3");
    expect(() => d.subset([-1])).toThrow("subset of 'bytes': there is no example -1; it has 3");
    expect(() => d.raw(3)).toThrow("dataset 'bytes': there is no example 3");
    for (const validation of [0, 1.5, 3, -1, NaN]) {
      expect(() => d.split({ validation, seed: 1 })).toThrow(
        `split: validation is ${validation}; expected a share between 0 and 1, or a count from 1 to 2`,
      );
    }
    const values = Dataset.from({ features, targets: new Float32Array(6), featureShape: [1], targetKind: 'value', name: 'v' });
    expect(() => values.split({ validation: 1, seed: 1, stratified: true })).toThrow(
      "stratified needs classes; the targets of 'v' are values",
    );
    expect(allTargets(values)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
