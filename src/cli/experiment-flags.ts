import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { experimentFlags, experimentFromFlags } from '../experiment/flags.ts';
import { recipeHelp, recipeNames } from '../experiment/recipes.ts';
import type { Experiment } from '../experiment/types.ts';
import { nearest } from './arguments.ts';
import { asUsage, UsageError } from './errors.ts';

/** Adds a flag for every option of an experiment that has one, under the headings of its groups. */
export function addExperimentFlags(command: Command): Command {
  const recipes = recipeNames.map(name => `${name}: ${recipeHelp(name)}`).join('; ');
  command.addOption(
    new Option('--recipe <NAME>', `settings to start from (default: standard for images, plain for tables, small for points). ${recipes}`),
  );
  for (const { flag, placeholder, help, fallback, group, joint } of experimentFlags()) {
    const long = placeholder.length > 40;
    const option = new Option(
      placeholder === '' ? flag : `${flag} <${long ? 'NAME' : placeholder}>`,
      `${help}${long ? `: ${placeholder.replaceAll('|', ', ')}` : ''}${fallback === '' ? '' : ` (default ${fallback})`}`,
    );
    if (joint !== undefined) option.argParser((text, before?: string) => (before === undefined ? text : before + joint + text));
    command.addOption(option.helpGroup(`${group}:`));
  }
  return command;
}

/** The flags given, by their names as typed. */
export function givenFlags(command: Command): Record<string, string | true> {
  const names = new Set(experimentFlags().map(({ flag }) => flag));
  const given: Record<string, string | true> = {};
  for (const option of command.options) {
    if (!names.has(option.long ?? '') || command.getOptionValueSource(option.attributeName()) !== 'cli') continue;
    given[option.long!] = command.getOptionValue(option.attributeName());
  }
  return given;
}

const DATA_SETS = ['mnist', 'fashion-mnist', 'digits', 'points'] as const;

/** The data named by a word: a data set, or a path to a file. */
export function dataNamed(word: string): { name: string; file?: string } {
  if (DATA_SETS.some(name => name === word)) return { name: word };
  if (/\.(csv|tsv|txt)$/i.test(word)) return { name: 'csv', file: resolve(word) };
  const ending = /\.(parquet|npz|npy)$/i.exec(word)?.[1];
  if (ending !== undefined) return { name: ending.toLowerCase(), file: resolve(word) };
  const near = nearest(word, DATA_SETS);
  throw new UsageError(
    `'${word}' is no data set; there are ${DATA_SETS.join(', ')}, or a path to a .csv, .parquet, .npz or .npy file`,
    near === undefined ? undefined : `Did you mean ${near}?`,
  );
}

/** The experiment that a command line asks for. Paths are made absolute, so that the run can be read from anywhere. */
export async function askedExperiment(
  command: Command,
  data: string | undefined,
  configPath: string | undefined,
  read?: unknown,
): Promise<Experiment> {
  const flags = givenFlags(command);
  for (const name of ['--data', '--init-from'])
    if (typeof flags[name] === 'string' && flags[name] !== '') flags[name] = resolve(flags[name]);
  if (typeof flags['--label'] === 'string' && /\.npy$/i.test(flags['--label'])) flags['--label'] = resolve(flags['--label']);
  const recipe = command.getOptionValue('recipe') as string | undefined;
  const config = read ?? (configPath === undefined ? undefined : await readConfig(configPath));
  return asUsage(() =>
    experimentFromFlags({
      flags,
      ...(recipe === undefined ? {} : { recipe }),
      ...(configPath === undefined ? { source: 'the flags' } : { config, source: configPath }),
      ...(data === undefined ? {} : { data: dataNamed(data) }),
    }),
  );
}

async function readConfig(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`--config: ${path}: ${code === 'ENOENT' ? 'there is no such file' : message}`);
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--config: ${path}: not JSON: ${(error as Error).message}`);
  }
}
