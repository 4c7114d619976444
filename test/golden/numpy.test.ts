/** Files of NumPy, made by write_numpy.py beside this, are read as they are; and what is written here is what it writes. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy } from '../../src/io/npy.ts';
import { decodeNpz } from '../../src/io/npz.ts';

const golden = (name: string): Uint8Array => readFileSync(new URL(`numpy/${name}`, import.meta.url));

describe('every numeric type, in both byte orders and both orders of memory', () => {
  const arrays = decodeNpz(golden('types.npz'), 'types.npz');
  const bits = (type: string): number => 8 * Number(type[1]);
  /** 0 1 2 / 3 4 5, with the type's ends, or -infinity and 0.1, first and last. */
  const ends: Record<string, (type: string) => [unknown, unknown]> = {
    b: () => [0, 1],
    i: type => [-(2n ** BigInt(bits(type) - 1)), 2n ** BigInt(bits(type) - 1) - 1n],
    u: type => [0n, 2n ** BigInt(bits(type)) - 1n],
    f: type => [Number.NEGATIVE_INFINITY, { f2: 0.0999755859375, f4: Math.fround(0.1), f8: 0.1 }[type]],
  };

  it('are all there', () => {
    expect(arrays.size).toBe(3 * 2 + 9 * 4);
  });

  it.each([...arrays])('%s', (name, { shape, data }) => {
    const type = name.slice(0, 2);
    expect(shape).toEqual([2, 3]);
    const [first, last] = ends[type[0]](type);
    const inner = type === 'b1' ? [1, 1, 1, 1] : [1, 2, 3, 4];
    const plain = [...data].map(value => (typeof value === 'bigint' && type !== 'i8' && type !== 'u8' ? Number(value) : value));
    const wanted = [first, ...inner, last].map(value => (type === 'i8' || type === 'u8' ? BigInt(value as number) : Number(value)));
    expect(plain).toEqual(wanted);
  });
});

it('stored archives, a scalar, an empty array, three dimensions', () => {
  const arrays = decodeNpz(golden('stored.npz'), 'stored.npz');
  expect(arrays.get('scalar')).toEqual({ shape: [], data: Float64Array.of(0.1), dtype: 'float64' });
  expect(arrays.get('empty')).toEqual({ shape: [0, 5], data: new Int32Array(0), dtype: 'int32' });
  const cube = { shape: [2, 3, 4], data: Float32Array.from({ length: 24 }, (_, i) => i), dtype: 'float32' };
  expect(arrays.get('x')).toEqual(cube);
  expect(decodeNpy(golden('cube_F.npy'), 'cube_F.npy')).toEqual(cube);
});

it.each([1, 2, 3])('version %i', version => {
  expect(decodeNpy(golden(`version${version}.npy`), 'x').data).toEqual(Float64Array.of(1.5, -2.5));
});

it.each(['structured', 'text', 'complex'])('%s arrays are refused', name => {
  expect(() => decodeNpy(golden(`${name}.npy`), name)).toThrow(/^\w+: not a whole npy file: its (elements|header)/);
});

it('writes the same bytes', () => {
  const bytes = encodeNpy(Float32Array.of(0, 1, 2, 3, 4, 5), [2, 3]);
  expect(Buffer.from(bytes).toString('latin1')).toBe(Buffer.from(golden('same.npy')).toString('latin1'));
});
