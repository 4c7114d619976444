/**
 * Zip archives, as npz files are. fflate decompresses and writes; the directory is read here, since fflate believes what it says of sizes and checks no
 * CRC, and a file that was damaged must not be taken for one that was not.
 *
 * Source: PKWARE, APPNOTE.TXT, version 6.3.10, sections 4.3 and 4.5.3 (zip64).
 */
import { inflateSync, zipSync } from 'fflate';
import { UserError } from '../errors.ts';
import { crc32 } from './crc.ts';
import { named } from './words.ts';

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  /** Where its local header begins. */
  readonly offset: number;
}

/** Deflate makes at most 1032 bytes of one: an entry that claims more lies. */
const mostGrowth = 1032;

/**
 * The files of a zip archive, by name, decompressed and checked.
 *
 * @param source what to call it in an error, such as its path
 * @param limit the most bytes that all may have, 4 GiB by default
 * @throws UserError for what is damaged, encrypted, compressed otherwise than by deflate, or larger than the limit
 */
export function unzip(bytes: Uint8Array, source: string, limit: number = 2 ** 32): Map<string, Uint8Array> {
  const fail = (problem: string): never => {
    throw new UserError(`${source}: not a whole zip archive: ${problem}`);
  };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map<string, Uint8Array>();
  let total = 0;
  // Where each entry may begin at the least, so that none shares its bytes with another: that is how a small archive becomes a huge one.
  let free = 0;
  for (const entry of directoryOf(view, fail).sort((a, b) => a.offset - b.offset)) {
    const { name, method, packed, size } = entry;
    if (files.has(name)) fail(`it has ${named(name)} twice`);
    const begin = dataOf(view, entry, free, fail);
    free = begin + packed;
    if (method === 0 ? size !== packed : size > packed * mostGrowth) fail(`${named(name)} is said to have ${size} bytes, out of ${packed}`);
    total += size;
    if (total > limit) fail(`it decompresses to more than ${limit} bytes, the most that is accepted here`);
    const content = method === 0 ? bytes.slice(begin, free) : inflate(bytes.subarray(begin, free), entry, fail);
    if (crc32(content) !== entry.crc) fail(`${named(name)} is damaged (its CRC differs); get the file again`);
    files.set(name, content);
  }
  return files;
}

/** A zip archive, compressed or (by default) stored; the same bytes for the same content, since every date in it is 1 January 1980. */
export function zip(files: ReadonlyMap<string, Uint8Array>, { compress = false }: { readonly compress?: boolean } = {}): Uint8Array {
  return zipSync(Object.fromEntries(files), { level: compress ? 6 : 0, mtime: new Date(1980, 0, 1) });
}

type Fail = (problem: string) => never;

/** The central directory, found from its end. */
function directoryOf(view: DataView, fail: Fail): Entry[] {
  const { count, size, offset } = endOf(view, fail);
  if (offset + size > view.byteLength)
    fail(`its directory is said to lie at bytes ${offset} to ${offset + size}; the file has ${view.byteLength}`);
  const entries: Entry[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    if (at + 46 > offset + size || view.getUint32(at, true) !== 0x02014b50) fail(`its directory is damaged at byte ${at}`);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map(field => view.getUint16(at + field, true));
    const end = at + 46 + nameLength + extraLength + commentLength;
    if (end > offset + size) fail(`its directory is damaged at byte ${at}`);
    const name = textOf(view, at + 46, nameLength);
    const flags = view.getUint16(at + 8, true);
    const method = view.getUint16(at + 10, true);
    if (flags & 1) fail(`${named(name)} is encrypted`);
    if (method !== 0 && method !== 8) fail(`${named(name)} is compressed by method ${method}; read here are 0 (stored) and 8 (deflate)`);
    const [packed, full, local] = wide(
      view,
      [20, 24, 42].map(field => view.getUint32(at + field, true)),
      at + 46 + nameLength,
      extraLength,
      fail,
    );
    entries.push({ name, method, crc: view.getUint32(at + 16, true), packed, size: full, offset: local });
    at = end;
  }
  if (at !== offset + size) fail(`${offset + size - at} bytes of its directory belong to no file`);
  return entries;
}

/** The record at the end of every archive; it may be followed by a comment of up to 65,535 bytes. */
function endOf(view: DataView, fail: Fail): { count: number; size: number; offset: number } {
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - 0xffff); at--) {
    if (view.getUint32(at, true) !== 0x06054b50 || view.getUint16(at + 20, true) !== last - at) continue;
    const found = { count: view.getUint16(at + 10, true), size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
    if (found.count !== 0xffff && found.size !== 0xffffffff && found.offset !== 0xffffffff) return found;
    if (at < 20 || view.getUint32(at - 20, true) !== 0x07064b50) fail('its zip64 directory is missing');
    const record = number64(view, at - 12, fail);
    if (record + 56 > view.byteLength || view.getUint32(record, true) !== 0x06064b50) fail('its zip64 directory is missing');
    return { count: number64(view, record + 32, fail), size: number64(view, record + 40, fail), offset: number64(view, record + 48, fail) };
  }
  return fail('its end is missing: it was cut short, or is no zip archive');
}

/** Fields that say 0xffffffff stand, as 64 bits, in the extra field of zip64, in the same order. */
function wide(view: DataView, fields: readonly number[], extra: number, length: number, fail: Fail): number[] {
  if (!fields.includes(0xffffffff)) return [...fields];
  for (let at = extra; at + 4 <= extra + length; ) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1 && at + 4 + size <= extra + length) {
      // There, size comes before packed size.
      const [packed, full, local] = fields;
      let next = at + 4;
      const read = (field: number): number => {
        if (field !== 0xffffffff) return field;
        if (next + 8 > at + 4 + size) fail('a zip64 field is cut short');
        next += 8;
        return number64(view, next - 8, fail);
      };
      const wideFull = read(full);
      return [read(packed), wideFull, read(local)];
    }
    at += 4 + size;
  }
  return fail('a zip64 field is missing');
}

function number64(view: DataView, at: number, fail: Fail): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : fail(`the number at byte ${at} is beyond any file`);
}

/** Where the data of an entry begins, after its local header, which must name the same file. */
function dataOf(view: DataView, { name, packed, offset }: Entry, free: number, fail: Fail): number {
  if (offset < free || offset + 30 > view.byteLength || view.getUint32(offset, true) !== 0x04034b50)
    fail(`${named(name)} is not at byte ${offset}, where the directory has it`);
  const nameLength = view.getUint16(offset + 26, true);
  const begin = offset + 30 + nameLength + view.getUint16(offset + 28, true);
  if (begin + packed > view.byteLength) fail(`${named(name)} is cut short`);
  if (textOf(view, offset + 30, nameLength) !== name) fail(`the file at byte ${offset} is not ${named(name)}, as the directory has it`);
  return begin;
}

function inflate(packed: Uint8Array, { name, size }: Entry, fail: Fail): Uint8Array {
  let content: Uint8Array;
  try {
    // A byte more than there should be, to see whether there is one.
    content = inflateSync(packed, { out: new Uint8Array(size + 1) });
  } catch (error) {
    return fail(`${named(name)} cannot be decompressed (${error instanceof Error ? error.message : String(error)})`);
  }
  if (packed.length === 0 || content.length !== size) fail(`${named(name)} does not decompress to the ${size} bytes it is said to have`);
  return content.slice(); // without the byte more
}

function textOf(view: DataView, at: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}
