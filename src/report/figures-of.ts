/** The figures of a run that more than one section shows. */
import { formatNumber, formatPercent } from '../figures/format.ts';
import type { EpochEnd, Logs } from '../train/events.ts';
import type { ReportRun } from './run-data.ts';

/** A figure by its name as it is read: accuracies in percent. */
export function figureText(name: string, value: number): string {
  return name.endsWith('accuracy') ? formatPercent(value, 2) : formatNumber(value);
}

/** `validation loss` for `val_loss`. */
export function figureName(key: string): string {
  return key.startsWith('val_') ? `validation ${key.slice(4)}`.replaceAll('_', ' ') : `training ${key}`.replaceAll('_', ' ');
}

/** Names of the figures, without those of the validation part: loss first. */
export function figureKeys(runs: readonly ReportRun[]): string[] {
  const keys = new Set(runs.flatMap(run => run.course.epochs.flatMap(({ logs }) => Object.keys(logs))));
  const own = [...keys].filter(key => !key.startsWith('val_'));
  return [...own.filter(key => key === 'loss'), ...own.filter(key => key !== 'loss').sort()];
}

/** The epoch of least validation loss; of least training loss where there is no validation part. Null before the first epoch has ended. */
export function bestEpoch({ course }: ReportRun): { readonly key: string; readonly epoch: EpochEnd } | null {
  const key = course.epochs.some(({ logs }) => 'val_loss' in logs) ? 'val_loss' : 'loss';
  let best: EpochEnd | null = null;
  for (const epoch of course.epochs) {
    const value = epoch.logs[key] ?? Number.NaN;
    if (!Number.isNaN(value) && (best === null || value < best.logs[key])) best = epoch;
  }
  return best === null ? null : { key, epoch: best };
}

/** Seconds that all epochs took, their validation included. */
export function trainingSeconds({ course }: ReportRun): number {
  return course.epochs.reduce((sum, { elapsed, validationElapsed }) => sum + elapsed + validationElapsed, 0);
}

/** How a run ended, in words, and whether that is as planned. */
export function outcomeOf({ course, record }: ReportRun): { readonly text: string; readonly good: boolean } {
  const planned = course.sittings[course.sittings.length - 1].epochs;
  const done = `${course.epochs.length} of ${planned} epochs`;
  if (record.outcome === 'failed') return { text: `failed after ${done}`, good: false };
  switch (course.end?.reason) {
    case 'completed':
      return { text: `completed, ${course.epochs.length} ${course.epochs.length === 1 ? 'epoch' : 'epochs'}`, good: true };
    case 'earlyStopping':
      return { text: `stopped early, ${done}`, good: true };
    case 'interrupted':
      return { text: `interrupted after ${done}`, good: false };
    default:
      return { text: `not ended: ${done} so far`, good: false };
  }
}

/** Figures of the test part, or of the best epoch where it was not tested: what a run is known by. */
export function headline(run: ReportRun): { readonly part: string; readonly name: string; readonly value: string } | null {
  const pick = (logs: Logs): string | undefined => ['accuracy', 'loss'].find(name => name in logs);
  const { test } = run.course;
  if (test !== null) {
    const name = pick(test.logs);
    return name === undefined ? null : { part: 'test', name, value: figureText(name, test.logs[name]) };
  }
  const best = bestEpoch(run);
  if (best === null) return null;
  const prefix = best.key === 'val_loss' ? 'val_' : '';
  const name = `${prefix}accuracy` in best.epoch.logs ? 'accuracy' : 'loss';
  return { part: prefix === '' ? 'training' : 'validation', name, value: figureText(name, best.epoch.logs[prefix + name]) };
}
