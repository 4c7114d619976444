/** Drives an optimizer's learning rates by a schedule. */
import { UserError } from '../errors.ts';
import type { Figures } from './curve.ts';
import type { Schedule } from './make.ts';

/** What a scheduler sets. Every optimizer is this. */
interface HasRates {
  readonly paramGroups: readonly { lr: number }[];
}

/** A scheduler's state, plain JSON. */
export interface SchedulerState {
  readonly time: number;
  readonly rates: readonly number[];
  readonly schedule: unknown;
}

/**
 * Sets the learning rate of each parameter group to its own at the time the scheduler is made, times the schedule's factor. `fit` calls `beforeStep` and
 * `afterEpoch`; a loop of your own calls `step()` after each of the optimizer's steps, or after each epoch where the schedule counts epochs:
 *
 *     const optimizer = new SGD(model.parameters(), { lr: 0.1 });
 *     const scheduler = new Scheduler(optimizer, makeSchedule({ name: 'cosine', length: 1000 }));
 *     // per step: optimizer.step(); scheduler.step();
 *
 * Same as PyTorch's schedulers, whose formulas are recursive where these are closed: equal up to rounding.
 */
export class Scheduler {
  readonly optimizer: HasRates;
  readonly schedule: Schedule;
  /** The learning rate of each group that the factor is applied to. */
  private rates: readonly number[];
  private time = 0;

  constructor(optimizer: HasRates, schedule: Schedule) {
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.rates = optimizer.paramGroups.map(group => group.lr);
    this.apply();
  }

  /** The learning rate of the first group. */
  get lr(): number {
    return this.optimizer.paramGroups[0].lr;
  }

  /** One step (or epoch) further. */
  step(): void {
    this.time++;
    this.apply();
  }

  /** Sets the rate for the step that comes after so many steps and whole epochs. */
  beforeStep(globalStep: number, epoch: number): void {
    this.time = this.schedule.by === 'step' ? globalStep : epoch;
    this.apply();
  }

  /** Hands an epoch's figures to a schedule that depends on them. */
  afterEpoch(_epoch: number, figures: Figures): void {
    this.schedule.observe?.(this.time, figures);
    this.apply();
  }

  /** Everything needed to go on exactly. */
  stateDict(): SchedulerState {
    return { time: this.time, rates: [...this.rates], schedule: this.schedule.state?.() ?? null };
  }

  /** Takes over a saved state, and sets the rates by it. The scheduler must have been made for as many groups, with the same schedule. */
  loadStateDict(state: unknown): void {
    const { time, rates, schedule } = state as SchedulerState;
    if (rates.length !== this.rates.length)
      throw new UserError(`loadStateDict: the saved scheduler had ${rates.length} parameter groups; this one has ${this.rates.length}`);
    this.time = time;
    this.rates = [...rates];
    this.schedule.restore?.(schedule);
    this.apply();
  }

  private apply(): void {
    const factor = this.schedule.factor(this.time);
    this.optimizer.paramGroups.forEach((group, i) => {
      group.lr = this.rates[i] * factor;
    });
  }
}
