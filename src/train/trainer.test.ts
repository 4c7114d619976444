import { describe, expect, it } from 'vitest';
import { backend, withBackend } from '../backend/current.ts';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { Linear, Sequential } from '../nn/index.ts';
import { mul, square, sum } from '../ops/index.ts';
import { Adam, SGD } from '../optim/index.ts';
import { Random } from '../random.ts';
import { liveTensors } from '../tensor/scope.ts';
import type { TrainEvent } from './events.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { type FitOptions, Trainer, fit as trainModel } from './trainer.ts';

const data = blobs(90);

/** Options with their own generator. */
function options(model: Sequential, seed: number, more: Partial<FitOptions> = {}): FitOptions {
  return { train: data, loss: crossEntropy, optimizer: new Adam(model.parameters(), { lr: 0.02 }), random: new Random(seed), ...more };
}

async function trained(seed: number, more: Partial<FitOptions> = {}): Promise<number[]> {
  const model = smallNet(seed);
  await trainModel(model, options(model, seed, { epochs: 3, batchSize: 16, ...more }));
  return bits(model);
}

/** y = 2 x on two points, by one weight that starts at 0: every figure can be told by hand. */
function oneWeight(count: number): { model: Sequential; train: Dataset } {
  const model = new Sequential(new Linear(1, 1, { bias: false }));
  model.parameters()[0].set([0]);
  const features = Float32Array.from({ length: count }, (_, i) => i + 1);
  const train = Dataset.from({ features, targets: features.map(x => 2 * x), targetKind: 'value', targetShape: [1], featureShape: [1] });
  return { model, train };
}

describe('fit', () => {
  it('learns', async () => {
    const model = smallNet(1);
    const history = await trainModel(model, options(model, 1, { epochs: 15, batchSize: 16, validation: blobs(300, 2) }));
    expect(history.reason).toBe('completed');
    expect(history.epochs.length).toBe(15);
    expect(history.epochs[14].val_accuracy).toBeGreaterThan(0.9);
    expect(history.epochs[14].loss).toBeLessThan(history.epochs[0].loss / 2);
    expect(model.training).toBe(false);
  });

  it('gives the same bits from the same seed, and others from another', async () => {
    const once = await trained(7);
    expect(await trained(7)).toEqual(once);
    expect(await trained(8)).not.toEqual(once);
    expect(await trained(7, { shuffle: false })).not.toEqual(once);
  });

  it('does not depend on what the global generator did, on validation, or on how it is watched', async () => {
    const once = await trained(7);
    const validation = blobs(31, 3);
    expect(await trained(7, { validation, onEvent: () => {} })).toEqual(once);
  });

  it('leaves nothing alive but the model, its gradients and the optimizer', async () => {
    const model = smallNet(1);
    const given = options(model, 1, { epochs: 2, batchSize: 16, validation: blobs(10, 2) });
    await trainModel(model, given);
    const before = { tensors: liveTensors(), live: backend('wasm').usage().live };
    await trainModel(model, given);
    // at most: the collector may meanwhile have taken what was made before
    expect(liveTensors()).toBeLessThanOrEqual(before.tensors);
    expect(backend('wasm').usage().live).toBeLessThanOrEqual(before.live);
  });

  it('trains on the backend of the model, whichever is current', async () => {
    const model = withBackend('reference64', () => smallNet(1));
    await trainModel(
      model,
      withBackend('reference64', () => options(model, 1, { epochs: 2, validation: blobs(12, 2) })),
    );
    const same = withBackend('reference64', () => smallNet(1));
    await trainModel(same, options(same, 1, { epochs: 2, validation: blobs(12, 2) }));
    expect(model.parameters()[0].dtype).toBe('float64');
    expect(bits(same)).toEqual(bits(model));
  });

  it('refuses what cannot be trained', async () => {
    const model = smallNet(1);
    expect(() => new Trainer(model, options(model, 1, { epochs: -1 }))).toThrow(
      new UserError('fit: epochs is -1; it must be a whole number of at least 0'),
    );
    expect(() => new Trainer(model, options(model, 1, { accumulate: 0 }))).toThrow(
      new UserError('fit: accumulate is 0; it must be a whole number of at least 1'),
    );
    await expect(trainModel(model, options(model, 1, { loss: output => sum(output).detach() }))).rejects.toThrow(
      new UserError('fit: the loss does not depend on any parameter that requires a gradient'),
    );
    expect(model.training).toBe(false);
    const none = await trainModel(model, options(model, 1, { epochs: 0 }));
    expect([none.epochs, none.reason]).toEqual([[], 'completed']);
  });
});

