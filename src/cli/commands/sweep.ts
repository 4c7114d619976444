import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../../errors.ts';
import { StoredRun } from '../../experiment/node/stored-run.ts';
import { createSweep, openSweep, runSweep, trialFolder } from '../../experiment/node/sweep.ts';
import {
  importance,
  rank,
  type Sweep,
  type SweepMethod,
  type SweepPlan,
  sweepMethods,
  type Trial,
  type TrialResult,
} from '../../experiment/sweep.ts';
import { parseDimension } from '../../experiment/sweep-space.ts';
import { formatDuration, formatNumber, formatPercent } from '../../figures/format.ts';
import { commandLine, shellWord } from '../../report/shell.ts';
import { evaluate } from '../../train/evaluate.ts';
import { asUsage, UsageError } from '../errors.ts';
import { addExperimentFlags, askedExperiment, givenFlags } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { downloadOptions, load, loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { table } from '../terminal/table.ts';

interface Flags extends DrawingFlags {
  readonly vary: readonly string[];
  readonly method: SweepMethod;
  readonly trials: number;
  readonly eta: number;
  readonly out?: string;
  readonly resume?: string;
  readonly config?: string;
  readonly threads?: number;
  readonly measureTest?: boolean;
  readonly json?: boolean;
}

const HELP = `
--vary FLAG=... says what is varied, and may be given several times:
  lr=1e-4..1e-1:log        a range, drawn evenly on a logarithmic scale; batch-size=16..256:log:int whole numbers
  dropout=0,0.2,0.5        one of these
  hidden='128|256,128'     values that hold commas are parted by bars
  lr=1e-4..1e-1:log:4      of a range in a grid, so many points

--method grid     every combination
         random   --trials combinations, drawn at random
         halving  as random, but all are trained for a few epochs, the best one in --eta goes on, and so forth (Jamieson & Talwalkar 2016)

Trials are ranked by the validation part. The test part is never read, but with --measure-test, once, for the winner, when the sweep has ended.
A sweep that was ended in any way goes on with --resume DIR, to the same bits. One seed makes the same sweep at any number of threads.

Examples:
  chainrule sweep mnist --vary lr=1e-4..1e-1:log --vary hidden='128|256,128' --vary dropout=0,0.2,0.5 --method random --trials 20 --out sweeps/first
  chainrule sweep mnist --vary lr=1e-4..1e-1:log --method halving --trials 27 --epochs 9 --out sweeps/second
  chainrule sweep --resume sweeps/second
  chainrule report sweeps/second`;

/** A whole number from 1 on, as commander takes it. */
function count(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1)) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

export function command(): Command {
  const sweep = new Command('sweep')
    .description('Trains many variants, and ranks them by the validation part.')
    .argument('[data]', 'mnist, fashion-mnist, digits, or a file (default: mnist)')
    .addOption(
      new Option('--vary <FLAG=...>', 'a flag of training with its values or its range')
        .argParser((text: string, before: readonly string[]) => [...before, text])
        .default([], 'none'),
    )
    .addOption(new Option('--method <NAME>', 'how trials are chosen').choices(sweepMethods).default('random'))
    .addOption(new Option('--trials <N>', 'random, halving: how many').argParser(count).default(20))
    .addOption(new Option('--eta <N>', 'halving: one in so many goes on').argParser(count).default(3))
    .option('--out <DIR>', 'folder for the sweep; it must be new or empty')
    .option('--resume <DIR>', 'go on with a sweep')
    .option('--config <FILE>', "an experiment as JSON, under the flags; its key 'sweep' may hold vary, method, trials, eta")
    .addOption(new Option('--threads <N>', 'trials at one time').argParser(count).default(undefined, String(availableParallelism())))
    .option('--measure-test', 'at the end, measure the winner on the test part')
    .option('--json', 'write the ranking as one JSON object, for programs');
  return addExperimentFlags(addDrawingFlags(sweep))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runCommand(sweep, data, flags));
}

