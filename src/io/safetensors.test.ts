import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { tensor } from '../tensor/create.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from './safetensors.ts';

/** A file from a header (JSON text, or what becomes it) and data, as any other tool might write it. */
function file(header: unknown, data: ArrayLike<number> = [], length?: bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const problem = (bytes: Uint8Array): string => {
  try {
    decodeSafetensors(bytes, 'x.safetensors');
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as UserError;
    expect(message.startsWith('x.safetensors: not a valid safetensors file: ')).toBe(true);
    return message.slice('x.safetensors: not a valid safetensors file: '.length);
  }
  return 'none';
};

const known = 'F64, F32, F16, BF16, I64, U64, I32, U32, I16, U16, I8, U8, BOOL';
const f32 = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);

const storedTensor: fc.Arbitrary<StoredTensor> = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), fc.boolean(), fc.nat())
  .map(([shape, wide, seed]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    const numbers = Array.from({ length: size }, (_, i) => Math.sin(seed + i) * 10 ** ((seed % 60) - 30));
    return { shape, values: wide ? Float64Array.from(numbers) : Float32Array.from(numbers) };
  });

describe('encode and decode', () => {
  it('round-trips any names, shapes and numbers, from a view into a larger buffer too', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.string({ unit: 'binary' }), storedTensor), { selector: ([name]) => name, maxLength: 6 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        fc.nat({ max: 17 }),
        (entries, metadata, offset) => {
          const tensors = new Map(entries.filter(([name]) => name !== '__metadata__'));
          const bytes = encodeSafetensors(tensors, metadata);
          const larger = new Uint8Array(offset + bytes.length + 3).fill(255);
          larger.set(bytes, offset);
          for (const given of [bytes, larger.subarray(offset, offset + bytes.length), Buffer.from(bytes)]) {
            const back = decodeSafetensors(given, 'test');
            expect(new Set(back.tensors.keys())).toEqual(new Set(tensors.keys()));
            for (const [name, t] of tensors) expect(back.tensors.get(name)).toStrictEqual(t);
            expect({ ...back.metadata }).toEqual({ ...metadata });
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps NaN, infinities and -0', () => {
    const values = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -0, 1e-45);
    const back = decodeSafetensors(encodeSafetensors(new Map([['a', { shape: [4], values }]])), 'test').tensors.get('a')!;
    expect([...back.values].every((v, i) => Object.is(v, values[i]))).toBe(true);
  });

  it('reads from a Buffer of Node that is a part of its pool', () => {
    const bytes = encodeSafetensors(
      new Map([
        ['a', { shape: [2], values: Float32Array.of(1, 2) }],
        ['b', { shape: [1], values: Float32Array.of(3) }],
      ]),
    );
    const pooled = Buffer.from(bytes); // short buffers are cut out of a shared pool
    expect(pooled.buffer.byteLength).toBeGreaterThan(bytes.length);
    expect([...decodeSafetensors(pooled, 'test').tensors].map(([name, t]) => [name, [...t.values]])).toEqual([
      ['a', [1, 2]],
      ['b', [3]],
    ]);
  });

  it('takes tensors of both element types, wide ones first, with the data aligned to 8 bytes', () => {
    const narrow = withBackend('wasm', () => tensor([[1, 2, 3]]));
    const wide = withBackend('reference64', () => tensor([0.1]));
    const bytes = encodeSafetensors(
      new Map([
        ['a', narrow],
        ['b', wide],
      ]),
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      a: { dtype: 'F32', shape: [1, 3], data_offsets: [8, 20] },
      b: { dtype: 'F64', shape: [1], data_offsets: [0, 8] },
    });
    expect(decodeSafetensors(bytes, 'test').tensors.get('b')!.values[0]).toBe(0.1);
  });

  it('writes the same bytes whatever the order of the tensors', () => {
    const [a, b] = [1, 2].map((v): StoredTensor => ({ shape: [], values: Float32Array.of(v) }));
    const one = encodeSafetensors(new Map(Object.entries({ a, b })));
    const other = encodeSafetensors(new Map(Object.entries({ b, a })));
    expect(one).toEqual(other);
  });
});

