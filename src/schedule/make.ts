/** From a schedule as plain JSON to the course of a learning rate. */
import { UserError } from '../errors.ts';
import { product, sequence, warmup } from './combine.ts';
import { type Curve, check } from './curve.ts';
import { constant, cosine, exponential, inverseTime, linear, multiStep, oneCycle, polynomial, stepped } from './curves.ts';
import type { ScheduleName, ScheduleOptions, ScheduleShape } from './options.ts';
import { plateau } from './plateau.ts';

/** How long the training is: for schedules that take the whole of it where they are given no length. */
export interface TrainingLength {
  readonly totalSteps?: number;
  readonly totalEpochs?: number;
}

/** The course of a learning rate, as a factor on the one the optimizer was given. */
export interface Schedule extends Curve {
  /** What its time counts. */
  readonly by: 'step' | 'epoch';
}

type Makers = {
  readonly [Name in ScheduleName]: (
    options: Extract<ScheduleShape, { name: Name }>,
    total: number | undefined,
    make: (shape: ScheduleShape, total: number | undefined) => Curve,
  ) => Curve;
};

const makers: Makers = {
  constant,
  linear,
  step: stepped,
  multiStep,
  exponential,
  inverseTime,
  polynomial,
  cosine,
  warmup,
  oneCycle,
  plateau,
  sequence,
  product,
};

/** The name of every schedule. */
export const scheduleNames: readonly ScheduleName[] = Object.keys(makers) as ScheduleName[];

/**
 * Makes a schedule from its description. Every option out of range is refused, and so is a schedule of no length.
 *
 *     const schedule = makeSchedule({ name: 'warmup', length: 100, after: { name: 'cosine' } }, { totalSteps: 2000 });
 *     schedule.factor(100); // 1
 */
export function makeSchedule(options: ScheduleOptions, length: TrainingLength = {}): Schedule {
  const { by = 'step' } = options;
  check(by === 'step' || by === 'epoch', options.name, 'by', by, "'step' or 'epoch'");
  return { by, ...makeCurve(options, by === 'step' ? length.totalSteps : length.totalEpochs) };
}

function makeCurve(shape: ScheduleShape, total: number | undefined): Curve {
  const maker = Object.hasOwn(makers, shape.name) ? makers[shape.name] : undefined;
  if (maker === undefined) throw new UserError(`there is no schedule '${shape.name}'; there are ${scheduleNames.join(', ')}`);
  return (maker as (shape: ScheduleShape, total: number | undefined, make: typeof makeCurve) => Curve)(shape, total, makeCurve);
}

/** The learning rates of the times 0 to n - 1, for drawing. A plateau, which depends on what happens, stays at its start. */
export function learningRates(schedule: Schedule, lr: number, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, t) => lr * schedule.factor(t));
}
