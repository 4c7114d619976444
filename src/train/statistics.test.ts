import { describe, expect, it } from 'vitest';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { BatchNorm1d, Linear, ReLU, Sequential, Sigmoid, Tanh } from '../nn/index.ts';
import { Adam, LBFGS, type Optimizer, SGD } from '../optim/index.ts';
import { Random, withRandom } from '../random.ts';
import type { BatchEnd, Statistics, TrainEvent } from './events.ts';
import { type StatisticsOptions, summaryOf } from './statistics.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { type FitOptions, Trainer } from './trainer.ts';

const data = blobs(90);

async function trained(
  statistics: StatisticsOptions | null,
  more: Partial<FitOptions> = {},
  model: Sequential = smallNet(3),
): Promise<{ model: Sequential; statistics: Statistics[]; batches: BatchEnd[] }> {
  const events: TrainEvent[] = [];
  const optimizer: Optimizer = new Adam(model.parameters(), { lr: 0.02 }) as never;
  await new Trainer(model, {
    train: data,
    loss: crossEntropy,
    optimizer,
    epochs: 2,
    batchSize: 16,
    random: new Random(3),
    onEvent: e => events.push(e),
    ...(statistics === null ? {} : { statistics }),
    ...more,
  }).run();
  return { model, statistics: events.filter(e => e.type === 'statistics'), batches: events.filter(e => e.type === 'batchEnd') };
}

describe('a summary', () => {
  it('of some numbers, told by hand', () => {
    expect(summaryOf([0, 1, 2, 5])).toEqual({ mean: 2, std: Math.sqrt(3.5), min: 0, max: 5, zeros: 0.25 });
    expect(summaryOf([1, Number.NaN, 3, Number.NEGATIVE_INFINITY], 2)).toEqual({
      mean: 2,
      std: 1,
      min: 1,
      max: 3,
      zeros: 0,
      notFinite: 2,
      histogram: { edges: [1, 2, 3], counts: [1, 1] },
    });
    expect(summaryOf([])).toEqual({ mean: 0, std: 0, min: 0, max: 0, zeros: 0 });
  });

  it('a histogram counts every number once, the largest in the last bin', () => {
    expect(summaryOf([0, 1, 2, 3, 4, 4, 8], 4).histogram).toEqual({ edges: [0, 2, 4, 6, 8], counts: [2, 2, 2, 1] });
    expect(summaryOf([7, 7, 7], 3).histogram).toEqual({ edges: [6.5, 6.833333, 7.166667, 7.5], counts: [0, 3, 0] });
  });
});

