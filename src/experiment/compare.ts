/** What several experiments came to, side by side: plain JSON, for tables and plots. */
import { UserError } from '../errors.ts';
import type { Logs, StopReason } from '../train/events.ts';
import { meanCurve, type Spread, spreadOf } from './statistics.ts';
import type { Experiment } from './types.ts';

/** An experiment with the name it goes by. */
export interface NamedExperiment {
  readonly name: string;
  readonly experiment: Experiment;
}

/** One run of one experiment. */
export interface ComparedRun {
  readonly seed: number;
  /** Why it ended; 'failed' with the message where it did not. */
  readonly reason: StopReason | 'failed';
  readonly message: string | null;
  /** Figures of every epoch. */
  readonly epochs: readonly Logs[];
  /** Figures of the finished model. */
  readonly validation: Logs | null;
  readonly test: Logs | null;
  readonly seconds: number;
}

/** Figures over seeds, by name: `loss`, `accuracy`. */
export type Spreads = Readonly<Record<string, Spread>>;

export interface ComparisonRow extends NamedExperiment {
  readonly runs: readonly ComparedRun[];
  /** Over the runs that ended well; empty where there was no such part. */
  readonly validation: Spreads;
  readonly test: Spreads;
  readonly seconds: Spread | null;
  /** The mean over seeds of every figure, epoch by epoch. Runs that ended earlier than others count as far as they went. */
  readonly curves: Readonly<Record<string, readonly number[]>>;
}

export interface Comparison {
  readonly seeds: readonly number[];
  readonly rows: readonly ComparisonRow[];
  /** In words, where the data came from. */
  readonly data: string;
}

/** The row of an experiment from its runs. */
export function summarize({ name, experiment }: NamedExperiment, runs: readonly ComparedRun[]): ComparisonRow {
  const done = runs.filter(run => run.reason !== 'failed' && run.reason !== 'interrupted');
  const keys = new Set(done.flatMap(run => run.epochs.flatMap(logs => Object.keys(logs))));
  const curves = [...keys].map(key => [key, meanCurve(done.map(run => run.epochs.map(logs => logs[key] ?? Number.NaN)))] as const);
  return {
    name,
    experiment,
    runs,
    validation: spreads(done.map(run => run.validation)),
    test: spreads(done.map(run => run.test)),
    seconds: spreadOf(done.map(run => run.seconds)),
    curves: Object.fromEntries(curves),
  };
}

function spreads(parts: readonly (Logs | null)[]): Spreads {
  const there = parts.filter(part => part !== null);
  const keys = new Set(there.flatMap(part => Object.keys(part)));
  return Object.fromEntries(
    [...keys].map(key => [key, spreadOf(there.flatMap(part => (part[key] === undefined ? [] : [part[key]])))!] as const),
  );
}

/** The seeds to run with: those listed, or the count of them from the first on. */
export function seedList(seeds: number | readonly number[], first = 1): number[] {
  const list = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, i) => first + i) : [...seeds];
  if (typeof seeds === 'number' && !(Number.isInteger(seeds) && seeds >= 1))
    throw new UserError(`seeds is ${seeds}; it must be a whole number of at least 1`);
  if (list.length === 0 || new Set(list).size < list.length)
    throw new UserError(`seeds are ${list.join(', ') || 'none'}; there must be at least one, each once`);
  return list;
}
