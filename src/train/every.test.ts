import { expect, it } from 'vitest';
import { parseEvery } from './every.ts';

it.each([
  ['500steps', { count: 500, unit: 'step' }],
  ['1 step', { count: 1, unit: 'step' }],
  ['step', { count: 1, unit: 'step' }],
  ['5min', { count: 5, unit: 'minute' }],
  ['0.5 minutes', { count: 0.5, unit: 'minute' }],
  ['2epochs', { count: 2, unit: 'epoch' }],
  ['Epoch', { count: 1, unit: 'epoch' }],
  ['3', { count: 3, unit: 'epoch' }],
  [3, { count: 3, unit: 'epoch' }],
])('%j is read', (text, every) => {
  expect(parseEvery(text)).toEqual(every);
});

it.each([
  '',
  ' ',
  '0',
  '0steps',
  '-1',
  '1.5epochs',
  '2.5',
  '1e3',
  '5 hours',
  'steps5',
  'min5',
  '1 2',
  '9'.repeat(400),
  '99999999999999999steps',
  Number.NaN,
])('%j is not', text => {
  expect(parseEvery(text)).toBeNull();
});
