import { describe, expect, it } from 'vitest';
import { Dataset } from '../data/dataset.ts';
import { digits } from '../data/digits/digits.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { BatchNorm1d, Dropout, Flatten, Linear, type Module, ReLU, Sequential, Sigmoid, Tanh } from '../nn/index.ts';
import { Adam, type Optimizer, SGD } from '../optim/index.ts';
import { Random, withRandom } from '../random.ts';
import type { TrainEvent, Warning } from './events.ts';
import { bits, blobs } from './testing.ts';
import { type FitOptions, Trainer } from './trainer.ts';

const data = blobs(120);

/** The warnings of a training of so many epochs, each of 8 steps. */
async function warnings(model: Module, optimizer: object, epochs: number, more: Partial<FitOptions> = {}): Promise<Warning[]> {
  const events: TrainEvent[] = [];
  await new Trainer(model, {
    ...{ train: data, loss: crossEntropy, optimizer: optimizer as Optimizer, epochs, batchSize: 16, random: new Random(1) },
    ...{ diagnosis: { every: 2 }, onEvent: e => events.push(e) },
    ...more,
  }).run();
  return events.filter(e => e.type === 'warning');
}
const codes = (found: readonly Warning[]) => found.map(({ code, layer }) => [code, layer]);
const net = (...layers: (() => Module)[]): Sequential => withRandom(new Random(2), () => new Sequential(...layers.map(make => make())));
const linear = (inputs: number, outputs: number) => () => new Linear(inputs, outputs);
const make = (Layer: new () => Module) => () => new Layer();
const deep = (Layer: new () => Module, depth: number): Sequential =>
  net(linear(2, 12), ...Array.from({ length: depth }, () => [make(Layer), linear(12, 12)]).flat(), make(Layer), linear(12, 3));

describe('each illness is told, once, with figures and advice', () => {
  it('dead units', async () => {
    const model = net(linear(2, 10), make(ReLU), linear(10, 3));
    model.parameters()[1].set([0, 0, 0, ...new Array(7).fill(-100)]);
    const found = await warnings(model, new SGD(model.parameters(), { lr: 0.01 }), 4);
    expect(codes(found)).toEqual([['deadUnits', '1']]);
    expect(found[0]).toMatchObject({ figures: { share: 0.7 }, epoch: 2, globalStep: 10 });
    expect(found[0].message).toBe(
      "70 % of the units of layer '1' (ReLU) gave 0 for every example of the last 5 batches looked at: they are dead, and learn no more",
    );
    expect(found[0].advice).toContain('--activation leakyRelu');
  });

  it('saturated sigmoids and tanhs', async () => {
    for (const [Layer, kind] of [[Sigmoid, 'Sigmoid'] as const, [Tanh, 'Tanh'] as const]) {
      const model = net(linear(2, 8), make(Layer), linear(8, 3));
      model.parameters()[0].set(
        model
          .parameters()[0]
          .toArray()
          .map(w => 1000 * w),
      );
      const found = await warnings(model, new SGD(model.parameters(), { lr: 0.01 }), 3);
      expect(codes(found)).toEqual([['saturated', '1']]);
      expect(found[0].message).toMatch(new RegExp(`of the outputs of layer '1' \\(${kind}\\) are at its ends`));
      expect(found[0].figures!.share).toBeGreaterThan(0.9);
    }
  });

  it('a gradient that vanishes on its way', async () => {
    const model = deep(Sigmoid, 6);
    const found = await warnings(model, new SGD(model.parameters(), { lr: 0.01 }), 3);
    expect(codes(found)).toEqual([['vanishingGradient', '0']]);
    expect(found[0].figures!.ratio).toBeLessThan(1e-4);
  });

  it('a gradient that explodes on its way, or from one look to the next', async () => {
    const plain = (inputs: number, outputs: number) => () => new Linear(inputs, outputs, { bias: false });
    const model = net(plain(2, 12), ...[1, 2, 3, 4].map(() => plain(12, 12)), plain(12, 3));
    // Every layer but the first makes what goes through it some fifteen times as large, both ways.
    model.parameters().forEach((parameter, i) => void parameter.set(parameter.toArray().map(w => (i === 0 ? w / 1e4 : 30 * w))));
    expect(codes(await warnings(model, new SGD(model.parameters(), { lr: 1e-15 }), 3))).toContainEqual(['explodingGradient', '0']);

    const other = net(linear(2, 6), make(Tanh), linear(6, 3));
    let step = 0;
    const loss: FitOptions['loss'] = (output, y) => crossEntropy(output, y).mul(++step > 40 ? 1e5 : 1);
    const found = await warnings(other, new SGD(other.parameters(), { lr: 1e-9 }), 6, { loss });
    expect(found.find(({ code }) => code === 'explodingGradient')!.message).toMatch(/^the gradient has become .* times as large as it was/);
  });

  it('a rate that is too high', async () => {
    const model = net(linear(2, 6), make(Tanh), linear(6, 3));
    const found = await warnings(model, new Adam(model.parameters(), { lr: 1 }), 1, { diagnosis: { every: 1 } });
    expect(codes(found)).toContainEqual(['rateTooHigh', '0']);
    const warning = found.find(({ code }) => code === 'rateTooHigh')!;
    expect(warning.figures!.ratio).toBeGreaterThan(0.1);
    expect(warning.message).toContain('about 0.1 % is usual');
  });

  it('a loss that does not fall, for a rate that is far too small or for labels that mean nothing', async () => {
    const model = net(linear(2, 6), make(Tanh), linear(6, 3));
    const found = await warnings(model, new SGD(model.parameters(), { lr: 1e-9 }), 70);
    expect(codes(found)).toEqual([['lossNotFalling', undefined]]);
    expect(found[0].advice).toContain('try a larger learning rate');
    const stream = new Random(3).stream('noise');
    const features = new Float32Array(240);
    stream.fillNormal(features);
    const targets = Uint8Array.from({ length: 120 }, () => stream.int(3));
    const noise = Dataset.from({ features, targets, featureShape: [2], classNames: ['a', 'b', 'c'] });
    const other = net(linear(2, 3));
    for (const parameter of other.parameters()) parameter.set(parameter.toArray().map(w => w / 10));
    const told = await warnings(other, new SGD(other.parameters(), { lr: 0.01 }), 70, { train: noise });
    expect(codes(told)).toEqual([['lossNotFalling', undefined]]);
    expect(told[0].advice).toContain('whether labels fit their examples');
  });

  it('a loss that grows', async () => {
    const train = Dataset.from({
      features: Float32Array.from({ length: 240 }, (_, i) => Math.sin(i)),
      targets: Float32Array.from({ length: 120 }, (_, i) => Math.cos(i)),
      ...{ featureShape: [2], targetKind: 'value', targetShape: [1] },
    });
    const model = net(linear(2, 1));
    const found = await warnings(model, new SGD(model.parameters(), { lr: 1.05 }), 40, { train, loss: mseLoss });
    expect(codes(found)).toContainEqual(['lossDiverging', undefined]);
  });
});

