import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/index.ts';
import { Adam, SGD } from '../optim/index.ts';
import { Random } from '../random.ts';
import type { FitOptions } from './fit-options.ts';
import { findLearningRate, type LrFindOptions, type LrFound } from './lr-find.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { fit } from './trainer.ts';

const train = blobs(300);

function find(options: LrFindOptions = {}, more: Partial<FitOptions> = {}): Promise<LrFound> {
  const model = smallNet(1, 0);
  const optimizer = new SGD(model.parameters(), { lr: 1 });
  return findLearningRate(model, { train, loss: crossEntropy, optimizer, batchSize: 16, random: new Random(1), ...more }, options);
}

describe('a range test', () => {
  it('grows the rate by the same factor at each step, and ends when the loss diverges', async () => {
    const found = await find({ from: 1e-4, to: 1000, steps: 100 });
    expect(found.ended).toBe('diverged');
    expect(found.rates.length).toBeLessThan(100);
    found.rates.forEach((rate, t) => {
      expect(rate).toBeCloseTo(1e-4 * 1e7 ** (t / 99), 10);
    });
    expect(found.losses[0]).toBeGreaterThan(0.8);
    expect(found.smoothed.at(-1)!).toBeGreaterThan(4 * Math.min(...found.smoothed.slice(10)));
  });

  it('the losses are those of training with these rates', async () => {
    const model = smallNet(1, 0);
    const optimizer = new SGD(model.parameters(), { lr: 1 });
    const losses: number[] = [];
    const scheduler = {
      beforeStep: (t: number) => {
        optimizer.lr = 1e-3 * 1e3 ** (t / 59);
      },
      stateDict: () => null,
      loadStateDict: () => {},
    };
    const onEvent: FitOptions['onEvent'] = e => void (e.type === 'batchEnd' && losses.push(e.loss));
    await fit(model, { train, loss: crossEntropy, optimizer, batchSize: 16, random: new Random(1), epochs: 4, scheduler, onEvent });
    const found = await find({ from: 1e-3, to: 1, steps: 60 });
    expect(found.losses).toEqual(losses.slice(0, 60));
    expect(found.ended).toBe('completed');
  });

  it('suggests the smaller of the steepest point and a tenth of the lowest, and training with it is better than far from it', async () => {
    const { suggestion, steepest, minimum, reason } = await find({ from: 1e-5, to: 100 });
    expect(suggestion).toBe(Number(Math.min(steepest!.rate, minimum!.rate / 10).toPrecision(2)));
    expect(reason).toMatch(steepest!.rate <= minimum!.rate / 10 ? /^the rate at which the loss falls fastest$/ : /^a tenth of the rate/);
    const lossWith = async (lr: number): Promise<number> => {
      const model = smallNet(1, 0);
      const options = { train, loss: crossEntropy, optimizer: new SGD(model.parameters(), { lr }), batchSize: 16, random: new Random(1) };
      const history = await fit(model, options).catch(() => null); // with a rate far too large it ends in NaN
      return history?.epochs[0].loss ?? Number.POSITIVE_INFINITY;
    };
    expect(await lossWith(suggestion!)).toBeLessThan((await lossWith(suggestion! / 100)) - 0.2);
    expect(await lossWith(suggestion!)).toBeLessThan((await lossWith(suggestion! * 1000)) - 0.2);
  });

  it('a loss that becomes not finite is a divergence', async () => {
    let step = 0;
    const loss: FitOptions['loss'] = (output, y) => crossEntropy(output, y).mul(++step === 30 ? Number.POSITIVE_INFINITY : 1);
    const found = await find({ from: 1e-4, to: 1, steps: 60 }, { loss });
    expect(found.ended).toBe('diverged');
    expect(found.losses).toHaveLength(29);
    await expect(find({ steps: 60 }, { loss: (output, y) => crossEntropy(output, y).mul(Number.NaN) })).rejects.toThrow(
      /the loss became NaN/,
    );
  });

  it('where the loss never falls there is no suggestion', async () => {
    const found = await find({ from: 1e-12, to: 1e-10, steps: 40 }, { shuffle: false });
    expect(found).toMatchObject({ suggestion: null, steepest: null, minimum: null, ended: 'completed' });
    expect(found.reason).toMatch(/^the loss fell at no rate/);
  });

  it('draws from its own generator alone: the same again', async () => {
    expect(await find({ steps: 50 })).toEqual(await find({ steps: 50 }));
    const model = smallNet(2, 0);
    const before = bits(model);
    await findLearningRate(
      model,
      { train, loss: crossEntropy, optimizer: new Adam(model.parameters()), random: new Random(1) },
      { steps: 20 },
    );
    expect(bits(model)).not.toEqual(before);
  });

  it('refuses what is out of range', async () => {
    await expect(find({ from: 1, to: 0.1 })).rejects.toThrow(
      new UserError('lr-find: from 1 to 0.1 was asked for; both must be above 0, and from below to'),
    );
    await expect(find({ steps: 5 })).rejects.toThrow(new UserError('lr-find: steps is 5; it must be a whole number of at least 20'));
  });
});
