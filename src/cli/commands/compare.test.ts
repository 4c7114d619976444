import { describe, expect, test } from 'vitest';
import type { ComparedRun } from '../../experiment/compare.ts';
import { summarize } from '../../experiment/compare.ts';
import { parseExperiment } from '../../experiment/schema.ts';
import { presetExperiments, presetNames, withChanges } from '../../experiment/variants.ts';
import { drawComparison, drawEnsemble } from '../terminal/comparison-view.ts';
import { allModes, expectDrawable, PLAIN } from '../terminal/test-modes.ts';
import { runLine, vary } from './compare.ts';

const base = parseExperiment({ data: { name: 'digits' }, optimizer: { name: 'adam', lr: 0.005 }, training: { epochs: 6 } });
const start = { name: '', experiment: base };
const names = (...texts: string[]): string[] => vary(start, texts).map(one => one.name);

describe('--vary', () => {
  test('each value of a flag, and every combination of several', () => {
    expect(names('lr=0.1,0.01')).toEqual(['lr=0.1', 'lr=0.01']);
    expect(names('optimizer=sgd,adam', 'lr=1,2')).toEqual(['sgd lr=1', 'sgd lr=2', 'adam lr=1', 'adam lr=2']);
    expect(vary(start, ['optimizer=sgd,adam', 'lr=1,2']).map(({ experiment: { optimizer } }) => [optimizer.name, optimizer.lr])).toEqual([
      ['sgd', 1],
      ['sgd', 2],
      ['adam', 1],
      ['adam', 2],
    ]);
    expect(vary(start, ['hidden=512,256;128']).map(one => one.experiment.model.hidden)).toEqual([[512, 256], [128]]);
  });

  test('flags without a value, and optimizers by the names they go by', () => {
    const sgd = { '--optimizer': 'sgd', '--momentum': '0.9' };
    const [off, on] = vary(start, ['nesterov=off,on'], sgd);
    expect([off, on].map(one => one.name)).toEqual(['nesterov=off', 'nesterov=on']);
    expect([off, on].map(one => (one.experiment.optimizer as { nesterov: boolean }).nesterov)).toEqual([false, true]);
    const [momentum, nesterov] = vary(start, ['optimizer=momentum,nesterov']);
    expect(momentum.experiment.optimizer).toMatchObject({ name: 'sgd', lr: 0.1, momentum: 0.9, nesterov: false });
    expect(nesterov.experiment.optimizer).toMatchObject({ name: 'sgd', momentum: 0.9, nesterov: true });
  });

  test('what was given besides holds for every value', () => {
    for (const { experiment } of vary(start, ['optimizer=sgd,adagrad'], { '--lr': '0.3' })) expect(experiment.optimizer.lr).toBe(0.3);
    for (const { experiment } of vary(start, ['optimizer=sgd,adagrad'])) expect(experiment.training.epochs).toBe(6);
  });

  test.each([
    ['lr', "--vary: 'lr' was given; it takes a flag and its values, as in lr=0.01,0.1"],
    ['droput=0.1', '--vary: there is no flag --droput'],
    ['nesterov=yes', '--vary: yes was given for --nesterov; it takes on and off'],
    ['lr=0.1,-1', '--lr: -1 was given; it must be a number above 0'],
    ['optimizer=sgdd', '--optimizer: sgdd was given; it must be one of'],
  ])('%s is refused', (text, message) => {
    expect(() => vary(start, [text])).toThrow(message);
  });
});

