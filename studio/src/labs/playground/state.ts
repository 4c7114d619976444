/** The playground's state: data that all runs share, up to four runs, and what is looked at. All of it is in the address. */

import type { Experiment, PointsData } from '../../../../src/experiment/types.ts';
import type { Codec, Problem } from '../../lib/codec.ts';
import type { RunSettings } from '../../run/flag-text.ts';
import { type Speed, speeds } from '../../run/speeds.ts';
import { decodePoints, encodePoints } from './points-code.ts';
import { baseData, baseRun, dataText, readData, readRun, runText } from './run-text.ts';

export const MOST_RUNS = 4;

export interface PlaygroundState {
  readonly data: PointsData;
  readonly runs: readonly RunSettings[];
  /** Which run is shown large and edited. */
  readonly active: number;
  readonly speed: Speed;
  /** The story that is told; '' for none. */
  readonly story: string;
  /** Whether the test part is shown: in the picture, and in the curves. */
  readonly showTest: boolean;
}

const firstRun: RunSettings = {
  ...baseRun,
  model: { ...baseRun.model, hidden: [8, 6], activation: 'tanh' },
  optimizer: { ...baseRun.optimizer, lr: 0.02 } as RunSettings['optimizer'],
};

export const initial: PlaygroundState = {
  data: { ...baseData, shape: 'spiral' },
  runs: [firstRun],
  active: 0,
  speed: 0,
  story: '',
  showTest: false,
};

/** The experiment of a run: what the command line runs, and what is trained here. */
export function experimentOf({ data, runs }: Pick<PlaygroundState, 'data' | 'runs'>, index: number): Experiment {
  return { ...runs[index], data };
}

/** How far the pictures of the plane reach: all points, and at least the square in which shapes are drawn. */
export function reachOf(data: PointsData): number {
  const farthest = Math.max(0, ...(data.points ?? []).flatMap(([x, y]) => [Math.abs(x), Math.abs(y)]));
  return data.shape === 'own' && farthest > 3 ? Math.ceil(farthest * 10 + 1) / 10 : 3;
}

const runKey = (index: number): string => `r${index + 1}`;

function write(state: PlaygroundState): URLSearchParams {
  const query = new URLSearchParams();
  const set = (key: string, text: string, usual: string): void => {
    if (text !== usual) query.set(key, text);
  };
  set('d', dataText(state.data), dataText(initial.data));
  if (state.data.shape === 'own') query.set('p', encodePoints(state.data.points ?? [], state.data.target));
  state.runs.forEach((run, i) => {
    set(runKey(i), runText(run), i === 0 ? runText(firstRun) : '\0');
  });
  set('run', String(state.active + 1), '1');
  set('speed', String(state.speed), '0');
  set('story', state.story, '');
  set('test', state.showTest ? '1' : '0', '0');
  return query;
}

function read(query: URLSearchParams): { state: PlaygroundState; problems: Problem[] } {
  const problems: Problem[] = [];
  const refuse = (key: string, given: string, wanted: string): void => {
    problems.push({ key, given, wanted });
  };
  const attempt = <T>(key: string, given: string, work: () => T, fallback: T): T => {
    try {
      return work();
    } catch (error) {
      refuse(key, given, error instanceof Error ? error.message.replaceAll('--', '') : String(error));
      return fallback;
    }
  };
  const runs: RunSettings[] = [];
  for (let i = 0; i < MOST_RUNS; i++) {
    const text = query.get(runKey(i));
    if (text === null && i > 0) break;
    runs.push(text === null ? firstRun : attempt(runKey(i), text, () => readRun(text), firstRun));
  }
  const oneOf = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const text = query.get(key);
    const found = allowed.find(one => one === text);
    if (text !== null && found === undefined) refuse(key, text, allowed.join(', '));
    return found ?? fallback;
  };
  const active =
    Number(
      oneOf(
        'run',
        runs.map((_, i) => String(i + 1)),
        '1',
      ),
    ) - 1;
  return {
    state: {
      data: readPoints(query, attempt, refuse),
      runs,
      active,
      speed: Number(oneOf('speed', speeds.map(String), '0')) as Speed,
      story: /^[\w-]{0,40}$/.test(query.get('story') ?? '') ? (query.get('story') ?? '') : '',
      showTest: oneOf('test', ['0', '1'], '0') === '1',
    },
    problems,
  };
}

function readPoints(
  query: URLSearchParams,
  attempt: <T>(key: string, given: string, work: () => T, fallback: T) => T,
  refuse: (key: string, given: string, wanted: string) => void,
): PointsData {
  const text = query.get('d');
  if (text === null) return initial.data;
  const code = query.get('p') ?? '';
  const isOwn = /(^|~)shape=own(~|$)/.test(text);
  const points = isOwn ? decodePoints(code, /(^|~)target=value(~|$)/.test(text) ? 'value' : 'class') : [];
  if (points === null) {
    refuse('p', code.length > 40 ? `${code.slice(0, 40)}…` : code, 'points as the studio writes them');
    return initial.data;
  }
  return attempt('d', text, () => readData(text, points), initial.data);
}

export const playgroundCodec: Codec<PlaygroundState> = { initial, write, read };
