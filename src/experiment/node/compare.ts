/** Runs experiments on the same data and seeds, side by side in worker threads. */
import { UserError } from '../../errors.ts';
import type { TrainEvent } from '../../train/events.ts';
import { type ComparedRun, type Comparison, type NamedExperiment, seedList, summarize } from '../compare.ts';
import type { Job } from './job.ts';
import { type Outcome, type RunJobsOptions, runJobs } from './workers.ts';

export interface CompareOptions extends Pick<RunJobsOptions, 'threads' | 'signal' | 'entry'> {
  /** Which seeds each experiment is run with, or how many from 1 on. Default 3. An experiment's own seed is not used. */
  readonly seeds?: number | readonly number[];
  /** What a run tells as it goes. */
  readonly onEvent?: (name: string, seed: number, event: TrainEvent) => void;
  /** Called when a run has ended. */
  readonly onRun?: (name: string, run: ComparedRun, done: number, total: number) => void;
  readonly load?: NonNullable<Job['load']>;
}

/**
 * Every experiment once with every seed. One seed decides the held-out examples, the order, the initial weights and all else of a run, so experiments
 * are compared on equal terms seed by seed. A run that fails (a loss that is not finite, say) is a failed run of its row; the others count.
 */
export async function compareExperiments(experiments: readonly NamedExperiment[], options: CompareOptions = {}): Promise<Comparison> {
  const { onEvent, onRun, load, threads, signal, entry } = options;
  const seeds = seedList(options.seeds ?? 3);
  checkNames(experiments);
  // seed by seed, so that a thread's next run mostly finds its data loaded
  const plan = seeds.flatMap(seed => experiments.map(({ name, experiment }) => ({ name, seed, experiment: { ...experiment, seed } })));
  const jobs = plan.map(({ experiment }): Job => ({ experiment, ...(load === undefined ? {} : { load }) }));
  let done = 0;
  const outcomes = await runJobs(jobs, {
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
    ...(entry === undefined ? {} : { entry }),
    onEvent: (i, event) => onEvent?.(plan[i].name, plan[i].seed, event),
    onOutcome: (i, outcome) => onRun?.(plan[i].name, comparedRun(plan[i].seed, outcome), ++done, plan.length),
  });
  const good = outcomes.find(outcome => outcome.ok);
  if (good === undefined) throw (outcomes[0] as Extract<Outcome, { ok: false }>).error;
  const rows = experiments.map(one => {
    const runs = outcomes.flatMap((outcome, i) => (plan[i].name === one.name ? [comparedRun(plan[i].seed, outcome)] : []));
    return summarize(one, runs);
  });
  return { seeds, rows, data: good.report.data };
}

/** A run as a comparison keeps it: figures only. */
export function comparedRun(seed: number, outcome: Outcome): ComparedRun {
  if (!outcome.ok) {
    return { seed, reason: 'failed', message: outcome.error.message, epochs: [], validation: null, test: null, seconds: 0 };
  }
  const { reason, epochs, validation, test, seconds } = outcome.report;
  return { seed, reason, message: null, epochs, validation: validation?.logs ?? null, test: test?.logs ?? null, seconds };
}

function checkNames(experiments: readonly NamedExperiment[]): void {
  if (experiments.length === 0) throw new UserError('compare: there are no experiments; give at least one');
  const names = new Set<string>();
  for (const { name } of experiments) {
    if (names.has(name)) throw new UserError(`compare: two experiments are called '${name}'; each needs a name of its own`);
    names.add(name);
  }
}
