import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import { Identity, Linear, Sequential } from '../nn/index.ts';
import { tensor, zeros } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import { evaluate, predict, predictProbabilities } from './evaluate.ts';
import { accuracy } from './metrics.ts';
import { blobs, smallNet } from './testing.ts';

/** Examples whose features are the logits. */
const logits = [
  [5, 0, 0], // a, right
  [0, 3, 0], // taken for b, is a
  [0, 1, 0], // b, right
  [9, 0, 0], // taken for a, is b: the worst
  [0, 0, 2], // c, right
];
const truth = [0, 0, 1, 1, 2];
const data = Dataset.from({
  features: Float32Array.from(logits.flat()),
  targets: Uint8Array.from(truth),
  featureShape: [3],
  classNames: ['a', 'b', 'c'],
});

describe('evaluate', () => {
  it.each([1, 2, 3, 500])('tells means, the confusion and the worst mistakes, in batches of %s', async batchSize => {
    const result = await evaluate(new Identity(), data, { loss: crossEntropy, batchSize, mistakes: 5 });
    const share = (row: number[], c: number) => Math.exp(row[c]) / row.reduce((total, v) => total + Math.exp(v), 0);
    const loss = logits.reduce((total, row, i) => total - Math.log(share(row, truth[i])), 0) / 5;
    expect(result.logs.loss).toBeCloseTo(loss, 6);
    expect(result.logs.accuracy).toBe(3 / 5);
    expect(result.samples).toBe(5);
    expect(result.confusion).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [0, 0, 1],
    ]);
    expect(result.mistakes.map(m => [m.index, m.truth, m.predicted])).toEqual([
      [3, 1, 0],
      [1, 0, 1],
    ]);
    expect(result.mistakes[0].probability).toBeCloseTo(share(logits[3], 0), 6);
    expect(result.mistakes[0].truthProbability).toBeCloseTo(share(logits[3], 1), 9);
  });

  it('keeps as many mistakes as asked for, none by default, by their place in the data set given', async () => {
    const options = { loss: crossEntropy };
    expect((await evaluate(new Identity(), data, options)).mistakes).toEqual([]);
    expect((await evaluate(new Identity(), data, { ...options, mistakes: 1 })).mistakes.length).toBe(1);
    const part = await evaluate(new Identity(), data.subset([4, 3]), { ...options, mistakes: 9 });
    expect(part.mistakes.map(m => m.index)).toEqual([1]);
  });

  it('of values has no confusion; nor has a model with other outputs than classes', async () => {
    const table = Dataset.from({
      features: Float32Array.of(1, 2),
      targets: Float32Array.of(1, 4),
      targetKind: 'value',
      targetShape: [1],
      featureShape: [1],
    });
    const result = await evaluate(new Identity(), table, { loss: mseLoss });
    expect(result).toEqual({ logs: { loss: 2 }, samples: 2, confusion: null, mistakes: [], pairs: [] });
    const more = await evaluate(new Identity(), table, { loss: mseLoss, pairs: 500 });
    expect(more.pairs).toEqual([
      [1, 1],
      [4, 2],
    ]);
    expect((await evaluate(new Identity(), table, { loss: mseLoss, pairs: 1 })).pairs).toEqual([[1, 1]]);
    const wide = await evaluate(new Sequential(new Linear(3, 5)), data, { loss: crossEntropy, mistakes: 3 });
    expect([wide.confusion, wide.mistakes]).toEqual([null, []]);
  });

  it('runs in inference mode, leaves nothing alive, and the model on its backend', async () => {
    const model = withBackend('reference64', () => smallNet(1, 0.5));
    const test = blobs(40, 3);
    const first = await evaluate(model, test, { loss: crossEntropy });
    const before = liveTensors();
    expect(await evaluate(model.train(), test, { loss: crossEntropy, batchSize: 7 })).toMatchObject({ confusion: first.confusion });
    expect(liveTensors()).toBeLessThanOrEqual(before);
    expect(model.training).toBe(false);
  });

  it('an empty data set is refused', async () => {
    await expect(evaluate(new Identity(), data.take(0), { loss: crossEntropy })).rejects.toThrow(
      new UserError("DataLoader: the dataset 'data' is empty"),
    );
  });
});

it('accuracy counts labels or the largest probability, the first among equals', () => {
  const output = tensor([
    [1, 2],
    [3, 3],
    [0, 1],
  ]);
  expect(accuracy(output, tensor([1, 0, 0]))).toBe(2);
  expect(
    accuracy(
      output,
      tensor([
        [0.1, 0.9],
        [0.2, 0.8],
        [0, 1],
      ]),
    ),
  ).toBe(2);
});

it('predictions need no step, carry no gradient and live on', () => {
  const model = smallNet(2, 0.5);
  const y = predict(model, zeros([2, 2]));
  expect([y.shape, y.requiresGrad, model.training]).toEqual([[2, 3], false, false]);
  expect(predict(model, zeros([2, 2])).toArray()).toEqual(y.toArray());
  const p = predictProbabilities(model, zeros([2, 2]));
  expect(p.length).toBe(6);
  expect(p[0] + p[1] + p[2]).toBeCloseTo(1, 6);
  const inside = step(() => predict(model, zeros([1, 2])).shape);
  expect(inside).toEqual([1, 3]);
});
