/** A run as files that the command line knows: its folder as a zip, its weights, its net. */
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate';
import type { DatasetInfo } from '../../../src/data/dataset.ts';
import { UserError } from '../../../src/errors.ts';
import { restoreModel } from '../../../src/experiment/run.ts';
import { parseExperiment } from '../../../src/experiment/schema.ts';
import type { Experiment } from '../../../src/experiment/types.ts';
import { encodeSafetensors } from '../../../src/io/safetensors.ts';
import { CHECKPOINT_FILES, checkpointContents, decodeCheckpoint, SUMS, sumsOf } from '../../../src/train/checkpoint-format.ts';
import { version } from '../../../src/version.ts';
import type { FileKind, Snapshot } from './protocol.ts';
import { sha256Of } from './sha256.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface RunParts {
  readonly experiment: Experiment;
  readonly info: DatasetInfo;
  readonly snapshot: Snapshot;
  readonly provenance: string;
}

/** Beyond this a zip is no run of ours. */
const MOST_BYTES = 2 ** 30;

export async function fileOf(kind: FileKind, run: RunParts): Promise<{ name: string; bytes: Bytes }> {
  const { experiment, info, snapshot } = run;
  const name = `${experiment.data.name}-step-${snapshot.step}`;
  switch (kind) {
    case 'experiment':
      return { name: 'experiment.json', bytes: strToU8(json(experiment)) as Bytes };
    case 'safetensors':
      return { name: `${name}.safetensors`, bytes: encodeSafetensors(snapshot.model, { format: 'pt' }) as Bytes };
    case 'onnx': {
      const { onnxOf } = await import('../../../src/experiment/export.ts');
      const { model } = restoreModel(experiment, info, snapshot.model);
      return {
        name: `${name}.onnx`,
        bytes: onnxOf(model, experiment, { info, table: null, preprocessing: true, probabilities: true }) as Bytes,
      };
    }
    case 'run':
      return { name: `${name}.zip`, bytes: await zipRun(run, name) };
  }
}

/** The run folder that `chainrule train` would have left here, inside a folder of its name. */
async function zipRun({ experiment, info, snapshot, provenance }: RunParts, folder: string): Promise<Bytes> {
  const checkpoint = `step-${String(snapshot.step).padStart(8, '0')}`;
  const contents = Object.entries(checkpointContents(snapshot)).map(([name, content]) => [name, bytesOf(content)] as const);
  const sums = sumsOf(await Promise.all(contents.map(async ([name, bytes]) => [name, await sha256Of(bytes)] as const)));
  const run = { chainrule: version, engine: navigator.userAgent, data: provenance, outcome: snapshot.ended ?? 'interrupted' };
  const files: Record<string, Uint8Array> = {
    'experiment.json': strToU8(json(experiment)),
    'data.json': strToU8(json({ info, table: null })),
    'run.json': strToU8(json(run)),
    'checkpoints/latest': strToU8(`${checkpoint}\n`),
    [`checkpoints/${checkpoint}/${SUMS}`]: strToU8(sums),
    ...Object.fromEntries(contents.map(([name, bytes]) => [`checkpoints/${checkpoint}/${name}`, bytes])),
  };
  const inFolder = Object.fromEntries(Object.entries(files).map(([path, bytes]) => [`${folder}/${path}`, bytes]));
  // A fixed date: the same run gives the same file. Weights hardly shrink.
  return zipSync(inFolder, { level: 0, mtime: new Date(2000, 0, 1) }) as Bytes;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
const bytesOf = (content: string | Uint8Array): Uint8Array => (typeof content === 'string' ? strToU8(content) : content);

/**
 * Takes up a run from its zip, or from the files of its folder by path.
 *
 * @throws UserError that says what is missing or damaged
 */
export async function openRun(
  given: Uint8Array | Readonly<Record<string, Uint8Array>>,
  source: string,
): Promise<Pick<RunParts, 'experiment' | 'snapshot'>> {
  const files = given instanceof Uint8Array ? unzip(given, source) : given;
  const experimentPath = Object.keys(files)
    .filter(path => /(^|\/)experiment\.json$/.test(path))
    .sort((a, b) => a.length - b.length)[0];
  if (experimentPath === undefined) throw new UserError(`${source}: no run of chainrule: there is no experiment.json in it`);
  const folder = experimentPath.slice(0, -'experiment.json'.length);
  const textOf = (path: string): string | null => (files[folder + path] === undefined ? null : strFromU8(files[folder + path]));
  const experiment = parseExperiment(parseJson(textOf('experiment.json')!, `${source}/experiment.json`), {
    source: `${source}/experiment.json`,
  });
  const name = textOf('checkpoints/latest')?.trim();
  if (name === undefined) throw new UserError(`${source}: the run has no checkpoint yet: there is no checkpoints/latest in it`);
  const found = new Map<string, Uint8Array>();
  const hashes = new Map<string, string>();
  for (const file of CHECKPOINT_FILES) {
    const bytes = files[`${folder}checkpoints/${name}/${file}`];
    if (bytes === undefined) continue;
    found.set(file, bytes);
    hashes.set(file, await sha256Of(bytes));
  }
  const { state, model, optimizer, callbacks } = decodeCheckpoint(found, hashes, `${source}/checkpoints/${name}`);
  const isDone = state.epoch >= experiment.training.epochs;
  const ended = state.stopping !== null ? 'earlyStopping' : isDone ? 'completed' : null;
  return { experiment, snapshot: { step: state.globalStep, ended, state, model, optimizer, callbacks } };
}

function unzip(bytes: Uint8Array, source: string): Record<string, Uint8Array> {
  let total = 0;
  try {
    return unzipSync(bytes, {
      filter: ({ originalSize }) => {
        total += originalSize;
        if (total > MOST_BYTES) throw new Error(`it holds over ${MOST_BYTES / 2 ** 20} MiB`);
        return true;
      },
    });
  } catch (error) {
    throw new UserError(
      `${source}: not a zip file that can be read (${error instanceof Error ? error.message : String(error)}); expected the zip of a run folder`,
    );
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UserError(`${path}: not JSON (${error instanceof Error ? error.message : String(error)}); the file is damaged`);
  }
}
