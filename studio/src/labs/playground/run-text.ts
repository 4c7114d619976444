/** Data and runs as they stand in an address: the flags of the command line, with only those that differ from its defaults. */
import { commandWords } from '../../../../src/experiment/command-text.ts';
import { experimentFlags, experimentFromFlags } from '../../../../src/experiment/flags.ts';
import type { Experiment, PointsData } from '../../../../src/experiment/types.ts';

/** All of an experiment but its data, which all runs of the playground share. */
export type RunSettings = Omit<Experiment, 'data'>;

export type Flags = Record<string, string | true>;

const base: Experiment = experimentFromFlags({ flags: {}, data: { name: 'points' } });
export const baseData: PointsData = base.data as PointsData;
export const baseRun: RunSettings = withoutData(base);
const bare = new Set(experimentFlags().flatMap(({ flag, value }) => (value === undefined ? [] : [flag])));

export function withoutData({ data: _, ...run }: Experiment): RunSettings {
  return run;
}

const texts = new WeakMap<object, string>();

/** `hidden=8,8~optimizer=sgd~early-stopping`. What is written once is remembered: settings are replaced, never changed. */
export function runText(run: RunSettings): string {
  return textOnce(run, { ...run, data: baseData });
}

/** The same of the data. Points of one's own are no part of it: they have a shorter text of theirs. */
export function dataText(data: PointsData): string {
  const { points, ...rest } = data;
  if (data.shape !== 'own') return textOnce(data, { ...base, data });
  const drawn = textOnce(data, { ...base, data: { ...rest, shape: 'circle' } });
  return drawn === '' ? 'shape=own' : `shape=own~${drawn}`;
}

function textOnce(key: object, experiment: Experiment): string {
  let text = texts.get(key);
  if (text === undefined) {
    text = flagText(experiment);
    texts.set(key, text);
  }
  return text;
}

/** The flags of an experiment that say something other than the default: `hidden=8,8~optimizer=sgd~early-stopping`. */
export function flagText(experiment: Experiment): string {
  const words = commandWords(experiment)?.slice(3) ?? [];
  const parts: string[] = [];
  for (let i = 0; i < words.length; i++) parts.push(bare.has(words[i]) ? words[i].slice(2) : `${words[i].slice(2)}=${words[++i]}`);
  return parts.join('~');
}

/** What `flagText` wrote, not yet checked. */
export function flagsOf(text: string): Flags {
  const flags: Flags = {};
  for (const part of text.split('~')) {
    const [, name, value] = /^([^=]*)(?:=(.*))?$/s.exec(part)!;
    if (part !== '') flags[`--${name}`] = value ?? true;
  }
  return flags;
}

/** @throws UserError that names the option that cannot be read */
export function readRun(text: string): RunSettings {
  return withoutData(experimentFromFlags({ flags: known(flagsOf(text)), data: { name: 'points' } }));
}

/** @throws UserError */
export function readData(text: string, points: readonly (readonly number[])[]): PointsData {
  const flags = known(flagsOf(text));
  if (flags['--shape'] !== 'own') return experimentFromFlags({ flags, data: { name: 'points' } }).data as PointsData;
  const { '--shape': _, '--target': target = 'class', ...rest } = flags;
  // While they are being drawn there may be too few to train on.
  const enough = points.length < 2 ? [0, 1].map(i => [i, i, i]) : points;
  const config = { data: { name: 'points', shape: 'own', target, points: enough } };
  return { ...(experimentFromFlags({ flags: rest, config }).data as PointsData), points };
}

/** @throws Error that names a flag there is not */
export function known(flags: Flags): Flags {
  const names = new Set(experimentFlags().map(({ flag }) => flag));
  const unknown = Object.keys(flags).find(flag => !names.has(flag));
  if (unknown !== undefined) throw new Error(`${unknown.slice(2)} is no option`);
  return flags;
}
