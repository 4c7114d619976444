import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { setThreads } from '../../backend/current.ts';
import type { Dataset } from '../../data/dataset.ts';
import { UserError } from '../../errors.ts';
import { evaluationEvent } from '../../experiment/evaluation-event.ts';
import { StoredRun } from '../../experiment/node/stored-run.ts';
import type { PreparedData } from '../../experiment/prepare.ts';
import { parseExperiment } from '../../experiment/schema.ts';
import type { DataOptions, Experiment } from '../../experiment/types.ts';
import { evaluate } from '../../train/evaluate.ts';
import { UsageError } from '../errors.ts';
import { load } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';
import { evaluationLine, showEvaluation } from '../terminal/evaluation-view.ts';
import { styled } from '../terminal/text.ts';
import { threadsFlag } from '../threads-flag.ts';

type Split = 'test' | 'validation' | 'train';

interface Flags extends DrawingFlags {
  readonly checkpoint: 'best' | 'latest';
  readonly weights?: string;
  readonly split: Split;
  readonly on?: 'mnist' | 'fashion-mnist' | 'digits';
  readonly data?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

const HELP = `
The figures are those that training ended with, to the last digit: the run folder says which data it was, how it was parted, and how to prepare it.

Examples:
  chainrule evaluate runs/first
  chainrule evaluate runs/first --checkpoint best --split validation
  chainrule evaluate runs/digits-1 --on mnist --data DIR      how a net that has seen drawn digits only does on handwriting`;

export function command(): Command {
  const evaluateCommand = new Command('evaluate')
    .description('Measures a trained model: loss, accuracy, confusion matrix, and its worst mistakes.')
    .argument('<run>', "a run's folder")
    .addOption(new Option('--checkpoint <NAME>', 'which weights').choices(['latest', 'best']).default('latest'))
    .option('--weights <FILE>', "weights from a safetensors file, such as PyTorch's, in place of a checkpoint's")
    .addOption(new Option('--split <PART>', 'which part of the data').choices(['test', 'validation', 'train']).default('test'))
    .addOption(new Option('--on <NAME>', 'measure on another data set').choices(['mnist', 'fashion-mnist', 'digits']))
    .option('--data <DIR>', 'folder of IDX files, in place of where the run found them')
    .addOption(threadsFlag())
    .option('--json', 'write one JSON object');
  return addDrawingFlags(evaluateCommand).addHelpText('after', HELP).action(runEvaluate);
}

async function runEvaluate(path: string, flags: Flags): Promise<void> {
  if (flags.threads !== undefined) setThreads(flags.threads);
  const output = outputFor(process.stdout, flags);
  const run = await StoredRun.open(path);
  const restored = await run.restore(flags.checkpoint, flags.weights);
  const options = dataOptions(run.experiment, flags, path);
  const prepared = await load(options, run.experiment.seed, line => process.stderr.write(`${line}\n`));
  const data = partOf(prepared, flags.split, options);
  mustFit(run, data, path);
  const evaluation = await evaluate(restored.model, data, { ...restored.measures, mistakes: 12, pairs: 500 });
  if (flags.json) {
    const what = { run: run.folder.path, checkpoint: restored.checkpoint, data: data.provenance };
    output.line(JSON.stringify({ ...evaluationEvent(flags.split, evaluation, data), ...what }));
    return;
  }
  const whose =
    flags.weights === undefined ? `checkpoint ${restored.checkpoint} (${restored.epoch} epochs)` : `weights of ${flags.weights}`;
  output.line(`${path}, ${whose}; ${data.provenance}`);
  showEvaluation(output, evaluation, data);
  output.line();
  const name = { test: 'Test', validation: 'Validation', train: 'Training' }[flags.split];
  output.line(styled(evaluationLine(name, evaluation), 'bold', output.capabilities));
}

/** The run's data, or the data asked for in its place. */
function dataOptions(experiment: Experiment, { on, data }: Flags, path: string): DataOptions {
  const folder = data === undefined ? {} : { folder: resolve(data) };
  const name = on ?? experiment.data.name;
  if (data !== undefined && name !== 'mnist' && name !== 'fashion-mnist') {
    throw new UsageError(
      `--data: ${path} was trained on ${name}, which is in no folder of IDX files`,
      name === 'digits' ? 'To measure it on MNIST, add --on mnist' : undefined,
    );
  }
  if (on === undefined || on === experiment.data.name) return { ...experiment.data, ...folder } as DataOptions;
  return parseExperiment({ data: { name: on, ...folder } }).data;
}

function partOf(data: PreparedData, split: Split, options: DataOptions): Dataset {
  const part = data[split];
  if (part === null) throw new UserError(`the data set ${options.name} has no ${split} part in this run`);
  return part;
}

function mustFit({ data: { info } }: StoredRun, data: Dataset, path: string): void {
  const same = (a: readonly unknown[], b: readonly unknown[]): boolean => JSON.stringify(a) === JSON.stringify(b);
  if (same(info.featureShape, data.featureShape) && info.classNames.length === data.classNames.length) return;
  throw new UserError(
    `${path} was trained on examples of shape [${info.featureShape.join(', ')}] in ${info.classNames.length} classes; ${data.name} has [${data.featureShape.join(', ')}] in ${data.classNames.length}`,
  );
}
