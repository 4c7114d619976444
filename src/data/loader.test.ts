import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../backend/current.ts';
import type { Kernels } from '../backend/kernels.ts';
import { WasmBackend } from '../backend/wasm/wasm-backend.ts';
import { Random, type Stream } from '../random.ts';
import { zeros } from '../tensor/create.ts';
import { emptyTensor } from '../tensor/tensor.ts';
import { augmentImages } from './augment.ts';
import { Dataset, type FeatureSource, identity } from './dataset.ts';
import { type Batch, DataLoader } from './loader.ts';

const numbers = (n: number): Dataset =>
  Dataset.from({
    name: 'numbers',
    features: Float32Array.from({ length: n }, (_, i) => i),
    targets: Float32Array.from({ length: n }, (_, i) => -i),
    featureShape: [1],
    targetKind: 'value',
  });

/** The same, read after a while. `order` notes when each batch was begun. */
function slow(n: number, begun: number[] = []): Dataset {
  const source: FeatureSource = {
    length: n,
    async fill(indices, out) {
      begun.push(indices[0]);
      await new Promise(resolve => setTimeout(resolve, indices[0] % 3));
      out.set(indices);
    },
  };
  const info = { ...numbers(1).info(), name: 'slow', normalization: identity };
  return new Dataset(
    info,
    source,
    Float32Array.from({ length: n }, (_, i) => -i),
  );
}

const read = (loader: DataLoader): number[][] => Array.from(loader.batches(), b => Array.from(b.x));

async function readAhead(loader: DataLoader): Promise<number[][]> {
  const all: number[][] = [];
  for await (const b of loader.batchesAhead()) {
    all.push(Array.from(b.x));
    expect(Array.from(b.y)).toEqual(Array.from(b.x, v => -v));
  }
  return all;
}

