/** A checkpoint as a folder of files: weights and optimizer state as safetensors, the rest as JSON, with a hash of each. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../io/safetensors.ts';
import type { Checkpoint, CheckpointState } from '../checkpoint.ts';

const parts = { model: 'model.safetensors', optimizer: 'optimizer.safetensors', callbacks: 'callbacks.safetensors' } as const;
type Part = keyof typeof parts;

/** The state as written: with the hash of every file beside it. */
interface StoredState extends CheckpointState {
  readonly sha256: Readonly<Record<string, string>>;
}

/** The files of a checkpoint, by name. */
export function checkpointFiles(checkpoint: Checkpoint): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array> = {};
  const sha256: Record<string, string> = {};
  for (const [part, name] of Object.entries(parts) as [Part, string][]) {
    const bytes = encodeSafetensors(checkpoint[part], { format: 'pt' });
    files[name] = bytes;
    sha256[name] = hashOf(bytes);
  }
  const stored: StoredState = { ...checkpoint.state, sha256 };
  files['state.json'] = `${JSON.stringify(stored, null, 1)}\n`;
  return files;
}

/** Reads a checkpoint folder. A file that is missing, cut short or changed is an error that names it. */
export async function readCheckpoint(folder: string): Promise<Checkpoint & { readonly model: Map<string, StoredTensor> }> {
  const state = await readState(folder);
  const read = async (part: Part): Promise<Map<string, StoredTensor>> => {
    const path = join(folder, parts[part]);
    const bytes = await readBytes(path);
    if (hashOf(bytes) !== state.sha256[parts[part]]) {
      throw new UserError(
        `${path}: its content is not what was saved (the SHA-256 differs): it was cut short or changed. Use another checkpoint`,
      );
    }
    return decodeSafetensors(bytes, path).tensors;
  };
  return { state, model: await read('model'), optimizer: await read('optimizer'), callbacks: await read('callbacks') };
}

async function readState(folder: string): Promise<StoredState> {
  const path = join(folder, 'state.json');
  const text = new TextDecoder().decode(await readBytes(path));
  let state: StoredState;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw new UserError(
      `${path}: not JSON (${error instanceof Error ? error.message : String(error)}); the checkpoint is damaged. Use another one`,
    );
  }
  if (state?.format !== 1) throw new UserError(`${path}: format ${JSON.stringify(state?.format)} was found; this chainrule reads format 1`);
  if (typeof state.sha256 !== 'object' || state.sha256 === null)
    throw new UserError(`${path}: the hashes of the other files are missing; the checkpoint is damaged`);
  for (const [field, fits] of Object.entries(fields)) {
    if (!fits((state as unknown as Record<string, unknown>)[field]))
      throw new UserError(`${path}: '${field}' is missing or not what it should be; the checkpoint is damaged. Use another one`);
  }
  // JSON has no NaN: a figure that was not finite comes back as null
  const history = state.history.map(logs => Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, value ?? Number.NaN])));
  return { ...state, history };
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** What must be in a state for a run to go on from it. */
const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  epoch: isCount,
  globalStep: isCount,
  loader: value => isObject(value) && isCount(value.epoch) && isCount(value.position),
  running: value => isObject(value) && isCount(value.samples) && isObject(value.sums),
  random: value => isObject(value) && isCount(value.seed) && isObject(value.streams),
  optimizer: isObject,
  callbacks: isObject,
  history: value => Array.isArray(value) && value.every(isObject),
};

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UserError(`${path}: ${code === 'ENOENT' ? 'there is no such file; the checkpoint is not complete' : message}`);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
