/** An experiment as it stands in an address: the flags of the command line, with only those that differ from its defaults. */
import { commandWords } from '../../../src/experiment/command-text.ts';
import { experimentFlags } from '../../../src/experiment/flags.ts';
import type { Experiment } from '../../../src/experiment/types.ts';

/** All of an experiment but its data: what a person sets of a run. */
export type RunSettings = Omit<Experiment, 'data'>;

export type Flags = Record<string, string | true>;

const bare = new Set(experimentFlags().flatMap(({ flag, value }) => (value === undefined ? [] : [flag])));

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

/** @throws Error that names a flag there is not */
export function known(flags: Flags): Flags {
  const names = new Set(experimentFlags().map(({ flag }) => flag));
  const unknown = Object.keys(flags).find(flag => !names.has(flag));
  if (unknown !== undefined) throw new Error(`${unknown.slice(2)} is no option`);
  return flags;
}
