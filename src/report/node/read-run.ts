/** Reads a run's folder for a report. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { StoredRun } from '../../experiment/node/stored-run.ts';
import { readCourse } from '../course.ts';
import type { ReportRun, RunRecord, RunWeights } from '../run-data.ts';

/**
 * Everything a report says of the run in this folder.
 *
 * @throws UserError where there is no run folder, training never began, or a file is damaged; weights that cannot be read are said in the report instead
 */
export async function readRun(path: string): Promise<ReportRun> {
  const run = await StoredRun.open(path);
  const record = (await run.folder.readJson('run.json')) as RunRecord | null;
  const events = join(run.folder.path, 'metrics.jsonl');
  const text = await readFile(events, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw new UserError(`${path}/metrics.jsonl: ${error.message}`);
  });
  const course = readCourse(text);
  if (course === null) {
    throw new UserError(
      `${path}: there is nothing to report: training never began (metrics.jsonl holds no event of it)`,
      `To train it: chainrule train --config ${path}/experiment.json`,
    );
  }
  return {
    name: path.replace(/[\\/]+$/, ''),
    experiment: run.experiment,
    info: run.data.info,
    table: run.data.table,
    record: record ?? {},
    course,
    weights: await readWeights(run),
  };
}

async function readWeights(run: StoredRun): Promise<RunWeights> {
  try {
    const { model, name, state } = await run.folder.load('latest');
    const tensors = [...model].map(([key, { shape, values }]) => ({ name: key, shape, values: values as ArrayLike<number> }));
    return { checkpoint: name, globalStep: state.globalStep, tensors };
  } catch (error) {
    if (error instanceof UserError) return { problem: error.message };
    throw error;
  }
}
