/** The plan of a sweep and what its trials came to: which run how far, which is best, what mattered. docs/design/sweeps.md. */
import { UserError } from '../errors.ts';
import type { Logs } from '../train/events.ts';
import { type Choice, type Dimension, gridChoices, sampleChoice } from './sweep-space.ts';
import type { Experiment } from './types.ts';

export const sweepMethods = ['grid', 'random', 'halving'] as const;
export type SweepMethod = (typeof sweepMethods)[number];

/** A whole sweep as plain JSON: the same plan has the same trials and the same ranking. */
export interface SweepPlan {
  readonly format: 1;
  readonly base: Experiment;
  /** Flags of the command line that go before the defaults of a kind that is varied. */
  readonly given: Readonly<Record<string, string | true>>;
  readonly dimensions: readonly Dimension[];
  readonly method: SweepMethod;
  /** Of random and halving. */
  readonly trials: number;
  readonly seed: number;
  /** Of halving: one in so many goes on. */
  readonly eta: number;
}

/** Some trials, trained up to so many epochs; then the best so many go on. */
export interface Rung {
  readonly epochs: number;
  readonly trials: number;
}

export function choicesOf({ method, dimensions, trials, seed }: SweepPlan): Choice[] {
  if (method === 'grid') return gridChoices(dimensions);
  return Array.from({ length: trials }, (_, i) => sampleChoice(dimensions, seed, i));
}

/**
 * The rungs of n trials and R epochs: with s = min(⌊log_η n⌋, ⌊log_η R⌋), rung k of 0 to s trains ⌊n η⁻ᵏ⌋ trials up to ⌊R η^(k-s)⌋ epochs.
 *
 * Source: Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization" (AISTATS 2016), with the numbers of
 * Li et al., "Hyperband" (JMLR 2018), algorithm 1, one bracket.
 */
export function rungsOf(trials: number, epochs: number, eta: number): Rung[] {
  let last = 0;
  while (eta ** (last + 1) <= Math.min(trials, epochs)) last++;
  return Array.from({ length: last + 1 }, (_, k) => ({
    trials: Math.floor(trials / eta ** k),
    epochs: k === last ? epochs : Math.floor(epochs / eta ** (last - k)),
  }));
}

/** What a trial came to at the end of a rung. */
export interface TrialResult {
  readonly rung: number;
  readonly epochs: number;
  /** Figures of the validation part; null of a trial that failed. */
  readonly validation: Logs | null;
  /** Why it failed; null of others. */
  readonly failure: string | null;
  readonly seconds: number;
}

export interface Trial {
  readonly index: number;
  readonly choice: Choice;
  /** One for each rung it was trained in. */
  readonly results: readonly TrialResult[];
}

/** A sweep as far as it has come. */
export interface Sweep {
  readonly plan: SweepPlan;
  /** By number. */
  readonly trials: readonly Trial[];
  /** False where it was stopped before its end. */
  readonly complete: boolean;
}

/** Better first: higher accuracy where there is one, then lower loss. Not a number is worst. */
function compareLogs(a: Logs, b: Logs): number {
  const [x, y] = [a.accuracy ?? 0, b.accuracy ?? 0].map(value => (Number.isNaN(value) ? -1 : value));
  if (x !== y) return y - x;
  const [v, w] = [a.loss, b.loss].map(value => (Number.isFinite(value) ? value : Number.POSITIVE_INFINITY));
  return v === w ? 0 : v - w;
}

/** Trials by what they came to: those that went further first, then by their figures, failed ones last, equals by their number. */
export function rank(trials: readonly Trial[]): Trial[] {
  const last = (trial: Trial): TrialResult | undefined => trial.results.at(-1);
  return trials.toSorted((a, b) => {
    const [x, y] = [last(a), last(b)];
    const failed = Number(x?.validation == null) - Number(y?.validation == null);
    if (failed !== 0) return failed;
    if (x?.validation == null || y?.validation == null) return a.index - b.index;
    return y.rung - x.rung || compareLogs(x.validation, y.validation) || a.index - b.index;
  });
}

export interface Importance {
  readonly flag: string;
  /** η² = Σ nᵍ (ȳᵍ - ȳ)² / Σ (y - ȳ)² over the groups of its values: the share of the variance that they account for; null where nothing varies. */
  readonly share: number | null;
  readonly groups: readonly { readonly name: string; readonly n: number; readonly mean: number }[];
}

const BINS = 3;

/**
 * How much each flag alone accounts for: one-way analysis of variance of the first rung's figure (accuracy, else loss), where all trials were trained
 * equally long. Values of a range are put into three groups of equal size. Failed trials are left out.
 */
export function importance(dimensions: readonly Dimension[], trials: readonly Trial[]): Importance[] {
  const done = trials.flatMap(({ choice, results }) => {
    const logs = results[0]?.validation;
    const value = logs == null ? Number.NaN : (logs.accuracy ?? logs.loss);
    return Number.isFinite(value) ? [{ choice, value }] : [];
  });
  const mean = (list: readonly { readonly value: number }[]): number => list.reduce((sum, one) => sum + one.value, 0) / list.length;
  const all = mean(done);
  const total = done.reduce((sum, one) => sum + (one.value - all) ** 2, 0);
  return dimensions.map(dimension => {
    const groups = [...groupsOf(dimension, done)].map(([name, list]) => ({ name, n: list.length, mean: mean(list) }));
    const between = groups.reduce((sum, { n, mean }) => sum + n * (mean - all) ** 2, 0);
    return { flag: dimension.flag, share: total === 0 || groups.length < 2 ? null : between / total, groups };
  });
}

type Scored = { readonly choice: Choice; readonly value: number };

function groupsOf(dimension: Dimension, done: readonly Scored[]): Map<string, Scored[]> {
  const groups = new Map<string, Scored[]>();
  if ('values' in dimension) {
    for (const value of dimension.values) {
      const list = done.filter(one => one.choice[dimension.flag] === value);
      if (list.length > 0) groups.set(value, list);
    }
    return groups;
  }
  const sorted = done.toSorted((a, b) => Number(a.choice[dimension.flag]) - Number(b.choice[dimension.flag]));
  for (let bin = 0; bin < BINS; bin++) {
    const list = sorted.slice(Math.floor((bin * sorted.length) / BINS), Math.floor(((bin + 1) * sorted.length) / BINS));
    if (list.length > 0) groups.set(`${list[0].choice[dimension.flag]} to ${list[list.length - 1].choice[dimension.flag]}`, list);
  }
  return groups;
}

/** @throws UserError where the plan cannot be carried out exactly */
export function checkPlan({ base, method, trials, eta, dimensions }: SweepPlan): void {
  if (dimensions.length === 0) throw new UserError('sweep: nothing is varied; give --vary FLAG=...');
  if (new Set(dimensions.map(one => one.flag)).size < dimensions.length) throw new UserError('sweep: --vary names a flag twice');
  if (!Number.isInteger(trials) || trials < 1) throw new UserError(`sweep: trials is ${trials}; it must be a whole number of at least 1`);
  if (!Number.isInteger(eta) || eta < 2) throw new UserError(`sweep: eta is ${eta}; it must be a whole number of at least 2`);
  if (base.data.validation === 0)
    throw new UserError('sweep: trials are ranked on the validation part, and there is none; give --validation above 0');
  if (method !== 'halving') return;
  const { earlyStopping } = base.training;
  if (earlyStopping !== null) throw new UserError('sweep: halving decides itself which trials stop; leave out early stopping');
  if (base.regularization.averaging !== null)
    throw new UserError('sweep: halving goes on from where a trial paused, and averaging changes the weights there; leave it out');
}
