/** Data and runs as they stand in the playground's address. The data is one for all runs, so each has a text of its own. */
import { experimentFromFlags } from '../../../../src/experiment/flags.ts';
import type { Experiment, PointsData } from '../../../../src/experiment/types.ts';
import { flagsOf, flagText, known, type RunSettings } from '../../run/flag-text.ts';

const base: Experiment = experimentFromFlags({ flags: {}, data: { name: 'points' } });
export const baseData: PointsData = base.data as PointsData;
export const baseRun: RunSettings = withoutData(base);

export function withoutData({ data: _, ...run }: Experiment): RunSettings {
  return run;
}

const texts = new WeakMap<object, string>();

/** `hidden=8,8~optimizer=sgd~early-stopping`. What is written once is remembered: settings are replaced, never changed. */
export function runText(run: RunSettings): string {
  return textOnce(run, { ...run, data: baseData });
}

/** What each run says that the first does not; of the first, what the second does not. */
export function differencesOf(runs: readonly RunSettings[]): string[] {
  const words = runs.map(one =>
    runText(one)
      .split('~')
      .filter(word => word !== ''),
  );
  return words.map((own, i) => {
    const other = i === 0 ? (words[1] ?? []) : words[0];
    return own.filter(word => !other.includes(word)).join(' ');
  });
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
