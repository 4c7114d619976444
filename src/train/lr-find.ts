/** The learning-rate range test: how the loss goes while the rate grows from far too small to far too large. */
import { UserError } from '../errors.ts';
import type { Module } from '../nn/module.ts';
import type { FitOptions, SchedulerLike } from './fit-options.ts';
import { NotFiniteError } from './nan-doctor.ts';
import { Trainer } from './trainer.ts';

export interface LrFindOptions {
  /** The rate of the first step, and of the last. Defaults 1e-6 and 10. */
  readonly from?: number;
  readonly to?: number;
  /** How many steps, at least 20. Default 200. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** Told after each step. */
  readonly onStep?: (done: number, steps: number) => void;
}

/** A place on the curve, by the index of its step. */
export interface LrPoint {
  readonly step: number;
  readonly rate: number;
  readonly loss: number;
}

export interface LrFound {
  readonly rates: readonly number[];
  readonly losses: readonly number[];
  /** The losses, smoothed by an exponential average of about ten steps. */
  readonly smoothed: readonly number[];
  readonly ended: 'diverged' | 'completed';
  /** Where the smoothed loss is lowest, and where it falls fastest per decade of the rate before that; null where it never fell. */
  readonly minimum: LrPoint | null;
  readonly steepest: LrPoint | null;
  /** The smaller of the steepest point's rate and a tenth of the minimum's, to two digits; null where the loss never fell. */
  readonly suggestion: number | null;
  /** How the suggestion was chosen, in words. */
  readonly reason: string;
}

const SMOOTHING = 0.9;
/** The test ends once the smoothed loss is so many times its lowest. */
const DIVERGED = 4;
/** Steps before anything is made of the curve. */
const FIRST = 10;
/** Half the width, in steps, of the line fitted to find how fast the loss falls. */
const REACH = 6;

/**
 * Trains `model` for some steps (it is spoiled by that), the rate growing from `from` to `to` by the same factor at each, until the loss diverges.
 *
 *     α_t = from (to / from)^(t / (steps - 1))
 *
 * Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3. He reads the bounds of a cycle off the curve by eye; taking the
 * steepest point, and a tenth of the minimum's rate as the upper limit, is practice since (fastai).
 */
export async function findLearningRate(model: Module, fit: FitOptions, options: LrFindOptions = {}): Promise<LrFound> {
  const { from = 1e-6, to = 10, steps = 200 } = options;
  if (!(from > 0 && from < to && to < Infinity))
    throw new UserError(`lr-find: from ${from} to ${to} was asked for; both must be above 0, and from below to`);
  if (!Number.isInteger(steps) || steps < 20) throw new UserError(`lr-find: steps is ${steps}; it must be a whole number of at least 20`);
  const rateAt = (t: number): number => from * (to / from) ** (t / (steps - 1));
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  options.signal?.addEventListener('abort', abort);
  const growing: SchedulerLike = {
    beforeStep: globalStep => {
      fit.optimizer.lr = rateAt(globalStep);
    },
    stateDict: () => null,
    loadStateDict: () => {},
  };
  const curve = new Curve();
  let ended: LrFound['ended'] = 'completed';
  const trainer = new Trainer(model, {
    ...fit,
    validation: null,
    scheduler: growing,
    epochs: steps,
    signal: controller.signal,
    callbacks: [],
    metrics: {},
    onEvent: event => {
      if (event.type !== 'batchEnd') return;
      curve.add(rateAt(event.globalStep - 1), event.loss);
      options.onStep?.(event.globalStep, steps);
      if (curve.hasDiverged) ended = 'diverged';
      if (curve.hasDiverged || event.globalStep >= steps) controller.abort();
    },
  });
  try {
    await trainer.run();
  } catch (error) {
    if (!(error instanceof NotFiniteError) || curve.losses.length < FIRST) throw error;
    ended = 'diverged';
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
  return { rates: curve.rates, losses: curve.losses, smoothed: curve.smoothed, ended, ...chosen(curve) };
}

class Curve {
  readonly rates: number[] = [];
  readonly losses: number[] = [];
  readonly smoothed: number[] = [];
  private average = 0;
  private lowest = Number.POSITIVE_INFINITY;

  add(rate: number, loss: number): void {
    this.rates.push(rate);
    this.losses.push(loss);
    this.average = SMOOTHING * this.average + (1 - SMOOTHING) * loss;
    // Divided by the weights so far, so that the first are not drawn towards 0.
    const smoothed = this.average / (1 - SMOOTHING ** this.losses.length);
    this.smoothed.push(smoothed);
    if (this.losses.length > FIRST && smoothed < this.lowest) this.lowest = smoothed;
  }

  get hasDiverged(): boolean {
    return this.losses.length > FIRST && this.smoothed.at(-1)! > DIVERGED * this.lowest;
  }

  point(step: number): LrPoint {
    return { step, rate: this.rates[step], loss: this.smoothed[step] };
  }
}

function chosen(curve: Curve): Pick<LrFound, 'minimum' | 'steepest' | 'suggestion' | 'reason'> {
  const { smoothed, rates } = curve;
  const none = { minimum: null, steepest: null, suggestion: null };
  let lowest = FIRST;
  for (let i = FIRST; i < smoothed.length; i++) if (smoothed[i] < smoothed[lowest]) lowest = i;
  let [steepest, slope] = [-1, 0];
  for (let i = FIRST; i <= lowest; i++) {
    const here = slopeAt(rates, smoothed, i);
    if (here < slope) [steepest, slope] = [i, here];
  }
  if (steepest < 0 || smoothed[lowest] > 0.99 * smoothed[FIRST])
    return { ...none, reason: 'the loss fell at no rate: look at the data, the start of the weights, or a wider range' };
  const minimum = curve.point(lowest);
  const point = curve.point(steepest);
  const suggestion = Number(Math.min(point.rate, minimum.rate / 10).toPrecision(2));
  const reason =
    point.rate <= minimum.rate / 10
      ? 'the rate at which the loss falls fastest'
      : 'a tenth of the rate at which the loss is lowest, which is below the one at which it falls fastest';
  return { minimum, steepest: point, suggestion, reason };
}

/** How fast the loss changes per decade of the rate: the slope of the line of least squares through the steps around. */
function slopeAt(rates: readonly number[], losses: readonly number[], at: number): number {
  const from = Math.max(0, at - REACH);
  const to = Math.min(losses.length - 1, at + REACH);
  const count = to - from + 1;
  let [xMean, yMean] = [0, 0];
  for (let i = from; i <= to; i++) {
    xMean += Math.log10(rates[i]) / count;
    yMean += losses[i] / count;
  }
  let [xy, xx] = [0, 0];
  for (let i = from; i <= to; i++) {
    const dx = Math.log10(rates[i]) - xMean;
    xy += dx * (losses[i] - yMean);
    xx += dx * dx;
  }
  return xx === 0 ? 0 : xy / xx;
}
