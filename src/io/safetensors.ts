/**
 * The safetensors format: eight bytes of header length (little-endian), a JSON header {name: {dtype, shape, data_offsets}}, the data.
 * Names and layouts are the state dict's, so weights cross to PyTorch and back as they are. Source: the format's specification, version 0.3.
 */
import { UserError } from '../errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { halfToFloat } from './half.ts';
import { named, shown } from './words.ts';

/** Numbers with a shape, as stored. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Float64Array;
}

export interface Safetensors {
  readonly tensors: Map<string, StoredTensor>;
  /** Free text by name, from the header's `__metadata__`. */
  readonly metadata: Record<string, string>;
}

/** A header longer than this is refused, as the reference implementation does. */
const headerLimit = 100_000_000;

/** Bytes of a safetensors file: tensors by name, float32 as F32 and float64 as F64. */
export function encodeSafetensors(tensors: ReadonlyMap<string, Tensor | StoredTensor>, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = Object.create(null); // a tensor may be called '__proto__'
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  const parts: Uint8Array[] = [];
  let at = 0;
  // Wider elements first, so that every tensor lies at a multiple of its element's size.
  const entries = [...tensors].map(([name, t]): [string, StoredTensor] => [
    name,
    t instanceof Tensor ? { shape: t.shape, values: t.toArray() } : t,
  ]);
  entries.sort(([a, x], [b, y]) => y.values.BYTES_PER_ELEMENT - x.values.BYTES_PER_ELEMENT || (a < b ? -1 : a > b ? 1 : 0));
  for (const [name, { shape, values }] of entries) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    header[name] = { dtype: values instanceof Float64Array ? 'F64' : 'F32', shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8; // the data starts aligned
  const file = new Uint8Array(8 + padded + at).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  let offset = 8 + padded;
  for (const part of parts) {
    file.set(part, offset);
    offset += part.length;
  }
  return file;
}

/**
 * Reads a safetensors file. Every number is exact: F64 is read as float64; F32, F16, BF16, I8, U8, I16, U16 and BOOL (as 0 and 1) as float32; I32, U32,
 * I64 and U64 as float64, and one beyond 2^53 is refused. Of a hostile file nothing is allocated before its header is known to fit.
 *
 * @param source names the file in messages
 * @throws UserError for anything that the format's specification does not allow, naming the tensor
 */
export function decodeSafetensors(file: Uint8Array, source: string): Safetensors {
  const fail = (problem: string): never => {
    throw new UserError(`${source}: not a valid safetensors file: ${problem}`);
  };
  if (file.length < 8) fail(`it has ${file.length} bytes; the header's length alone takes 8`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > headerLimit || length > file.length - 8)
    fail(`its header is said to take ${length} bytes; after the first 8 the file has ${file.length - 8}`);
  const header = parseHeader(file.subarray(8, 8 + length), fail);
  // Not file.subarray: of Node's Buffer that is a Buffer, whose slice copies nothing.
  const data = new Uint8Array(file.buffer, file.byteOffset + 8 + length, file.length - 8 - length);
  let metadata: Record<string, string> = {};
  const entries: Entry[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isObject(entry) || Object.values(entry).some(value => typeof value !== 'string')) fail("'__metadata__' must hold texts only");
      metadata = entry as Record<string, string>;
    } else {
      entries.push(checkEntry(name, entry, data.length, fail));
    }
  }
  mustTile(entries, data.length, fail);
  const tensors = new Map<string, StoredTensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const values = dtypes[dtype].read(data.slice(begin, end).buffer);
    if (values instanceof Float64Array && dtype !== 'F64' && !values.every(Number.isSafeInteger))
      fail(`${named(name)} holds whole numbers beyond 2^53, which no float holds exactly`);
    tensors.set(name, { shape, values });
  }
  return { tensors, metadata };
}

interface Dtype {
  readonly bytes: number;
  readonly read: (buffer: ArrayBuffer) => Float32Array | Float64Array;
}

