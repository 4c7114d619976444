/** Trains with every event shown and logged, and the outcome written down, whatever it is. */
import { relative } from 'node:path';
import { UserError } from '../../errors.ts';
import { evaluationEvent } from '../../experiment/evaluation-event.ts';
import { type RunOptions, type RunResult, runExperiment } from '../../experiment/run.ts';
import type { CheckpointStore } from '../../train/checkpoint.ts';
import type { TrainBegin, TrainEvent } from '../../train/events.ts';
import { MetricsFile } from '../../train/node/metrics-file.ts';
import { version } from '../../version.ts';
import { takeInterrupts } from '../interrupt.ts';
import type { TensorboardFiles } from '../tensorboard.ts';
import { isKept, type LossLog, type TrainingView } from '../terminal/training-view.ts';
import type { Job } from './job.ts';

export async function trainAndLog(
  job: Job,
  view: TrainingView,
  losses: LossLog,
  options: Pick<RunOptions, 'statistics' | 'profile'>,
  tensorboard: TensorboardFiles | null,
): Promise<RunResult> {
  const { data, run } = job;
  const metrics = new MetricsFile(run.folder.path);
  const record = recordOf(job);
  const onEvent = (event: TrainEvent): void => {
    if (isKept(event)) {
      metrics.write(event);
      tensorboard?.event(event, Date.now() / 1000);
    }
    losses.event(event);
    view.event(event);
    if (event.type !== 'trainBegin') return;
    const changed = otherBackend(job.before?.backend, event.backend);
    record.backend = event.backend;
    if (changed !== null) onEvent({ type: 'warning', code: 'otherBackend', message: changed });
  };
  // A checkpoint must not be ahead of its events.
  const store: CheckpointStore = {
    save(checkpoint, best) {
      metrics.flush();
      return run.folder.save(checkpoint, best);
    },
  };
  const interrupt = takeInterrupts(() => view.message('Stopping after this step. Ctrl-C again ends at once, unsaved.'));
  const finishRecord = async (outcome: Record<string, unknown>): Promise<void> => {
    metrics.close();
    await tensorboard?.close();
    await run.folder.writeJson('run.json', { ...record, ended: new Date().toISOString(), ...outcome });
  };
  try {
    await run.folder.writeJson('run.json', record);
    const result = await runExperiment(job.experiment, {
      ...options,
      data,
      store,
      onEvent,
      signal: interrupt.signal,
      ...(job.resume === undefined ? {} : { resume: job.resume }),
      ...(job.weights === undefined ? {} : { weights: job.weights }),
    });
    if (result.evaluation !== null) {
      const event = evaluationEvent('test', result.evaluation, data.test!);
      metrics.write(event);
      tensorboard?.event(event, Date.now() / 1000);
    }
    await finishRecord({ outcome: result.history.reason, ...(result.evaluation === null ? {} : { test: result.evaluation.logs }) });
    if (interrupt.code !== null && result.history.reason === 'interrupted') process.exitCode = interrupt.code;
    return result;
  } catch (error) {
    view.close();
    await finishRecord({ outcome: 'failed', message: error instanceof Error ? error.message : String(error) }).catch(() => {});
    if (error instanceof UserError)
      throw new UserError(error.message, error.hint ?? `The run so far is in ${relative('', run.folder.path)}`, { cause: error });
    throw error;
  } finally {
    view.close();
    interrupt.release();
  }
}

/** What run.json says of a run under way. */
function recordOf(job: Job): Record<string, unknown> {
  const now = new Date().toISOString();
  const step = job.resume?.state.globalStep ?? 0;
  const earlier = Array.isArray(job.before?.resumed) ? job.before.resumed : [];
  return {
    chainrule: version,
    engine: `node ${process.version}`,
    platform: `${process.platform} ${process.arch}`,
    command: ['chainrule', ...process.argv.slice(2)],
    started: job.before?.started ?? now,
    ...(job.before === null ? {} : { resumedAtStep: step, resumed: [...earlier, { at: now, step }] }),
    data: job.data.train.provenance,
    ...(job.instead === null ? {} : { instead: 'digits in place of mnist' }),
  };
}

/** In words, that what computes is not what computed before; the number of threads changes nothing. */
function otherBackend(before: unknown, now: TrainBegin['backend']): string | null {
  if (before === null || typeof before !== 'object') return null;
  const traits = (all: object): string[] =>
    Object.entries(all).flatMap(([name, value]) => (name.startsWith('threads') ? [] : [`${name} ${value}`]));
  const [then, since] = [traits(before), traits(now)];
  if (then.length === since.length && then.every(trait => since.includes(trait))) return null;
  return `this run was computed by ${then.join(', ')}, and goes on by ${since.join(', ')}: it will not have the same bits as one that was not stopped`;
}
