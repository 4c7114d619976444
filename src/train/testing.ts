/** What the tests of this folder share. */
import { Dataset } from '../data/dataset.ts';
import { Dropout, Linear, type Module, ReLU, Sequential } from '../nn/index.ts';
import { Random, withRandom } from '../random.ts';

/** Points of three classes in the plane, around three centres that overlap a little. */
export function blobs(count: number, seed = 1): Dataset {
  const stream = new Random(seed).stream('blobs');
  const features = new Float32Array(count * 2);
  const targets = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const label = i % 3;
    const angle = (label * 2 * Math.PI) / 3;
    features[2 * i] = 2 * Math.cos(angle) + stream.normal();
    features[2 * i + 1] = 2 * Math.sin(angle) + stream.normal();
    targets[i] = label;
  }
  return Dataset.from({ features, targets, featureShape: [2], classNames: ['a', 'b', 'c'], name: 'blobs' });
}

/** A small net with dropout, from this seed. */
export function smallNet(seed: number, p = 0.2): Sequential {
  return withRandom(new Random(seed), () => new Sequential(new Linear(2, 16), new ReLU(), new Dropout(p), new Linear(16, 3)));
}

/** Every number of a model's state. */
export function bits(model: Module): number[] {
  return [...model.stateDict().values()].flatMap(t => [...t.toArray()]);
}
