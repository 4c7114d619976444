import { expect, inject, test } from 'vitest';
import { experimentRun, smallRun } from './small-run.ts';

test('a net trained in the browser has the bits of one trained in Node', () => {
  expect(globalThis).toHaveProperty('document');
  const node = inject('nodeRun');
  const here = smallRun();
  expect(here.losses.at(-1)).toBeLessThan(0.5 * here.losses[0]);
  expect(here.losses).toEqual(node.losses);
  expect(Object.keys(here.weights)).toEqual(['1.weight', '1.bias', '4.weight', '4.bias']);
  for (const [key, bits] of Object.entries(here.weights)) expect(bits, key).toEqual(node.weights[key]);
});

test('so has an experiment, with augmentation, mixup, normalization, dropout, momentum and a schedule', async () => {
  const node = inject('nodeExperiment');
  const here = await experimentRun();
  expect(here).toEqual(node);
  expect(Object.keys(here.weights).length).toBeGreaterThan(10);
});
