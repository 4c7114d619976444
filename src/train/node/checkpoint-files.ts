/** A checkpoint as a folder on disk; its form is that of checkpoint-format.ts. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Checkpoint } from '../checkpoint.ts';
import * as format from '../checkpoint-format.ts';

/** The files of a checkpoint, by name. */
export function checkpointFiles(checkpoint: Checkpoint): Record<string, string | Uint8Array> {
  const files = format.checkpointContents(checkpoint);
  return { ...files, [format.SUMS]: format.sumsOf(Object.entries(files).map(([name, content]) => [name, hashOf(content)])) };
}

/** Reads a checkpoint folder. A file that is missing, cut short or changed is an error that names it. */
export async function readCheckpoint(folder: string): Promise<format.ReadCheckpoint> {
  const files = new Map<string, Uint8Array>();
  for (const name of format.CHECKPOINT_FILES) {
    try {
      files.set(name, await readFile(join(folder, name)));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') throw new UserError(`${join(folder, name)}: ${message}`);
    }
  }
  return decodeCheckpoint(files, folder);
}

/** A checkpoint from its files; `folder` is what messages call the place. */
export function decodeCheckpoint(files: ReadonlyMap<string, Uint8Array>, folder: string): format.ReadCheckpoint {
  const hashes = new Map(Array.from(files, ([name, bytes]) => [name, hashOf(bytes)]));
  return format.decodeCheckpoint(files, hashes, folder);
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
