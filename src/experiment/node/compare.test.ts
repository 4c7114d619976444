import { describe, expect, it } from 'vitest';
import { seedList } from '../compare.ts';
import { parseExperiment } from '../schema.ts';
import { meanCurve, spreadOf } from '../statistics.ts';
import type { Experiment } from '../types.ts';
import { compareExperiments } from './compare.ts';
import { memberSeeds, trainEnsemble } from './ensemble.ts';

const experiment = (changes: object = {}): Experiment =>
  parseExperiment({
    data: { name: 'digits', train: 400, test: 200, validation: 60 },
    model: { hidden: [16] },
    training: { epochs: 3, batchSize: 40 },
    ...changes,
  });
const inThisThread = { entry: null };

describe('statistics', () => {
  it('are the mean and the sample standard deviation', () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ mean: 5, sd: Math.sqrt(32 / 7), n: 8 });
    expect(spreadOf([3])).toEqual({ mean: 3, sd: null, n: 1 });
    expect(spreadOf([])).toBeNull();
    expect(meanCurve([[1, 2, 3], [3, 4], []])).toEqual([2, 3, 3]);
  });
});

describe('compareExperiments', () => {
  it('runs each with each seed, and sums up', async () => {
    const done: string[] = [];
    const { rows, seeds, data } = await compareExperiments(
      [
        { name: 'slow', experiment: experiment({ optimizer: { name: 'sgd', lr: 0.001 } }) },
        { name: 'fast', experiment: experiment({ optimizer: { name: 'sgd', lr: 0.1, momentum: 0.9 } }) },
      ],
      { seeds: [5, 6], ...inThisThread, onRun: (name, run, n, total) => done.push(`${name} ${run.seed} ${n}/${total}`) },
    );
    expect(done).toEqual(['slow 5 1/4', 'fast 5 2/4', 'slow 6 3/4', 'fast 6 4/4']);
    expect(seeds).toEqual([5, 6]);
    expect(data).toContain('embedded digits');
    const [slow, fast] = rows;
    expect(fast.test.accuracy.mean).toBeGreaterThan(slow.test.accuracy.mean);
    expect(fast.test.accuracy.n).toBe(2);
    const own = fast.runs.map(run => run.test!.loss);
    expect(fast.test.loss).toEqual(spreadOf(own));
    expect(own[0]).not.toBe(own[1]);
    expect(fast.curves.val_loss.length).toBe(3);
    expect(fast.curves.val_loss[2]).toBeCloseTo((fast.runs[0].epochs[2].val_loss + fast.runs[1].epochs[2].val_loss) / 2, 12);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    // a run is what the experiment alone gives with that seed
    const alone = await compareExperiments([{ name: 'x', experiment: fast.experiment }], { seeds: [6], ...inThisThread });
    expect(alone.rows[0].runs[0].epochs).toEqual(fast.runs[1].epochs);
  });

  it('keeps a run that diverges as a failed run of its row', async () => {
    const wild = { name: 'wild', experiment: experiment({ optimizer: { name: 'sgd', lr: 1e20 } }) };
    const { rows } = await compareExperiments([wild, { name: 'calm', experiment: experiment() }], { seeds: 1, ...inThisThread });
    expect(rows[0].runs[0].reason).toBe('failed');
    expect(rows[0].runs[0].message).toContain('the loss became');
    expect(rows[0].test).toEqual({});
    expect(rows[1].test.accuracy.n).toBe(1);
    await expect(compareExperiments([wild], { seeds: 1, ...inThisThread })).rejects.toThrow('the loss became');
  });

  it('refuses what makes no sense', async () => {
    await expect(compareExperiments([])).rejects.toThrow('compare: there are no experiments');
    const one = { name: 'a', experiment: experiment() };
    await expect(compareExperiments([one, one])).rejects.toThrow("two experiments are called 'a'");
    expect(() => seedList(0)).toThrow('seeds is 0; it must be a whole number of at least 1');
    expect(() => seedList([1, 1])).toThrow('seeds are 1, 1; there must be at least one, each once');
    expect(seedList(3, 7)).toEqual([7, 8, 9]);
  });
});

describe('trainEnsemble', () => {
  it('averages members that differ by their seeds, and tells the gain', async () => {
    const base = experiment({ seed: 3 });
    const result = await trainEnsemble(base, 3, inThisThread);
    expect(result.members.map(member => member.seed)).toEqual(memberSeeds(3, 3));
    const { loss, accuracy } = result.gains.test;
    expect(loss.members).toEqual(spreadOf(result.members.map(member => member.test!.logs.loss)));
    expect(loss.ensemble).toBe(result.test!.logs.loss);
    expect(loss.gain).toBeGreaterThan(0); // by convexity
    expect(accuracy.gain).toBeCloseTo(accuracy.ensemble - accuracy.members.mean, 12);
    expect(result.validation!.samples).toBe(60);
    expect(new Set(result.members.map(member => member.test!.logs.loss)).size).toBe(3);
    // the members handed over are those that were measured
    expect(result.model.length).toBe(3);
  });

  it('refuses fewer than two members, and tells the error of members that all fail', async () => {
    await expect(trainEnsemble(experiment(), 1)).rejects.toThrow('an ensemble of 1; it must be a whole number of at least 2 members');
    const wild = experiment({ optimizer: { name: 'sgd', lr: 1e20 } });
    await expect(trainEnsemble(wild, 2, inThisThread)).rejects.toThrow('the loss became');
    expect(new Set(memberSeeds(1, 50)).size).toBe(50);
    expect(memberSeeds(1, 5)).toEqual(memberSeeds(1, 9).slice(0, 5));
  });
});
