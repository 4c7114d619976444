import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { preparePoints } from '../../../src/experiment/prepare.ts';
import { runExperiment } from '../../../src/experiment/run.ts';
import { parseExperiment } from '../../../src/experiment/schema.ts';
import type { Experiment, PointsData } from '../../../src/experiment/types.ts';
import { encodeSafetensors } from '../../../src/io/safetensors.ts';
import type { EpochFigures, Report, Snapshot, Watch } from './protocol.ts';
import { Session, type SessionOptions } from './session.ts';

const everything: Watch = {
  rate: 30,
  share: 1,
  grid: 8,
  reach: 3,
  units: true,
  weights: true,
  layers: true,
  trainSamples: 1000,
  test: true,
};
const nothing: Watch = { rate: 30, share: 1, grid: 0, reach: 3, units: false, weights: false, layers: false, trainSamples: 0, test: false };

/** Everything random that there can be, so that a step taken twice shows any of it that is not put back. */
const lively = parseExperiment({
  seed: 3,
  data: { name: 'points', shape: 'moons', count: 80, noise: 0.2 },
  model: { hidden: [8, 6], activation: ['tanh', 'relu'], batchNorm: 'before', dropout: 0.2, noise: 0.1 },
  optimizer: { name: 'adam', lr: 0.02 },
  schedule: { name: 'cosine' },
  regularization: { l2: 1e-3, averaging: { kind: 'ema', decay: 0.95 } },
  training: { epochs: 6, batchSize: 10 },
});

interface Seen {
  readonly session: Session;
  readonly reports: Report[];
  readonly failures: string[];
  readonly kept: Snapshot[];
  /** Once the run stands at this step. */
  standsAt(step: number): Promise<Report>;
  rests(): Promise<Report>;
}

function begin(experiment: Experiment, options: Partial<SessionOptions> = {}): Seen {
  const reports: Report[] = [];
  const failures: string[] = [];
  const kept: Snapshot[] = [];
  const waiting: { fits: (report: Report) => boolean; resolve: (report: Report) => void }[] = [];
  const session: Session = new Session({
    experiment,
    data: preparePoints(experiment.data as PointsData),
    watch: everything,
    onReport: report => {
      reports.push(report);
      session?.seen();
      for (const one of waiting.filter(({ fits }) => fits(report))) one.resolve(report);
    },
    onKeep: snapshot => kept.push(snapshot),
    onFailure: message => failures.push(message),
    ...options,
  });
  const when = (fits: (report: Report) => boolean): Promise<Report> => new Promise(resolve => waiting.push({ fits, resolve }));
  return {
    session,
    reports,
    failures,
    kept,
    standsAt: step => when(report => report.step === step && session.snapshot?.step === step && !report.isPlaying),
    rests: () => when(report => !report.isPlaying && session.snapshot?.step === report.step),
  };
}

const hash = (session: Session): string => createHash('sha256').update(session.weightsFile().bytes).digest('hex');
const goTo = async (seen: Seen, step: number): Promise<string> => {
  const there = seen.standsAt(step);
  seen.session.goTo(step);
  await there;
  return hash(seen.session);
};
async function plainRun(experiment: Experiment): Promise<string> {
  const { model } = await runExperiment(experiment, { data: preparePoints(experiment.data as PointsData) });
  return createHash('sha256')
    .update(encodeSafetensors(model.stateDict(), { format: 'pt' }))
    .digest('hex');
}

test('weights that are asked for in the midst of training are named by the step they are of', async () => {
  const named: { step: number; at: number; hash: string }[] = [];
  const seen = begin(lively, {
    onReport: () => {
      seen?.session.seen();
      if (seen !== undefined) named.push({ step: seen.session.weightsFile().step, at: seen.session.step, hash: hash(seen.session) });
    },
  });
  await expect.poll(() => seen.session.snapshot?.step).toBe(0);
  const first = hash(seen.session);
  seen.session.goTo(17);
  await expect.poll(() => seen.session.snapshot?.step).toBe(17);
  const last = hash(seen.session);
  expect(last).not.toBe(first);
  expect(named.some(({ step, at }) => step < at)).toBe(true);
  for (const { step, hash } of named) expect([step, hash]).toEqual(step === 0 ? [0, first] : [17, last]);
  seen.session.close();
});

