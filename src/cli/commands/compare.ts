import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../../errors.ts';
import type { ComparedRun, Comparison, NamedExperiment } from '../../experiment/compare.ts';
import { experimentFlags, experimentFromFlags } from '../../experiment/flags.ts';
import { compareExperiments } from '../../experiment/node/compare.ts';
import type { Experiment } from '../../experiment/types.ts';
import { presetExperiments, presetHelp, presetNames } from '../../experiment/variants.ts';
import { formatDuration, formatPercent } from '../../figures/format.ts';
import { nearest } from '../arguments.ts';
import { asUsage, UsageError } from '../errors.ts';
import { addExperimentFlags, askedExperiment, givenFlags } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { downloadOptions, loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { drawComparison } from '../terminal/comparison-view.ts';

interface Flags extends DrawingFlags {
  readonly vary: readonly string[];
  readonly preset?: string;
  readonly configs?: readonly string[];
  readonly seeds: number;
  readonly threads?: number;
  readonly json?: boolean;
}

const HELP = `
What is compared is one of
  --vary FLAG=A,B,...   the same training with each value of a flag; several --vary make every combination. Values that hold commas are parted
                        by semicolons: --vary 'hidden=512,256;128'. A flag without a value takes on and off.
                        Optimizers may also be called momentum and nesterov (sgd with momentum 0.9).
  --preset NAME         a set that chainrule knows:
${presetNames.map(name => `                          ${name.padEnd(16)} ${presetHelp(name)}`).join('\n')}
  --configs FILE...     experiments from files, each named after its file

Every experiment runs once with each seed, on the same data, side by side in threads. Nothing is kept on disk.

Examples:
  chainrule compare mnist --vary optimizer=sgd,momentum,adam --seeds 3 --epochs 5
  chainrule compare digits --vary lr=0.01,0.1,1 --optimizer sgd
  chainrule compare --preset regularization --limit 5000 --epochs 30`;

/** A whole number from 1 on, as commander takes it. */
function count(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

export function command(): Command {
  const compare = new Command('compare')
    .description('Trains several variants on the same data and seeds, and shows them in one table and one plot.')
    .argument('[data]', 'mnist, fashion-mnist, digits, or a file of data (default: mnist)')
    .addOption(
      new Option('--vary <FLAG=A,B,...>', 'a flag of training and its values')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
    )
    .addOption(new Option('--preset <NAME>', `one of ${presetNames.join(', ')}`))
    .addOption(new Option('--configs <FILE...>', 'experiments as JSON').conflicts(['vary', 'preset']))
    .addOption(new Option('--seeds <N>', 'how many seeds, from --seed on').argParser(count).default(3))
    .addOption(new Option('--threads <N>', 'runs at one time').argParser(count).default(undefined, String(availableParallelism())))
    .addOption(new Option('--json', 'write the comparison as one JSON object, for programs'));
  return addExperimentFlags(addDrawingFlags(compare))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runCompare(compare, data, flags));
}

async function runCompare(compare: Command, data: string | undefined, flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  const words = flags.json ? outputFor(process.stderr, flags) : output;
  const { experiments, first } = await asked(compare, data, flags, line => words.line(line));
  words.line(`${experiments.length} experiments with ${flags.seeds} ${flags.seeds === 1 ? 'seed' : 'seeds'} each`);
  const interrupt = takeInterrupts(() => words.line('Stopping; the runs that are done are shown. Ctrl-C again ends at once.'));
  const { onProgress: _, ...load } = downloadOptions(() => {});
  try {
    const comparison = await compareExperiments(experiments, {
      seeds: Array.from({ length: flags.seeds }, (_, i) => first + i),
      signal: interrupt.signal,
      load,
      onRun: (name, run, done, total) => words.line(runLine(name, run, done, total)),
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    });
    show(output, comparison, flags.json === true);
  } finally {
    interrupt.release();
  }
  if (interrupt.code !== null) process.exitCode = interrupt.code;
}

function show(output: Output, comparison: Comparison, json: boolean): void {
  if (json) {
    output.line(JSON.stringify({ type: 'comparison', ...comparison }));
    return;
  }
  output.line();
  if (comparison.rows.every(row => row.seconds === null)) {
    output.line('No run was finished; there is nothing to compare.');
    return;
  }
  output.line(`On ${comparison.data}`);
  output.line(drawComparison(comparison, output.capabilities));
}

/** `[3/9] adam, seed 1: test accuracy 97.10 %, 12s` */
export function runLine(name: string, run: ComparedRun, done: number, total: number): string {
  const head = `[${done}/${total}] ${name}, seed ${run.seed}: `;
  if (run.reason === 'failed') return head + (run.message?.split('\n')[0] ?? 'failed');
  if (run.reason === 'interrupted') return `${head}stopped`;
  const part = run.test !== null ? 'test' : 'validation';
  const logs = run.test ?? run.validation ?? run.epochs.at(-1) ?? {};
  const figure =
    logs.accuracy === undefined
      ? `${part} loss ${logs.loss?.toPrecision(4) ?? '?'}`
      : `${part} accuracy ${formatPercent(logs.accuracy, 2)}`;
  return `${head}${figure}, ${formatDuration(run.seconds)}`;
}

/** The experiments that a command line asks for, all on the data that could be had. */
async function asked(
  compare: Command,
  data: string | undefined,
  flags: Flags,
  tell: (line: string) => void,
): Promise<{ experiments: NamedExperiment[]; first: number }> {
  if (flags.configs !== undefined) {
    const experiments = await Promise.all(
      flags.configs.map(async path => ({
        name: path.replace(/^.*[\\/]|\.json$/g, ''),
        experiment: await askedExperiment(compare, data, path),
      })),
    );
    return { experiments, first: experiments[0].experiment.seed };
  }
  const asked = await askedExperiment(compare, data, undefined);
  if (flags.preset === undefined && flags.vary.length === 0)
    throw new UsageError(
      'what is to be compared? Give --vary FLAG=A,B,..., --preset NAME or --configs FILE...',
      "See 'chainrule compare --help'.",
    );
  const { experiment: base, instead } = await loadOrStandIn(asked, tell);
  if (instead !== null) tell(`MNIST could not be had, and the embedded digits stand in for it: ${instead.split('\n')[0]}`);
  const starts = flags.preset === undefined ? [{ name: '', experiment: base }] : asUsage(() => presetExperiments(flags.preset!, base));
  // A preset's own settings go before the flags, which are in its base already; the flags go before the defaults of a kind that --vary chooses.
  const { '--data': _, ...given } = flags.preset === undefined ? givenFlags(compare) : {};
  return { experiments: starts.flatMap(start => vary(start, flags.vary, given)), first: base.seed };
}

/** Every combination of the values of every --vary. */
export function vary(
  start: NamedExperiment,
  texts: readonly string[],
  given: Readonly<Record<string, string | true>> = {},
): NamedExperiment[] {
  if (texts.length === 0) return [start];
  const choices = texts.map(parseVary);
  for (const { flag, names } of choices) {
    if (names.includes('off') && given[`--${flag}`] !== undefined) throw new UsageError(`--vary ${flag}=...: leave out --${flag} itself`);
  }
  let combinations: Readonly<Record<string, string | true | null>>[] = [{}];
  for (const { values } of choices) combinations = combinations.flatMap(before => values.map(flags => ({ ...before, ...flags })));
  return combinations.map((combination, i) => ({
    name: [start.name, ...namesOf(choices, i)].filter(Boolean).join(' '),
    experiment: withFlags(start.experiment, { ...given, ...combination }),
  }));
}

interface Choice {
  readonly flag: string;
  readonly names: readonly string[];
  readonly values: readonly Readonly<Record<string, string | true | null>>[];
}

/** Names an optimizer may go by that are no optimizer of their own. */
const ALIASES: Readonly<Record<string, Readonly<Record<string, string | true>>>> = {
  momentum: { '--optimizer': 'sgd', '--momentum': '0.9' },
  nesterov: { '--optimizer': 'sgd', '--momentum': '0.9', '--nesterov': true },
};

function parseVary(text: string): Choice {
  const [, name, list] = /^(?:--)?([\w-]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--vary: '${text}' was given; it takes a flag and its values, as in lr=0.01,0.1`);
  const flag = experimentFlags().find(one => one.flag === `--${name}`);
  if (flag === undefined) {
    const names = experimentFlags().map(one => one.flag.slice(2));
    const near = nearest(name, names);
    throw new UsageError(
      `--vary: there is no flag --${name}`,
      near === undefined ? `There are ${names.join(', ')}` : `Did you mean ${near}?`,
    );
  }
  const names = list.split(list.includes(';') ? ';' : ',').map(one => one.trim());
  const values = names.map((value): Readonly<Record<string, string | true | null>> => {
    if (flag.path === 'optimizer.name' && Object.hasOwn(ALIASES, value)) return ALIASES[value];
    if (flag.value === undefined) return { [flag.flag]: value };
    if (value !== 'on' && value !== 'off') throw new UsageError(`--vary: ${value} was given for --${name}; it takes on and off`);
    return { [flag.flag]: value === 'on' ? true : null };
  });
  return { flag: name, names, values };
}

/** What tells combination i from the others; the flag's name is left out where there is but one flag and its values are words. */
function namesOf(choices: readonly Choice[], index: number): string[] {
  let rest = index;
  const picks = choices.toReversed().map(({ names }) => {
    const pick = rest % names.length;
    rest = Math.floor(rest / names.length);
    return pick;
  });
  return picks.toReversed().map((pick, i) => {
    const { flag, names } = choices[i];
    return /^[a-z]/i.test(names[pick]) && !['on', 'off'].includes(names[pick]) ? names[pick] : `${flag}=${names[pick]}`;
  });
}

function withFlags(base: Experiment, flags: Readonly<Record<string, string | true | null>>): Experiment {
  const given = Object.fromEntries(Object.entries(flags).filter((entry): entry is [string, string | true] => entry[1] !== null));
  try {
    return experimentFromFlags({ flags: given, config: base });
  } catch (error) {
    if (error instanceof UserError) throw new UsageError(error.message, error.hint, { cause: error });
    throw error;
  }
}
