/** What is written is, byte for byte, what TensorBoard's own messages and record writer write (write_tensorboard.py beside this). */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fileVersion, histograms, hparamsBegin, hparamsEnd, scalars } from '../../src/io/tensorboard/records.ts';

test('records of an event file', () => {
  const histogram = { min: -1, max: 2, count: 4, sum: 3, sumOfSquares: 7.5, limits: [0, 2], counts: [1, 3] };
  const hparams = { 'model.hidden': '512,256', 'optimizer.lr': 0.001, 'training.dropLast': false };
  const records = [
    fileVersion(1000.5),
    hparamsBegin(1000.5, hparams, [{ group: 'validation', tag: 'epoch/loss' }]),
    scalars({ wallTime: 1001, step: 7 }, { 'step/loss': 0.25, 'step/nan': Number.NaN }),
    histograms({ wallTime: 1002, step: 2 ** 33 }, new Map([['weights/0_Linear', histogram]])),
    hparamsEnd(1009.25, true),
  ];
  const golden = readFileSync(new URL('tensorboard.tfevents', import.meta.url));
  expect(Buffer.concat(records).toString('hex')).toBe(golden.toString('hex'));
});
