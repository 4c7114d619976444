/** What an experiment sets otherwise than the command does by itself. */
import { experimentFromFlags } from '../experiment/flags.ts';
import type { Experiment } from '../experiment/types.ts';

export interface Difference {
  /** `optimizer.lr` */
  readonly path: string;
  readonly value: string;
  /** What it is where nothing is said. */
  readonly fallback: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Settings that say where the data is, and so have no default. */
const GIVEN = ['version', 'data.name', 'data.file', 'data.label', 'data.inputs', 'data.shape', 'data.points', 'data.folder'];

/** Groups that are there or not: one setting each. */
const WHOLE = ['schedule', 'training.earlyStopping', 'regularization.augment', 'regularization.averaging'];

/**
 * Every setting that differs from what `chainrule train DATA` would do, in the experiment's order. Settings of an optimizer are held against those it has
 * by itself, whichever optimizer that is; a schedule of another kind is one setting.
 */
export function differences(experiment: Experiment): Difference[] {
  const { data } = experiment;
  const named = Object.fromEntries(Object.entries(data).filter(([key]) => GIVEN.includes(`data.${key}`) && key !== 'folder'));
  const unsaid = experimentFromFlags({ flags: {}, config: { data: named } });
  const fallback = experimentFromFlags({ flags: {}, config: { data: named, optimizer: { name: experiment.optimizer.name } } });
  const own = new Map(settingsOf(experiment));
  const other = new Map(settingsOf({ ...fallback, optimizer: { ...fallback.optimizer, name: unsaid.optimizer.name } } as Experiment));
  return [...new Set([...own.keys(), ...other.keys()])]
    .filter(path => !GIVEN.includes(path) && own.get(path) !== other.get(path))
    .map(path => ({ path, value: own.get(path) ?? 'none', fallback: other.get(path) ?? 'none' }));
}

/** Settings by path, each as a text. */
export function settingsOf(experiment: Experiment): [path: string, value: string][] {
  const out: [string, string][] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    const isGroup = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (isGroup && !WHOLE.includes(path.join('.'))) for (const [key, inner] of Object.entries(value as Json)) walk(inner, [...path, key]);
    else if (value !== undefined) out.push([path.join('.'), settingText(value)]);
  };
  for (const [key, value] of Object.entries(experiment)) walk(value, [key]);
  return out;
}

/** `0.001`, `128, 64`, `step (every 2, gamma 0.5)`, `none`. */
export function settingText(value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return 'none';
  if (Array.isArray(value)) return value.every(one => typeof one !== 'object') ? value.join(', ') : JSON.stringify(value);
  if (typeof value !== 'object') return String(value);
  const { name, ...rest } = value as Json;
  const inner = Object.entries(rest).map(([key, one]) => `${key} ${typeof one === 'object' ? JSON.stringify(one) : String(one)}`);
  if (name === undefined) return inner.join(', ');
  return inner.length === 0 ? String(name) : `${String(name)} (${inner.join(', ')})`;
}
