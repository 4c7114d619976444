/**
 * IDX, the format of the MNIST files: two zero bytes, a byte for the element type, a byte for the number of dimensions, each dimension as a
 * big-endian 32-bit count, then the elements in row-major order, big-endian.
 *
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", section "The IDX file format".
 */
import { UserError } from '../errors.ts';

export type IdxArray = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

export interface Idx {
  readonly shape: readonly number[];
  /** Row-major elements. Of the type uint8 it is a view of the bytes that were parsed. */
  readonly data: IdxArray;
}

interface ElementType {
  readonly code: number;
  readonly name: string;
  readonly bytes: number;
  make(length: number): IdxArray;
  get(view: DataView, offset: number): number;
  set(view: DataView, offset: number, value: number): void;
}

const TYPES: readonly ElementType[] = [
  {
    code: 0x08,
    name: 'uint8',
    bytes: 1,
    make: n => new Uint8Array(n),
    get: (v, at) => v.getUint8(at),
    set: (v, at, x) => v.setUint8(at, x),
  },
  {
    code: 0x09,
    name: 'int8',
    bytes: 1,
    make: n => new Int8Array(n),
    get: (v, at) => v.getInt8(at),
    set: (v, at, x) => v.setInt8(at, x),
  },
  {
    code: 0x0b,
    name: 'int16',
    bytes: 2,
    make: n => new Int16Array(n),
    get: (v, at) => v.getInt16(at),
    set: (v, at, x) => v.setInt16(at, x),
  },
  {
    code: 0x0c,
    name: 'int32',
    bytes: 4,
    make: n => new Int32Array(n),
    get: (v, at) => v.getInt32(at),
    set: (v, at, x) => v.setInt32(at, x),
  },
  {
    code: 0x0d,
    name: 'float32',
    bytes: 4,
    make: n => new Float32Array(n),
    get: (v, at) => v.getFloat32(at),
    set: (v, at, x) => v.setFloat32(at, x),
  },
  {
    code: 0x0e,
    name: 'float64',
    bytes: 8,
    make: n => new Float64Array(n),
    get: (v, at) => v.getFloat64(at),
    set: (v, at, x) => v.setFloat64(at, x),
  },
];

const hex = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

/**
 * Reads an IDX file.
 *
 * @param bytes the whole file, decompressed
 * @param source what to call it in an error, such as its path
 * @throws UserError naming source, offset, what was expected and what was found; nothing is allocated before the length is known to fit
 */
export function parseIdx(bytes: Uint8Array, source: string): Idx {
  const fail = (offset: number, message: string): never => {
    throw new UserError(`${source}: not a whole IDX file: at byte ${offset}, ${message}`);
  };
  if (bytes.length < 4) fail(bytes.length, `the file ends within the 4-byte magic number; ${bytes.length} bytes were given`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) fail(0, 'the content is gzip; decompress it first');
  if (bytes[0] !== 0 || bytes[1] !== 0) {
    fail(0, `expected the two zero bytes of an IDX magic number, found ${hex(bytes[0])} ${hex(bytes[1])}`);
  }
  const type = TYPES.find(t => t.code === bytes[2]);
  if (type === undefined) {
    return fail(2, `expected an element type (${TYPES.map(t => `${hex(t.code)} ${t.name}`).join(', ')}), found ${hex(bytes[2])}`);
  }
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail(bytes.length, `the file ends within its header; ${rank} dimensions need ${start} bytes`);

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const length = shape.reduce((product, size) => product * size, 1);
  const end = start + length * type.bytes;
  if (bytes.length < end) {
    fail(
      bytes.length,
      `the file ends early: ${type.name} [${shape.join(', ')}] needs ${end} bytes in all, ${bytes.length} are there (cut short, or a damaged header)`,
    );
  }
  if (bytes.length > end) {
    fail(end, `${bytes.length - end} bytes follow the last element; ${type.name} [${shape.join(', ')}] ends there`);
  }
  if (type.bytes === 1 && type.name === 'uint8') return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + start, length) };
  const data = type.make(length);
  for (let i = 0; i < length; i++) data[i] = type.get(view, start + i * type.bytes);
  return { shape, data };
}

/** Writes an IDX file; the element type follows from the array's. */
export function encodeIdx(data: IdxArray, shape: readonly number[]): Uint8Array {
  const length = shape.reduce((product, size) => product * size, 1);
  if (length !== data.length || shape.some(size => !Number.isInteger(size) || size < 0 || size > 0xffffffff)) {
    throw new UserError(`encodeIdx: the shape [${shape.join(', ')}] does not describe ${data.length} elements`);
  }
  if (shape.length > 255) throw new UserError(`encodeIdx: ${shape.length} dimensions; IDX holds at most 255`);
  const name = data.constructor.name.replace('Array', '').toLowerCase();
  const type = TYPES.find(t => t.name === name);
  if (type === undefined)
    throw new UserError(`encodeIdx: ${data.constructor.name} has no IDX type; it holds ${TYPES.map(t => t.name).join(', ')}`);
  const start = 4 + 4 * shape.length;
  const bytes = new Uint8Array(start + length * type.bytes);
  const view = new DataView(bytes.buffer);
  bytes[2] = type.code;
  bytes[3] = shape.length;
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  for (let i = 0; i < length; i++) type.set(view, start + i * type.bytes, data[i]);
  return bytes;
}
