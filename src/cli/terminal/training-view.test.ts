import { describe, expect, test } from 'vitest';
import { Dataset, imageSize } from '../../data/dataset.ts';
import { grouped } from '../../figures/format.ts';
import type { Evaluation } from '../../train/evaluate.ts';
import type { BatchEnd, TrainEvent } from '../../train/events.ts';
import type { Output } from '../output.ts';
import type { Capabilities } from './capabilities.ts';
import { evaluationLine, showEvaluation, showLossCurve } from './evaluation-view.ts';
import { showPrediction, showTable } from './prediction-view.ts';
import { allModes, expectDrawable, PLAIN } from './test-modes.ts';
import { isKept, jsonView, LossLog, progressView, quietView } from './training-view.ts';

function record(capabilities: Capabilities): Output & { text(): string } {
  let text = '';
  const stream = { write: (more: string) => (text += more) };
  return { stream, capabilities, line: (more = '') => void stream.write(`${more}\n`), text: () => text };
}

const batch = (step: number, stepsPerEpoch: number): BatchEnd => ({
  type: 'batchEnd',
  epoch: 1,
  step,
  stepsPerEpoch,
  globalStep: step,
  loss: 1 / step,
  logs: { loss: 1 / step, accuracy: 0.5 },
  lr: 0.001,
  samples: step * 10,
  totalSamples: stepsPerEpoch * 10,
  elapsed: step / 100,
});
const begin: TrainEvent = {
  type: 'trainBegin',
  epochs: 2,
  stepsPerEpoch: 4,
  batchSize: 10,
  trainSamples: 40,
  validationSamples: 10,
  parameters: 100,
  startEpoch: 0,
  startStep: 0,
  backend: { name: 'wasm' },
  data: 'toys',
};
const epoch = (n: number, val_loss: number): TrainEvent => ({
  type: 'epochEnd',
  epoch: n,
  epochs: 2,
  logs: { loss: 0.3, accuracy: 0.9, val_loss, val_accuracy: 0.8 },
  lr: 0.001,
  samples: 40,
  elapsed: 2,
  validationElapsed: 0.5,
});
const warning: TrainEvent = { type: 'warning', code: 'deadUnits', message: 'mind\u001b[2J this' };

describe('events kept in JSON lines', () => {
  test('of a long epoch at most a hundred batches and the last; of a short one all; other events always', () => {
    const kept = Array.from({ length: 430 }, (_, i) => batch(i + 1, 430)).filter(isKept);
    expect(kept.length).toBeLessThanOrEqual(101);
    expect(kept.at(-1)).toMatchObject({ step: 430 });
    expect(Array.from({ length: 7 }, (_, i) => batch(i + 1, 7)).filter(isKept)).toHaveLength(7);
    expect(isKept(begin)).toBe(true);
  });

  test('one object a line', () => {
    const output = record(PLAIN);
    const view = jsonView(output, record(PLAIN));
    for (const event of [begin, batch(1, 4), epoch(1, 0.5)]) view.event(event);
    expect(
      output
        .text()
        .trim()
        .split('\n')
        .map(line => JSON.parse(line)),
    ).toEqual([begin, batch(1, 4), epoch(1, 0.5)]);
  });
});

test('plain lines: what is trained, one line an epoch, the best marked, warnings without control characters', () => {
  const output = record({ ...PLAIN, isTerminal: false });
  const view = progressView(output, event => [`on ${event.data}`]);
  for (const event of [begin, batch(1, 4), epoch(1, 0.5), warning, epoch(2, 0.6)]) view.event(event);
  view.close();
  expect(output.text()).toBe(
    [
      'on toys',
      'epoch 1/2  loss 0.3000  accuracy 90.00 %  val_loss 0.5000  val_accuracy 80.00 %  20 samples/s  2.5s  best so far',
      'Warning: mind this',
      'epoch 2/2  loss 0.3000  accuracy 90.00 %  val_loss 0.6000  val_accuracy 80.00 %  20 samples/s  2.5s',
      '',
    ].join('\n'),
  );
});

test('a quiet view tells warnings alone', () => {
  const output = record(PLAIN);
  const view = quietView(output);
  for (const event of [begin, batch(1, 4), epoch(1, 0.5), warning]) view.event(event);
  expect(output.text()).toBe('Warning: mind this\n');
});

const images = Dataset.from({ features: new Uint8Array(3 * 784).fill(200), targets: Uint8Array.of(0, 1, 1), featureShape: [1, 28, 28] });
const evaluation: Evaluation = {
  logs: { loss: 0.25, accuracy: 2 / 3 },
  samples: 3,
  confusion: [
    [1, 0],
    [1, 1],
  ],
  mistakes: [{ index: 1, truth: 1, predicted: 0, probability: 0.9, truthProbability: 0.1 }],
  pairs: [],
};

test('figures in a line', () => {
  expect(evaluationLine('Test', evaluation)).toBe('Test: loss 0.2500, accuracy 66.67 % (1 of 3 wrong)');
  expect(evaluationLine('Test', { logs: { loss: 2 }, samples: 12_345, confusion: null, mistakes: [], pairs: [] })).toBe(
    'Test: loss 2 (12,345 examples)',
  );
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
});

test('pictures are known by their shape', () => {
  expect(imageSize([1, 28, 28])).toEqual({ width: 28, height: 28 });
  expect(imageSize([5, 8])).toEqual({ width: 8, height: 5 });
  for (const shape of [[4], [3, 28, 28], []]) expect(imageSize(shape)).toBeNull();
});

test('everything fits every terminal', () => {
  const log = new LossLog();
  for (let i = 1; i <= 20; i++) log.event(batch(i, 20));
  const epochs = [3, 2, 1, 0.5].map(loss => ({ loss, val_loss: loss + 0.1 }));
  const probabilities = { 7: 0.9, 1: 0.06, 9: 0.04 };
  for (const capabilities of [...allModes(40), ...allModes(100)]) {
    const output = record(capabilities);
    showEvaluation(output, evaluation, images);
    showLossCurve(output, epochs, log);
    showLossCurve(output, [], log);
    showPrediction(output, { file: 'my7.png', index: 0, probabilities }, { pixels: images.raw(0), width: 28, height: 28 });
    showTable(output, [{ file: 'a.idx', index: 4, class: '7', probability: 0.9, probabilities }], true);
    showTable(output, [{ file: 'rows.csv', index: 4, value: 12.3456 }], false);
    expectDrawable(output.text(), capabilities);
    for (const word of ['Confusion', 'true 1  said 0', 'epoch', 'step', 'my7.png', '12.35']) expect(output.text()).toContain(word);
  }
});