describe('figures', () => {
  it('are means over the examples: a smaller last batch counts by its size', async () => {
    const { model, train } = oneWeight(5); // batches 1 2, 3 4, 5
    const events: TrainEvent[] = [];
    const optimizer = new SGD(model.parameters(), { lr: 0 });
    await trainModel(model, {
      train,
      loss: mseLoss,
      optimizer,
      batchSize: 2,
      shuffle: false,
      onEvent: e => events.push(e),
      validation: train,
    });
    const ends = events.filter(e => e.type === 'batchEnd');
    expect(ends.map(e => e.loss)).toEqual([10, 50, 100]);
    expect(ends.map(e => [e.samples, e.logs.loss])).toEqual([
      [2, 10],
      [4, 30],
      [5, (20 + 100 + 100) / 5],
    ]);
    const epoch = events.find(e => e.type === 'epochEnd')!;
    expect(epoch.logs).toEqual({ loss: 44, val_loss: 44 });
  });

  it('dropLast leaves the last batch out of everything', async () => {
    const { model, train } = oneWeight(5);
    const events: TrainEvent[] = [];
    const optimizer = new SGD(model.parameters(), { lr: 0 });
    await trainModel(model, {
      train,
      loss: mseLoss,
      optimizer,
      batchSize: 2,
      shuffle: false,
      dropLast: true,
      onEvent: e => events.push(e),
    });
    const ends = events.filter(e => e.type === 'batchEnd');
    expect(ends.map(e => [e.samples, e.totalSamples, e.stepsPerEpoch])).toEqual([
      [2, 4, 2],
      [4, 4, 2],
    ]);
    expect(events.find(e => e.type === 'epochEnd')!.logs).toEqual({ loss: 30 });
  });

  it('of one’s own are sums over a batch', async () => {
    const { model, train } = oneWeight(5);
    const metrics = { far: (_: unknown, y: { toArray(): ArrayLike<number> }) => Array.from(y.toArray()).filter(v => v > 4).length };
    const optimizer = new SGD(model.parameters(), { lr: 0 });
    const history = await trainModel(model, { train, loss: mseLoss, optimizer, batchSize: 2, metrics, validation: train });
    expect([history.epochs[0].far, history.epochs[0].val_far]).toEqual([3 / 5, 3 / 5]);
  });
});

describe('events', () => {
  it('come in order, with their figures, as plain JSON', async () => {
    const model = smallNet(1);
    const events: TrainEvent[] = [];
    const validation = blobs(10, 2);
    await trainModel(model, options(model, 1, { epochs: 2, batchSize: 40, validation, onEvent: e => events.push(e) }));
    const epoch = ['epochBegin', 'batchEnd', 'batchEnd', 'batchEnd', 'epochEnd'];
    expect(events.map(e => e.type)).toEqual(['trainBegin', ...epoch, ...epoch, 'trainEnd']);
    expect(events[0]).toMatchObject({ epochs: 2, stepsPerEpoch: 3, batchSize: 40, trainSamples: 90, validationSamples: 10, startEpoch: 0 });
    expect(events[0]).toMatchObject({ parameters: 2 * 16 + 16 + 16 * 3 + 3, backend: { name: 'wasm' }, data: 'blobs' });
    expect(events.flatMap(e => (e.type === 'batchEnd' ? [[e.epoch, e.step, e.globalStep, e.samples, e.totalSamples]] : []))).toEqual([
      [1, 1, 1, 40, 90],
      [1, 2, 2, 80, 90],
      [1, 3, 3, 90, 90],
      [2, 1, 4, 40, 90],
      [2, 2, 5, 80, 90],
      [2, 3, 6, 90, 90],
    ]);
    const end = events.filter(e => e.type === 'epochEnd').at(-1)!;
    expect(Object.keys(end.logs)).toEqual(['loss', 'accuracy', 'val_loss', 'val_accuracy']);
    expect(events.at(-1)).toMatchObject({ reason: 'completed', message: '2 epochs done', epoch: 2, globalStep: 6 });
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
  });
});

