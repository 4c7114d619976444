import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type EnsembleResult, trainEnsemble } from '../../experiment/node/ensemble.ts';
import type { TrainEvent } from '../../train/events.ts';
import { addExperimentFlags, askedExperiment } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { downloadOptions, loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { drawEnsemble } from '../terminal/comparison-view.ts';
import { formatNumber } from '../terminal/format.ts';

interface Flags extends DrawingFlags {
  readonly members: number;
  readonly threads?: number;
  readonly config?: string;
  readonly json?: boolean;
}

const HELP = `
The members differ by their seeds alone: initial weights, order of the examples, dropout. They train side by side in threads, and are averaged by the
probability they give to each class. Nothing is kept on disk.

Example:
  chainrule ensemble mnist -k 5 --epochs 10`;

function atLeast(least: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (!(Number.isInteger(value) && value >= least)) throw new InvalidArgumentError(`It must be a whole number of at least ${least}.`);
    return value;
  };
}

export function command(): Command {
  const ensemble = new Command('ensemble')
    .description('Trains several nets side by side, and measures each and their average.')
    .argument('[data]', 'mnist, fashion-mnist, digits, or a .csv file (default: mnist, or what the config says)')
    .addOption(new Option('-k, --members <N>', 'how many nets').argParser(atLeast(2)).default(5))
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
  const { experiment, data, instead } = await loadOrStandIn(await askedExperiment(command, name, flags.config), tell);
  if (instead !== null) tell(`MNIST could not be had, and the embedded digits stand in for it: ${instead.split('\n')[0]}`);
  const { onProgress: _, ...load } = downloadOptions(() => {});
  const interrupt = takeInterrupts(() => tell('Stopping. Ctrl-C again ends at once.'));
  try {
    const result = await trainEnsemble(experiment, flags.members, {
      data,
      load,
      signal: interrupt.signal,
      onEvent: (i, event) => epochLine(tell, i, event),
      ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    });
    show(output, result, data.train.provenance, flags.json === true);
  } catch (error) {
    if (interrupt.code === null) throw error;
    process.exitCode = interrupt.code;
    tell('Stopped; there is no ensemble before all its members are trained.');
  } finally {
    interrupt.release();
  }
}

function epochLine(tell: (line: string) => void, member: number, event: TrainEvent): void {
  if (event.type !== 'epochEnd') return;
  const figures = Object.entries(event.logs).map(([name, value]) => `${name} ${formatNumber(value)}`);
  tell(`member ${member + 1}, epoch ${event.epoch}/${event.epochs}: ${figures.join('  ')}`);
}

function show(output: Output, { members, failed, gains, ...result }: EnsembleResult, provenance: string, json: boolean): void {
  const part = result.test === null ? 'validation' : 'test';
  const rows = members.map(member => ({ seed: member.seed, figures: member[part]?.logs ?? {} }));
  if (json) {
    const errors = failed.map(({ seed, error }) => ({ seed, message: error.message }));
    output.line(JSON.stringify({ type: 'ensemble', data: provenance, part, members: rows, failed: errors, gains }));
    return;
  }
  output.line();
  output.line(`On ${provenance}`);
  output.line(drawEnsemble(rows, gains[part], part, output.capabilities));
  for (const { seed, error } of failed) output.line(`the member with seed ${seed} failed: ${error.message}`);
}
