/** The npz format of NumPy: a zip archive of npy files, each called by its array's name with '.npy' after it. */
import { decodeNpy, encodeNpy, type NpyArray, type NpyData } from './npy.ts';
import { unzip, zip } from './zip.ts';

/**
 * The arrays of an npz file, by name, stored or compressed (`np.savez`, `np.savez_compressed`).
 *
 * @param source what to call it in an error, such as its path
 * @throws UserError for what is damaged, or holds something else than numeric arrays
 */
export function decodeNpz(bytes: Uint8Array, source: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const [name, content] of unzip(bytes, source)) arrays.set(name.replace(/\.npy$/, ''), decodeNpy(content, `${source}: ${name}`));
  return arrays;
}

/** An npz file; `compress` by deflate, as `np.savez_compressed` does. */
export function encodeNpz(
  arrays: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: NpyData }>,
  { compress = true }: { readonly compress?: boolean } = {},
): Uint8Array {
  const files = [...arrays].map(([name, { shape, data }]): [string, Uint8Array] => [`${name}.npy`, encodeNpy(data, shape)]);
  return zip(new Map(files), { compress });
}
