import { UserError } from '../errors.ts';
import { type LoadOptions, loadData } from '../experiment/node/data.ts';
import type { PreparedData } from '../experiment/prepare.ts';
import { parseExperiment } from '../experiment/schema.ts';
import { classTasks } from '../experiment/tasks.ts';
import type { DataOptions, Experiment } from '../experiment/types.ts';
import { formatBytes } from '../figures/format.ts';
import { UsageError } from './errors.ts';

/** Where downloads come from: the environment's CHAINRULE_MIRRORS, addresses with commas between them, in place of the known ones. */
export function downloadOptions(tell: (line: string) => void): LoadOptions {
  const mirrors = process.env.CHAINRULE_MIRRORS?.split(',').map(url => url.trim().replace(/\/*$/, '/'));
  const seen = new Set<string>();
  return {
    ...(mirrors === undefined ? {} : { mirrors }),
    onProgress({ url, total }) {
      if (!seen.has(url)) tell(`Downloading ${url}${total === null ? '' : ` (${formatBytes(total)})`}`);
      seen.add(url);
    },
  };
}

/** Loads the data; errors about the folder call it by the flag that names it. */
export async function load(data: DataOptions, seed: number, tell: (line: string) => void): Promise<PreparedData> {
  try {
    return await loadData(data, seed, downloadOptions(tell));
  } catch (error) {
    if (error instanceof UserError && error.message.startsWith('data: '))
      throw new UserError(`--${error.message}`, error.hint, { cause: error });
    throw error;
  }
}

/** Tasks that do not fit the classes there are: told before a run is made, by the flag that names them. */
function mustFitTasks({ tasks }: Experiment, { info }: PreparedData): void {
  try {
    classTasks(tasks, info);
  } catch (error) {
    throw error instanceof UserError ? new UsageError(`--${error.message}`, undefined, { cause: error }) : error;
  }
}

export interface LoadedExperiment {
  readonly experiment: Experiment;
  readonly data: PreparedData;
  /** Why the embedded digits were taken in place of MNIST; null where they were not. */
  readonly instead: string | null;
}

/**
 * Loads an experiment's data. Where MNIST is asked for without saying where it is, and it can neither be found nor downloaded, the embedded digits stand in
 * for it: the experiment that is returned says so.
 */
export async function loadOrStandIn(experiment: Experiment, tell: (line: string) => void): Promise<LoadedExperiment> {
  const loaded = await mnistOrDigits(experiment, tell);
  mustFitTasks(loaded.experiment, loaded.data);
  return loaded;
}

async function mnistOrDigits(experiment: Experiment, tell: (line: string) => void): Promise<LoadedExperiment> {
  try {
    return { experiment, data: await load(experiment.data, experiment.seed, tell), instead: null };
  } catch (error) {
    const isDefault = experiment.data.name === 'mnist' && experiment.data.folder === undefined && !process.env.CHAINRULE_DATA;
    if (!(error instanceof UserError) || !isDefault) throw error;
    const { limit } = experiment.data;
    const digits = parseExperiment({ ...experiment, data: { name: 'digits', ...(limit === undefined ? {} : { limit }) } });
    return { experiment: digits, data: await load(digits.data, digits.seed, tell), instead: error.message };
  }
}
