import { describe, expect, it } from 'vitest';
import { crossEntropy } from '../loss/index.ts';
import { Adam, LBFGS, type Optimizer } from '../optim/index.ts';
import { Random } from '../random.ts';
import { ModelCheckpoint } from './callbacks/model-checkpoint.ts';
import type { CheckpointStore } from './checkpoint.ts';
import type { Profile, TrainEvent } from './events.ts';
import { bits, blobs, smallNet } from './testing.ts';
import { type FitOptions, Trainer } from './trainer.ts';

const store: CheckpointStore = { save: () => new Promise(resolve => setTimeout(() => resolve({ name: 'a', path: 'a' }), 30)) };

async function profiled(more: Partial<FitOptions> = {}): Promise<{ profiles: Profile[]; weights: number[]; elapsed: number }> {
  const model = smallNet(1);
  const events: TrainEvent[] = [];
  await new Trainer(model, {
    ...{ train: blobs(90), validation: blobs(30, 2), loss: crossEntropy, epochs: 2, batchSize: 16, random: new Random(1) },
    ...{ optimizer: new Adam(model.parameters()), callbacks: [new ModelCheckpoint(store)], profile: true },
    onEvent: e => events.push(e),
    ...more,
  }).run();
  const end = events.find(e => e.type === 'trainEnd')!;
  return { profiles: events.filter(e => e.type === 'profile'), weights: bits(model), elapsed: end.elapsed };
}

describe('a profile', () => {
  it('comes after each epoch and at the end; its phases add up to the wall time', async () => {
    const { profiles, elapsed } = await profiled();
    expect(profiles.map(({ epoch }) => epoch)).toEqual([1, 2, null]);
    for (const { wall, phases } of profiles) expect(phases.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(wall, 9);
    expect(profiles[2].wall).toBeGreaterThanOrEqual(elapsed * 0.99);
    const calls = Object.fromEntries(profiles[0].phases.map(phase => [phase.name, phase.calls]));
    expect(calls).toMatchObject({ data: 7, forward: 6, loss: 6, backward: 6, update: 6, validation: 1, checkpoint: 1 });
    const checkpoint = profiles[0].phases.find(({ name }) => name === 'checkpoint')!;
    expect(checkpoint.seconds).toBeGreaterThan(0.025);
    expect(profiles[0].phases.find(({ name }) => name === 'backward')!.peakBytes).toBeGreaterThan(0);
  });

  it('names the ops by layer, both passes, in order of their time, within that of their phases', async () => {
    const { profiles } = await profiled();
    const { ops = [], phases } = profiles[2];
    const of = (pass: string) => ops.filter(one => one.pass === pass).map(({ layer, op, calls }) => `${layer} ${op} ${calls}`.trim());
    expect(of('forward').sort()).toEqual(['0 Linear linear + relu 12', '3 Linear linear 12', 'dropout 12', 'softmaxCrossEntropy 12']);
    expect(of('backward').length).toBeGreaterThan(3);
    expect(ops.map(one => one.seconds)).toEqual(ops.map(one => one.seconds).sort((a, b) => b - a));
    const inOps = ops.reduce((sum, one) => sum + one.seconds, 0);
    const inPhases = phases.filter(({ name }) => ['forward', 'loss', 'backward'].includes(name)).reduce((sum, one) => sum + one.seconds, 0);
    expect(inOps).toBeLessThanOrEqual(inPhases);
  });

  it('changes no bit, also with an optimizer that computes the loss itself', async () => {
    expect((await profiled()).weights).toEqual((await profiled({ profile: false })).weights);
    const lbfgs = async (profile: boolean): Promise<number[]> => {
      const model = smallNet(1);
      const optimizer = new LBFGS(model.parameters(), { maxIter: 2 }) as unknown as Optimizer;
      const options = { train: blobs(90), loss: crossEntropy, batchSize: 90, epochs: 3, random: new Random(1), optimizer, profile };
      await new Trainer(model, options).run();
      return bits(model);
    };
    expect(await lbfgs(true)).toEqual(await lbfgs(false));
  });
});
