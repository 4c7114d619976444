/** A trained model as an ONNX file that says what it takes and gives. Apart from the rest of `experiment`, since only those who export need it. */
import type { DatasetInfo } from '../data/dataset.ts';
import { featureNames } from '../data/table.ts';
import { encodeOnnx, type OnnxPreprocessing } from '../io/onnx/onnx.ts';
import type { Module } from '../nn/module.ts';
import { sizeOf } from '../tensor/shape.ts';
import type { TablePreprocessing } from './prepare.ts';
import type { Experiment } from './types.ts';

export interface ExportOptions {
  /** What the data was. */
  readonly info: DatasetInfo;
  /** For tables; null for images. */
  readonly table: TablePreprocessing | null;
  /** Puts normalization, or a table's standardization, into the file: it then takes bytes 0 to 255, or columns as they are. Default false. */
  readonly preprocessing?: boolean;
  /** Adds the probabilities of classes as an output. Default false. */
  readonly probabilities?: boolean;
}

/**
 * The ONNX file of a model of this experiment. Its input is `input` [batch, ...]; its output `logits` for classes, `output` for values, and with tasks one
 * for each head, `class` first. Its metadata holds the classes, the columns of a table, and the experiment, as JSON.
 */
export function onnxOf(
  model: Module,
  experiment: Experiment,
  { info, table, preprocessing = false, probabilities = false }: ExportOptions,
): Uint8Array {
  const isClass = info.targetKind === 'class';
  const metadata = {
    ...(isClass ? { classes: JSON.stringify(info.classNames) } : {}),
    ...(table === null ? {} : { features: JSON.stringify(featureNames(table.schema)) }),
    ...(experiment.tasks.length === 0 ? {} : { tasks: JSON.stringify(experiment.tasks) }),
    experiment: JSON.stringify(experiment),
  };
  return encodeOnnx(model, {
    inputShape: info.featureShape,
    outputSizes: [
      isClass ? info.classNames.length : Math.max(1, sizeOf(info.targetShape)),
      ...experiment.tasks.map(task => task.groups.length),
    ],
    outputName: isClass ? 'logits' : 'output',
    preprocessing: preprocessing ? preprocessingOf(info, table) : null,
    probabilities: probabilities && isClass,
    metadata,
  });
}

function preprocessingOf({ normalization }: DatasetInfo, table: TablePreprocessing | null): OnnxPreprocessing {
  if (table !== null) return { kind: 'standardize', ...table.standardizer };
  // Bytes are what is scaled to 0..1.
  return { kind: 'normalize', ...normalization, bytes: normalization.scale !== 1 };
}
