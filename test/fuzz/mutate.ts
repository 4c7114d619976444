/** Seeded changes to valid inputs. Each takes what it needs from a stream, so that a seed and a number name an input for good. */
import type { Stream } from '../../src/random.ts';

const pick = <T>(stream: Stream, list: ArrayLike<T>): T => list[stream.int(list.length)];

/** Numbers at which readers go wrong. */
const edges = [
  0,
  1,
  2,
  3,
  4,
  7,
  8,
  15,
  16,
  31,
  32,
  63,
  64,
  127,
  128,
  255,
  256,
  1000,
  32767,
  32768,
  65535,
  65536,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

type ByteChange = (stream: Stream, bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const at = (stream: Stream, bytes: Uint8Array, room = 1): number => stream.int(Math.max(1, bytes.length - room + 1));
const changed = (bytes: Uint8Array, change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy, new DataView(copy.buffer));
  return copy;
};
const withByte = (stream: Stream, bytes: Uint8Array, make: (byte: number) => number): Uint8Array =>
  changed(bytes, copy => {
    const where = at(stream, copy);
    copy[where] = make(copy[where]);
  });
const joined = (...parts: Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((offset, part) => {
    whole.set(part, offset);
    return offset + part.length;
  }, 0);
  return whole;
};
const noise = (stream: Stream, length: number): Uint8Array => Uint8Array.from({ length }, () => stream.int(256));

const byteChanges: readonly ByteChange[] = [
  // a bit, a byte, an edge
  (s, b) => withByte(s, b, byte => byte ^ (1 << s.int(8))),
  (s, b) => withByte(s, b, () => s.int(256)),
  (s, b) => withByte(s, b, () => pick(s, [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x7b, 0x7d, 0x2c, 0x0a])),
  // a number of 2, 4 or 8 bytes, either way round
  (s, b) => (b.length < 2 ? b : changed(b, (_, view) => view.setUint16(at(s, b, 2), pick(s, edges), s.int(2) === 0))),
  (s, b) => (b.length < 4 ? b : changed(b, (_, view) => view.setUint32(at(s, b, 4), pick(s, edges), s.int(2) === 0))),
  (s, b) =>
    b.length < 8
      ? b
      : changed(b, (_, view) => view.setBigUint64(at(s, b, 8), BigInt(pick(s, edges)) << BigInt(8 * s.int(5)), s.int(2) === 0)),
  // cut short, extended, a part out, a part twice, noise in, a part of another input
  (s, b) => b.slice(0, at(s, b)),
  (s, b) => b.slice(at(s, b)),
  (s, b) => joined(b, noise(s, 1 + s.int(40))),
  (s, b) => {
    const from = at(s, b);
    return joined(b.slice(0, from), b.slice(from + 1 + s.int(20)));
  },
  (s, b) => {
    const from = at(s, b);
    const to = Math.min(b.length, from + 1 + s.int(40));
    return joined(b.slice(0, to), b.slice(from));
  },
  (s, b) => {
    const from = at(s, b);
    return joined(b.slice(0, from), noise(s, 1 + s.int(8)), b.slice(from));
  },
  (s, b, others) => {
    const other = pick(s, others);
    const from = at(s, other);
    const part = other.slice(from, from + 1 + s.int(60));
    return changed(b, copy => copy.set(part.subarray(0, copy.length), at(s, b, Math.min(part.length, b.length))));
  },
];

/** One change, or up to four; rarely nothing but noise. */
export function mutateBytes(stream: Stream, samples: readonly Uint8Array[]): Uint8Array {
  if (stream.int(200) === 0) return noise(stream, stream.int(300));
  let bytes = pick(stream, samples);
  for (let n = stream.int(2) === 0 ? 1 : 1 + stream.int(4); n > 0 && bytes.length > 0; n--)
    bytes = pick(stream, byteChanges)(stream, bytes, samples);
  return bytes;
}

/** Words that mean something somewhere. */
const words = [
  ...[
    'null',
    'true',
    'false',
    'NaN',
    'Infinity',
    '-1',
    '0',
    '1e999',
    '-0',
    '1e-400',
    '99999999999999999999',
    '0x10',
    '3L',
    '""',
    '"__proto__"',
    '"toString"',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ',',
    ':',
    ';',
    '"',
    "'",
    '\\',
    '\n',
    '\r\n',
    '\t',
    '\0',
    '\ufeff',
    '\ud800',
    '𝒳',
    '한',
    '^',
    '**',
    '+',
    '-',
    '*',
    '/',
    '=',
  ],
];

/** Texts are changed by characters and by words, and now and then by bytes. */
export function mutateText(stream: Stream, samples: readonly string[], more: readonly string[] = []): string {
  let text = pick(stream, samples);
  const vocabulary = [...words, ...more];
  for (let n = stream.int(2) === 0 ? 1 : 1 + stream.int(5); n > 0; n--) {
    const from = stream.int(text.length + 1);
    const to = Math.min(text.length, from + stream.int(12));
    const kind = stream.int(8);
    if (kind <= 2) text = text.slice(0, from) + pick(stream, vocabulary) + text.slice(kind === 0 ? from : to);
    else if (kind === 3) text = text.slice(0, from) + text.slice(to);
    else if (kind === 4) text = text.slice(0, to) + text.slice(from).repeat(1 + stream.int(3));
    else if (kind === 5)
      text = text.slice(0, from) + String.fromCodePoint(stream.int(4) === 0 ? stream.int(0xd800) : 32 + stream.int(95)) + text.slice(from);
    else if (kind === 6) text = text.slice(0, from) + pick(stream, vocabulary).repeat(1 + stream.int(200)) + text.slice(from);
    else text = text.slice(0, from) + pick(stream, samples).slice(0, 40) + text.slice(to);
    if (text.length > 20_000) text = text.slice(0, 20_000);
  }
  return text;
}

/** Values that a field of JSON should not have. */
const oddValues: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 0.5, 1e308, 2 ** 53, 2 ** 31, Number.MIN_VALUE, '', 'x', 'toString', '__proto__', '0'],
  ...[
    [],
    {},
    [0],
    [[]],
    { name: 'x' },
    { length: 2 ** 32 },
    [null],
    Array.from({ length: 300 }, (_, i) => i),
    { __proto__: null, constructor: 1 },
  ],
];

