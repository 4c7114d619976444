import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { nearest } from './arguments.ts';
import { UsageError } from './errors.ts';

/** A command's file is loaded when it is asked for: what is not needed must not be waited for. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: () => Command }>;
}

const COMMANDS: readonly CommandEntry[] = [
  { name: 'train', summary: 'train a model and keep the run in a folder', load: () => import('./commands/train.ts') },
  { name: 'evaluate', summary: 'measure a trained model', load: () => import('./commands/evaluate.ts') },
  { name: 'predict', summary: 'ask a trained model about images, or rows of a table', load: () => import('./commands/predict.ts') },
  { name: 'export', summary: 'write a trained model for other tools: ONNX, safetensors, npz', load: () => import('./commands/export.ts') },
  { name: 'report', summary: 'write what came of runs into one HTML file', load: () => import('./commands/report.ts') },
  { name: 'compare', summary: 'train variants side by side, and compare them', load: () => import('./commands/compare.ts') },
  { name: 'sweep', summary: 'search for good settings, and rank them', load: () => import('./commands/sweep.ts') },
  { name: 'ensemble', summary: 'train several nets, and measure their average', load: () => import('./commands/ensemble.ts') },
  { name: 'explain', summary: 'show a backward pass, step by step', load: () => import('./commands/explain.ts') },
  { name: 'schedule', summary: 'draw the course of a learning rate', load: () => import('./commands/schedule.ts') },
  { name: 'probe', summary: 'see how an untrained net starts, layer by layer', load: () => import('./commands/probe.ts') },
  { name: 'studio', summary: 'see it all in the browser', load: () => import('./commands/studio.ts') },
  { name: 'lr-find', summary: 'find a learning rate', load: () => import('./commands/lr-find.ts') },
  { name: 'datasets', summary: 'list, download and look at data sets', load: () => import('./commands/datasets.ts') },
  { name: 'doctor', summary: 'see what this machine has, what is missing, and how fast it is', load: () => import('./commands/doctor.ts') },
];

const EXAMPLES = `
Examples:
  chainrule train mnist                           train on MNIST (downloaded once, or from --data DIR)
  chainrule train digits --epochs 3               train on digits that chainrule draws itself: no network, no files
  chainrule train table.csv --label price         train on a table
  chainrule evaluate runs/mnist-1                 measure what was trained
  chainrule predict runs/mnist-1 my7.png          ask it about a picture
  chainrule studio --open                         see a net train in the browser
  chainrule train --help                          every option, with its default

Exit codes: 0 done, 1 failure, 2 a mistake in what was typed, 130 stopped by Ctrl-C (the run is saved), 143 ended by SIGTERM (likewise).
Environment: CHAINRULE_DATA folder of data sets; CHAINRULE_MIRRORS where to download from; CHAINRULE_ASCII=1 plain characters; NO_COLOR, FORCE_COLOR;
CHAINRULE_THREADS threads of large operations; CHAINRULE_SIMD=relaxed vectors of 128 bits, where Node 24 and 26 have 256; CHAINRULE_DEBUG=1 stack traces.`;

/** Runs the command line given, without the program's own name. */
export async function run(argv: readonly string[]): Promise<void> {
  const program = new Command('chainrule')
    .description('Trains neural networks, and shows how it goes.')
    .version(version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES);
  prepare(program);
  const wanted = argv.find(word => !word.startsWith('-') && word !== 'help');
  if (wanted !== undefined && !COMMANDS.some(({ name }) => name === wanted)) throw unknownCommand(wanted);
  for (const { name, summary, load } of COMMANDS) {
    // Of the others only the name is needed, for the list of commands and for suggestions.
    const command = name === wanted ? (await load()).command() : new Command(name);
    program.addCommand(prepare(command.summary(summary)));
  }
  try {
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const message = error.message
      .replace(/^error: /, '')
      .replace(
        /^command-argument value '(.*)' is invalid for argument '(.*)'\. Allowed choices are (.*)\.$/,
        "<$2>: '$1' was given; it takes one of $3",
      );
    const path = wanted === undefined ? 'chainrule' : `chainrule ${wanted}`;
    throw new UsageError(message, `See '${path} --help'.`);
  }
}

function unknownCommand(word: string): UsageError {
  const names = COMMANDS.map(({ name }) => name);
  const near = nearest(word, names);
  return new UsageError(
    `'${word}' is no command; there are ${names.join(', ')}`,
    near === undefined ? "See 'chainrule --help'." : `Did you mean 'chainrule ${near}'?`,
  );
}

/** Errors are thrown, to be shown in one place and with our exit codes; so with subcommands. */
function prepare(command: Command): Command {
  for (const one of [command, ...command.commands]) {
    one
      .helpOption('-h, --help', 'show help')
      .exitOverride()
      .configureOutput({ writeErr: () => {}, outputError: () => {} })
      .configureHelp({ sortSubcommands: false, helpWidth: Math.min(process.stdout.columns || 100, 110) });
  }
  return command;
}
