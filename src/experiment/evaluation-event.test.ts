import { expect, it } from 'vitest';
import { digits } from '../data/digits/digits.ts';
import { evaluationEvent } from './evaluation-event.ts';

it('holds the pictures of the mistakes, and crosses through JSON', () => {
  const { test } = digits({ train: 10, test: 20 });
  const mistake = { index: 3, truth: 1, predicted: 0, probability: 0.9, truthProbability: 0.1 };
  const evaluation = { logs: { loss: 1 }, samples: 20, confusion: null, mistakes: [mistake], pairs: [] };
  const event = evaluationEvent('test', evaluation, test);
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
  const { pixels, ...rest } = event.mistakes[0];
  expect(rest).toEqual(mistake);
  expect(Uint8Array.from(atob(pixels!), unit => unit.charCodeAt(0))).toEqual(test.raw(3));
});
