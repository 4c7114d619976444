import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Command, Option } from 'commander';
import { UserError } from '../../errors.ts';
import { evaluationEvent } from '../../experiment/evaluation-event.ts';
import { modelWith, StoredRun } from '../../experiment/node/stored-run.ts';
import { type RunResult, runExperiment } from '../../experiment/run.ts';
import { readWeights } from '../../io/node/files.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { TrainEvent } from '../../train/events.ts';
import { parseEvery } from '../../train/every.ts';
import type { StatisticsOptions } from '../../train/statistics.ts';
import { version } from '../../version.ts';
import { UsageError } from '../errors.ts';
import { EventLog } from '../event-log.ts';
import { addExperimentFlags, askedExperiment, givenFlags } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { introduce } from '../introduce.ts';
import { type LoadedExperiment, load, loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { evaluationLine, showEvaluation, showLossCurve } from '../terminal/evaluation-view.ts';
import { styled } from '../terminal/text.ts';
import { isKept, jsonView, LossLog, progressView, quietView, type TrainingView } from '../terminal/training-view.ts';

interface Flags extends DrawingFlags {
  readonly config?: string;
  readonly out?: string;
  readonly resume?: string;
  readonly statistics: string;
  readonly histograms?: boolean;
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
  chainrule train --resume runs/first --epochs 20                     longer`;

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
        'weights, gradients and activations of every layer into metrics.jsonl, as in 1epoch or 100steps; none for none',
      ).default('1epoch'),
    )
    .option('--histograms', 'with the statistics, histograms too')
    .addOption(new Option('--json', 'write one JSON object a line, for programs').conflicts('quiet'))
    .option('--quiet', 'show the result only');
  return addExperimentFlags(addDrawingFlags(train))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runTrain(train, data, flags));
}

/** The statistics that the flags ask for. */
function statisticsOf({ statistics, histograms = false }: Flags): StatisticsOptions | null {
  if (statistics === 'none') return null;
  const every = parseEvery(statistics);
  if (every === null || every.unit === 'minute')
    throw new UsageError(`--statistics: '${statistics}' was given; it takes steps or epochs, such as 100steps or 1epoch, or none`);
  return { every: every.count, by: every.unit, histogram: histograms };
}

/** All that training needs, whether it begins or goes on. */
interface Job extends LoadedExperiment {
  readonly run: StoredRun;
  readonly resume?: Checkpoint;
  readonly weights?: Checkpoint['model'];
}

async function runTrain(command: Command, data: string | undefined, flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  // JSON lines stand alone on the standard output; words go beside them.
  const words = flags.json ? outputFor(process.stderr, flags) : output;
  const tell = (line: string): void => words.line(line);
  const statistics = statisticsOf(flags);
  const job = flags.resume === undefined ? await begin(command, data, flags, tell) : await goOn(command, data, flags, tell);
  const shown = relative('', job.run.folder.path) || '.';
  if (job.instead !== null) standInNotice(words, job.instead);

  const view = flags.json
    ? jsonView(output, words)
    : flags.quiet
      ? quietView(output)
      : progressView(output, introduce(job.experiment, job.data, output.capabilities));
  const losses = new LossLog();
  const result = await trainAndLog(job, view, losses, statistics);

  if (flags.json) finishJson(output, job, result);
  else finish(output, job, result, losses, flags.quiet === true);
  if (result.history.reason === 'interrupted') {
    tell(`Stopped and saved in ${shown}. To go on: chainrule train --resume ${quoted(shown)}`);
  } else if (!flags.json) {
    lastWords(output, job, shown);
  }
}

async function begin(command: Command, data: string | undefined, flags: Flags, tell: (line: string) => void): Promise<Job> {
  const asked = await askedExperiment(command, data, flags.config);
  if (flags.out !== undefined) await mustBeFree(flags.out);
  const loaded = await loadOrStandIn(asked, tell);
  const weights = await weightsToStartFrom(loaded);
  const run = await StoredRun.create(flags.out ?? (await freeFolder(loaded.experiment.data.name)), loaded.experiment, loaded.data);
  return { ...loaded, run, ...(weights === undefined ? {} : { weights }) };
}

/** Read before a run is made, and tried on the model. */
async function weightsToStartFrom({ experiment, data }: LoadedExperiment): Promise<Checkpoint['model'] | undefined> {
  const { initFrom } = experiment.model;
  if (initFrom === undefined) return undefined;
  const weights = await readWeights(initFrom);
  modelWith(initFrom, weights, experiment, data.info);
  return weights;
}

async function goOn(command: Command, data: string | undefined, flags: Flags, tell: (line: string) => void): Promise<Job> {
  const { '--epochs': epochs, ...others } = givenFlags(command);
  const refused = [
    ...(data === undefined ? [] : [data]),
    ...(['out', 'config'] as const).filter(name => flags[name]).map(name => `--${name}`),
    ...Object.keys(others),
  ];
  if (refused.length > 0) {
    throw new UsageError(
      `--resume: ${refused.join(', ')} cannot be changed in a run that has begun; only --epochs can. Start a new run for that`,
    );
  }
  const run = await StoredRun.open(flags.resume!);
  const checkpoint = await run.folder.load('latest');
  const experiment = epochs === undefined ? run.experiment : await withEpochs(command, run, flags.resume!);
  const { epoch } = checkpoint.state;
  if (epoch >= experiment.training.epochs) {
    throw new UsageError(
      `--resume: ${flags.resume} has done all its ${epoch} epochs. To train longer, give --epochs with a number above ${epoch}`,
    );
  }
  const prepared = await load(experiment.data, experiment.seed, tell);
  tell(`Going on after epoch ${epoch}, step ${checkpoint.state.globalStep}`);
  return { experiment, data: prepared, instead: null, run, resume: checkpoint };
}

async function withEpochs(command: Command, run: StoredRun, path: string): Promise<StoredRun['experiment']> {
  const experiment = await askedExperiment(command, undefined, join(path, 'experiment.json'));
  await run.folder.writeJson('experiment.json', experiment);
  return experiment;
}

/** Trains with every event shown, logged, and the outcome written down, whatever it is. */
async function trainAndLog(job: Job, view: TrainingView, losses: LossLog, statistics: StatisticsOptions | null): Promise<RunResult> {
  const { experiment, data, run } = job;
  const log = new EventLog(join(run.folder.path, 'metrics.jsonl'));
  const record: Record<string, unknown> = {
    chainrule: version,
    engine: `node ${process.version}`,
    platform: `${process.platform} ${process.arch}`,
    command: ['chainrule', ...process.argv.slice(2)],
    started: new Date().toISOString(),
    ...(job.resume === undefined ? {} : { resumedAtStep: job.resume.state.globalStep }),
    data: data.train.provenance,
    ...(job.instead === null ? {} : { instead: 'digits in place of mnist' }),
  };
  const onEvent = (event: TrainEvent): void => {
    if (event.type === 'trainBegin') record.backend = event.backend;
    if (isKept(event)) log.write(event);
    losses.event(event);
    view.event(event);
  };
  const interrupt = takeInterrupts(() => view.message('Stopping after this step. Ctrl-C again ends at once, unsaved.'));
  const finishRecord = async (outcome: Record<string, unknown>): Promise<void> => {
    await log.close();
    await run.folder.writeJson('run.json', { ...record, ended: new Date().toISOString(), ...outcome });
  };
  try {
    await run.folder.writeJson('run.json', record);
    const result = await runExperiment(experiment, {
      data,
      store: run.folder,
      onEvent,
      signal: interrupt.signal,
      statistics,
      ...(job.resume === undefined ? {} : { resume: job.resume }),
      ...(job.weights === undefined ? {} : { weights: job.weights }),
    });
    if (result.evaluation !== null) log.write(evaluationEvent('test', result.evaluation, data.test!));
    await finishRecord({ outcome: result.history.reason, ...(result.evaluation === null ? {} : { test: result.evaluation.logs }) });
    if (interrupt.code !== null && result.history.reason === 'interrupted') process.exitCode = interrupt.code;
    return result;
  } catch (error) {
    view.close();
    await finishRecord({ outcome: 'failed', message: error instanceof Error ? error.message : String(error) }).catch(() => {});
    if (error instanceof UserError)
      throw new UserError(error.message, error.hint ?? `The run so far is in ${relative('', run.folder.path)}`, { cause: error });
    throw error;
  } finally {
    view.close();
    interrupt.release();
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

/** What a shell takes as one word. */
function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Told before anything is loaded or downloaded. */
async function mustBeFree(path: string): Promise<void> {
  const names = await readdir(path).catch((): string[] => []);
  if (names.length > 0) {
    throw new UserError(
      `--out: ${path} is not empty, and a run never writes over another`,
      names.includes('experiment.json')
        ? `Choose another folder; to go on with the run in it: chainrule train --resume ${quoted(path)}`
        : 'Choose another folder, or empty it yourself',
    );
  }
}

/** runs/mnist-1, or the first number that is free. */
async function freeFolder(name: string): Promise<string> {
  const taken = new Set(await readdir('runs').catch(() => []));
  let n = 1;
  while (taken.has(`${name}-${n}`)) n++;
  return join('runs', `${name}-${n}`);
}