describe('other element types', () => {
  const one = (dtype: string, data: Uint8Array, count: number) =>
    decodeSafetensors(file({ a: { dtype, shape: [count], data_offsets: [0, data.length] } }, data), 'test').tensors.get('a')!.values;

  it('F16: normal, subnormal, largest, infinite, NaN, signed zero', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x8400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0x8000, 0x3555);
    const values = one('F16', new Uint8Array(bits.buffer), 10);
    const want = [1, -2, 2 ** -24, -(2 ** -14), 65504, Infinity, -Infinity, Number.NaN, -0, 0.333251953125];
    expect([...values].map(v => v)).toEqual(want);
    expect(Object.is(values[8], -0)).toBe(true);
  });

  it('BF16: the upper half of a float32', () => {
    const bits = Uint16Array.of(0x3f80, 0xc040, 0x7f80, 0x8000, 0x0001);
    expect([...one('BF16', new Uint8Array(bits.buffer), 5)]).toEqual([1, -3, Infinity, -0, 2 ** -133]);
  });

  it('I64: counts, exactly, or an error', () => {
    expect([...one('I64', new Uint8Array(BigInt64Array.of(3n, -7n, 2n ** 53n - 1n).buffer), 3)]).toEqual([3, -7, 2 ** 53 - 1]);
    const bytes = new Uint8Array(BigInt64Array.of(2n ** 60n).buffer);
    expect(problem(file({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, bytes))).toBe(
      "'a' holds whole numbers beyond 2^53, which no float holds exactly",
    );
  });
});

describe('whole numbers and booleans are exact', () => {
  it.each<[string, ArrayBufferView, number[], typeof Float32Array | typeof Float64Array]>([
    ['I8', Int8Array.of(-128, 127), [-128, 127], Float32Array],
    ['U8', Uint8Array.of(0, 255), [0, 255], Float32Array],
    ['BOOL', Uint8Array.of(0, 1), [0, 1], Float32Array],
    ['I16', Int16Array.of(-(2 ** 15), 2 ** 15 - 1), [-(2 ** 15), 2 ** 15 - 1], Float32Array],
    ['U16', Uint16Array.of(0, 2 ** 16 - 1), [0, 2 ** 16 - 1], Float32Array],
    ['I32', Int32Array.of(-(2 ** 31), 2 ** 31 - 1), [-(2 ** 31), 2 ** 31 - 1], Float64Array],
    ['U32', Uint32Array.of(0, 2 ** 32 - 1), [0, 2 ** 32 - 1], Float64Array],
    ['U64', BigUint64Array.of(0n, 2n ** 53n - 1n), [0, 2 ** 53 - 1], Float64Array],
  ])('%s', (dtype, numbers, want, type) => {
    const data = new Uint8Array(numbers.buffer);
    const { tensors } = decodeSafetensors(file({ a: { dtype, shape: [2], data_offsets: [0, data.length] } }, data), 'test');
    expect(tensors.get('a')).toStrictEqual({ shape: [2], values: type.from(want) });
  });
});

