import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { setThreads } from '../../backend/current.ts';
import { evaluationEvent } from '../../experiment/evaluation-event.ts';
import type { StoredRun } from '../../experiment/node/stored-run.ts';
import type { RunResult } from '../../experiment/run.ts';
import { parseEvery } from '../../train/every.ts';
import type { StatisticsOptions } from '../../train/statistics.ts';
import { UsageError } from '../errors.ts';
import { addExperimentFlags } from '../experiment-flags.ts';
import { introduce } from '../introduce.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import type { TensorboardFiles } from '../tensorboard.ts';
import { dashboardView } from '../terminal/dashboard-view.ts';
import { evaluationLine, showEvaluation, showLossCurve } from '../terminal/evaluation-view.ts';
import { showProfile } from '../terminal/profile-view.ts';
import { styled } from '../terminal/text.ts';
import { jsonView, LossLog, progressView, quietView } from '../terminal/training-view.ts';
import { threadsFlag } from '../threads-flag.ts';
import { begin, goOn, type Job, quoted } from '../train/job.ts';
import { trainAndLog } from '../train/train-and-log.ts';

interface Flags extends DrawingFlags {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly statistics?: string;
  readonly histograms?: boolean;
  readonly watch?: boolean;
  readonly profile?: boolean;
  readonly tensorboard?: string | true;
  readonly threads?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const HELP = `
Data is one of
  mnist           70,000 handwritten digits: from --data DIR, else CHAINRULE_DATA, else the cache, else downloaded; the default
  fashion-mnist   70,000 pictures of clothes, found likewise
  digits          digits that chainrule draws itself; also stands in for MNIST, and says so, where that cannot be had
  points          points in the plane, drawn in a --shape: circle, xor, gaussians, spiral, moons; plane and hills to approximate; or your own
  FILE.csv        a table: one row an example; name the column to predict with --label; so with FILE.parquet
  FILE.npz        NumPy's arrays x and y, or x_train, y_train, x_test, y_test; others are named with --inputs and --label
  FILE.npy        an array of inputs; the targets are in another one, --label FILE.npy, or in a column, --label N

A run is kept in a folder: the experiment as JSON, every figure, checkpoints with weights as safetensors. Nothing is ever written over.
Ctrl-C stops after the step under way and saves; 'chainrule train --resume RUN' goes on from there exactly. A second Ctrl-C ends at once.

Examples:
  chainrule train                                                     an MLP on MNIST, with what works well
  chainrule train mnist --hidden 512,256 --optimizer adam --lr 1e-3 --epochs 10 --batch-size 128 --seed 1 --out runs/first
  chainrule train mnist --optimizer sgd --lr 0.1 --momentum 0.9 --nesterov
  chainrule train mnist --dropout 0.5 --early-stopping --patience 3
  chainrule train mnist --task "even:0.5=0,2,4,6,8|1,3,5,7,9"          a second head: is the digit even?
  chainrule train iris.csv --label species --hidden 16 --batch-size 16
  chainrule train points --shape spiral --classes 3                   a net small enough to look into
  chainrule train --config runs/first/experiment.json --seed 2        the same again with another seed
  chainrule train --resume runs/first --epochs 20                     longer
  chainrule train mnist --watch --profile                             see the layers at work, and where the time goes`;

export function command(): Command {
  const train = new Command('train')
    .description('Trains a model, shows how it goes, tests it at the end, and keeps the run in a folder.')
    .argument(
      '[data]',
      'mnist, fashion-mnist, digits, points, or a .csv, .parquet, .npz or .npy file (default: mnist, or what the config says)',
    )
    .option('--out <DIR>', 'folder for the run; it must be new or empty (default: runs/<data>-<n>)')
    .option('--config <FILE>', "JSON as in a run's experiment.json; flags go before it")
    .option('--resume <RUN>', 'go on with a run that was stopped; only --epochs may be given besides')
    .addOption(
      new Option(
        '--statistics <EVERY>',
        'weights, gradients and activations of every layer into metrics.jsonl, as in 1epoch or 100steps; none for none (default 1epoch; with --watch 50steps)',
      ),
    )
    .option('--histograms', 'with the statistics, histograms too')
    .addOption(
      new Option('--watch', 'the whole terminal: curves, layers, warnings, speed; plain lines where there is none').conflicts([
        'json',
        'quiet',
      ]),
    )
    .option('--profile', 'measure time and memory of each phase and op; shown at the end, and in metrics.jsonl')
    .option('--tensorboard [DIR]', "TensorBoard's event files, with histograms, as training goes (default: in the run's folder)")
    .addOption(threadsFlag())
    .addOption(new Option('--json', 'write one JSON object a line, for programs').conflicts('quiet'))
    .option('--quiet', 'show the result only');
  return addExperimentFlags(addDrawingFlags(train))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runTrain(train, data, flags));
}