/** Replaces, removes, adds, moves and copies parts of a JSON value. */
export function mutateJson(stream: Stream, samples: readonly unknown[]): unknown {
  let root: unknown = structuredClone(pick(stream, samples));
  for (let n = 1 + stream.int(3); n > 0; n--) {
    const places = placesIn(root);
    const place = pick(stream, places);
    const odd = structuredClone(stream.int(4) === 0 ? pick(stream, places).value : pick(stream, oddValues));
    if (place.holder === null) {
      if (stream.int(20) === 0) root = odd;
      continue;
    }
    const holder = place.holder as Record<string | number, unknown>;
    const kind = stream.int(5);
    if (kind <= 1) holder[place.key] = odd;
    else if (kind === 2 && Array.isArray(holder)) holder.splice(Number(place.key), 1);
    else if (kind === 2) delete holder[place.key];
    else if (kind === 3 && Array.isArray(holder)) holder.push(odd);
    else if (kind === 3) holder[pick(stream, ['name', 'lr', 'extra', 'toString', 'seed', pick(stream, places).key])] = odd;
    else if (typeof place.value === 'number')
      holder[place.key] = place.value * pick(stream, [-1, 0.5, 2, 1e10, 1e-10]) + pick(stream, [0, 1, -1]);
    else holder[place.key] = [place.value, place.value];
  }
  return root;
}

interface Place {
  readonly holder: object | null;
  readonly key: string | number;
  readonly value: unknown;
}

function placesIn(value: unknown, holder: object | null = null, key: string | number = ''): Place[] {
  const inside = value !== null && typeof value === 'object' ? Object.entries(value).flatMap(([k, v]) => placesIn(v, value, k)) : [];
  return [{ holder, key, value }, ...inside];
}