describe('hostile and damaged files are refused', () => {
  const entry = (shape: unknown, begin: number, end: number, dtype: unknown = 'F32') => ({ dtype, shape, data_offsets: [begin, end] });

  it.each([
    ['too short', new Uint8Array(5), "it has 5 bytes; the header's length alone takes 8"],
    ['a huge header', file('{}', [], 2n ** 63n), 'its header is said to take 9223372036854776000 bytes; after the first 8 the file has 2'],
    ['a header past the end', file('{}', [], 3n), 'its header is said to take 3 bytes; after the first 8 the file has 2'],
    ['an array as header', file([]), 'its header is not a JSON object'],
    ['null as header', file('null'), 'its header is not a JSON object'],
    ['an entry that is a text', file({ a: 'x' }), `'a' has dtype undefined; read here are ${known}`],
    ['an unknown dtype', file({ a: entry([], 0, 4, 'F8_E4M3') }, f32(1)), `'a' has dtype "F8_E4M3"; read here are ${known}`],
    ['a dtype out of the prototype', file({ a: entry([], 0, 4, 'toString') }, f32(1)), `'a' has dtype "toString"; read here are ${known}`],
    ['a negative size', file({ a: entry([-1], 0, 4) }, f32(1)), "'a' has the shape [-1]; a list of whole numbers was expected"],
    ['a fractional size', file({ a: entry([0.5], 0, 2) }, f32(1)), "'a' has the shape [0.5]; a list of whole numbers was expected"],
    [
      'one offset',
      file({ a: { dtype: 'F32', shape: [], data_offsets: [0] } }),
      "'a' has data_offsets [0]; two whole numbers were expected",
    ],
    ['offsets past the end', file({ a: entry([2], 0, 8) }, f32(1)), "'a' lies at bytes 0 to 8 of the data, which has 4"],
    ['offsets turned round', file({ a: entry([1], 4, 0) }, f32(1)), "'a' lies at bytes 4 to 0 of the data, which has 4"],
    [
      'a shape that does not fill its place',
      file({ a: entry([3], 0, 8) }, f32(1, 2)),
      "'a' of shape [3] and dtype F32 takes 12 bytes; its place has 8",
    ],
    [
      'a product of sizes beyond any memory',
      file({ a: entry([2 ** 40, 2 ** 40], 0, 4) }, f32(1)),
      "'a' of shape [1099511627776,1099511627776] and dtype F32 takes 4.835703278458517e+24 bytes; its place has 4",
    ],
    [
      'an overlap',
      file({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, f32(1, 2, 3)),
      "'b' begins at byte 4 of the data, where 8 was expected: tensors must neither overlap nor leave gaps",
    ],
    [
      'a gap',
      file({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, f32(1, 2, 3)),
      "'b' begins at byte 8 of the data, where 4 was expected: tensors must neither overlap nor leave gaps",
    ],
    ['data that belongs to no tensor', file({ a: entry([1], 0, 4) }, f32(1, 2)), 'the tensors take 4 bytes, and 8 follow the header'],
    ['a file cut short', file({ a: entry([2], 0, 8) }, f32(1, 2)).subarray(0, -1), "'a' lies at bytes 0 to 8 of the data, which has 7"],
    [
      'a name twice, which JSON.parse would pass over',
      file('{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}', f32(1)),
      "its header has 'a' twice",
    ],
    [
      'a key of an entry twice',
      file('{"a":{"dtype":"F32","dtype" :"F64","shape":[],"data_offsets":[0,8]}}', f32(1, 2)),
      "its header has 'dtype' twice",
    ],
    [
      'sizes that are no numbers',
      file({ a: entry(['2'], 0, 8) }, f32(1, 2)),
      '\'a\' has the shape ["2"]; a list of whole numbers was expected',
    ],
    [
      'a size that is NaN, as JSON has it',
      file({ a: entry([null], 0, 8) }, f32(1, 2)),
      "'a' has the shape [null]; a list of whole numbers was expected",
    ],
    [
      'a size of -0',
      file('{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'),
      "'a' has the shape [0]; a list of whole numbers was expected",
    ],
    [
      'a value nested deeper than any stack',
      file(`{"a":{"dtype":"F32","shape":${'['.repeat(200_000)}${']'.repeat(200_000)},"data_offsets":[0,0]}}`),
      "'a' has the shape a value nested too deep to show; a list of whole numbers was expected",
    ],
    ['a space before the header', file(' {}'), 'its header is not a JSON object'],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }), "'__metadata__' must hold texts only"],
  ])('%s', (_, bytes, message) => {
    expect(problem(bytes)).toBe(message);
  });

  it('a header that is not JSON, or not UTF-8', () => {
    expect(problem(file('{"a":'))).toMatch(/^its header is not JSON \(/);
    const bytes = file('{"a":1}');
    bytes[10] = 0xff;
    expect(problem(bytes)).toMatch(/^its header is not JSON \(/);
  });

  it('allocates nothing for tensors that overlap', () => {
    // 4 MB of data, named a thousand times over: 4 GB if each were copied before all are checked.
    const size = 4_000_000;
    const entries = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`t${i}`, entry([size], 0, size, 'U8')]));
    const before = process.memoryUsage().arrayBuffers;
    expect(problem(file(entries, new Uint8Array(size)))).toMatch(/^'t1' begins at byte 0 of the data, where 4000000 was expected/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * size);
  });

  it('any change of any byte of the header gives an error or a file of as many numbers', () => {
    const bytes = encodeSafetensors(new Map([['w', { shape: [2, 2], values: Float32Array.of(1, 2, 3, 4) }]]));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 17 }), fc.nat({ max: 255 }), (at, value) => {
        const changed = bytes.slice();
        changed[at] = value;
        try {
          for (const { shape, values } of decodeSafetensors(changed, 'x').tensors.values()) {
            expect(values.length).toBe(shape.reduce((a, b) => a * b, 1));
          }
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
