/** Runs for tests of the report, made without training. */
import { experimentFromFlags } from '../experiment/flags.ts';
import { readCourse } from './course.ts';
import type { ReportRun } from './run-data.ts';

const begin = {
  ...{
    type: 'trainBegin',
    epochs: 3,
    stepsPerEpoch: 10,
    batchSize: 4,
    trainSamples: 40,
    validationSamples: 8,
    parameters: 12,
    startEpoch: 0,
  },
  ...{ backend: { name: 'wasm', threads: 1 }, data: 'some data' },
};

export const batch = (globalStep: number, loss: number = 1 / globalStep): object => ({
  ...{ type: 'batchEnd', epoch: Math.ceil(globalStep / 10), step: ((globalStep - 1) % 10) + 1, stepsPerEpoch: 10, globalStep, loss },
  ...{ logs: { loss }, lr: 0.01, samples: 4, totalSamples: 40, elapsed: 0.1 },
});

export const epochEnd = (
  epoch: number,
  logs: object = { loss: 1 / epoch, accuracy: 0.5, val_loss: 2 / epoch, val_accuracy: 0.25 },
): object => ({
  ...{ type: 'epochEnd', epoch, epochs: 3, logs, lr: 0.01, samples: 40, elapsed: 2, validationElapsed: 0.5 },
});

export const trainBegin = (startEpoch: number = 0): object => ({ ...begin, startEpoch });

export const trainEnd = (reason: string = 'completed'): object => ({
  type: 'trainEnd',
  reason,
  message: '',
  epoch: 3,
  globalStep: 30,
  elapsed: 9,
});

export const evaluation = (logs: object, extra: object = {}): object => ({
  ...{ type: 'evaluation', part: 'test', logs, samples: 5, confusion: null, mistakes: [], pairs: [] },
  ...extra,
});

export function lines(...events: readonly object[]): string {
  return events.map(event => `${JSON.stringify(event)}\n`).join('');
}

/** A run of three classes on pictures of 2 by 2. */
export function sampleRun(name = 'runs/a', changes: Partial<ReportRun> = {}, events: readonly object[] = whole()): ReportRun {
  const info = {
    ...{ name: 'digits', provenance: 'drawn for a test', featureShape: [1, 2, 2], targetKind: 'class' as const, targetShape: [] },
    ...{ classNames: ['cat', 'dog', 'owl'], normalization: { scale: 1, mean: 0, std: 1 } },
  };
  return {
    name,
    experiment: experimentFromFlags({ flags: { '--lr': '0.01' }, config: { data: { name: 'digits' } } }),
    info,
    table: null,
    record: { chainrule: '0.1.0', engine: 'node v20', platform: 'linux x64', command: ['chainrule', 'train', 'digits', '--out', "it's"] },
    course: readCourse(lines(...events))!,
    weights: {
      checkpoint: 'step-00000030',
      globalStep: 30,
      tensors: [{ name: '1.weight', shape: [3, 4], values: [3, 0, 0, 4, 0, 0, 0, 0, -1, 0, 0, 0] }],
    },
    ...changes,
  };
}

function whole(): object[] {
  const confusion = [
    [2, 0, 0],
    [1, 1, 0],
    [0, 0, 1],
  ];
  const mistakes = [
    { index: 3, truth: 1, predicted: 0, probability: 0.9, truthProbability: 0.05, pixels: btoa('\u0000\u00ff\u0080\u0001') },
  ];
  const batches = Array.from({ length: 30 }, (_, i) => batch(i + 1));
  return [
    trainBegin(),
    ...batches,
    epochEnd(1),
    epochEnd(2),
    epochEnd(3),
    trainEnd(),
    evaluation({ loss: 0.4, accuracy: 0.8 }, { confusion, mistakes }),
  ];
}
