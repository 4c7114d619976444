/** Carries out a sweep in a folder: each trial's result is written when it is there, so that a sweep that was killed goes on where it stood. */
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { writeFileAtomic } from '../../train/node/atomic.ts';
import { Lock } from '../../train/node/lock.ts';
import { checkPlan, choicesOf, type Rung, rank, rungsOf, type Sweep, type SweepPlan, type Trial, type TrialResult } from '../sweep.ts';
import { experimentOf } from '../sweep-space.ts';
import type { Job } from './job.ts';
import { type Outcome, type RunJobsOptions, runJobs } from './workers.ts';

export interface SweepOptions extends Pick<RunJobsOptions, 'threads' | 'signal' | 'entry'> {
  readonly load?: NonNullable<Job['load']>;
  /** Called when a trial has ended a rung. */
  readonly onTrial?: (trial: Trial, result: TrialResult, rung: Rung) => void;
  readonly onRung?: (rung: Rung, number: number, count: number) => void;
}

/** `DIR/trials/007`: the run folder of a trial. */
export function trialFolder(sweep: string, index: number): string {
  return join(sweep, 'trials', String(index).padStart(3, '0'));
}

function resultPath(sweep: string, index: number, rung: number): string {
  return join(sweep, 'results', `${String(index).padStart(3, '0')}-rung-${rung}.json`);
}

/** A new sweep's folder with its plan. */
export async function createSweep(folder: string, plan: SweepPlan): Promise<void> {
  checkPlan(plan);
  for (const choice of choicesOf(plan)) experimentOf(plan.base, choice, plan.given); // what cannot be is told before anything is written
  const names = await readdir(folder).catch((): string[] => []);
  if (names.length > 0)
    throw new UserError(
      `--out: ${folder} is not empty, and a sweep never writes over anything`,
      `To go on with the sweep in it: chainrule sweep --resume ${folder}`,
    );
  await mkdir(join(folder, 'trials'), { recursive: true });
  await mkdir(join(folder, 'results'), { recursive: true });
  await writeFileAtomic(join(folder, 'sweep.json'), `${JSON.stringify(plan, null, 2)}\n`);
}

/** The plan of an existing sweep, and what its trials came to so far. */
export async function openSweep(folder: string): Promise<Sweep> {
  const path = join(folder, 'sweep.json');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new UserError(`${folder}: not the folder of a sweep: it has no sweep.json`);
  });
  const plan = parse(text, path) as SweepPlan;
  if (plan?.format !== 1) throw new UserError(`${path}: format ${JSON.stringify(plan?.format)} was found; this chainrule reads format 1`);
  const rungs = rungsFor(plan);
  const trials = await Promise.all(
    choicesOf(plan).map(
      async (choice, index): Promise<Trial> => ({ index, choice, results: await resultsOf(folder, index, rungs.length) }),
    ),
  );
  return { plan, trials, complete: isComplete(trials, rungs) };
}

async function resultsOf(folder: string, index: number, rungs: number): Promise<TrialResult[]> {
  const out: TrialResult[] = [];
  for (let rung = 0; rung < rungs; rung++) {
    const path = resultPath(folder, index, rung);
    const text = await readFile(path, 'utf8').catch(() => null);
    if (text === null) break;
    out.push(parse(text, path) as TrialResult);
  }
  return out;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: not JSON (${(error as Error).message}); the file is damaged. Remove it, and resume the sweep`);
  }
}

function rungsFor(plan: SweepPlan): Rung[] {
  const count = plan.method === 'grid' ? choicesOf(plan).length : plan.trials;
  const { epochs } = plan.base.training;
  return plan.method === 'halving' ? rungsOf(count, epochs, plan.eta) : [{ trials: count, epochs }];
}

function isComplete(trials: readonly Trial[], rungs: readonly Rung[]): boolean {
  return rungs.every((_, number) => membersOf(trials, rungs, number).every(({ results }) => results.length > number));
}

/** The trials of a rung: all of the first; of a later one the best of the rung before, by what they came to there. Failed ones never go on. */
function membersOf(trials: readonly Trial[], rungs: readonly Rung[], number: number): Trial[] {
  if (number === 0) return [...trials];
  const before = membersOf(trials, rungs, number - 1).map(trial => ({ ...trial, results: trial.results.slice(0, number) }));
  const chosen = rank(before.filter(trial => trial.results.at(-1)?.validation != null)).slice(0, rungs[number].trials);
  return chosen.map(({ index }) => trials[index]).sort((a, b) => a.index - b.index);
}

/** What a process left half written when it was killed. */
async function clear(folder: string): Promise<void> {
  const results = join(folder, 'results');
  for (const name of await readdir(results).catch((): string[] => [])) {
    if (name.endsWith('.tmp')) await rm(join(results, name), { force: true });
  }
}

/** Does what is left to do. Which trials go on is decided when all of a rung are done, so that no thread's pace matters. */
export async function runSweep(folder: string, options: SweepOptions = {}): Promise<Sweep> {
  await openSweep(folder); // a lock is taken only where a sweep is
  const lock = await Lock.take(join(folder, 'lock'));
  try {
    await clear(folder);
    return await carryOut(folder, options);
  } finally {
    await lock.release();
  }
}

async function carryOut(folder: string, options: SweepOptions): Promise<Sweep> {
  const { plan, trials: found } = await openSweep(folder);
  const { onTrial, onRung, load, ...running } = options;
  const trials: Trial[] = [...found];
  const rungs = rungsFor(plan);
  for (const [number, rung] of rungs.entries()) {
    const members = membersOf(trials, rungs, number).filter(({ results }) => results.length <= number);
    if (members.length === 0) continue;
    onRung?.(rung, number, rungs.length);
    const jobs = members.map(
      ({ index, choice }): Job => ({
        experiment: experimentOf(plan.base, choice, plan.given),
        trial: { folder: trialFolder(folder, index), until: rung.epochs },
        ...(load === undefined ? {} : { load }),
      }),
    );
    const written: Promise<void>[] = [];
    await runJobs(jobs, {
      ...running,
      onOutcome: (i, outcome) => {
        const result = resultOf(outcome, number, options.signal?.aborted ?? false);
        if (result === null) return;
        const { index } = members[i];
        trials[index] = { ...trials[index], results: [...trials[index].results, result] };
        written.push(writeFileAtomic(resultPath(folder, index, number), `${JSON.stringify(result)}\n`));
        onTrial?.(trials[index], result, rung);
      },
    });
    await Promise.all(written);
    if (options.signal?.aborted) break;
  }
  return { plan, trials, complete: isComplete(trials, rungs) };
}

/** Null of a trial that was stopped: it is no result. A failure is one only where a person can read what went wrong: anything else ends the sweep. */
function resultOf(outcome: Outcome, rung: number, stopped: boolean): TrialResult | null {
  if (outcome.ok) {
    const { validation, epochs, seconds } = outcome.report;
    return validation === null ? null : { rung, epochs: epochs.length, validation: validation.logs, failure: null, seconds };
  }
  if (stopped) return null;
  if (!(outcome.error instanceof UserError)) throw outcome.error;
  return { rung, epochs: 0, validation: null, failure: outcome.error.message.split('\n')[0], seconds: 0 };
}
