import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { parseExperiment } from './schema.ts';
import { checkPlan, importance, rank, rungsOf, type SweepPlan, type Trial } from './sweep.ts';
import { experimentOf, gridChoices, parseDimension, sampleChoice } from './sweep-space.ts';

const base = parseExperiment({ data: { name: 'digits' } });

it('reads values and ranges', () => {
  expect(parseDimension('dropout=0,0.2,0.5')).toEqual({ flag: 'dropout', values: ['0', '0.2', '0.5'] });
  expect(parseDimension('--hidden=128|256,128')).toEqual({ flag: 'hidden', values: ['128', '256,128'] });
  const range = { flag: 'lr', low: 1e-4, high: 0.1, log: true, whole: false, points: null };
  expect(parseDimension('lr=1e-4..1e-1:log')).toEqual(range);
  expect(
    gridChoices([parseDimension('lr=1e-4..1e-1:log:4'), parseDimension('dropout=0,0.5')]).map(one => Object.values(one).join(' ')),
  ).toEqual([...['0.0001 0', '0.0001 0.5', '0.001 0', '0.001 0.5', '0.01 0', '0.01 0.5', '0.1 0', '0.1 0.5']]);
  for (const [text, message] of [
    ['lr', "--vary: 'lr' was given; it takes a flag with values or a range, as in lr=1e-4..1e-1:log"],
    ['nothing=1', '--vary: there is no flag --nothing'],
    ['epochs=1,2', '--vary: epochs is not varied; all trials share it. Give --epochs itself'],
    ['lr=1..0.1', "--vary lr: '1..0.1' was given; the second end must be above the first"],
    ['lr=0..1:log', "--vary lr: '0..1:log' was given; a logarithmic range lies above 0"],
    ['lr=1..2:lin', "--vary lr: 'lin' was given after the range; it takes log, int, or a count of points"],
    ['dropout=0,0', "--vary dropout: '0,0' was given; its values must differ, and none be empty"],
  ]) {
    expect(() => parseDimension(text)).toThrow(new UserError(message));
  }
  expect(() => gridChoices([parseDimension('lr=1..2')])).toThrow('a grid needs a count of points for a range, as in lr=1..2:5');
});

it('draws within ranges and lists; a trial does not depend on what else is varied, nor on how many there are', () => {
  const number = fc.double({ min: 1e-6, max: 1e3, noNaN: true });
  fc.assert(
    fc.property(number, number, fc.boolean(), fc.nat(50), fc.nat(1000), (a, b, isLog, index, seed) => {
      fc.pre(Math.abs(a - b) > 1e-3 * Math.max(a, b));
      const lr = parseDimension(`lr=${Math.min(a, b)}..${Math.max(a, b)}${isLog ? ':log' : ''}`);
      const dropout = parseDimension('dropout=0,0.5');
      const drawn = sampleChoice([dropout, lr], seed, index);
      expect(Number(drawn.lr)).toBeGreaterThanOrEqual(Math.min(a, b));
      expect(Number(drawn.lr)).toBeLessThanOrEqual(Math.max(a, b));
      expect(['0', '0.5']).toContain(drawn.dropout);
      expect(sampleChoice([lr], seed, index).lr).toBe(drawn.lr);
      // and it can be typed
      expect((experimentOf(base, { lr: drawn.lr }).optimizer as { lr: number }).lr).toBe(Number(drawn.lr));
    }),
  );
  const sizes = Array.from({ length: 40 }, (_, i) => Number(sampleChoice([parseDimension('batch-size=2..5:int')], 1, i)['batch-size']));
  expect(new Set(sizes)).toEqual(new Set([2, 3, 4, 5]));
});