describe('an interval', () => {
  it('that is none is refused', () => {
    const model = net(linear(2, 3));
    const options = { train: data, loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr: 1 }), diagnosis: { every: 0 } };
    expect(() => new Trainer(model, options)).toThrow(new UserError('diagnosis: every is 0; it must be a whole number of at least 1'));
  });
});

describe('a healthy training', () => {
  const recipe = (): Sequential =>
    withRandom(
      new Random(1),
      () =>
        new Sequential(
          ...[new Flatten(), new Linear(784, 128, { bias: false }), new BatchNorm1d(128), new ReLU(), new Dropout(0.2)],
          ...[new Linear(128, 64, { bias: false }), new BatchNorm1d(64), new ReLU(), new Dropout(0.2), new Linear(64, 10)],
        ),
    );

  it('on digits with the default recipe is left in peace', async () => {
    const { train } = digits({ train: 2000, test: 10 });
    const model = recipe();
    expect(await warnings(model, new Adam(model.parameters()), 4, { train, batchSize: 32 })).toEqual([]);
  });

  it('ends in the same bits, looked at or not', async () => {
    const [plain, watched] = [recipe(), recipe()];
    const { train } = digits({ train: 200, test: 10 });
    const options = { train, diagnosis: null };
    await warnings(plain, new Adam(plain.parameters()), 2, options);
    await warnings(watched, new Adam(watched.parameters()), 2, { train });
    expect(bits(watched)).toEqual(bits(plain));
  });

  it('that was told of an illness is not told again after it was taken up', async () => {
    const sick = (): Sequential => {
      const model = net(linear(2, 10), make(ReLU), linear(10, 3));
      model.parameters()[1].set(new Float32Array(10).fill(-100));
      return model;
    };
    const options = (model: Module, events: TrainEvent[], epochs: number): FitOptions => ({
      ...{ train: data, loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr: 0.01 }), epochs, batchSize: 16 },
      ...{ random: new Random(1), diagnosis: { every: 2 }, onEvent: (e: TrainEvent) => events.push(e) },
    });
    const [first, second]: TrainEvent[][] = [[], []];
    const model = sick();
    const trainer = new Trainer(model, options(model, first, 2));
    await trainer.run();
    expect(first.filter(e => e.type === 'warning')).toHaveLength(1);
    const again = sick();
    const resumed = new Trainer(again, options(again, second, 4));
    const { state, ...tensors } = trainer.checkpoint();
    resumed.restore({ ...tensors, state: JSON.parse(JSON.stringify(state)) });
    await resumed.run();
    expect(second.filter(e => e.type === 'warning')).toHaveLength(0);
  });
});
