import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../errors.ts';
import type { TrainEvent } from '../../train/events.ts';
import { parseExperiment } from '../schema.ts';
import type { Experiment } from '../types.ts';
import type { Job } from './job.ts';
import { type Outcome, runJobs, workerEntry } from './workers.ts';

// A worker cannot load TypeScript on every Node: its script is bundled from these sources first.
const folder = mkdtempSync(join(tmpdir(), 'chainrule-workers-'));
const entry = pathToFileURL(join(folder, 'worker.mjs'));
beforeAll(async () => {
  await build({
    input: fileURLToPath(new URL('./worker.ts', import.meta.url)),
    platform: 'node',
    logLevel: 'warn',
    output: { file: fileURLToPath(entry), codeSplitting: false },
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const script = (name: string, code: string): URL => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, `import { parentPort } from 'node:worker_threads';\nconst port = parentPort;\n${code}`);
  return pathToFileURL(path);
};

const experiment = (changes: object = {}): Experiment =>
  parseExperiment({
    data: { name: 'digits', train: 300, test: 60, validation: 60 },
    model: { hidden: [12] },
    training: { epochs: 2, batchSize: 40 },
    ...changes,
  });
const job = (changes: object = {}): Job => ({ experiment: experiment(changes) });

function report(outcome: Outcome): Extract<Outcome, { ok: true }>['report'] {
  if (!outcome.ok) throw outcome.error;
  return outcome.report;
}
const message = (outcome: Outcome): string => (outcome.ok ? 'no error' : outcome.error.message);

describe('runJobs', () => {
  it('gives the same bits in threads and in this thread, in the order of the jobs', async () => {
    const jobs = [1, 2, 3].map(seed => ({ ...job({ seed }), weights: true }));
    const events: [number, TrainEvent['type']][] = [];
    const beside = await runJobs(jobs, { threads: 2, entry, onEvent: (index, event) => events.push([index, event.type]) });
    const inTurn = await runJobs(jobs, { entry: null });
    for (const [i, outcome] of beside.entries()) {
      const [a, b] = [report(outcome), report(inTurn[i])];
      expect(a.weights).toEqual(b.weights);
      expect(a.weights!.get('1.weight')!.values.length).toBe(784 * 12);
      expect({ ...a, seconds: 0 }).toEqual({ ...b, seconds: 0 });
      expect(a.epochs.length).toBe(2);
      expect(a.test!.samples).toBe(60);
      expect(a.validation!.logs.loss).toBeCloseTo(a.epochs[1].val_loss, 4);
      expect(a.seconds).toBeGreaterThan(0);
      expect(events.filter(([index, type]) => index === i && type === 'epochEnd').length).toBe(2);
    }
    expect(report(beside[0]).weights).not.toEqual(report(beside[1]).weights);
  });

  it('gives the error of one run as its outcome, and the results of the others', async () => {
    const jobs = [job(), job({ data: { name: 'csv', file: '/nowhere.csv', label: 'y' } }), job({ seed: 2 })];
    const ended: number[] = [];
    const outcomes = await runJobs(jobs, { threads: 1, entry, onOutcome: index => ended.push(index) });
    expect(outcomes.map(o => o.ok)).toEqual([true, false, true]);
    expect(message(outcomes[1])).toBe('/nowhere.csv: there is no such file; a CSV file was expected');
    expect((outcomes[1] as { error: Error }).error).toBeInstanceOf(UserError);
    expect(ended).toEqual([0, 1, 2]);
  });

  it('never waits for a thread that has died, and goes on with the next', async () => {
    const dying = script(
      'dying',
      `port.on('message', ({ job }) => {
        if (job.experiment.seed === 1) process.exit(3);
        if (job.experiment.seed === 2) throw new TypeError('broken');
        if (job.experiment.seed === 3) setTimeout(() => Promise.reject(new Error('unhandled')));
        if (job.experiment.seed === 4) port.postMessage({ type: 'done', report: 'a report' });
      });`,
    );
    const outcomes = await runJobs(
      [1, 2, 3, 4].map(seed => job({ seed })),
      { threads: 1, entry: dying },
    );
    expect(outcomes.map(message)).toEqual([
      'the thread of the run ended with code 3 before the run was done',
      'broken',
      'unhandled',
      'no error',
    ]);
    const [missing] = await runJobs([job()], { entry: pathToFileURL(join(folder, 'not-there.mjs')) });
    expect(message(missing)).toContain('not-there.mjs');
  });

  it('stops the runs under way when told, and begins no more', async () => {
    const controller = new AbortController();
    const long = { training: { epochs: 100_000, batchSize: 10 } };
    const outcomes = await runJobs([job(long), job({ ...long, seed: 2 }), job({ seed: 3 })], {
      threads: 2,
      entry,
      signal: controller.signal,
      onEvent: (index, event) => {
        if (index === 1 && event.type === 'epochEnd') controller.abort();
      },
    });
    for (const outcome of outcomes.slice(0, 2)) {
      expect(report(outcome).reason).toBe('interrupted');
      expect(report(outcome).test).toBeNull();
    }
    expect(message(outcomes[2])).toBe('the run was stopped before it began');
  });

  it('ends a thread that does not stop when told', async () => {
    const deaf = script('deaf', `port.on('message', () => port.postMessage({ type: 'event', event: { type: 'epochBegin' } }));`);
    const controller = new AbortController();
    const onEvent = (): void => controller.abort();
    const [outcome] = await runJobs([job()], { entry: deaf, signal: controller.signal, grace: 50, onEvent });
    expect(message(outcome)).toBe('the run did not stop when asked; its thread was ended');
  });

  it('refuses a count of threads that cannot be, and finds no script beside the sources', async () => {
    await expect(runJobs([job()], { threads: 0 })).rejects.toThrow('threads is 0; it must be a whole number of at least 1');
    expect(workerEntry()).toBeNull();
    expect(await runJobs([])).toEqual([]);
  });
});
