/** The course of a learning rate over time, and the checks that all schedules share. */
import { UserError } from '../errors.ts';

/** The figures of an epoch by name, such as `val_loss`. */
export type Figures = Readonly<Record<string, number>>;

/** The factor on the learning rate at time t = 0, 1, 2, ... */
export interface Curve {
  factor(t: number): number;
  /** Told the figures of an epoch that ended at time t, where the course depends on them. */
  observe?(t: number, figures: Figures): void;
  /** What was observed, as plain JSON. */
  state?(): unknown;
  restore?(state: unknown): void;
}

/** A pure function of time. */
export function curve(factor: (t: number) => number): Curve {
  return { factor };
}

/** An error unless `ok`: what was given, and what is allowed. */
export function check(ok: boolean, schedule: string, option: string, value: unknown, allowed: string): void {
  if (!ok) throw new UserError(`schedule ${schedule}: ${option} is ${String(value)}; it must be ${allowed}`);
}

export function checkAbove0(schedule: string, option: string, value: number): void {
  check(value > 0 && value < Number.POSITIVE_INFINITY, schedule, option, value, 'a number above 0');
}

export function checkShare(schedule: string, option: string, value: number): void {
  check(value >= 0 && value <= 1, schedule, option, value, 'from 0 to 1');
}

/** The length asked for, or else the whole training. */
export function lengthOf(schedule: string, given: number | undefined, total: number | undefined, least = 1): number {
  if (given === undefined && total === undefined)
    throw new UserError(`schedule ${schedule}: give its length, or the length of the training, of which it then takes the whole`);
  const length = given ?? total!;
  check(Number.isInteger(length) && length >= least, schedule, 'length', length, `a whole number of at least ${least}`);
  return length;
}

/** Times at which something changes: whole, increasing, from 1. */
export function checkMilestones(schedule: string, milestones: readonly number[]): void {
  milestones.forEach((milestone, i) => {
    const least = i === 0 ? 1 : milestones[i - 1] + 1;
    const allowed = `a whole number of at least ${least}, as milestones increase`;
    check(Number.isInteger(milestone) && milestone >= least, schedule, `milestones[${i}]`, milestone, allowed);
  });
}
