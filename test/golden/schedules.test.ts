/** The path of every schedule against PyTorch. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { learningRates, makeSchedule, type ScheduleOptions, Scheduler, scheduleNames } from '../../src/schedule/index.ts';

interface Case {
  readonly options: ScheduleOptions;
  readonly rates: number[];
}

const golden: { base: number; cases: Case[]; metrics: number[]; plateaus: Case[] } = JSON.parse(
  readFileSync(new URL('schedules.json', import.meta.url), 'utf8'),
);

const title = (c: Case): string => JSON.stringify(c.options);

function expectPath(got: ArrayLike<number>, want: readonly number[]): void {
  want.forEach((rate, t) => {
    expect(Math.abs(got[t] - rate), `at time ${t}: ${got[t]}, PyTorch has ${rate}`).toBeLessThanOrEqual(1e-13 * golden.base);
  });
}

it('there is a path for every schedule', () => {
  const names = [...golden.cases, ...golden.plateaus].map(c => c.options.name);
  expect([...new Set(names)].sort()).toEqual([...scheduleNames].sort());
});

describe.each(golden.cases.map(c => [title(c), c] as const))('%s', (_, { options, rates }) => {
  it('gives the rates of PyTorch', () => {
    expectPath(learningRates(makeSchedule(options), golden.base, rates.length), rates);
  });

  it('drives every group of an optimizer relative to its own rate', () => {
    const optimizer = { paramGroups: [{ lr: golden.base }, { lr: 2 * golden.base }] };
    const scheduler = new Scheduler(optimizer, makeSchedule(options));
    const path = rates.map(() => {
      const now = optimizer.paramGroups.map(group => group.lr);
      scheduler.step();
      return now;
    });
    expectPath(
      path.map(([first]) => first),
      rates,
    );
    expectPath(
      path.map(([, second]) => second / 2),
      rates,
    );
  });
});

it.each(golden.plateaus.map(c => [title(c), c] as const))('%s gives the rates of PyTorch', (_, { options, rates }) => {
  const optimizer = { paramGroups: [{ lr: golden.base }] };
  const scheduler = new Scheduler(optimizer, makeSchedule({ ...options, by: 'epoch' }));
  const path = rates.map((_, epoch) => {
    const rate = scheduler.lr;
    scheduler.afterEpoch(epoch + 1, { loss: 1, val_loss: golden.metrics[epoch] });
    return rate;
  });
  expect(new Set(path).size).toBeGreaterThan(1);
  expectPath(path, rates);
});