describe('statistics', () => {
  it('come at the end of every epoch, or every so many steps', async () => {
    const of = async (options: StatisticsOptions, more: Partial<FitOptions> = {}) =>
      (await trained(options, more)).statistics.map(({ epoch, globalStep }) => [epoch, globalStep]);
    expect(await of({})).toEqual([
      [1, 6],
      [2, 12],
    ]);
    expect(await of({ every: 2 })).toEqual([[2, 12]]);
    expect(await of({ every: 5, by: 'step' })).toEqual([
      [1, 5],
      [2, 10],
    ]);
    // with accumulation, at the update that holds the fifth step, and the tenth
    expect(await of({ every: 5, by: 'step' }, { accumulate: 4 })).toEqual([
      [1, 6],
      [2, 10],
    ]);
  });

  it.each<[string, (model: Sequential) => Optimizer, Partial<FitOptions>]>([
    ['Adam', model => new Adam(model.parameters(), { lr: 0.02 }) as never, {}],
    ['accumulation', model => new Adam(model.parameters(), { lr: 0.02 }) as never, { accumulate: 4 }],
    ['a closure', model => new LBFGS(model.parameters(), { maxIter: 3 }) as never, { batchSize: 90 }],
  ])('change no bit of the training with %s', async (_, optimizer, more) => {
    const plain = smallNet(3);
    await trained(null, { optimizer: optimizer(plain), ...more }, plain);
    const watched = smallNet(3);
    const { statistics } = await trained({ every: 1, by: 'step', histogram: true }, { optimizer: optimizer(watched), ...more }, watched);
    expect(statistics.length).toBeGreaterThan(1);
    expect(bits(watched)).toEqual(bits(plain));
  });

  it.each([Tanh, Sigmoid])('change no bit where an activation is fused with the layer before it', async Activation => {
    const make = () => withRandom(new Random(5), () => new Sequential(new Linear(2, 9), new Activation(), new Linear(9, 3)));
    const [plain, watched] = [make(), make()];
    await trained(null, { optimizer: new SGD(plain.parameters(), { lr: 0.5, momentum: 0.9 }) as never }, plain);
    await trained({ every: 2, by: 'step' }, { optimizer: new SGD(watched.parameters(), { lr: 0.5, momentum: 0.9 }) as never }, watched);
    expect(bits(watched)).toEqual(bits(plain));
  });

  it('are those of the layers', async () => {
    // y = w x with w = 0 on x = 1, 2, 3 and y = 2 x: loss Σ (2 x)² / 3, its gradient -4 Σ x² / 3 = -56/3
    const model = new Sequential(new Linear(1, 1, { bias: false }), new ReLU());
    model.parameters()[0].set([0.5]);
    const features = Float32Array.of(1, 2, -3);
    const { statistics } = await trained(
      { histogram: 2 },
      {
        train: Dataset.from({
          features,
          targets: Float32Array.of(1, 2, 0),
          targetKind: 'value',
          targetShape: [1],
          featureShape: [1],
        }),
        loss: mseLoss,
        optimizer: new SGD(model.parameters(), { lr: 0.25 }),
        batchSize: 3,
        shuffle: false,
        epochs: 1,
      },
      model,
    );
    // outputs 0.5, 1, 0; ∂L/∂w = 2/3 Σ (w x - y) x over the two that pass the ReLU = 2/3 (-0.5 - 2)
    const gradient = (2 / 3) * -2.5;
    const [linear, relu] = statistics[0].layers;
    expect(linear).toMatchObject({
      name: '0',
      kind: 'Linear',
      weight: { mean: expect.closeTo(0.5 - 0.25 * gradient, 6), std: 0, zeros: 0 },
      gradient: { mean: expect.closeTo(gradient, 6) },
      activation: { min: -1.5, max: 1, mean: 0 },
      updateRatio: expect.closeTo((-0.25 * gradient) / 0.5, 6),
    });
    expect(relu).toEqual({
      name: '1',
      kind: 'ReLU',
      activation: {
        mean: 0.5,
        std: expect.closeTo(Math.sqrt(1 / 6), 6),
        min: 0,
        max: 1,
        zeros: 1 / 3,
        histogram: { edges: [0, 0.5, 1], counts: [1, 2] },
      },
    });
  });

  it('leave out what a layer does not have, and tell the gradient before clipping', async () => {
    const model = withRandom(new Random(1), () => new Sequential(new Linear(2, 4), new BatchNorm1d(4), new ReLU(), new Linear(4, 3)));
    const clipped = { beforeUpdate: () => model.parameters().forEach(p => void p.grad?.set(new Float32Array(p.size))) };
    const { statistics } = await trained({}, { optimizer: new SGD(model.parameters(), { lr: 1 }), ...clipped }, model);
    expect(statistics[0].layers.map(({ name, kind, ...has }) => [name, kind, Object.keys(has)])).toEqual([
      ['0', 'Linear', ['weight', 'gradient', 'activation', 'updateRatio']],
      ['1', 'BatchNorm1d', ['weight', 'gradient', 'activation', 'updateRatio']],
      ['2', 'ReLU', ['activation']],
      ['3', 'Linear', ['weight', 'gradient', 'activation', 'updateRatio']],
    ]);
    expect(statistics[0].layers[0].gradient!.std).toBeGreaterThan(0);
    expect(statistics[0].layers[0].updateRatio).toBe(0);
  });

  it('refuse what is out of range', async () => {
    await expect(trained({ every: 0 })).rejects.toThrow(new UserError('statistics: every is 0; it must be a whole number of at least 1'));
    await expect(trained({ by: 'minute' as never })).rejects.toThrow(
      new UserError("statistics: by is 'minute'; allowed are 'step' and 'epoch'"),
    );
    await expect(trained({ histogram: 0.5 })).rejects.toThrow(
      new UserError('statistics: histogram is 0.5; it must be true, false or a whole number of bins up to 10000'),
    );
  });
});