const dtypes: Readonly<Record<string, Dtype>> = {
  F64: { bytes: 8, read: b => new Float64Array(b) },
  F32: { bytes: 4, read: b => new Float32Array(b) },
  F16: { bytes: 2, read: b => Float32Array.from(new Uint16Array(b), halfToFloat) },
  BF16: { bytes: 2, read: b => new Float32Array(Uint32Array.from(new Uint16Array(b), half => half << 16).buffer) },
  I64: { bytes: 8, read: b => Float64Array.from(new BigInt64Array(b), Number) },
  U64: { bytes: 8, read: b => Float64Array.from(new BigUint64Array(b), Number) },
  I32: { bytes: 4, read: b => Float64Array.from(new Int32Array(b)) },
  U32: { bytes: 4, read: b => Float64Array.from(new Uint32Array(b)) },
  I16: { bytes: 2, read: b => Float32Array.from(new Int16Array(b)) },
  U16: { bytes: 2, read: b => Float32Array.from(new Uint16Array(b)) },
  I8: { bytes: 1, read: b => Float32Array.from(new Int8Array(b)) },
  U8: { bytes: 1, read: b => Float32Array.from(new Uint8Array(b)) },
  BOOL: { bytes: 1, read: b => Float32Array.from(new Uint8Array(b), x => Number(x !== 0)) },
};

interface Entry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

type Fail = (problem: string) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    fail(`its header is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (!isObject(header) || text[0] !== '{') fail('its header is not a JSON object');
  const twice = repeatedKey(text);
  if (twice !== null) fail(`its header has ${named(twice)} twice`);
  return header as Record<string, unknown>;
}

/** A key that an object of this JSON has twice, which `JSON.parse` would pass over: the last one would hide the first. Null if there is none. */
function repeatedKey(json: string): string | null {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    if (json[at] === '{') open.push(new Set());
    else if (json[at] === '}') open.pop();
    if (json[at] !== '"') continue;
    const start = at++;
    while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
    let next = at + 1;
    while (' \t\n\r'.includes(json[next] ?? '.')) next++;
    if (json[next] !== ':') continue; // a value, not a key
    const key = JSON.parse(json.slice(start, at + 1)) as string;
    const keys = open.at(-1)!;
    if (keys.has(key)) return key;
    keys.add(key);
  }
  return null;
}

function checkEntry(name: string, entry: unknown, bytes: number, fail: Fail): Entry {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (isObject(entry) ? entry : {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !Object.hasOwn(dtypes, dtype))
    return fail(`${named(name)} has dtype ${shown(dtype)}; read here are ${Object.keys(dtypes).join(', ')}`);
  if (!isCounts(shape)) return fail(`${named(name)} has the shape ${shown(shape)}; a list of whole numbers was expected`);
  if (!isCounts(offsets) || offsets.length !== 2)
    return fail(`${named(name)} has data_offsets ${shown(offsets)}; two whole numbers were expected`);
  const [begin, end] = offsets;
  if (begin > end || end > bytes) return fail(`${named(name)} lies at bytes ${begin} to ${end} of the data, which has ${bytes}`);
  const needed = sizeOf(shape) * dtypes[dtype].bytes;
  if (needed !== end - begin)
    return fail(`${named(name)} of shape ${shown(shape)} and dtype ${dtype} takes ${needed} bytes; its place has ${end - begin}`);
  return { name, dtype, shape, begin, end };
}

/** The tensors must fill the data from end to end, each byte belonging to one. */
function mustTile(entries: readonly Entry[], bytes: number, fail: Fail): void {
  let at = 0;
  for (const { name, begin, end } of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at)
      fail(`${named(name)} begins at byte ${begin} of the data, where ${at} was expected: tensors must neither overlap nor leave gaps`);
    at = end;
  }
  if (at !== bytes) fail(`the tensors take ${at} bytes, and ${bytes} follow the header`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0 && !Object.is(item, -0));
}