describe('presets', () => {
  test.each(presetNames)('%s: every experiment parses, each with a name of its own', name => {
    const experiments = presetExperiments(name, base);
    expect(experiments.length).toBeGreaterThanOrEqual(5);
    expect(new Set(experiments.map(one => one.name)).size).toBe(experiments.length);
    expect(new Set(experiments.map(one => JSON.stringify(one.experiment))).size).toBe(experiments.length);
    for (const { experiment } of experiments) expect(experiment.training.epochs).toBe(6);
  });

  test('remedies are compared one at a time, whatever the base has', () => {
    const rich = withChanges(base, { model: { batchNorm: 'before', dropout: 0.2 }, regularization: { mixup: 0.3 } });
    const all = Object.fromEntries(presetExperiments('regularization', rich).map(one => [one.name, one.experiment]));
    expect([all.none.model.batchNorm, all.none.model.dropout, all.none.regularization.mixup]).toEqual(['none', 0, 0]);
    expect([all.dropout.model.batchNorm, all.dropout.model.dropout]).toEqual(['none', 0.3]);
    expect(presetExperiments('init', rich)[0].experiment.model).toMatchObject({ batchNorm: 'none', dropout: 0.2 });
  });

  test('another kind takes the place of the whole group, the same kind only what is named', () => {
    expect(withChanges(base, { optimizer: { name: 'sgd' } }).optimizer).toMatchObject({ name: 'sgd', lr: 0.1 });
    expect(withChanges(base, { optimizer: { betas: [0.5, 0.5] } }).optimizer).toMatchObject({ lr: 0.005, betas: [0.5, 0.5] });
    expect(() => presetExperiments('optimizer', base)).toThrow("there is no preset 'optimizer'; there are optimizers, schedules");
    expect(() => withChanges(base, { optimizer: { momentum: 0.9 } })).toThrow("the variant: 'optimizer.momentum' is not an option");
  });
});

const run = (seed: number, accuracy: number, loss = 0.5): ComparedRun => ({
  seed,
  reason: 'completed',
  message: null,
  epochs: [
    { loss: 2 * loss, val_loss: 1.8 * loss },
    { loss, val_loss: 1.1 * loss },
  ],
  validation: { loss: 1.1 * loss, accuracy },
  test: { loss: 1.2 * loss, accuracy },
  seconds: 12.3,
});
const failed: ComparedRun = {
  ...run(2, 0),
  reason: 'failed',
  message: 'the loss became NaN\nadvice',
  epochs: [],
  test: null,
  validation: null,
};

describe('what is shown', () => {
  const rows = [
    summarize({ name: 'adam', experiment: base }, [run(1, 0.97), run(2, 0.98)]),
    summarize({ name: 'a wild one, 세번째', experiment: base }, [run(1, 0.5, 1.5), failed]),
  ];
  const comparison = { seeds: [1, 2], rows, data: 'digits' };

  test('one table with mean and spread, the failures, one plot', () => {
    const text = drawComparison(comparison, PLAIN);
    expect(text).toMatch(/adam +97\.50 ± 0\.71 % +0\.6000 ± 0 +12s +2\/2/);
    expect(text).toMatch(/세번째 +50\.00 % +1\.800 +12s +1\/2/);
    expect(text).toContain('mean and sample standard deviation over seeds 1, 2');
    expect(text).toContain('a wild one, 세번째, seed 2: the loss became NaN');
    expect(text).not.toContain('advice');
    expect(text).toContain('validation loss, mean over seeds');
  });

  test.each(allModes(60))('in every mode', capabilities => {
    expectDrawable(drawComparison(comparison, capabilities), capabilities);
  });

  test('a line for each run', () => {
    expect(runLine('adam', run(3, 0.971), 2, 9)).toBe('[2/9] adam, seed 3: test accuracy 97.10 %, 12s');
    expect(runLine('adam', { ...run(3, 1), test: { loss: 0.25 } }, 2, 9)).toBe('[2/9] adam, seed 3: test loss 0.2500, 12s');
    expect(runLine('x', failed, 1, 1)).toBe('[1/1] x, seed 2: the loss became NaN');
  });

  test('an ensemble beside its members', () => {
    const gains = { accuracy: { members: { mean: 0.97, sd: 0.001, n: 2 }, ensemble: 0.978, gain: 0.008 } };
    const text = drawEnsemble([{ figures: { accuracy: 0.969 } }, { figures: { accuracy: 0.971 } }], gains, 'test', PLAIN);
    expect(text).toMatch(/member 1 +96\.90 %/);
    expect(text).toMatch(/mean member +97\.00 ± 0\.10 %/);
    expect(text).toMatch(/ensemble +97\.80 %/);
    expect(text).toMatch(/gain +\+0\.80 %/);
    expect(drawEnsemble([{ figures: { accuracy: 0.9 } }], gains, 'test', PLAIN, 'snapshot')).toMatch(
      /snapshot 1 +90\.00 %[\s\S]*mean snapshot/,
    );
  });
});