async function runCommand(command: Command, data: string | undefined, flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  const words = flags.json ? outputFor(process.stderr, flags) : output;
  const folder = flags.resume ?? flags.out;
  if (folder === undefined) throw new UsageError('sweep: where is it to be kept? Give --out DIR, or --resume DIR to go on with one');
  if (flags.resume === undefined) await begin(command, data, flags, folder, line => words.line(line));
  else await mustBeAlone(command, data, flags);
  const { plan, trials } = await openSweep(folder);
  // Data that cannot be had is no fault of a trial.
  if (flags.resume !== undefined) await load(plan.base.data, plan.base.seed, line => words.line(line));
  words.line(`${trials.length} trials, ${plan.method}, seed ${plan.seed}, up to ${plan.base.training.epochs} epochs, in ${folder}`);
  const interrupt = takeInterrupts(() =>
    words.line('Stopping; trials go on from where they are with --resume. Ctrl-C again ends at once.'),
  );
  const { onProgress: _, ...from } = downloadOptions(() => {});
  let sweep: Sweep;
  try {
    sweep = await runSweep(folder, {
      signal: interrupt.signal,
      load: from,
      onRung: (rung, n, of) => of > 1 && words.line(`Rung ${n + 1} of ${of}: ${rung.trials} trials up to ${rung.epochs} epochs`),
      onTrial: (trial, result) => words.line(trialLine(trial, result)),
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    });
  } finally {
    interrupt.release();
  }
  if (interrupt.code !== null) process.exitCode = interrupt.code;
  const test = flags.measureTest && sweep.complete ? await measureWinner(folder, sweep, line => words.line(line)) : null;
  if (flags.json)
    output.line(
      JSON.stringify({
        type: 'sweep',
        folder,
        complete: sweep.complete,
        ranking: rank(sweep.trials),
        importance: importance(sweep.plan.dimensions, sweep.trials),
        test,
      }),
    );
  else show(output, folder, sweep, test);
}

async function begin(
  command: Command,
  data: string | undefined,
  flags: Flags,
  folder: string,
  tell: (line: string) => void,
): Promise<void> {
  const { experiment: config, sweep: kept } = await readSweepConfig(flags.config);
  const own = <T>(name: keyof Flags, fallback: T): T =>
    command.getOptionValueSource(name) === 'cli' ? (flags[name] as T) : ((kept[name] as T | undefined) ?? fallback);
  const asked = await askedExperiment(command, data, flags.config, config);
  const { experiment: base, instead } = await loadOrStandIn(asked, tell);
  if (instead !== null) tell(`MNIST could not be had, and the embedded digits stand in for it: ${instead.split('\n')[0]}`);
  const { '--data': _, '--seed': __, ...given } = givenFlags(command);
  const plan = asUsage(
    (): SweepPlan => ({
      ...{ format: 1, base, given, seed: base.seed },
      dimensions: own<readonly string[]>('vary', []).map(parseDimension),
      method: own<SweepMethod>('method', flags.method),
      trials: own('trials', flags.trials),
      eta: own('eta', flags.eta),
    }),
  );
  if (!sweepMethods.includes(plan.method))
    throw new UsageError(`${flags.config}: sweep.method: '${plan.method}' was given; it takes one of ${sweepMethods.join(', ')}`);
  try {
    await createSweep(folder, plan);
  } catch (error) {
    throw error instanceof UserError ? new UsageError(error.message, error.hint, { cause: error }) : error;
  }
}

async function readSweepConfig(path: string | undefined): Promise<{ experiment: unknown; sweep: Record<string, unknown> }> {
  if (path === undefined) return { experiment: undefined, sweep: {} };
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`--config: ${path}: ${error.message}`);
  });
  try {
    const { sweep = {}, ...experiment } = JSON.parse(text);
    const odd = Object.keys(sweep).find(key => !['vary', 'method', 'trials', 'eta'].includes(key));
    if (odd !== undefined) throw new UsageError(`--config: ${path}: sweep.${odd} is not known; there are vary, method, trials, eta`);
    return { experiment, sweep };
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`--config: ${path}: not JSON: ${(error as Error).message}`);
  }
}

