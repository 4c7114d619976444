import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { decodeNpy, encodeNpy, type NpyData, npyNumbers } from './npy.ts';
import { decodeNpz, encodeNpz } from './npz.ts';

/** An npy file with this header, as any other tool might write it. */
function file(header: string, data: ArrayLike<number> = [], { major = 1, length = header.length } = {}): Uint8Array {
  const begin = major === 1 ? 10 : 12;
  const bytes = new Uint8Array(begin + header.length + data.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, major, 0]);
  const view = new DataView(bytes.buffer);
  if (major === 1) view.setUint16(8, length, true);
  else view.setUint32(8, length, true);
  bytes.set(new TextEncoder().encode(header), begin);
  bytes.set(data, begin + header.length);
  return bytes;
}

const dict = (descr = "'<f4'", order = 'False', shape = '(1,)') => `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

function problem(read: () => unknown, start: string): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message.slice(0, start.length)).toBe(start);
    return (error as UserError).message.slice(start.length);
  }
  return 'none';
}

const kinds = [Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array] as const;
const array: fc.Arbitrary<{ shape: number[]; data: NpyData }> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), fc.nat(kinds.length + 1), fc.nat())
  .map(([shape, kind, seed]) => {
    const numbers = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.round(Math.sin(seed + i) * 1e9));
    if (kind < kinds.length) return { shape, data: kinds[kind].from(numbers) };
    return { shape, data: (kind === kinds.length ? BigInt64Array : BigUint64Array).from(numbers.map(BigInt)) };
  });

describe('npy', () => {
  it('round-trips every kind of array and shape, from a view into a larger buffer too', () => {
    fc.assert(
      fc.property(array, fc.nat(9), ({ shape, data }, offset) => {
        const bytes = encodeNpy(data, shape);
        const larger = new Uint8Array(offset + bytes.length + 3).fill(255);
        larger.set(bytes, offset);
        const back = decodeNpy(larger.subarray(offset, offset + bytes.length), 'test');
        expect(back.shape).toEqual(shape);
        expect(back.data).toStrictEqual(data);
        expect(`${back.dtype[0].toUpperCase()}${back.dtype.slice(1)}Array`).toBe(
          data.constructor.name.replace('Big', '').replace('Uint', 'Uint'),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('begins its elements at a multiple of 64 bytes', () => {
    const bytes = encodeNpy(Float64Array.of(1, 2), [2]);
    expect((bytes.length - 16) % 64).toBe(0);
  });

  it('gives a net its numbers: bytes as they are, all else as float32', () => {
    expect(npyNumbers({ shape: [1], data: Uint8Array.of(7), dtype: 'uint8' })).toEqual(Uint8Array.of(7));
    expect(npyNumbers({ shape: [1], data: BigInt64Array.of(-7n), dtype: 'int64' })).toEqual(Float32Array.of(-7));
    expect(npyNumbers({ shape: [1], data: Float64Array.of(0.1), dtype: 'float64' })).toEqual(Float32Array.of(0.1));
  });

  it('reads headers as other tools write them: any order, either quote, no comma at the end, 3L of Python 2', () => {
    const four = [0, 0, 128, 63]; // 1 as float32
    for (const header of [
      dict(),
      '{"shape": (1L,), "fortran_order": False, "descr": "<f4"}',
      "{ 'descr' : '<f4' , 'fortran_order' : True , 'shape' : ( 1 , ) , }\n",
    ]) {
      expect(decodeNpy(file(header, four), 'x'), header).toEqual({ shape: [1], data: Float32Array.of(1), dtype: 'float32' });
      expect(decodeNpy(file(header, four, { major: 3 }), 'x').shape).toEqual([1]);
    }
    expect(decodeNpy(file(dict("'|b1'", 'False', '()'), [2]), 'x')).toEqual({ shape: [], data: Uint8Array.of(1), dtype: 'bool' });
  });

  const wantedDict = "a dict such as {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } was expected";
  it.each([
    ['not npy', new Uint8Array(20), "it does not begin with '\\x93NUMPY'"],
    ['cut short', file(dict()).subarray(0, 9), 'it ends within its header: it has 9 bytes'],
    ['a version to come', file(dict(), [], { major: 4 }), 'it has version 4.0; read here are 1.0, 2.0 and 3.0'],
    ['a header past the end', file('{}', [], { length: 900 }), 'its header is said to take 900 bytes; 2 follow'],
    ['a huge header', file('{}', [], { major: 2, length: 2 ** 32 - 1 }), 'its header is said to take 4294967295 bytes; 2 follow'],
    ['code in the header', file("__import__('os')"), `its header is "__import__('os')"; ${wantedDict}`],
    [
      'a key missing',
      file("{'descr': '<f4', 'fortran_order': False}"),
      `its header is "{'descr': '<f4', 'fortran_order': False}"; ${wantedDict}`,
    ],
    ['a key twice', file("{'descr': '<f4', 'descr': '<f8'}"), "its header has 'descr' twice"],
    ['a size in parentheses', file(dict("'<f4'", 'False', '(1)')), /^its header is .*was expected$/],
    ['a negative size', file(dict("'<f4'", 'False', '(-1,)')), /^its header is .*was expected$/],
    ['a size beyond 2^53', file(dict("'<f4'", 'False', '(99999999999999999999,)')), /^its header is .*was expected$/],
    [
      'a product beyond any memory',
      file(dict("'<f4'", 'False', '(4294967296, 4294967296)')),
      'float32 of shape [4294967296,4294967296] takes 73786976294838210000 bytes; 0 follow the header',
    ],
    ['data cut short', file(dict(), [0, 0, 0]), 'float32 of shape [1] takes 4 bytes; 3 follow the header'],
    ['data too long', file(dict(), [0, 0, 0, 0, 0]), 'float32 of shape [1] takes 4 bytes; 5 follow the header'],
    ['objects, which would be code', file(dict("'|O'")), /^its elements are "\|O"; read here are booleans, whole numbers and floats/],
    ['complex numbers', file(dict("'<c8'")), /^its elements are "<c8"/],
    ['a type of the prototype', file(dict("'<toString'")), /^its elements are/],
  ])('refuses %s', (_, bytes, message) => {
    const found = problem(() => decodeNpy(bytes, 'x.npy'), 'x.npy: not a whole npy file: ');
    if (typeof message === 'string') expect(found).toBe(message);
    else expect(found).toMatch(message);
  });
});

describe('npz', () => {
  const arrays = new Map([
    ['x', { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) as NpyData }],
    ['0', { shape: [], data: Uint8Array.of(9) as NpyData }],
  ]);

  it.each([true, false])('round-trips, compress: %s, to the same bytes each time', compress => {
    const bytes = encodeNpz(arrays, { compress });
    expect(encodeNpz(arrays, { compress })).toEqual(bytes);
    const back = decodeNpz(bytes, 'test');
    expect(back.size).toBe(2);
    for (const [name, { shape, data }] of arrays) expect(back.get(name)).toMatchObject({ shape, data });
  });

  it('refuses an archive with any byte changed, but for dates and the like, which say nothing of its content', () => {
    const bytes = encodeNpz(arrays);
    const want = JSON.stringify([...decodeNpz(bytes, 'x')]);
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] ^= 0x55;
      try {
        expect(JSON.stringify([...decodeNpz(changed, 'x')])).toBe(want);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(bytes.length / 2);
  });

  it('refuses one that was cut short anywhere', () => {
    const bytes = encodeNpz(arrays);
    for (let length = 0; length < bytes.length; length++) {
      expect(
        problem(() => decodeNpz(bytes.subarray(0, length), 'x.npz'), 'x.npz: not a whole zip archive: '),
        `${length} bytes`,
      ).not.toBe('none');
    }
  });

  it('refuses an entry that claims more than deflate can make, before it has memory for it', () => {
    const bytes = encodeNpz(arrays);
    const view = new DataView(bytes.buffer);
    const directory = bytes.findLastIndex((_, i) => i + 4 <= bytes.length && view.getUint32(i, true) === 0x02014b50);
    view.setUint32(directory + 24, 2 ** 31, true);
    const before = process.memoryUsage().arrayBuffers;
    expect(problem(() => decodeNpz(bytes, 'x.npz'), 'x.npz: not a whole zip archive: ')).toMatch(
      /is said to have 2147483648 bytes, out of \d+$/,
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6);
  });
});