it('halves as the paper has it', () => {
  expect(rungsOf(27, 27, 3)).toEqual([
    { trials: 27, epochs: 1 },
    { trials: 9, epochs: 3 },
    { trials: 3, epochs: 9 },
    { trials: 1, epochs: 27 },
  ]);
  expect(rungsOf(8, 10, 2).map(({ epochs, trials }) => [trials, epochs])).toEqual([
    [8, 1],
    [4, 2],
    [2, 5],
    [1, 10],
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 300 }), fc.integer({ min: 2, max: 6 }), (n, epochs, eta) => {
      const rungs = rungsOf(n, epochs, eta);
      expect(rungs[0].trials).toBe(n);
      expect(rungs.at(-1)!.epochs).toBe(epochs);
      for (let k = 1; k < rungs.length; k++) {
        expect(rungs[k].trials).toBeLessThan(rungs[k - 1].trials);
        expect(rungs[k].epochs).toBeGreaterThan(rungs[k - 1].epochs);
      }
      for (const rung of rungs) expect(Math.min(rung.trials, rung.epochs)).toBeGreaterThanOrEqual(1);
    }),
  );
});

const trial = (index: number, accuracy: number | null, loss: number = 1, rung: number = 0, choice: Record<string, string> = {}): Trial => {
  const validation = accuracy === null ? null : { accuracy, loss };
  const results = Array.from({ length: rung + 1 }, (_, i) => ({
    rung: i,
    epochs: 1,
    validation,
    failure: accuracy === null ? 'NaN' : null,
    seconds: 1,
  }));
  return { index, choice, results };
};

it('ranks by how far, how well, and by number; what failed comes last', () => {
  const trials = [
    trial(0, null),
    trial(1, 0.5),
    trial(2, 0.5),
    trial(3, 0.5, 0.4),
    trial(4, 0.2, 1, 1),
    trial(5, Number.NaN),
    trial(6, null),
  ];
  expect(rank(trials).map(({ index }) => index)).toEqual([4, 3, 1, 2, 5, 0, 6]);
  expect(rank(trials.toReversed()).map(({ index }) => index)).toEqual([4, 3, 1, 2, 5, 0, 6]);
});

it('measures importance as an analysis of variance does', () => {
  const dimensions = [parseDimension('dropout=0,0.5'), parseDimension('lr=0.1..1')];
  // by hand: means 0.8 and 0.2 around 0.5; total 4 * 0.3² + 4 * 0.1² = 0.4, between 4 * 0.09 = 0.36
  const trials = [0.9, 0.7, 0.3, 0.1].map((accuracy, i) =>
    trial(i, accuracy, 1, 0, { dropout: i < 2 ? '0' : '0.5', lr: String(0.2 + i / 10) }),
  );
  const [dropout, lr] = importance(dimensions, [...trials, trial(4, null, 1, 0, { dropout: '0', lr: '0.9' })]);
  expect(dropout.share).toBeCloseTo(0.9, 12);
  expect(dropout.groups.map(({ name, n }) => [name, n])).toEqual([
    ['0', 2],
    ['0.5', 2],
  ]);
  expect(lr.groups.map(({ n }) => n)).toEqual([1, 1, 2]);
  expect(importance(dimensions, [trial(0, 0.5, 1, 0, { dropout: '0', lr: '1' })])[0].share).toBeNull();
});

it('refuses plans that cannot be carried out', () => {
  const plan: SweepPlan = {
    format: 1,
    base,
    given: {},
    dimensions: [parseDimension('lr=0.1,0.2')],
    method: 'halving',
    trials: 3,
    seed: 1,
    eta: 3,
  };
  expect(() => checkPlan(plan)).not.toThrow();
  const of =
    (changes: object): (() => void) =>
    () =>
      checkPlan({ ...plan, ...changes });
  expect(of({ dimensions: [] })).toThrow('sweep: nothing is varied; give --vary FLAG=...');
  expect(of({ eta: 1 })).toThrow('sweep: eta is 1; it must be a whole number of at least 2');
  expect(of({ base: parseExperiment({ data: { name: 'digits', validation: 0 } }) })).toThrow('there is none; give --validation above 0');
  const early = {
    ...base,
    training: { ...base.training, earlyStopping: { monitor: 'val_loss', patience: 1, minDelta: 0, restoreBestWeights: true } },
  };
  expect(of({ base: early })).toThrow('halving decides itself which trials stop');
  expect(of({ base: early, method: 'random' })).not.toThrow();
});
