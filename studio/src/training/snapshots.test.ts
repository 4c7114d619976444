import { expect, test } from 'vitest';
import type { Snapshot } from './protocol.ts';
import { Snapshots } from './snapshots.ts';

const at = (step: number, bytes = 40): Snapshot => ({
  step,
  ended: null,
  state: {} as never,
  model: new Map([['w', { shape: [bytes / 4], values: new Float32Array(bytes / 4) }]]),
  optimizer: new Map(),
  callbacks: new Map(),
});

test('keeps the start, the newest, and ever fewer between', () => {
  const kept = new Snapshots({ count: 8 });
  for (let step = 0; step <= 1000; step++) if (kept.isDue(step)) kept.add(at(step));
  expect(kept.length).toBeLessThanOrEqual(8);
  expect(kept.before(0)!.step).toBe(0);
  expect(kept.before(1000)!.step).toBeGreaterThan(700);
  const gaps = [...Array(1001).keys()].map(step => step - kept.before(step)!.step);
  expect(Math.max(...gaps)).toBeLessThan(260);
});

test('keeps within its bytes', () => {
  const kept = new Snapshots({ bytes: 10_000 });
  for (let step = 0; step < 100; step++) kept.add(at(step, 1000));
  expect(kept.length).toBeLessThanOrEqual(10);
});

test('puts one between in its place, once, and goes on from none that ended', () => {
  const kept = new Snapshots();
  for (const step of [0, 10, 4, 4]) kept.add(at(step));
  kept.add({ ...at(12), ended: 'completed' });
  expect([3, 4, 9, 10, 20].map(step => kept.before(step)!.step)).toEqual([0, 4, 4, 10, 10]);
  expect(kept.length).toBe(4);
});