describe('a session', () => {
  test('shows the net as it starts, before any step', async () => {
    const seen = begin(lively);
    const report = await seen.rests();
    expect(report).toMatchObject({ step: 0, epoch: 0, isPlaying: false, ended: null });
    expect(report.weights!.map(({ outputs, inputs }) => [outputs, inputs])).toEqual([
      [8, 2],
      [6, 8],
      [2, 6],
    ]);
    expect(report.plane!.units!.map(({ width }) => width)).toEqual([8, 6]);
    expect(report.layers!.map(({ kinds }) => kinds)).toEqual([
      ['Linear', 'BatchNorm1d', 'GaussianNoise', 'Tanh', 'Dropout'],
      ['Linear', 'BatchNorm1d', 'GaussianNoise', 'ReLU', 'Dropout'],
      ['Linear'],
    ]);
    expect(seen.session.totalSteps).toBe(30);
    seen.session.close();
  });

  test('ends in the bits of the same run without it, however it was watched, paused and taken back', async () => {
    const expected = await plainRun(lively);
    const seen = begin(lively, { watch: { ...everything, rate: 1e9 } });
    await seen.rests();
    for (const step of [1, 2, 7, 5, 10, 3, 13]) await goTo(seen, step);
    const end = seen.standsAt(30);
    seen.session.play();
    expect((await end).ended).toBe('completed');
    expect(hash(seen.session)).toBe(expected);
    await goTo(seen, 12);
    expect(await goTo(seen, 30)).toBe(expected);
    seen.session.close();
  });

  test('goes back to the same bits and on again, also where moments between were not kept', async () => {
    const seen = begin(lively, { limits: { count: 4 } });
    await seen.rests();
    const bits = new Map<number, string>();
    for (let step = 1; step <= 30; step++) bits.set(step, await goTo(seen, step));
    expect(new Set(bits.values()).size).toBe(30);
    for (const step of [29, 4, 17, 0, 1, 23, 30, 5]) {
      const now = await goTo(seen, step);
      if (step > 0) expect(now, `step ${step}`).toBe(bits.get(step));
    }
    seen.session.close();
  });

  test('goes on in another worker from what was kept', async () => {
    const first = begin(lively);
    await first.rests();
    await goTo(first, 17);
    first.session.close();
    const second = begin(lively, { from: structuredClone(first.kept.at(-1)!) });
    expect((await second.rests()).step).toBe(17);
    expect(hash(second.session)).toBe(hash(first.session));
    expect(await goTo(second, 30)).toBe(await plainRun(lively));
    await goTo(second, 3); // before where it began
    second.session.close();
  });

  test('tells every step and every epoch once, in order', async () => {
    const seen = begin(lively);
    await seen.rests();
    await goTo(seen, 12);
    await goTo(seen, 30);
    const steps = seen.reports.flatMap(report => [...report.steps].filter((_, i) => i % 3 === 0));
    expect(steps).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
    const epochs: EpochFigures[] = seen.reports.flatMap(report => report.epochs);
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([0, 1, 2, 3, 4, 5, 6].map(epoch => [epoch, 5 * epoch]));
    expect(Object.keys(epochs[0].figures).sort()).toEqual(['accuracy', 'loss', 'test_accuracy', 'test_loss', 'val_accuracy', 'val_loss']);
    expect(seen.reports.at(-1)!.evaluation!.logs.accuracy).toBeGreaterThan(0.7);
    seen.session.close();
  });

  test('stops early, and does not go on past it when it is taken back and on', async () => {
    const stopping = parseExperiment({
      ...lively,
      regularization: {},
      training: { epochs: 200, batchSize: 10, earlyStopping: { patience: 2 } },
    });
    const expected = await plainRun(stopping);
    const seen = begin(stopping);
    await seen.rests();
    const end = seen.rests();
    seen.session.play();
    const { step, ended, message } = await end;
    expect(ended).toBe('earlyStopping');
    expect(message).toMatch(/^val_loss has not improved for 2 epochs/);
    expect(step).toBeLessThan(seen.session.totalSteps);
    // The net is that of the best epoch again, and so are its figures.
    const losses = seen.reports.flatMap(report => report.epochs).map(({ figures }) => figures.val_loss);
    expect(seen.reports.at(-1)!.final!.val_loss).toBeCloseTo(Math.min(...losses), 6);
    expect(hash(seen.session)).toBe(expected);
    await goTo(seen, step - 3);
    const again = seen.rests();
    seen.session.play();
    expect((await again).step).toBe(step);
    expect(hash(seen.session)).toBe(expected);
    seen.session.close();
  });

  test('says in words what went wrong, and stands where it was before', async () => {
    const exploding = parseExperiment({
      data: { name: 'points', shape: 'plane', count: 60 },
      model: { hidden: [8], activation: 'identity' },
      optimizer: { name: 'sgd', lr: 500 },
      training: { epochs: 50, batchSize: 10 },
    });
    const seen = begin(exploding);
    await seen.rests();
    seen.session.play();
    const { step } = await seen.rests();
    expect(seen.failures).toHaveLength(1);
    expect(seen.failures[0]).toMatch(
      /^the loss became (NaN|Infinity) in epoch 1, step \d+: .*\nTry a smaller learning rate \(it was 500\)/,
    );
    expect(step).toBeGreaterThan(0);
    expect(await goTo(seen, 1)).toBe(await goTo(seen, 1));
    seen.session.close();
  });

  test('shows the units and weights of a large net less often while it trains, and where it rests', async () => {
    const large = parseExperiment({
      data: { name: 'points', count: 100 },
      model: { hidden: [16, 16] },
      training: { epochs: 200, batchSize: 10 },
    });
    const seen = begin(large, { watch: { ...everything, rate: 1e9 } });
    await seen.rests();
    seen.session.play();
    await seen.standsAt(seen.session.totalSteps);
    const playing = seen.reports.filter(report => report.isPlaying);
    const lacking = playing.filter(({ plane, weights }) => plane!.units === null && weights === null);
    expect(lacking.length).toBeGreaterThan(playing.length / 2);
    expect(playing.every(({ plane }) => plane!.output.length > 0)).toBe(true);
    const last = seen.reports.at(-1)!;
    expect([last.plane!.units!.length, last.weights!.length]).toEqual([2, 3]);
    seen.session.close();
  });

  test('keeps to a speed, and pauses', async () => {
    const seen = begin(lively, { watch: nothing });
    await seen.rests();
    seen.session.setSpeed(50);
    const rested = seen.rests();
    seen.session.play();
    await new Promise(resolve => setTimeout(resolve, 200));
    seen.session.pause();
    const { step } = await rested;
    expect(step).toBeGreaterThan(0);
    expect(step).toBeLessThanOrEqual(14);
    seen.session.close();
  });
});
