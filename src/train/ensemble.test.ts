import { describe, expect, it } from 'vitest';
import { digits } from '../data/digits/digits.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { ReLU } from '../nn/activations.ts';
import { Ensemble } from '../nn/ensemble.ts';
import { Linear } from '../nn/linear.ts';
import { Sequential } from '../nn/sequential.ts';
import { Flatten } from '../nn/shape-layers.ts';
import { SGD } from '../optim/sgd.ts';
import { Random, withRandom } from '../random.ts';
import { learningRates, makeSchedule } from '../schedule/make.ts';
import { Scheduler } from '../schedule/scheduler.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { SnapshotEnsemble, snapshotSchedule } from './callbacks/snapshot-ensemble.ts';
import { evaluate, predictProbabilities } from './evaluate.ts';
import { Trainer } from './trainer.ts';

const linear = (seed: number): Linear => withRandom(new Random(seed), () => new Linear(4, 3));
const input = () =>
  tensor(
    Array.from({ length: 20 }, (_, i) => Math.sin(i)),
    { shape: [5, 4] },
  );

describe('Ensemble', () => {
  it('averages probabilities, and gives them as logits', () => {
    const members = [linear(1), linear(2), linear(3)];
    step(() => {
      const x = input();
      const each = members.map(member => predictProbabilities(member, x));
      const together = predictProbabilities(new Ensemble(members), x);
      for (let i = 0; i < 15; i++) expect(together[i]).toBeCloseTo((each[0][i] + each[1][i] + each[2][i]) / 3, 6);
      const target = tensor([0, 1, 2, 1, 0]);
      const expected = -[0, 1, 2, 1, 0].reduce((sum, c, i) => sum + Math.log(together[3 * i + c]), 0) / 5;
      expect(crossEntropy(new Ensemble(members).forward(x), target).item()).toBeCloseTo(expected, 5);
    });
  });

  it('averages outputs where asked, and is its member where there is one', () => {
    const [a, b] = [linear(1), linear(2)];
    step(() => {
      const x = input();
      const mean = new Ensemble([a, b], { average: 'output' }).forward(x).toArray();
      const [ya, yb] = [a.forward(x).toArray(), b.forward(x).toArray()];
      for (let i = 0; i < 15; i++) expect(mean[i]).toBeCloseTo((ya[i] + yb[i]) / 2, 6);
      const one = predictProbabilities(new Ensemble([a]), x);
      const own = predictProbabilities(a, x);
      for (let i = 0; i < 15; i++) expect(one[i]).toBeCloseTo(own[i], 6);
    });
    expect([...new Ensemble([a, b]).stateDict().keys()]).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
  });

  it('stays finite where every member is sure of another class', () => {
    step(() => {
      const sure = (c: number): Linear => {
        const member = linear(1);
        member.weight.set(new Float32Array(12));
        member.bias!.set([0, 1, 2].map(k => (k === c ? 1e4 : 0)));
        return member;
      };
      const out = new Ensemble([sure(0), sure(1)]).forward(tensor([[1, 2, 3, 4]])).toArray();
      expect(out[0]).toBeCloseTo(Math.log(0.5), 5);
      expect(Number.isFinite(out[2])).toBe(true);
    });
  });

  it('refuses what makes no sense', () => {
    expect(() => new Ensemble([])).toThrow('Ensemble: there are no members');
    expect(() => new Ensemble([linear(1)], { average: 'x' as never })).toThrow("allowed are 'probability' and 'output'");
    expect(() => new Ensemble([linear(1)], { sizes: [2, 0] })).toThrow('sizes are [2, 0]; each must be a whole number of at least 1');
  });
});

describe('SnapshotEnsemble', () => {
  const { train, test } = digits({ train: 600, test: 300 });
  const batchSize = 50;
  const perEpoch = train.length / batchSize;
  const makeModel = (seed = 1): Sequential =>
    withRandom(new Random(seed), () => new Sequential(new Flatten(), new Linear(784, 24), new ReLU(), new Linear(24, 10)));
  const make = (epochs: number): { trainer: Trainer; snapshots: SnapshotEnsemble } => {
    const snapshots = new SnapshotEnsemble({ cycle: 2 });
    const model = makeModel();
    const optimizer = new SGD(model.parameters(), { lr: 0.2 });
    const schedule = makeSchedule(snapshotSchedule(3, 2 * perEpoch), {});
    const scheduler = new Scheduler(optimizer, schedule);
    const callbacks = [snapshots];
    const random = new Random(2);
    return {
      snapshots,
      trainer: new Trainer(model, { train, loss: crossEntropy, optimizer, scheduler, callbacks, epochs, batchSize, random }),
    };
  };

  it('keeps the weights of every cycle, the rate falling to 0 and jumping up again', async () => {
    const { trainer, snapshots } = make(6);
    await trainer.run();
    expect(snapshots.epochs).toEqual([2, 4, 6]);
    expect(snapshots.snapshots[2].get('1.weight')!.values).toEqual(trainer.model.stateDict().get('1.weight')!.toArray());
    expect(snapshots.snapshots[0].get('1.weight')!.values).not.toEqual(snapshots.snapshots[1].get('1.weight')!.values);
    const ensemble = snapshots.ensemble(() => makeModel(9));
    const { logs } = await evaluate(ensemble, test, { loss: crossEntropy });
    const members = await Promise.all([0, 1, 2].map(i => evaluate(ensemble.at(i)!, test, { loss: crossEntropy })));
    // by convexity, the loss of the mean is at most the mean of the losses
    expect(logs.loss).toBeLessThanOrEqual(members.reduce((sum, m) => sum + m.logs.loss, 0) / 3 + 1e-6);
    expect(logs.accuracy).toBeGreaterThan(0.5);
  });

  it('goes on exactly after a restore, snapshots included', async () => {
    const whole = make(6);
    await whole.trainer.run();
    const half = make(3);
    await half.trainer.run();
    const resumed = make(6);
    resumed.trainer.restore(half.trainer.checkpoint());
    await resumed.trainer.run();
    expect(resumed.snapshots.epochs).toEqual([2, 4, 6]);
    for (const [i, snapshot] of whole.snapshots.snapshots.entries()) {
      for (const [key, { values }] of snapshot) expect(resumed.snapshots.snapshots[i].get(key)!.values).toEqual(values);
    }
  });

  it('has the schedule of the paper', () => {
    const rates = learningRates(makeSchedule(snapshotSchedule(2, 4)), 1, 8);
    for (let t = 0; t < 8; t++) expect(rates[t]).toBeCloseTo((1 + Math.cos((Math.PI * (t % 4)) / 4)) / 2, 12);
    expect(snapshotSchedule(2, 4)).toEqual({
      name: 'sequence',
      parts: [
        { name: 'cosine', length: 4 },
        { name: 'cosine', length: 4 },
      ],
      milestones: [4],
    });
  });

  it('refuses what makes no sense', () => {
    expect(() => new SnapshotEnsemble({ cycle: 0 })).toThrow('SnapshotEnsemble: cycle is 0; it must be a whole number of at least 1');
    expect(() => new SnapshotEnsemble({ cycle: 2, keep: 0 })).toThrow('keep is 0');
    expect(() => new SnapshotEnsemble({ cycle: 5 }).ensemble(() => makeModel())).toThrow('the first is taken after epoch 5');
    expect(() => snapshotSchedule(0, 4)).toThrow('snapshotSchedule: cycles is 0');
  });
});
