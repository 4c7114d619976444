import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { UserError } from '../../errors.ts';
import type { AverageMeasured, Measured } from '../../experiment/ensemble.ts';
import { experimentFlags } from '../../experiment/flags.ts';
import { type EnsembleResult, trainEnsemble } from '../../experiment/node/ensemble.ts';
import { snapshotCycle, trainSnapshots } from '../../experiment/snapshots.ts';
import type { Experiment } from '../../experiment/types.ts';
import { formatNumber } from '../../figures/format.ts';
import type { TrainEvent } from '../../train/events.ts';
import { UsageError } from '../errors.ts';
import { addExperimentFlags, askedExperiment, givenFlags } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { downloadOptions, type LoadedExperiment, loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { drawEnsemble } from '../terminal/comparison-view.ts';

interface Flags extends DrawingFlags {
  readonly members: number;
  readonly snapshots?: number;
  readonly threads?: number;
  readonly config?: string;
  readonly json?: boolean;
}

const HELP = `
The members differ by their seeds alone: initial weights, order of the examples, dropout. They train side by side in threads, and are averaged by the
probability they give to each class. Nothing is kept on disk.
With --snapshots they are one net at several times of one training: at the end of each of N cycles of the learning rate, a cosine from its full value to 0.

Examples:
  chainrule ensemble mnist -k 5 --epochs 10
  chainrule ensemble mnist --snapshots 5 --epochs 20`;

function atLeast(least: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!(Number.isInteger(value) && value >= least)) throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return value;
  };
}

export function command(): Command {
  const ensemble = new Command('ensemble')
    .description('Trains several nets side by side, or one with snapshots, and measures each and their average.')
    .argument('[data]', 'mnist, fashion-mnist, digits, or a file of data (default: mnist, or what the config says)')
    .addOption(new Option('-k, --members <N>', 'how many nets').argParser(atLeast(2)).default(5))
    .addOption(
      new Option('--snapshots <N>', 'instead: one training whose rate falls to 0 so many times; its nets at those times are averaged')
        .argParser(atLeast(2))
        .conflicts(['members', 'threads']),
    )
    .addOption(new Option('--threads <N>', 'nets at one time').argParser(atLeast(1)).default(undefined, String(availableParallelism())))
    .option('--config <FILE>', "JSON as in a run's experiment.json; flags go before it")
    .addOption(new Option('--json', 'write the result as one JSON object, for programs'));
  return addExperimentFlags(addDrawingFlags(ensemble))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runEnsemble(ensemble, data, flags));
}

async function runEnsemble(command: Command, name: string | undefined, flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  const words = flags.json ? outputFor(process.stderr, flags) : output;
  const tell = (line: string): void => words.line(line);
  if (flags.snapshots !== undefined) mustHaveNoSchedule(command);
  const asked = await askedExperiment(command, name, flags.config);
  if (flags.snapshots !== undefined) mustFitSnapshots(asked, flags.snapshots);
  const loaded = await loadOrStandIn(asked, tell);
  if (loaded.instead !== null) tell(`MNIST could not be had, and the embedded digits stand in for it: ${loaded.instead.split('\n')[0]}`);
  const interrupt = takeInterrupts(() => tell('Stopping. Ctrl-C again ends at once.'));
  try {
    const train = flags.snapshots === undefined ? trainMembers : trainOnce;
    show(output, await train(loaded, flags, interrupt.signal, tell), loaded.data.train.provenance, flags.json === true);
  } catch (error) {
    if (interrupt.code === null) throw error;
    process.exitCode = interrupt.code;
    tell('Stopped; there is no ensemble before all its members are trained.');
  } finally {
    interrupt.release();
  }
}

/** What is shown of either kind of ensemble. */
interface Shown extends AverageMeasured {
  readonly called: 'member' | 'snapshot';
  readonly members: readonly (Measured & { readonly seed?: number; readonly epoch?: number })[];
  readonly failed: EnsembleResult['failed'];
}

type Train = (loaded: LoadedExperiment, flags: Flags, signal: AbortSignal, tell: (line: string) => void) => Promise<Shown>;

/** Nets from several seeds, side by side. */
const trainMembers: Train = async ({ experiment, data }, { members, threads }, signal, tell) => {
  const { onProgress: _, ...load } = downloadOptions(() => {});
  const onEvent = (i: number, event: TrainEvent): void => epochLine(tell, `member ${i + 1}, `, event);
  const options = { data, load, signal, onEvent, ...(threads === undefined ? {} : { threads }) };
  return { called: 'member', ...(await trainEnsemble(experiment, members, options)) };
};

/** One net, several times on its way. */
const trainOnce: Train = async ({ experiment, data }, { snapshots }, signal, tell) => {
  const onEvent = (event: TrainEvent): void => epochLine(tell, '', event);
  return { called: 'snapshot', failed: [], ...(await trainSnapshots(experiment, snapshots!, { data, signal, onEvent })) };
};

function mustHaveNoSchedule(command: Command): void {
  const given = givenFlags(command);
  const row = experimentFlags().find(({ flag, group }) => group === 'Learning-rate schedule' && flag in given);
  if (row === undefined) return;
  throw new UsageError(
    `${row.flag}: with --snapshots the learning rate falls along a cosine from its full value to 0, again and again; leave it out`,
  );
}

/** Told before anything is loaded: what cannot go with snapshots. */
function mustFitSnapshots(experiment: Experiment, snapshots: number): void {
  try {
    snapshotCycle(experiment, snapshots);
  } catch (error) {
    throw error instanceof UserError ? new UsageError(`--snapshots: ${error.message}`, undefined, { cause: error }) : error;
  }
}

function epochLine(tell: (line: string) => void, who: string, event: TrainEvent): void {
  if (event.type !== 'epochEnd') return;
  const figures = Object.entries(event.logs).map(([name, value]) => `${name} ${formatNumber(value)}`);
  tell(`${who}epoch ${event.epoch}/${event.epochs}: ${figures.join('  ')}`);
}

function show(output: Output, { called, members, failed, gains, test }: Shown, provenance: string, json: boolean): void {
  const part = test === null ? 'validation' : 'test';
  const rows = members.map(({ seed, epoch, ...member }) => ({ seed, epoch, figures: member[part]?.logs ?? {} }));
  if (json) {
    const errors = failed.map(({ seed, error }) => ({ seed, message: error.message }));
    output.line(JSON.stringify({ type: 'ensemble', data: provenance, part, members: rows, failed: errors, gains }));
    return;
  }
  output.line();
  output.line(`On ${provenance}`);
  output.line(drawEnsemble(rows, gains[part], part, output.capabilities, called));
  for (const { seed, error } of failed) output.line(`the member with seed ${seed} failed: ${error.message}`);
}