async function mustBeAlone(command: Command, data: string | undefined, flags: Flags): Promise<void> {
  const given = [
    ...(data === undefined ? [] : [data]),
    ...(flags.out === undefined ? [] : ['--out']),
    ...(flags.vary.length > 0 ? ['--vary'] : []),
    ...Object.keys(givenFlags(command)),
  ];
  if (given.length > 0)
    throw new UsageError(`--resume: ${given.join(', ')} cannot be changed in a sweep that has begun. Start a new one for that`);
}

/** `trial 7, 3 epochs: accuracy 97.10 %, loss 0.0961; lr 0.00123, dropout 0.2` */
function trialLine({ index, choice }: Trial, { epochs, validation, failure, seconds }: TrialResult): string {
  const what = Object.entries(choice)
    .map(([flag, value]) => `${flag} ${value}`)
    .join(', ');
  return `trial ${index}: ${failure ?? `${figuresOf(validation!)} after ${epochs} epochs (${formatDuration(seconds)})`}; ${what}`;
}

function figuresOf(logs: Readonly<Record<string, number>>): string {
  return Object.entries(logs)
    .sort()
    .map(([name, value]) => `${name} ${name.endsWith('accuracy') ? formatPercent(value, 2) : formatNumber(value)}`)
    .join(', ');
}

/** The winner's figures on the test part: the one time it is read. */
async function measureWinner(folder: string, sweep: Sweep, tell: (line: string) => void): Promise<Readonly<Record<string, number>> | null> {
  const [best] = rank(sweep.trials);
  if (best?.results.at(-1)?.validation == null) return null;
  const run = await StoredRun.open(trialFolder(folder, best.index));
  const data = await load(run.experiment.data, run.experiment.seed, tell);
  if (data.test === null) throw new UserError('--measure-test: the data has no test part');
  const { model, measures } = await run.restore();
  return (await evaluate(model, data.test, measures)).logs;
}

function show(output: Output, folder: string, sweep: Sweep, test: Readonly<Record<string, number>> | null): void {
  const { plan, trials, complete } = sweep;
  const ranked = rank(trials).filter(({ results }) => results.length > 0);
  output.line();
  if (ranked.length === 0) {
    output.line(`No trial has ended. To go on: chainrule sweep --resume ${shellWord(folder)}`);
    return;
  }
  const isClass = ranked.some(({ results }) => results.at(-1)?.validation?.accuracy !== undefined);
  const flags = plan.dimensions.map(({ flag }) => flag);
  const rows = ranked.map(({ index, choice, results }, i) => {
    const { validation, failure, epochs } = results[results.length - 1];
    const figures = isClass ? [validation === null ? '' : formatPercent(validation.accuracy, 2)] : [];
    return [
      String(i + 1),
      String(index),
      ...flags.map(flag => choice[flag]),
      String(epochs),
      ...figures,
      validation === null ? failure : formatNumber(validation.loss),
    ];
  });
  const heads = ['rank', 'trial', ...flags, 'epochs', ...(isClass ? ['val. accuracy'] : []), 'val. loss'];
  output.line(table(heads, rows, output.capabilities));
  output.line('Ranked by the validation part.');
  for (const { flag, share } of importance(plan.dimensions, trials))
    output.line(`  ${flag} alone accounts for ${share === null ? 'nothing that can be told' : formatPercent(share)} of the variance`);
  if (test !== null) output.line(`Test, measured once, of the winner: ${figuresOf(test)}`);
  if (complete)
    output.line(
      `The best again: ${commandLine(['chainrule', 'train', '--config', `${trialFolder(folder, ranked[0].index)}/experiment.json`])}`,
    );
  else output.line(`Not ended. To go on: chainrule sweep --resume ${shellWord(folder)}`);
  output.line(`With pictures: chainrule report ${shellWord(folder)}`);
}
