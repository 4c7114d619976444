/** Schedules: what is refused, time by step and by epoch, saving and loading. The paths are held to PyTorch in test/golden. */
import { describe, expect, it } from 'vitest';
import { learningRates, makeSchedule, type ScheduleOptions, Scheduler } from './index.ts';

const group = (lr = 1): { paramGroups: { lr: number }[] } => ({ paramGroups: [{ lr }] });

describe('options out of range are refused, with what is allowed', () => {
  const cases: [ScheduleOptions, string][] = [
    [{ name: 'constant', factor: 0 }, 'schedule constant: factor is 0; it must be a number above 0'],
    [{ name: 'linear', length: 0 }, 'schedule linear: length is 0; it must be a whole number of at least 1'],
    [{ name: 'linear' }, 'schedule linear: give its length, or the length of the training'],
    [{ name: 'linear', length: 5, end: -1 }, 'schedule linear: end is -1; it must be a number of at least 0'],
    [{ name: 'step', every: 0 }, 'schedule step: every is 0; it must be a whole number of at least 1'],
    [{ name: 'step', every: 2.5 }, 'schedule step: every is 2.5; it must be a whole number of at least 1'],
    [{ name: 'step', every: 2, gamma: -1 }, 'schedule step: gamma is -1; it must be a number above 0'],
    [{ name: 'multiStep', milestones: [] }, 'schedule multiStep: milestones is []; it must be a list of at least one'],
    [{ name: 'multiStep', milestones: [3, 3] }, 'schedule multiStep: milestones[1] is 3; it must be a whole number of at least 4'],
    [{ name: 'exponential', gamma: 0 }, 'schedule exponential: gamma is 0; it must be a number above 0'],
    [{ name: 'inverseTime', decay: Number.NaN }, 'schedule inverseTime: decay is NaN; it must be a number above 0'],
    [{ name: 'polynomial', length: 3, power: 0 }, 'schedule polynomial: power is 0; it must be a number above 0'],
    [{ name: 'polynomial', length: -3 }, 'schedule polynomial: length is -3; it must be a whole number of at least 1'],
    [{ name: 'cosine', length: 3, end: 2 }, 'schedule cosine: end is 2; it must be from 0 to 1'],
    [{ name: 'cosine' }, 'schedule cosine: give its length'],
    [{ name: 'warmup', length: 0 }, 'schedule warmup: length is 0; it must be a whole number of at least 1'],
    [{ name: 'warmup', length: 3, start: -1 }, 'schedule warmup: start is -1; it must be from 0 to 1'],
    [{ name: 'warmup', length: 3, after: { name: 'step', every: 0 } }, 'schedule step: every is 0'],
    [{ name: 'oneCycle', length: 1 }, 'schedule oneCycle: length is 1; it must be a whole number of at least 2'],
    [{ name: 'oneCycle', length: 9, warmup: 1 }, 'schedule oneCycle: warmup is 1; it must be above 0 and below 1'],
    [{ name: 'oneCycle', length: 9, divide: 0.5 }, 'schedule oneCycle: divide is 0.5; it must be a number of at least 1'],
    [{ name: 'oneCycle', length: 9, anneal: 'sine' as never }, "schedule oneCycle: anneal is sine; it must be 'cos' or 'linear'"],
    [{ name: 'plateau', factor: 1 }, 'schedule plateau: factor is 1; it must be above 0 and below 1'],
    [{ name: 'plateau', patience: -1 }, 'schedule plateau: patience is -1; it must be a whole number of at least 0'],
    [{ name: 'plateau', mode: 'least' as never }, "schedule plateau: mode is least; it must be 'min' or 'max'"],
    [{ name: 'sequence', parts: [], milestones: [] }, 'schedule sequence: parts is []; it must be a list of at least one'],
    [{ name: 'sequence', parts: [{ name: 'constant' }], milestones: [1] }, 'schedule sequence: milestones is [1]; it must be a list of 0'],
    [{ name: 'product', parts: [] }, 'schedule product: parts is []; it must be a list of at least one'],
    [{ name: 'constant', by: 'batch' as never }, "schedule constant: by is batch; it must be 'step' or 'epoch'"],
    [{ name: 'wave' } as never, "there is no schedule 'wave'; there are constant, linear, step, multiStep"],
  ];
  it.each(cases)('%j', (options, message) => {
    expect(() => makeSchedule(options)).toThrow(message);
  });

  it('a warm-up longer than the training', () => {
    const build = (): unknown => makeSchedule({ name: 'warmup', length: 10, after: { name: 'cosine' } }, { totalSteps: 10 });
    expect(build).toThrow('schedule warmup: length is 10; it must be less than the whole training, 10');
  });
});