describe('a signal', () => {
  it('stops after the step under way', async () => {
    const model = smallNet(1);
    const controller = new AbortController();
    const events: TrainEvent[] = [];
    const history = await trainModel(
      model,
      options(model, 1, {
        epochs: 5,
        batchSize: 10,
        signal: controller.signal,
        onEvent: e => {
          events.push(e);
          if (e.type === 'batchEnd' && e.globalStep === 13) controller.abort();
        },
      }),
    );
    expect(history.reason).toBe('interrupted');
    expect(events.at(-1)).toMatchObject({ type: 'trainEnd', message: 'stopped on request after step 13', epoch: 1, globalStep: 13 });
    expect(model.training).toBe(false);
  });

  it('that came at an epoch’s last step lets the epoch end', async () => {
    const model = smallNet(1);
    const controller = new AbortController();
    const onEvent = (e: TrainEvent) => {
      if (e.type === 'batchEnd' && e.globalStep === 9) controller.abort();
    };
    const history = await trainModel(model, options(model, 1, { epochs: 5, batchSize: 10, signal: controller.signal, onEvent }));
    expect([history.reason, history.epochs.length]).toEqual(['interrupted', 1]);
  });
});

describe('gradients added up', () => {
  /** Weights after one epoch over five points, unshuffled. */
  const weightAfter = async (batchSize: number, accumulate: number, more: Partial<FitOptions> = {}) => {
    const { model, train } = withBackend('reference64', () => oneWeight(5));
    const optimizer = new SGD(model.parameters(), { lr: 0.01 });
    await trainModel(model, { train, loss: mseLoss, optimizer, batchSize, accumulate, shuffle: false, ...more });
    return model.parameters()[0].item();
  };

  it('are those of one batch of all their examples, the last and smaller one too', async () => {
    expect(await weightAfter(1, 5)).toBeCloseTo(await weightAfter(5, 1), 14);
    expect(await weightAfter(1, 2)).toBeCloseTo(await weightAfter(2, 1), 14); // updates of 2, 2 and 1 examples
    expect(await weightAfter(2, 2)).toBeCloseTo(await weightAfter(4, 1), 14); // 2 + 2, and 1
    expect(await weightAfter(2, 3)).toBeCloseTo(await weightAfter(5, 1), 14); // 2 + 2 + 1: batches of unequal size
    expect(await weightAfter(2, 9)).toBeCloseTo(await weightAfter(5, 1), 14);
    expect(await weightAfter(2, 2, { dropLast: true })).toBeCloseTo(await weightAfter(4, 1, { dropLast: true }), 14);
  });

  it('take a penalty once, and are clipped once, before the update', async () => {
    const penalized = (accumulate: number) => {
      const { model, train } = withBackend('reference64', () => oneWeight(4));
      model.parameters()[0].set([3]);
      const optimizer = new SGD(model.parameters(), { lr: 0.01 });
      let updates = 0;
      const penalty = () => mul(sum(square(model.parameters()[0])), 0.5);
      const run = trainModel(model, {
        ...{ train, loss: mseLoss, optimizer, penalty, accumulate, shuffle: false, batchSize: 4 / accumulate },
        beforeUpdate: () => updates++,
      });
      return run.then(() => [model.parameters()[0].item(), updates]);
    };
    const [one, four] = [await penalized(1), await penalized(4)];
    expect(four[0]).toBeCloseTo(one[0], 14);
    expect([one[1], four[1]]).toEqual([1, 1]);
  });
});

it('hooks run in place: the gradient is there before the update, the weights are new after it', async () => {
  const { model, train } = withBackend('reference64', () => oneWeight(2));
  const weight = model.parameters()[0];
  const seen: number[][] = [];
  const optimizer = new SGD(model.parameters(), { lr: 0.1 });
  await trainModel(model, {
    ...{ train, loss: mseLoss, optimizer, batchSize: 2, shuffle: false },
    beforeUpdate: () => seen.push([weight.item(), weight.grad!.item()]),
    afterUpdate: () => seen.push([weight.item()]),
  });
  // d/dw of the mean of (w x - 2 x)² at 0: -2 · 2 (1 + 4) / 2
  expect(seen).toEqual([[0, -10], [1]]);
});

it('a transform changes each batch in place, by a stream of its own', async () => {
  const { model, train } = oneWeight(4);
  const seen: number[] = [];
  const optimizer = new SGD(model.parameters(), { lr: 0 });
  const transform: NonNullable<FitOptions['transform']> = (batch, stream) => {
    batch.x.fill(stream.uniform());
    seen.push(batch.x[0]);
  };
  const run = () => trainModel(model, { train, loss: mseLoss, optimizer, batchSize: 2, random: new Random(3), transform, epochs: 2 });
  await run();
  await run();
  expect(seen.slice(0, 4)).toEqual(seen.slice(4));
  expect(new Set(seen).size).toBe(4);
});
