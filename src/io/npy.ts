/**
 * The npy format of NumPy: '\x93NUMPY', a version, the length of a header, the header (a Python dict: descr, fortran_order, shape), the elements.
 *
 * Source: NumPy's documentation, `numpy.lib.format`, versions 1.0 to 3.0.
 */
import { UserError } from '../errors.ts';
import { sizeOf } from '../tensor/shape.ts';
import { halfToFloat } from './half.ts';
import { parseNpyHeader } from './npy-header.ts';
import { shown } from './words.ts';

export type NpyData =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** An array as NumPy has it. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Row by row, whatever the order in the file. float16 is read as float32, bool as bytes of 0 and 1. */
  readonly data: NpyData;
  /** NumPy's name of the element type in the file: 'float32', 'bool', ... */
  readonly dtype: string;
}

interface ElementType {
  readonly dtype: string;
  readonly bytes: number;
  /** From bytes that are already little-endian, in a buffer of their own. */
  readonly read: (buffer: ArrayBuffer) => NpyData;
}

const types: Readonly<Record<string, ElementType>> = {
  b1: { dtype: 'bool', bytes: 1, read: b => new Uint8Array(b).map(x => Number(x !== 0)) },
  u1: { dtype: 'uint8', bytes: 1, read: b => new Uint8Array(b) },
  i1: { dtype: 'int8', bytes: 1, read: b => new Int8Array(b) },
  u2: { dtype: 'uint16', bytes: 2, read: b => new Uint16Array(b) },
  i2: { dtype: 'int16', bytes: 2, read: b => new Int16Array(b) },
  u4: { dtype: 'uint32', bytes: 4, read: b => new Uint32Array(b) },
  i4: { dtype: 'int32', bytes: 4, read: b => new Int32Array(b) },
  u8: { dtype: 'uint64', bytes: 8, read: b => new BigUint64Array(b) },
  i8: { dtype: 'int64', bytes: 8, read: b => new BigInt64Array(b) },
  f2: { dtype: 'float16', bytes: 2, read: b => Float32Array.from(new Uint16Array(b), halfToFloat) },
  f4: { dtype: 'float32', bytes: 4, read: b => new Float32Array(b) },
  f8: { dtype: 'float64', bytes: 8, read: b => new Float64Array(b) },
};

/** What is written for an array of each kind. */
const codes: readonly (readonly [new (length: number) => NpyData, string])[] = [
  [Uint8Array, '|u1'],
  [Int8Array, '|i1'],
  [Uint16Array, '<u2'],
  [Int16Array, '<i2'],
  [Uint32Array, '<u4'],
  [Int32Array, '<i4'],
  [BigUint64Array, '<u8'],
  [BigInt64Array, '<i8'],
  [Float32Array, '<f4'],
  [Float64Array, '<f8'],
];

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Whether the bytes begin as an npy file does. */
export function isNpy(bytes: Uint8Array): boolean {
  return magic.every((byte, i) => bytes[i] === byte);
}

/**
 * Reads an npy file: every real numeric element type, little- and big-endian, rows or columns first, versions 1.0 to 3.0.
 *
 * @param source what to call it in an error, such as its path
 * @throws UserError for what is damaged, cut short, or of a type that holds no numbers; nothing is allocated before the sizes are known to fit
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const fail = (problem: string): never => {
    throw new UserError(`${source}: not a whole npy file: ${problem}`);
  };
  if (!isNpy(bytes)) fail("it does not begin with '\\x93NUMPY'");
  if (bytes.length < 10) fail(`it ends within its header: it has ${bytes.length} bytes`);
  const [major, minor] = [bytes[6], bytes[7]];
  if (major < 1 || major > 3 || minor !== 0) fail(`it has version ${major}.${minor}; read here are 1.0, 2.0 and 3.0`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = major === 1 ? 10 : 12;
  if (bytes.length < begin) fail(`it ends within its header: it has ${bytes.length} bytes`);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > bytes.length - begin) fail(`its header is said to take ${length} bytes; ${bytes.length - begin} follow`);
  // Headers of the types read here are ASCII, which Latin-1 (versions 1 and 2) and UTF-8 (version 3) have in common.
  const { descr, fortranOrder, shape } = parseNpyHeader(new TextDecoder('latin1').decode(bytes.subarray(begin, begin + length)), fail);
  const match = /^([<>|=])([a-z]\d+)$/.exec(descr);
  const type = match !== null && Object.hasOwn(types, match[2]) ? types[match[2]] : null;
  if (type === null)
    return fail(`its elements are ${shown(descr)}; read here are booleans, whole numbers and floats (${Object.keys(types).join(', ')})`);
  const count = sizeOf(shape);
  const data = bytes.subarray(begin + length);
  if (data.length !== count * type.bytes)
    fail(`${type.dtype} of shape ${shown(shape)} takes ${count * type.bytes} bytes; ${data.length} follow the header`);
  const own = new Uint8Array(data.length);
  own.set(data);
  if (match![1] === '>') swapBytes(own, type.bytes);
  const elements = type.read(own.buffer);
  return { shape, data: fortranOrder && shape.length > 1 ? rowsFirst(elements, shape) : elements, dtype: type.dtype };
}

/**
 * An npy file of version 1.0, rows first, little-endian; the element type follows from the array's.
 *
 * @throws UserError where the shape does not fit
 */
export function encodeNpy(data: NpyData, shape: readonly number[]): Uint8Array {
  if (sizeOf(shape) !== data.length || !shape.every(size => Number.isSafeInteger(size) && size >= 0))
    throw new UserError(`encodeNpy: the shape [${shape.join(', ')}] does not describe ${data.length} elements`);
  const [, descr] = codes.find(([Type]) => data instanceof Type)!;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The elements begin at a multiple of 64, after a line end: so that NumPy may map them.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  if (length > 0xffff) throw new UserError(`encodeNpy: ${shape.length} dimensions are too many`);
  const bytes = new Uint8Array(10 + length + data.byteLength);
  bytes.set(magic);
  bytes[6] = 1;
  new DataView(bytes.buffer).setUint16(8, length, true);
  bytes.set(new TextEncoder().encode(`${text.padEnd(length - 1)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + length);
  return bytes;
}

/** The elements as numbers for a net: float32, with whole numbers rounded where they are beyond 2^24. Bytes stay bytes. */
export function npyNumbers({ data }: NpyArray): Uint8Array | Float32Array {
  if (data instanceof Uint8Array || data instanceof Float32Array) return data;
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? Float32Array.from(data, Number) : Float32Array.from(data);
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) {
    for (let low = at, high = at + width - 1; low < high; low++, high--) [bytes[low], bytes[high]] = [bytes[high], bytes[low]];
  }
}

/** Columns first (the first index fastest) to rows first (the last index fastest). */
function rowsFirst(data: NpyData, shape: readonly number[]): NpyData {
  const out = data.slice() as typeof data;
  const strides: number[] = [];
  shape.reduce((stride, size) => {
    strides.push(stride);
    return stride * size;
  }, 1);
  const index = new Array<number>(shape.length).fill(0);
  let from = 0;
  for (let i = 0; i < data.length; i++) {
    out[i] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}
