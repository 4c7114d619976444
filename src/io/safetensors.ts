/**
 * The safetensors format: eight bytes of header length (little-endian), a JSON header {name: {dtype, shape, data_offsets}}, the data.
 * Names and layouts are the state dict's, so weights cross to PyTorch and back as they are. Source: the format's specification, version 0.3.
 */
import { UserError } from '../errors.ts';
import { formatShape, sizeOf } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

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
 * Reads a safetensors file. F64, F32, F16 and BF16 are read as they are; I64 (PyTorch's counts, such as `num_batches_tracked`) as float64, if
 * within 2^53. `source` names the file in messages.
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
  const tensors = new Map<string, StoredTensor>();
  const ranges: [number, number, string][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      if (!isObject(entry) || Object.values(entry).some(value => typeof value !== 'string')) fail("'__metadata__' must hold texts only");
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, begin, end } = checkEntry(name, entry, data.length, fail);
    ranges.push([begin, end, name]);
    const values = readers[dtype](data.slice(begin, end));
    if (dtype === 'I64' && !values.every(Number.isSafeInteger))
      fail(`'${name}' holds whole numbers beyond 2^53, which no float holds exactly`);
    tensors.set(name, { shape, values });
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let at = 0;
  for (const [begin, end, name] of ranges) {
    if (begin !== at)
      fail(`'${name}' begins at byte ${begin} of the data, where ${at} was expected: tensors must neither overlap nor leave gaps`);
    at = end;
  }
  if (at !== data.length) fail(`the tensors take ${at} bytes, and ${data.length} follow the header`);
  return { tensors, metadata };
}

const readers: Record<string, (bytes: Uint8Array) => Float32Array | Float64Array> = {
  F64: bytes => new Float64Array(bytes.buffer),
  F32: bytes => new Float32Array(bytes.buffer),
  F16: bytes => Float32Array.from(new Uint16Array(bytes.buffer), halfToFloat),
  BF16: bytes => new Float32Array(Uint32Array.from(new Uint16Array(bytes.buffer), half => half << 16).buffer),
  I64: bytes => Float64Array.from(new BigInt64Array(bytes.buffer), Number),
};
const elementBytes: Record<string, number> = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8 };

function halfToFloat(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

type Fail = (problem: string) => never;

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    fail(`its header is not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  if (!isObject(header)) fail('its header is not a JSON object');
  return header as Record<string, unknown>;
}

function checkEntry(
  name: string,
  entry: unknown,
  bytes: number,
  fail: Fail,
): { dtype: string; shape: number[]; begin: number; end: number } {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (isObject(entry) ? entry : {}) as { dtype?: unknown; shape?: unknown; data_offsets?: unknown };
  if (typeof dtype !== 'string' || !Object.hasOwn(elementBytes, dtype)) {
    return fail(`'${name}' has dtype ${JSON.stringify(dtype)}; read here are ${Object.keys(elementBytes).join(', ')}`);
  }
  if (!isCounts(shape)) return fail(`'${name}' has the shape ${JSON.stringify(shape)}; a list of whole numbers was expected`);
  if (!isCounts(offsets) || offsets.length !== 2)
    return fail(`'${name}' has data_offsets ${JSON.stringify(offsets)}; two whole numbers were expected`);
  const [begin, end] = offsets;
  if (begin > end || end > bytes) return fail(`'${name}' lies at bytes ${begin} to ${end} of the data, which has ${bytes}`);
  const needed = sizeOf(shape) * elementBytes[dtype];
  if (needed !== end - begin)
    return fail(`'${name}' of shape ${formatShape(shape)} and dtype ${dtype} takes ${needed} bytes; its place has ${end - begin}`);
  return { dtype, shape, begin, end };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && item >= 0);
}
