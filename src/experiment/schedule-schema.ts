/** The schema of schedules. Fields and types are checked here, ranges where a schedule is made. */
import * as v from 'valibot';
import { makeSchedule } from '../schedule/make.ts';
import type { ScheduleOptions } from '../schedule/options.ts';

const number = v.optional(v.number('a number'));
const numbers = v.array(v.number('a number'), 'a list of numbers');
const by = v.optional(v.picklist(['step', 'epoch'], "'step' or 'epoch'"));
const inner = v.lazy(() => scheduleSchema);
const named = <const N extends string, E extends v.ObjectEntries>(name: N, entries: E) =>
  v.strictObject({ name: v.literal(name, name), by, ...entries });

/** Any schedule, as plain JSON. */
export const scheduleSchema: v.GenericSchema<unknown, ScheduleOptions> = v.variant('name', [
  named('constant', { factor: number }),
  named('linear', { start: number, end: number, length: number }),
  named('step', { every: v.number('a number'), gamma: number }),
  named('multiStep', { milestones: numbers, gamma: number }),
  named('exponential', { gamma: v.number('a number') }),
  named('inverseTime', { decay: v.number('a number') }),
  named('polynomial', { power: number, length: number }),
  named('cosine', { end: number, length: number }),
  named('warmup', { length: v.number('a number'), start: number, after: v.optional(inner) }),
  named('oneCycle', {
    length: number,
    warmup: number,
    divide: number,
    finalDivide: number,
    anneal: v.optional(v.picklist(['cos', 'linear'], "'cos' or 'linear'")),
  }),
  named('plateau', {
    monitor: v.optional(v.string('a text')),
    mode: v.optional(v.picklist(['min', 'max'], "'min' or 'max'")),
    factor: number,
    patience: number,
    threshold: number,
    thresholdMode: v.optional(v.picklist(['rel', 'abs'], "'rel' or 'abs'")),
    cooldown: number,
    min: number,
  }),
  named('sequence', { parts: v.array(inner, 'a list of schedules'), milestones: numbers }),
  named('product', { parts: v.array(inner, 'a list of schedules') }),
]) as never;

/** Why a schedule of the right form cannot be made, or null: a value out of range. Lengths that follow the training are taken as long. */
export function scheduleProblem(options: ScheduleOptions): string | null {
  try {
    makeSchedule(options, { totalSteps: 1_000_000, totalEpochs: 10_000 });
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