/** The statistics that the flags ask for. */
function statisticsOf({
  watch,
  statistics = watch ? '50steps' : '1epoch',
  histograms = false,
  tensorboard,
}: Flags): StatisticsOptions | null {
  if (statistics === 'none') return null;
  const every = parseEvery(statistics);
  if (every === null || every.unit === 'minute')
    throw new UsageError(`--statistics: '${statistics}' was given; it takes steps or epochs, such as 100steps or 1epoch, or none`);
  return { every: every.count, by: every.unit, histogram: histograms || tensorboard !== undefined };
}

/** Where TensorBoard's files are asked for. Its code is loaded only then. */
async function tensorboardOf(run: StoredRun, { tensorboard }: Flags): Promise<TensorboardFiles | null> {
  if (tensorboard === undefined) return null;
  const { TensorboardFiles } = await import('../tensorboard.ts');
  return await TensorboardFiles.create(tensorboard === true ? join(run.folder.path, 'tensorboard') : tensorboard, run, Date.now() / 1000);
}

async function runTrain(command: Command, data: string | undefined, flags: Flags): Promise<void> {
  if (flags.threads !== undefined) setThreads(flags.threads);
  const output = outputFor(process.stdout, flags);
  // JSON lines stand alone on the standard output; words go beside them.
  const words = flags.json ? outputFor(process.stderr, flags) : output;
  const tell = (line: string): void => words.line(line);
  const statistics = statisticsOf(flags);
  const job = flags.resume === undefined ? await begin(command, data, flags, tell) : await goOn(command, data, flags.resume, flags, tell);
  try {
    await trainAndShow(job, flags, statistics, output, words);
  } finally {
    await job.lock.release();
  }
}

async function trainAndShow(job: Job, flags: Flags, statistics: StatisticsOptions | null, output: Output, words: Output): Promise<void> {
  const shown = relative('', job.run.folder.path) || '.';
  if (job.instead !== null) standInNotice(words, job.instead);

  const told = introduce(job.experiment, job.data, output.capabilities);
  const view = flags.json
    ? jsonView(output, words)
    : flags.quiet
      ? quietView(output)
      : (flags.watch ? dashboardView : progressView)(output, told);
  const losses = new LossLog();
  const options = { statistics, profile: flags.profile ?? false };
  const result = await trainAndLog(job, view, losses, options, await tensorboardOf(job.run, flags));

  if (flags.json) finishJson(output, job, result);
  else finish(output, job, result, losses, flags.quiet === true);
  if (!flags.json && losses.profile !== null) showProfile(output, losses.profile);
  if (result.history.reason === 'interrupted') {
    words.line(`Stopped and saved in ${shown}. To go on: chainrule train --resume ${quoted(shown)}`);
  } else if (!flags.json) {
    lastWords(output, job, shown);
  }
}

function finishJson(output: Output, job: Job, result: RunResult): void {
  if (result.evaluation !== null) output.line(JSON.stringify(evaluationEvent('test', result.evaluation, job.data.test!)));
  output.line(
    JSON.stringify({
      type: 'run',
      path: job.run.folder.path,
      outcome: result.history.reason,
      data: job.data.train.provenance,
      ...(job.instead === null ? {} : { insteadOfMnist: job.instead }),
    }),
  );
}

function finish(output: Output, job: Job, { history, evaluation }: RunResult, losses: LossLog, quiet: boolean): void {
  if (!quiet && history.reason !== 'interrupted') showLossCurve(output, history.epochs, losses);
  if (evaluation === null) return;
  if (!quiet && job.data.test !== null) showEvaluation(output, evaluation, job.data.test);
  if (!quiet) output.line();
  output.line(styled(evaluationLine('Test', evaluation), 'bold', output.capabilities));
}

function lastWords(output: Output, job: Job, shown: string): void {
  if (job.instead !== null) {
    output.line('These figures are of the embedded digits, drawn by a program, and not of MNIST, which could not be had (see above).');
  }
  const file = job.data.table === null ? 'my7.png' : 'new-rows.csv';
  output.line(`The run is in ${shown}. Next:`);
  output.line(`  chainrule evaluate ${quoted(shown)}`);
  output.line(`  chainrule predict ${quoted(shown)} ${file}`);
}

function standInNotice(output: Output, reason: string): void {
  output.line(styled('MNIST is not on this machine and could not be downloaded:', 'yellow', output.capabilities));
  for (const line of reason.split('\n')) output.line(`  ${line}`);
  output.line(
    styled(
      'Training on the embedded digits instead. They are drawn by a program, not by hand: the figures are not those of MNIST.',
      'yellow',
      output.capabilities,
    ),
  );
  output.line();
}