describe('time', () => {
  it('a schedule without a length takes the whole training, or what is left of it', () => {
    const half = makeSchedule({ name: 'linear' }, { totalSteps: 8 });
    expect([...learningRates(half, 2, 10)]).toEqual([2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0, 0]);
    const after = makeSchedule({ name: 'warmup', length: 2, start: 0, after: { name: 'linear' } }, { totalSteps: 6 });
    expect([...learningRates(after, 1, 7)]).toEqual([0, 0.5, 1, 0.75, 0.5, 0.25, 0]);
    const parts = [{ name: 'linear' }, { name: 'linear' }] as const;
    const saw = makeSchedule({ name: 'sequence', parts, milestones: [2] }, { totalSteps: 4 });
    expect([...learningRates(saw, 1, 5)]).toEqual([1, 0.5, 1, 0.5, 0]);
  });

  it('counts epochs where asked to', () => {
    const optimizer = group(1);
    const schedule = makeSchedule({ name: 'linear', by: 'epoch' }, { totalSteps: 1000, totalEpochs: 4 });
    const scheduler = new Scheduler(optimizer, schedule);
    const rates = [0, 1, 2, 3].flatMap(epoch =>
      [0, 1, 2].map(i => {
        scheduler.beforeStep(3 * epoch + i, epoch);
        return scheduler.lr;
      }),
    );
    expect(rates).toEqual([1, 1, 1, 0.75, 0.75, 0.75, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
  });

  it('goes the same way by step() and by beforeStep()', () => {
    const [a, b] = [group(0.3), group(0.3)];
    const options: ScheduleOptions = { name: 'warmup', length: 3, after: { name: 'inverseTime', decay: 0.1 } };
    const [one, other] = [new Scheduler(a, makeSchedule(options)), new Scheduler(b, makeSchedule(options))];
    for (let t = 0; t < 9; t++) {
      other.beforeStep(t, 0);
      expect(one.lr).toBe(other.lr);
      one.step();
    }
  });

  it("one cycle stays at its end, and its peak is the optimizer's own rate", () => {
    const rates = learningRates(makeSchedule({ name: 'oneCycle', length: 100 }), 0.5, 120);
    expect(Math.max(...rates)).toBe(0.5);
    expect(rates[0]).toBeCloseTo(0.02, 15);
    expect(rates[119]).toBe(rates[99]);
  });
});

describe('a plateau', () => {
  it('says what could have been monitored', () => {
    const scheduler = new Scheduler(group(), makeSchedule({ name: 'plateau', by: 'epoch' }));
    expect(() => scheduler.afterEpoch(1, { loss: 1, accuracy: 0.5 })).toThrow(
      "schedule plateau: there is no 'val_loss' to monitor; there are loss, accuracy",
    );
  });

  it('counts NaN as no improvement', () => {
    const optimizer = group();
    const scheduler = new Scheduler(optimizer, makeSchedule({ name: 'plateau', patience: 1, factor: 0.5 }));
    for (const val_loss of [1, Number.NaN, Number.NaN]) scheduler.afterEpoch(1, { val_loss });
    expect(scheduler.lr).toBe(0.5);
  });

  it('begins after a warm-up', () => {
    const optimizer = group();
    const options: ScheduleOptions = {
      name: 'warmup',
      by: 'epoch',
      length: 2,
      start: 0.5,
      after: { name: 'plateau', patience: 0, factor: 0.1 },
    };
    const scheduler = new Scheduler(optimizer, makeSchedule(options));
    const rates = [5, 5, 5, 5, 1].map((val_loss, epoch) => {
      scheduler.beforeStep(epoch, epoch);
      const rate = scheduler.lr;
      scheduler.afterEpoch(epoch + 1, { val_loss });
      return rate;
    });
    expect(rates).toEqual([0.5, 0.75, 1, 1, 0.1]);
  });
});

describe('a saved state', () => {
  const options: ScheduleOptions = {
    name: 'product',
    by: 'epoch',
    parts: [
      { name: 'plateau', patience: 1, factor: 0.5, cooldown: 1 },
      {
        name: 'sequence',
        milestones: [4],
        parts: [
          { name: 'exponential', gamma: 0.9 },
          { name: 'plateau', patience: 0, factor: 0.3 },
        ],
      },
    ],
  };
  const epochs = (scheduler: Scheduler, from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => {
      scheduler.beforeStep(10 * (from + i), from + i);
      const rate = scheduler.lr;
      scheduler.afterEpoch(from + i + 1, { val_loss: [3, 2, 2, 2, 1, 1, 1, 1, 1, 0.5, 1, 1][from + i] });
      return rate;
    });

  it.each([1, 3, 5, 8])('continues exactly, saved after %d epochs', at => {
    const whole = epochs(new Scheduler({ paramGroups: [{ lr: 0.4 }, { lr: 0.1 }] }, makeSchedule(options)), 0, 12);
    const first = new Scheduler({ paramGroups: [{ lr: 0.4 }, { lr: 0.1 }] }, makeSchedule(options));
    epochs(first, 0, at);
    const saved = JSON.parse(JSON.stringify(first.stateDict()));
    // made as a resumed run makes it: the optimizer already has the reduced rate
    const optimizer = { paramGroups: [{ lr: 0.01 }, { lr: 0.0025 }] };
    const resumed = new Scheduler(optimizer, makeSchedule(options));
    resumed.loadStateDict(saved);
    expect(epochs(resumed, at, 12)).toEqual(whole.slice(at));
    expect(optimizer.paramGroups[1].lr).toBeCloseTo(optimizer.paramGroups[0].lr / 4, 15);
  });

  it('of other groups is refused', () => {
    const saved = new Scheduler(group(), makeSchedule({ name: 'constant' })).stateDict();
    const other = new Scheduler({ paramGroups: [{ lr: 1 }, { lr: 2 }] }, makeSchedule({ name: 'constant' }));
    expect(() => other.loadStateDict(saved)).toThrow('loadStateDict: the saved scheduler had 1 parameter groups; this one has 2');
  });
});
