import { describe, expect, test } from 'vitest';
import { preparePoints } from '../../../../src/experiment/prepare.ts';
import { type RunResult, runExperiment } from '../../../../src/experiment/run.ts';
import { experimentOf } from './state.ts';
import { type StoryName, storyNames, storyState } from './stories.ts';

const ends = new Map<string, Promise<RunResult>>();

/** A story's run, trained to its end once. */
function endOf(name: StoryName, index = 0): Promise<RunResult> {
  const key = `${name} ${index}`;
  if (!ends.has(key)) {
    const state = storyState(name);
    ends.set(key, runExperiment(experimentOf(state, index), { data: preparePoints(state.data) }));
  }
  return ends.get(key)!;
}
const last = async (name: StoryName, index = 0): Promise<Record<string, number>> => (await endOf(name, index)).history.epochs.at(-1)!;

describe('every story shows what its text says', () => {
  test('memorize: perfect on what it trained on, and ever worse on what it did not', async () => {
    const { history } = await endOf('memorize');
    const best = Math.min(...history.epochs.map(logs => logs.val_loss));
    expect((await last('memorize')).accuracy).toBe(1);
    expect((await last('memorize')).val_loss).toBeGreaterThan(3 * best);
  });

  test.each<StoryName>(['l2', 'dropout', 'earlyStopping'])('%s: cured', async name => {
    const { history, evaluation } = await endOf(name);
    expect(history.epochs.at(-1)!.val_loss).toBeLessThan(0.5 * (await last('memorize')).val_loss);
    expect(evaluation!.logs.loss).toBeLessThan(0.5 * (await endOf('memorize')).evaluation!.logs.loss);
    if (name === 'earlyStopping') expect(history.reason).toBe('earlyStopping');
  });

  test('a deep net of sigmoids: stuck, half way, learned', async () => {
    expect(Math.abs((await last('sigmoidBad')).val_loss - Math.log(2))).toBeLessThan(0.01);
    expect((await last('sigmoidHe')).val_accuracy).toBeGreaterThan(0.55);
    expect((await last('sigmoidHe')).val_accuracy).toBeLessThan(0.9);
    expect((await last('sigmoidBatchNorm')).val_accuracy).toBeGreaterThan(0.95);
  });

  test('learning rates: too small, right, too large', async () => {
    const [small, right, large] = await Promise.all([0, 1, 2].map(i => last('rates', i)));
    expect(right.val_accuracy).toBeGreaterThan(0.95);
    expect(small.val_loss).toBeGreaterThan(5 * right.val_loss);
    expect(large.val_loss).toBeGreaterThan(5 * right.val_loss);
  });

  test('optimizers: plain SGD is the slowest', async () => {
    const after = async (index: number): Promise<number> => (await endOf('optimizers', index)).history.epochs[74].val_loss;
    const [sgd, ...others] = await Promise.all([0, 1, 2, 3].map(after));
    for (const loss of others) expect(loss).toBeLessThan(0.7 * sgd);
  });

  test('all are of runs that can be made', () => {
    for (const name of storyNames) expect(storyState(name).runs.length).toBeGreaterThan(0);
  });
});
