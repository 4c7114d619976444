/** What a checkpoint is as files: weights and optimizer state as safetensors, the rest as JSON, and SHA256SUMS, which `sha256sum -c` reads too. */
import { UserError } from '../errors.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../io/safetensors.ts';
import type { Checkpoint, CheckpointState } from './checkpoint.ts';

const parts = { model: 'model.safetensors', optimizer: 'optimizer.safetensors', callbacks: 'callbacks.safetensors' } as const;
type Part = keyof typeof parts;
const STATE = 'state.json';

/** The file with the hash of every other. */
export const SUMS = 'SHA256SUMS';

/** The state as written. Format 1 held the hashes of the other files itself, and had none of its own. */
interface StoredState extends CheckpointState {
  readonly sha256?: Readonly<Record<string, string>>;
}

/** A checkpoint as it was read. */
export interface ReadCheckpoint extends Checkpoint {
  readonly model: Map<string, StoredTensor>;
  readonly optimizer: Map<string, StoredTensor>;
  readonly callbacks: Map<string, StoredTensor>;
}

/** The names of all files of a checkpoint. */
export const CHECKPOINT_FILES: readonly string[] = [SUMS, STATE, ...Object.values(parts)];

/** The files of a checkpoint by name, but for SHA256SUMS, which follows from their hashes. */
export function checkpointContents(checkpoint: Checkpoint): Record<string, string | Uint8Array> {
  const files: Record<string, string | Uint8Array> = {};
  for (const [part, name] of Object.entries(parts) as [Part, string][]) files[name] = encodeSafetensors(checkpoint[part], { format: 'pt' });
  files[STATE] = `${JSON.stringify(checkpoint.state, writeNumber, 1)}\n`;
  return files;
}

/** SHA256SUMS, from name and hash of each file. */
export function sumsOf(hashes: Iterable<readonly [name: string, sha256: string]>): string {
  return Array.from(hashes, ([name, sha256]) => `${sha256}  ${name}\n`).join('');
}

/**
 * A checkpoint from its files and the SHA-256 of each, in hexadecimal digits; `folder` is what messages call the place.
 *
 * @throws UserError that names a file that is missing, cut short or changed
 */
export function decodeCheckpoint(
  files: ReadonlyMap<string, Uint8Array>,
  hashes: ReadonlyMap<string, string>,
  folder: string,
): ReadCheckpoint {
  const at = (name: string): string => `${folder}/${name}`;
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new UserError(`${at(name)}: there is no such file; the checkpoint is not complete`);
    return bytes;
  };
  const sums = files.has(SUMS) ? parseSums(new TextDecoder().decode(bytesOf(SUMS)), at(SUMS)) : null;
  const check = (name: string, wanted: string | undefined, by: string): void => {
    if (wanted === undefined) throw new UserError(`${at(by)}: the hash of ${name} is missing; the checkpoint is damaged`);
    bytesOf(name);
    const found = hashes.get(name);
    if (found === wanted) return;
    throw new UserError(
      `${at(name)}: its SHA-256 is ${found}, and ${by} says ${wanted}: it was cut short or changed. Use another checkpoint`,
    );
  };
  if (sums !== null) check(STATE, sums.get(STATE), SUMS);
  const { sha256, ...state } = parseState(new TextDecoder().decode(bytesOf(STATE)), at(STATE), sums !== null);
  const read = (part: Part): Map<string, StoredTensor> => {
    const name = parts[part];
    if (sums !== null) check(name, sums.get(name), SUMS);
    else check(name, sha256?.[name], STATE);
    return decodeSafetensors(bytesOf(name), at(name)).tensors;
  };
  return { state, model: read('model'), optimizer: read('optimizer'), callbacks: read('callbacks') };
}

function parseSums(text: string, path: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const match = /^([0-9a-f]{64}) [ *](\S+)$/.exec(line);
    if (match === null) throw new UserError(`${path}: not a list of SHA-256 sums; the checkpoint is damaged. Use another one`);
    sums.set(match[2], match[1]);
  }
  return sums;
}

function parseState(text: string, path: string, hasSums: boolean): StoredState {
  let state: StoredState;
  try {
    state = JSON.parse(text, readNumber);
  } catch (error) {
    throw new UserError(
      `${path}: not JSON (${error instanceof Error ? error.message : String(error)}); the checkpoint is damaged. Use another one`,
    );
  }
  const format: unknown = state?.format;
  if (format !== 1 && format !== 2)
    throw new UserError(`${path}: format ${JSON.stringify(format)} was found; this chainrule reads formats 1 and 2`);
  if (format === 2 && !hasSums)
    throw new UserError(`${path.slice(0, -STATE.length)}${SUMS}: there is no such file; the checkpoint is not complete`);
  if (format === 1 && !isObject(state.sha256))
    throw new UserError(`${path}: the hashes of the other files are missing; the checkpoint is damaged`);
  for (const [field, fits] of Object.entries(fields)) {
    if (!fits((state as unknown as Record<string, unknown>)[field]))
      throw new UserError(`${path}: '${field}' is missing or not what it should be; the checkpoint is damaged. Use another one`);
  }
  // Format 1 wrote null for a figure that was not finite.
  const history = state.history.map(logs => Object.fromEntries(Object.entries(logs).map(([name, value]) => [name, value ?? Number.NaN])));
  return { ...state, format: 2, stopping: state.stopping ?? null, history };
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
  stopping: value => (value ?? null) === null || (isObject(value) && value.reason === 'earlyStopping' && typeof value.message === 'string'),
};

const notFinite = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** JSON has no NaN and no infinity: `{"notFinite":"NaN"}`. */
function writeNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { notFinite: String(value) } : value;
}

function readNumber(_key: string, value: unknown): unknown {
  return isObject(value) && typeof value.notFinite === 'string' ? (notFinite.find(one => String(one) === value.notFinite) ?? value) : value;
}
