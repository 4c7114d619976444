/** Finding and reading IDX files in a folder, and writing files so that a reader never sees half of one. */
import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError } from '../../errors.ts';
import { gunzip, isGzip } from '../gzip.ts';
import { type Idx, parseIdx } from '../idx.ts';

/** A file as it lies in a folder, and its content. */
export interface DataFile {
  readonly path: string;
  readonly stored: Uint8Array;
  /** What `stored` holds, decompressed where it was gzip. */
  readonly content: Uint8Array;
}

/** The ways one file is called: train-images-idx3-ubyte and train-images.idx3-ubyte, each plain or with .gz. */
export function namesOf(name: string): string[] {
  const dotted = name.replace(/-(idx\d)/, '.$1');
  return [name, `${name}.gz`, dotted, `${dotted}.gz`];
}

/** The path of the file in the folder under whichever of its names, or null. */
export function findFile(folder: string, name: string): string | null {
  for (const variant of namesOf(name)) {
    const path = join(folder, variant);
    if (existsSync(path) && statSync(path).isFile()) return path;
  }
  return null;
}

/** Reads a file, decompressing it where it is gzip, whatever its name. */
export async function readDataFile(path: string): Promise<DataFile> {
  let stored: Uint8Array;
  try {
    stored = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: the file cannot be read (${reasonOf(error)})`, undefined, { cause: error });
  }
  return { path, stored, content: isGzip(stored) ? await gunzip(stored, path) : stored };
}

/** Reads one IDX file, plain or gzip. */
export async function readIdx(path: string): Promise<Idx> {
  const { content } = await readDataFile(path);
  return parseIdx(content, path);
}

/** Writes a file whole or not at all: to a name of its own beside it, flushed to the disk, then renamed. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Where downloads are kept: %LOCALAPPDATA%\chainrule\Cache on Windows, else $XDG_CACHE_HOME/chainrule or ~/.cache/chainrule. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'chainrule', 'Cache');
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chainrule');
}

/** What went wrong, in few words: the innermost cause's code or message. */
export function reasonOf(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  if (!(inner instanceof Error)) return String(inner);
  const { code } = inner as { code?: unknown };
  return typeof code === 'string' && !inner.message.includes(code) ? `${code} ${inner.message}`.trim() : inner.message;
}
