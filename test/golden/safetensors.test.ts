/** Files of the Python package, made by write_safetensors.py beside this, are read to the bit; and what is written here is what it writes. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/io/safetensors.ts';

const golden = (name: string): Promise<Buffer> => readFile(new URL(`${name}.safetensors`, import.meta.url));

it('reads weights', async () => {
  const { tensors, metadata } = decodeSafetensors(await golden('weights'), 'weights');
  expect(metadata).toEqual({ format: 'pt' });
  const want: Record<string, StoredTensor> = {
    '0.weight': { shape: [2, 3], values: Float32Array.of(1.5, -2.25, 0.1, 3, 1e-40, -0) },
    '0.bias': { shape: [2], values: Float32Array.of(Number.POSITIVE_INFINITY, Number.NaN) },
    '1.running_mean': { shape: [2], values: Float64Array.of(0.1, 1 / 3) },
    '1.num_batches_tracked': { shape: [], values: Float64Array.of(12345) },
    empty: { shape: [0, 3], values: new Float32Array(0) },
  };
  expect(new Map([...tensors].sort())).toEqual(new Map(Object.entries(want).sort()));
});

it('reads half precision', async () => {
  const { tensors } = decodeSafetensors(await golden('half'), 'half');
  expect([...tensors.get('half')!.values]).toEqual([-0, 1, 65504, 2 ** -24, Number.NEGATIVE_INFINITY, Number.NaN]);
  expect([...tensors.get('brain')!.values]).toEqual([-0, 1, 255 * 2 ** 120, 2 ** -133, Number.NEGATIVE_INFINITY, Number.NaN]);
});

it('reads whole numbers and booleans, exactly', async () => {
  const { tensors } = decodeSafetensors(await golden('whole'), 'whole');
  const signed = (bits: number): number[] => [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
  const unsigned = (bits: number): number[] => [0, 2 ** bits - 1];
  expect(Object.fromEntries([...tensors].map(([name, { values }]) => [name, [...values]]))).toEqual({
    int8: signed(8),
    uint8: unsigned(8),
    int16: signed(16),
    uint16: unsigned(16),
    int32: signed(32),
    uint32: unsigned(32),
    int64: [-(2 ** 53) + 1, 2 ** 53 - 1],
    uint64: unsigned(53),
    bool: [0, 1],
  });
});

it('writes the same bytes', async () => {
  const tensors = new Map<string, StoredTensor>([
    ['b', { shape: [2, 3], values: Float32Array.of(0, 1, 2, 3, 4, 5) }],
    ['scalar', { shape: [], values: Float32Array.of(7) }],
    ['a', { shape: [1], values: Float32Array.of(0.5) }],
  ]);
  expect(Buffer.from(encodeSafetensors(tensors, { format: 'pt' })).toString('latin1')).toBe((await golden('floats')).toString('latin1'));
});
