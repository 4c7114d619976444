import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sweepPage } from '../../report/sweep-page.ts';
import { parseExperiment } from '../schema.ts';
import { rank, type SweepPlan } from '../sweep.ts';
import { parseDimension } from '../sweep-space.ts';
import { createSweep, openSweep, runSweep, trialFolder } from './sweep.ts';

const root = mkdtempSync(join(tmpdir(), 'chainrule-sweep-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const plan = (changes: Partial<SweepPlan> = {}): SweepPlan => ({
  ...{ format: 1, given: {}, method: 'halving', trials: 4, seed: 1, eta: 2 },
  base: parseExperiment({
    data: { name: 'digits', train: 200, test: 20, validation: 60 },
    model: { hidden: [8], dropout: 0.2 },
    optimizer: { name: 'sgd', momentum: 0.9 },
    schedule: { name: 'cosine' },
    training: { epochs: 4, batchSize: 20 },
  }),
  dimensions: [parseDimension('lr=1e-3..1:log'), parseDimension('dropout=0,0.3')],
  ...changes,
});

/** Every result but its seconds, and the winner's weights. */
async function outcome(folder: string): Promise<unknown> {
  const { trials, complete } = await openSweep(folder);
  const checkpoints = join(trialFolder(folder, rank(trials)[0].index), 'checkpoints');
  const latest = readFileSync(join(checkpoints, 'latest'), 'utf8').trim();
  const weights = readFileSync(join(checkpoints, latest, 'model.safetensors')).toString('base64');
  return { complete, weights, trials: trials.map(one => ({ ...one, results: one.results.map(result => ({ ...result, seconds: 0 })) })) };
}

describe('a sweep', () => {
  it('that is ended anywhere and goes on equals one that never was', async () => {
    const whole = join(root, 'whole');
    await createSweep(whole, plan());
    await runSweep(whole, { entry: null });
    const expected = await outcome(whole);
    expect((expected as { complete: boolean }).complete).toBe(true);
    expect(readdirSync(join(whole, 'results')).length).toBe(4 + 2 + 1);
    const broken = join(root, 'broken');
    await createSweep(broken, plan());
    for (let stop = 1; ; stop += 3) {
      // after so many steps of any trial the process ends: what it did since its last checkpoint is lost
      const controller = new AbortController();
      let events = 0;
      const entry = null;
      const sweep = await runSweep(broken, { entry, signal: controller.signal, onTrial: () => ++events === stop && controller.abort() });
      // a result that was not yet written when the process ended is found again from the trial's checkpoint
      const last = readdirSync(join(broken, 'results')).sort().at(-1)!;
      if (stop === 1) rmSync(join(broken, 'results', last));
      if (sweep.complete) break;
    }
    expect(await outcome(broken)).toEqual(expected);
  });

  it('never trains anew what a rung before has trained', async () => {
    const folder = join(root, 'whole');
    const { trials } = await openSweep(folder);
    const events = readFileSync(join(trialFolder(folder, rank(trials)[0].index), 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    expect(events.filter(one => one.type === 'epochEnd').map(one => one.epoch)).toEqual([1, 2, 3, 4]);
    expect(events.some(one => one.type === 'evaluation')).toBe(false);
  });

  it('ranks a trial that diverges last, with the reason, and has a report', async () => {
    const folder = join(root, 'wild');
    await createSweep(folder, plan({ method: 'grid', dimensions: [parseDimension('lr=1e20,0.1')] }));
    const sweep = await runSweep(folder, { entry: null });
    const ranked = rank(sweep.trials);
    expect(ranked.map(one => one.choice.lr)).toEqual(['0.1', '1e20']);
    expect(ranked[1].results[0].failure).toContain('the loss became');
    const page = await sweepPage(sweep, 'sweeps/<b>');
    expect(page).toContain('failed: the loss became');
    expect(page).toContain('chainrule train --config &#39;sweeps/&lt;b&gt;/trials/001/experiment.json&#39;');
    expect(page).not.toContain('<b>/trials');
  });

  it('is made in an empty folder only, and opened where one is', async () => {
    await expect(createSweep(join(root, 'whole'), plan())).rejects.toThrow('whole is not empty, and a sweep never writes over anything');
    await expect(openSweep(root)).rejects.toThrow('not the folder of a sweep: it has no sweep.json');
    await expect(createSweep(join(root, 'no'), plan({ dimensions: [parseDimension('dropout=0,2')] }))).rejects.toThrow(
      '--dropout: 2 was given',
    );
  });
});
