import { Command, Option } from 'commander';
import { StoredRun } from '../../experiment/node/stored-run.ts';
import { formatBytes } from '../../figures/format.ts';
import { encodeSafetensors, type StoredTensor } from '../../io/safetensors.ts';
import type { Module } from '../../nn/module.ts';
import { writeFileAtomic } from '../../train/node/atomic.ts';
import { UsageError } from '../errors.ts';

const FORMATS = ['onnx', 'safetensors', 'npz'] as const;
type Format = (typeof FORMATS)[number];

interface Flags {
  readonly checkpoint: 'best' | 'latest';
  readonly format?: Format;
  readonly preprocessing?: boolean;
  readonly probabilities?: boolean;
  readonly tensorboard?: string;
}

const HELP = `
FILE's ending says the format, or --format does:
  .onnx          the model, for ONNX Runtime and others: input 'input', any number of examples; output 'logits' for classes, 'output' for values, and with
                 tasks one for each head, 'class' first. Classes, columns and the experiment are in its metadata
  .safetensors   the weights, by PyTorch's names
  .npz           the weights, for np.load

With --tensorboard DIR the run's figures, statistics, mistakes and options become TensorBoard's; 'train --tensorboard' writes them as training goes.

Examples:
  chainrule export runs/first model.onnx --preprocessing --probabilities     takes pixels, gives probabilities
  chainrule export runs/first weights.safetensors --checkpoint best
  chainrule export runs/first --tensorboard logs/first`;

export function command(): Command {
  return new Command('export')
    .description('Writes a trained model for other tools.')
    .argument('<run>', "a run's folder")
    .argument('[file]', 'what to write')
    .option('--tensorboard <DIR>', "write TensorBoard's event files of the run into this folder")
    .addOption(new Option('--format <NAME>', 'the format, where the ending does not say it').choices(FORMATS))
    .addOption(new Option('--checkpoint <NAME>', 'which weights').choices(['latest', 'best']).default('latest'))
    .option('--preprocessing', 'onnx: normalization, or standardization of columns, is a part of the model')
    .option('--probabilities', "onnx: 'probabilities' are an output too")
    .addHelpText('after', HELP)
    .action(runExport);
}

async function runExport(path: string, file: string | undefined, flags: Flags): Promise<void> {
  if (file === undefined && flags.tensorboard === undefined)
    throw new UsageError('nothing is asked for; name a file to write, or a folder with --tensorboard');
  const format = file === undefined ? null : formatOf(file, flags);
  const run = await StoredRun.open(path);
  if (flags.tensorboard !== undefined) {
    const { exportTensorboard } = await import('../tensorboard-export.ts');
    const count = await exportTensorboard(run, flags.tensorboard);
    process.stdout.write(`${flags.tensorboard}: ${path}, ${count} events. To look at them: tensorboard --logdir ${flags.tensorboard}\n`);
  }
  if (file !== undefined && format !== null) await exportModel(run, path, file, format, flags);
}

async function exportModel(run: StoredRun, path: string, file: string, format: Format, flags: Flags): Promise<void> {
  const { model, checkpoint } = await run.restore(flags.checkpoint);
  const bytes = await encode(format, model, run, flags);
  await writeFileAtomic(file, bytes);
  process.stdout.write(`${file}: ${path}, checkpoint ${checkpoint}, as ${format} (${formatBytes(bytes.length)})\n`);
}

function formatOf(file: string, flags: Flags): Format {
  const format = flags.format ?? FORMATS.find(name => file.toLowerCase().endsWith(`.${name}`));
  if (format === undefined)
    throw new UsageError(`'${file}' does not end in ${FORMATS.map(name => `.${name}`).join(', ')}; say what to write with --format`);
  for (const name of ['preprocessing', 'probabilities'] as const) {
    if (flags[name] && format !== 'onnx') throw new UsageError(`--${name}: it is for onnx; ${format} holds weights alone`);
  }
  return format;
}

async function encode(
  format: Format,
  model: Module,
  run: StoredRun,
  { preprocessing = false, probabilities = false }: Flags,
): Promise<Uint8Array> {
  if (format === 'onnx') {
    const { onnxOf } = await import('../../experiment/export.ts');
    return onnxOf(model, run.experiment, { ...run.data, preprocessing, probabilities });
  }
  const weights = new Map(
    [...model.stateDict()].map(([name, t]): [string, StoredTensor] => [name, { shape: t.shape, values: t.toArray() }]),
  );
  if (format === 'safetensors') return encodeSafetensors(weights, { format: 'pt' });
  const { encodeNpz } = await import('../../io/npz.ts');
  return encodeNpz(new Map([...weights].map(([name, { shape, values }]) => [name, { shape, data: values }])));
}
