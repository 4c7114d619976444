/** An experiment written down as the command that runs it. */
import { experimentFlags, experimentFromFlags, type Flag, type FlagValues } from './flags.ts';
import { formatPoints } from './points-flag.ts';
import { formatTasks } from './task-flag.ts';
import type { Experiment } from './types.ts';

type Given = Record<string, string | true>;

/**
 * The words of `chainrule train ...` that give exactly this experiment, with only the flags that say something other than the default; null where no flag
 * says what it needs, as of a sequence of schedules.
 */
export function commandWords(experiment: Experiment): string[] | null {
  const { data } = experiment;
  const named: FlagValues['data'] = 'file' in data ? { name: data.name, file: data.file } : { name: data.name };
  const read = (flags: Given): Experiment | null => {
    try {
      return experimentFromFlags({ flags, data: named });
    } catch {
      return null; // so far only: a shape of one's own whose points are yet to come
    }
  };
  const given: Given = {};
  let sofar = read(given);
  for (const flag of inOrder()) {
    const wanted = valueAt(experiment, flag.path);
    if (wanted === undefined || isSame(wanted, valueAt(sofar, flag.path))) continue;
    const text = textOf(flag, wanted, valueAt(sofar, flag.path));
    if (text === null) continue;
    given[flag.flag] = text;
    sofar = read(given) ?? sofar;
  }
  if (!isSame(read(given), experiment)) return null;
  return ['chainrule', 'train', 'file' in data ? data.file : data.name, ...Object.entries(given).flatMap(words)];
}

/**
 * The same as a line for a POSIX shell, with `npx` before it. Where flags do not suffice, the experiment goes into a file first.
 */
export function commandText(experiment: Experiment): string {
  const found = commandWords(experiment);
  if (found !== null) return ['npx', ...found].map(quoted).join(' ');
  const json = JSON.stringify(experiment, null, 2);
  return `cat > experiment.json <<'END'\n${json}\nEND\nnpx chainrule train --config experiment.json`;
}

/** Kinds first: what comes with a kind is compared with that kind's defaults. */
function inOrder(): Flag[] {
  const isKind = ({ path }: Flag): boolean => path === 'optimizer.name' || path === 'schedule.name';
  const flags = experimentFlags();
  return [...flags.filter(isKind), ...flags.filter(flag => !isKind(flag))];
}

function textOf(flag: Flag, wanted: unknown, before: unknown): string | true | null {
  if (flag.value !== undefined) {
    const isGroup = typeof flag.value === 'object' && flag.value !== null;
    if (!isGroup) return isSame(flag.value, wanted) ? true : null;
    return wanted !== null && (before === null || before === undefined) ? true : null;
  }
  if (wanted === null) return null;
  if (flag.path === 'data.points') return formatPoints(wanted as number[][]);
  if (flag.path === 'tasks') return formatTasks(wanted as Experiment['tasks']);
  if (Array.isArray(wanted)) return wanted.length === 0 ? 'none' : wanted.join(',');
  return typeof wanted === 'object' || typeof wanted === 'boolean' ? null : String(wanted);
}

function words([flag, text]: [string, string | true]): string[] {
  return text === true ? [flag] : [flag, text];
}

function valueAt(root: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((here, key) => (here as Record<string, unknown> | null | undefined)?.[key], root);
}

function isSame(a: unknown, b: unknown): boolean {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every(key => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** What a shell takes as one word. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
