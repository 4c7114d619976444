import { describe, expect, it } from 'vitest';
import { digits } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { rand } from '../tensor/create.ts';
import { predictProbabilities } from '../train/evaluate.ts';
import type { TrainEvent } from '../train/events.ts';
import { bits } from '../train/testing.ts';
import { averageOf } from './ensemble.ts';
import { runExperiment } from './run.ts';
import { parseExperiment } from './schema.ts';
import { snapshotCycle, trainSnapshots } from './snapshots.ts';
import { spreadOf } from './statistics.ts';
import type { Experiment } from './types.ts';

const { train, test } = digits({ train: 400, test: 200 });
const data = { train, validation: test.take(50), test };
const small = (more: object = {}): Experiment =>
  parseExperiment({ model: { hidden: [16] }, optimizer: { name: 'sgd', lr: 0.2 }, training: { epochs: 6, batchSize: 48 }, ...more });
const even = {
  name: 'even',
  groups: [
    [0, 2, 4, 6, 8],
    [1, 3, 5, 7, 9],
  ],
};

describe('trainSnapshots', () => {
  it('takes the net at the end of each cycle, and measures each and their average', async () => {
    const rates: number[] = [];
    const onEvent = (event: TrainEvent): void => {
      if (event.type === 'batchEnd') rates.push(event.lr);
    };
    const { members, model, gains, test: together } = await trainSnapshots(small(), 3, { data, onEvent });
    expect(members.map(member => member.epoch)).toEqual([2, 4, 6]);
    // 9 batches an epoch, 18 a cycle: full at the beginning of each, nearly 0 at its end
    expect(rates.length).toBe(54);
    for (const cycle of [0, 1, 2]) {
      expect(rates[18 * cycle]).toBeCloseTo(0.2, 12);
      expect(rates[18 * cycle + 17]).toBeCloseTo(0.1 * (1 + Math.cos((Math.PI * 17) / 18)), 12);
    }
    expect(model.length).toBe(3);
    expect(new Set(members.map(member => member.test!.logs.loss)).size).toBe(3);
    const { loss, accuracy } = gains.test;
    expect(loss.members).toEqual(spreadOf(members.map(member => member.test!.logs.loss)));
    expect(loss.ensemble).toBe(together!.logs.loss);
    expect(loss.gain).toBeGreaterThan(0); // by convexity
    expect(accuracy.ensemble).toBeGreaterThan(0.5);
    expect(gains.validation.loss.members.n).toBe(3);
  });

  it('the first cycle is a training of its own', async () => {
    const { model } = await trainSnapshots(small(), 2, { data });
    const alone = await runExperiment(small({ schedule: { name: 'cosine' }, training: { epochs: 3, batchSize: 48 } }), { data });
    expect(bits(model.at(0)!)).toEqual(bits(alone.model));
  });

  it('refuses what would not give all its snapshots', () => {
    const refused =
      (n: number, more?: object): (() => unknown) =>
      () =>
        snapshotCycle(small(more), n);
    expect(refused(1)).toThrow(new UserError('snapshots is 1; it must be a whole number of at least 2'));
    expect(refused(4)).toThrow('snapshots is 4, and training.epochs 6; the epochs must be a multiple of the snapshots, as 4 or 8');
    expect(refused(2, { training: { epochs: 0 } })).toThrow('as 2 or 4');
    expect(refused(2, { training: { epochs: 6, earlyStopping: {} } })).toThrow('early stopping could end training before the last');
    expect(refused(2, { regularization: { averaging: {} } })).toThrow('weight averaging would not be in them');
  });

  it('that is stopped gives none', async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(trainSnapshots(small(), 2, { data, signal: controller.signal })).rejects.toThrow('stopped before all its snapshots');
  });
});

describe('an ensemble of nets with tasks', () => {
  it('averages the probabilities of each head apart', async () => {
    const experiment = small({ tasks: [even], training: { epochs: 2, batchSize: 48 } });
    const { members, model, test: together } = await trainSnapshots(experiment, 2, { data });
    expect(Object.keys(together!.logs)).toEqual(['loss', 'accuracy', 'even_accuracy']);
    expect(together!.confusion).not.toBeNull();
    const images = rand([20, ...test.featureShape]);
    const each = [0, 1].map(i => predictProbabilities(model.at(i)!, images, 10));
    const own = predictProbabilities(model, images, 10);
    own.forEach((p, i) => {
      expect(p).toBeCloseTo((each[0][i] + each[1][i]) / 2, 5);
    });
    expect(together!.logs.loss).toBeLessThan((members[0].test!.logs.loss + members[1].test!.logs.loss) / 2);
    expect(bits(averageOf(experiment, train.info(), [model.at(0)!.stateDict()]))).toEqual(bits(model.at(0)!));
  });
});
