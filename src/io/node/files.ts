/** Files of other tools on disk. */
import { readFile } from 'node:fs/promises';
import { UserError } from '../../errors.ts';
import { decodeSafetensors, type StoredTensor } from '../safetensors.ts';

/** The bytes of a file; that it cannot be read is an error that says what was `expected`. */
export async function readFileBytes(path: string, expected: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
    throw new UserError(`${path}: ${reason}; ${expected} was expected`, undefined, { cause: error });
  }
}

/** Weights by state-dict key, from a safetensors file. */
export async function readWeights(path: string): Promise<Map<string, StoredTensor>> {
  return decodeSafetensors(await readFileBytes(path, 'a safetensors file'), path).tensors;
}