describe('DataLoader', () => {
  it('goes through the examples in order, the last batch smaller or left out', () => {
    expect(read(new DataLoader(numbers(5), { batchSize: 2 }))).toEqual([[0, 1], [2, 3], [4]]);
    expect(read(new DataLoader(numbers(5), { batchSize: 2, dropLast: true }))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(new DataLoader(numbers(5), { batchSize: 2 }).length).toBe(3);
    expect(new DataLoader(numbers(5), { batchSize: 2, dropLast: true }).length).toBe(2);
  });

  it.each([2, 16, 17])('brings each example with its own target of %i numbers, epoch after epoch, also from a selection', size => {
    const all = Dataset.from({
      features: Float32Array.from({ length: 30 }, (_, i) => i),
      targets: Float32Array.from({ length: 30 * size }, (_, i) => 1000 + i),
      featureShape: [1],
      targetKind: 'value',
      targetShape: [size],
    });
    const chosen = all.subset([29, 3, 5, 8, 13, 21, 2]);
    const loader = new DataLoader(chosen, { batchSize: 3, shuffle: true, seed: 1 });
    for (let epoch = 0; epoch < 3; epoch++) {
      const seen: number[] = [];
      for (const { x, y, indices } of loader.batches()) {
        x.forEach((value, i) => {
          seen.push(value);
          expect(value).toBe(chosen.raw(indices[i])[0]);
          expect([...y.subarray(i * size, (i + 1) * size)]).toEqual(Array.from({ length: size }, (_, j) => 1000 + value * size + j));
        });
      }
      expect(seen.toSorted((a, b) => a - b)).toEqual([2, 3, 5, 8, 13, 21, 29]);
    }
  });

  it('shuffles anew each epoch, every example once, the same for the same seed', () => {
    const loader = new DataLoader(numbers(50), { batchSize: 7, shuffle: true, seed: 4 });
    const epochs = [read(loader).flat(), read(loader).flat(), read(loader).flat()];
    for (const epoch of epochs) expect(epoch.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
    expect(new Set(epochs.map(e => e.join())).size).toBe(3);
    const again = new DataLoader(numbers(50), { batchSize: 7, shuffle: true, random: new Random(4) });
    expect([read(again).flat(), read(again).flat(), read(again).flat()]).toEqual(epochs);
  });

  it('gives y, indices and shapes with x', () => {
    const [batch] = new DataLoader(numbers(5), { batchSize: 3 }).batches();
    expect(batch.xShape).toEqual([3, 1]);
    expect(batch.yShape).toEqual([3]);
    expect(Array.from(batch.y)).toEqual([-0, -1, -2]);
    expect(Array.from(batch.indices)).toEqual([0, 1, 2]);
  });

  it('uses its arrays again', () => {
    const loader = new DataLoader(numbers(10), { batchSize: 4 });
    const arrays = new Set<Float32Array>();
    for (let epoch = 0; epoch < 3; epoch++) for (const b of loader.batches()) arrays.add(b.x);
    expect(arrays.size).toBe(2); // of 4 and of 2
  });

  it('goes on exactly from any epoch and batch', () => {
    const augment = (batch: Batch, stream: { uniform(): number }) => {
      for (let i = 0; i < batch.x.length; i++) batch.x[i] += stream.uniform();
    };
    const make = () => new DataLoader(numbers(23), { batchSize: 4, shuffle: true, seed: 8, transform: augment });
    fc.assert(
      fc.property(fc.nat({ max: 4 }), fc.nat({ max: 6 }), (epoch, position) => {
        const whole = make();
        for (let i = 0; i < epoch; i++) read(whole);
        const expected = read(whole);
        const rest = make();
        rest.restore(JSON.parse(JSON.stringify({ epoch, position })));
        expect(read(rest)).toEqual(expected.slice(position));
        expect(read(rest)).toEqual(read(whole));
      }),
      { numRuns: 25, seed: 1 },
    );
  });

  it('counts the batch in hand as given out, and begins the next epoch after a break', () => {
    const loader = new DataLoader(numbers(6), { batchSize: 2, shuffle: true, seed: 1 });
    for (const _ of loader.batches()) break;
    expect(loader.state()).toEqual({ epoch: 0, position: 1 });
    read(loader);
    expect(loader.state()).toEqual({ epoch: 1, position: 3 });
  });

  it('reads lazy datasets ahead, in order, for any prefetch', async () => {
    const expected = read(new DataLoader(numbers(20), { batchSize: 3, shuffle: true, seed: 2 }));
    for (const prefetch of [0, 1, 2, 5, 50]) {
      const begun: number[] = [];
      const loader = new DataLoader(slow(20, begun), { batchSize: 3, shuffle: true, seed: 2, prefetch });
      expect(await readAhead(loader)).toEqual(expected);
      expect(begun).toEqual(expected.map(b => b[0]));
      expect(await readAhead(loader)).not.toEqual(expected);
    }
    expect(await readAhead(new DataLoader(numbers(20), { batchSize: 3, shuffle: true, seed: 2 }))).toEqual(expected);
    expect(await readAhead(new DataLoader(slow(20).subset([3, 1, 2]), { batchSize: 2 }))).toEqual([[3, 1], [2]]);
  });

  it('prepares as many batches ahead as asked', async () => {
    const begun: number[] = [];
    const loader = new DataLoader(slow(20, begun), { batchSize: 2, prefetch: 3 });
    for await (const _ of loader.batchesAhead()) break;
    expect(begun.length).toBe(4);
  });

  it('lends tensors until the next batch', async () => {
    const loader = new DataLoader(numbers(5), { batchSize: 2 });
    const lent: { isDead: boolean }[] = [];
    for (const [x, y] of loader) {
      for (const former of lent) expect(former.isDead).toBe(true);
      expect(Array.from(y.toArray())).toEqual(Array.from(x.toArray(), v => -v));
      expect(x.shape).toEqual([x.size, 1]);
      lent.push(x, y);
    }
    expect(lent.length).toBe(6);
    expect(lent.every(t => t.isDead)).toBe(true);
    for await (const [x] of new DataLoader(slow(5), { batchSize: 5 })) expect(Array.from(x.toArray())).toEqual([0, 1, 2, 3, 4]);
  });

  it('says what is wrong', async () => {
    expect(() => new DataLoader(numbers(3), { batchSize: 0 })).toThrow('DataLoader: batchSize is 0, expected a whole number from 1');
    expect(() => new DataLoader(numbers(3), { prefetch: 0.5 })).toThrow('DataLoader: prefetch is 0.5, expected a whole number from 0');
    expect(() => new DataLoader(numbers(3).take(0))).toThrow("DataLoader: the dataset 'numbers' is empty");
    expect(() => new DataLoader(numbers(3), { batchSize: 4, dropLast: true })).toThrow(
      'fewer than one batch of 4, and dropLast leaves none',
    );
    const loader = new DataLoader(numbers(3), { batchSize: 2 });
    expect(() => loader.restore({ epoch: 0, position: 3 })).toThrow('the saved position is 3, but an epoch here has 2 batches');
    expect(() => loader.restore({ epoch: -1, position: 0 })).toThrow('the saved epoch is -1');
    expect(() => read(new DataLoader(slow(3)))).toThrow("'slow' is read lazily; iterate with 'for await'");
    expect(() => {
      for (const _ of loader.batches()) read(loader);
    }).toThrow('another iteration began before this one ended');
  });
});

describe('bytes', () => {
  const images = Dataset.from({
    name: 'images',
    features: Uint8Array.from({ length: 256 * 7 }, (_, i) => (i * 37) & 0xff),
    targets: Uint8Array.from({ length: 256 }, (_, i) => i % 10),
    featureShape: [7],
    normalization: { scale: 1 / 255, mean: 0.1307, std: 0.3081 },
  });
  const options = { batchSize: 60, shuffle: true, seed: 3 };

  it.each<BackendName>(['wasm', 'reference'])('go into a tensor on %s as they are in x, bit for bit, also of a selection', name => {
    const chosen = images.subset(Array.from({ length: 200 }, (_, i) => 255 - i));
    const plain = Array.from(new DataLoader(chosen, options).batches(), batch => [[...batch.x], [...batch.y]]);
    const written = withBackend(name, () => Array.from(new DataLoader(chosen, options), ([x, y]) => [[...x.toArray()], [...y.toArray()]]));
    expect(written).toEqual(plain);
    expect(written.map(([x]) => x.length)).toEqual([420, 420, 420, 140]);
  });

  it('that a transform has changed go there as it left them', () => {
    const transform = (batch: Batch): void => {
      batch.x[0] = 42;
    };
    for (const [x] of new DataLoader(images, { ...options, transform })) expect(x.toArray()[0]).toBe(42);
  });

  it('refuse a tensor of another size', () => {
    const [first] = new DataLoader(images, options).batches();
    expect(() => first.write(zeros([60, 6]), zeros([60]))).toThrow('fillTensor: 60 examples need 420 numbers; x has 360');
  });
});

describe('images that are augmented', () => {
  const [count, size] = [100, 64];
  const data = (features: Uint8Array | Float32Array): Dataset =>
    Dataset.from({
      features,
      targets: Uint8Array.from({ length: count }, (_, i) => i % 10),
      featureShape: [1, 8, 8],
      normalization: { scale: 1 / 255, mean: 0.1307, std: 0.3081 },
    });
  const bytes = Uint8Array.from({ length: count * size }, (_, i) => (i % 3 === 0 ? (i * 37) & 0xff : 0));
  const images = data(bytes);
  const augment = augmentImages({ rotate: 20, elastic: { alpha: 8, sigma: 2 }, probability: 0.9 }, images);
  const options = { batchSize: 16, shuffle: true, seed: 3, transform: augment };
  /** One that has a processor left to work ahead on, and one that has not. */
  const [ahead, alone] = [2, 1].map(processors => new WasmBackend({ threads: 1, processors }));

  /** What is written to tensors from here to the epoch's end, or of so many batches. */
  async function written(loader: DataLoader, kernels: Kernels, most = Number.POSITIVE_INFINITY): Promise<number[][]> {
    const all: number[][] = [];
    for await (const batch of loader.batchesAhead()) {
      const [x, y] = [emptyTensor(batch.xShape, kernels), emptyTensor(batch.yShape, kernels)];
      batch.write(x, y);
      await new Promise(resolve => setTimeout(resolve, 1)); // as training would, so that another thread takes some
      all.push([...x.toArray(), ...y.toArray()]);
      if (all.length === most) break;
    }
    return all;
  }

  it('are the same, made ahead or not, in epochs that are broken off and taken up too', async () => {
    const [one, other] = [new DataLoader(images, options), new DataLoader(images, options)];
    do {
      for (const most of [9, 3]) expect(await written(other, ahead, most)).toEqual(await written(one, alone, most));
    } while (!(ahead.aheadReady().pieces[0] > 0)); // it takes a moment to start
    const whole = await written(one, alone);
    const resumed = new DataLoader(images, options);
    resumed.restore({ epoch: one.state().epoch, position: 2 });
    expect(await written(resumed, ahead)).toEqual(whole.slice(2));
  });

  it('are the same read as x, written, or written to another backend than they were begun on', async () => {
    const right = await written(new DataLoader(images, options), alone);
    let i = 0;
    for await (const batch of new DataLoader(images, options).batchesAhead()) {
      const [x, y] = [emptyTensor(batch.xShape, i % 3 === 0 ? ahead : alone), emptyTensor(batch.yShape, i % 3 === 0 ? ahead : alone)];
      if (i % 3 === 1) x.set(withBackend(alone, () => batch.x));
      batch.write(x, y);
      expect([...x.toArray(), ...y.toArray()]).toEqual(right[i++]);
    }
    expect(i).toBe(7);
  });

  it('may be floats, and changed by a transform of one’s own before and after', async () => {
    const floats = data(Float32Array.from(bytes));
    expect(await written(new DataLoader(floats, options), alone)).toEqual(await written(new DataLoader(images, options), alone));
    const twice = (change: (batch: Batch, stream: Stream) => void): Promise<number[][]> =>
      written(new DataLoader(images, { ...options, transform: change }), alone);
    const negate = ({ x }: Batch): void => x.set(x.map(value => -value));
    const after = await twice((batch, stream) => {
      augment(batch, stream);
      negate(batch);
    });
    const right = await written(new DataLoader(images, options), alone);
    expect(after).toEqual(right.map(batch => batch.map((value, i) => (i < batch.length - batch.length / 65 ? -value : value))));
    // bent twice is not bent once
    const again = await twice((batch, stream) => {
      augment(batch, stream);
      augment(batch, stream);
    });
    expect(again).not.toEqual(right);
  });
});
