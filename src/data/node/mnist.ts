/** MNIST and Fashion-MNIST: from a folder, from the cache, or downloaded and verified. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../errors.ts';
import type { Dataset } from '../dataset.ts';
import { gunzip } from '../gzip.ts';
import { type Edition, FASHION, MNIST, MNIST_FILES, type MnistFile, mnistDatasets } from '../mnist-files.ts';
import { download, type Progress } from './download.ts';
import { cacheFolder, type DataFile, findFile, readDataFile, reasonOf, writeAtomically } from './files.ts';

export interface MnistOptions {
  /** A folder with the four files, or with a subfolder of them (`mnist`, `fashion-mnist`). Default: the environment's CHAINRULE_DATA. */
  readonly data?: string;
  /** Where downloads are kept. Default: the user's cache folder. */
  readonly cache?: string;
  /** Fashion-MNIST, ten kinds of clothing, in place of digits. Default false. */
  readonly fashion?: boolean;
  /** Folders on the web to download from, tried in order. */
  readonly mirrors?: readonly string[];
  /** Milliseconds without a byte after which a mirror is given up. Default 20,000. */
  readonly timeout?: number;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * The training and test images [1, 28, 28] of MNIST or Fashion-MNIST.
 *
 * They are looked for in `data`, in the folder CHAINRULE_DATA, and in the cache, in this order, and downloaded into the cache where none has them.
 * What is downloaded is verified; what is read from a folder is compared, and the dataset's `provenance` says whether it is the original.
 *
 * @throws UserError naming file and offset of what is wrong, or each mirror with its reason and what else can be done
 */
export async function mnist(options: MnistOptions = {}): Promise<{ train: Dataset; test: Dataset }> {
  const edition = options.fashion ? FASHION : MNIST;
  const given = options.data ?? (process.env.CHAINRULE_DATA || undefined);
  if (given !== undefined) {
    const folder = findFolder(given, edition);
    if (folder !== null) return await fromFolder(folder, edition);
    const from = options.data === undefined ? 'CHAINRULE_DATA' : 'data';
    // a folder for data in general may well hold other sets; one that is not there is a mistake
    if (options.data !== undefined || !existsSync(given)) {
      throw new UserError(
        `${from}: ${given} ${existsSync(given) ? `holds no ${edition.title} files` : 'is not there'}; expected ${MNIST_FILES.join(', ')} (each plain or .gz), in it or in ${join(given, edition.subfolders[0])}`,
      );
    }
  }
  return await fromCache(edition, options);
}

/** The folder, or a subfolder of known name, that has at least one of the files. */
function findFolder(folder: string, edition: Edition): string | null {
  const places = [...edition.subfolders.map(sub => join(folder, sub)), folder];
  return places.find(place => MNIST_FILES.some(name => findFile(place, name) !== null)) ?? null;
}

async function fromFolder(folder: string, edition: Edition): Promise<{ train: Dataset; test: Dataset }> {
  const paths = MNIST_FILES.map(name => {
    const path = findFile(folder, name);
    if (path === null)
      throw new UserError(`${folder}: ${name} (plain or .gz) is missing; ${edition.title} is made of ${MNIST_FILES.join(', ')}`);
    return path;
  });
  const files = await Promise.all(paths.map(readDataFile));
  for (const other of [MNIST, FASHION]) {
    if (other !== edition && MNIST_FILES.some((name, i) => matches(files[i], name, other))) {
      throw new UserError(`${folder} holds ${other.title}, not ${edition.title}`);
    }
  }
  const strange = MNIST_FILES.filter((name, i) => !matches(files[i], name, edition));
  const verdict = strange.length === 0 ? 'verified' : `not verified: ${strange.join(', ')} cannot be matched with the original`;
  return toDatasets(files, edition, `${edition.title}, from folder ${folder}, ${verdict}`);
}

function matches({ stored, content }: Pick<DataFile, 'stored' | 'content'>, name: MnistFile, edition: Edition): boolean {
  const digest =
    edition.hash === 'sha256 of content'
      ? createHash('sha256').update(content).digest('hex')
      : createHash('md5').update(stored).digest('hex');
  return digest === edition.hashes[name];
}

async function fromCache(edition: Edition, options: MnistOptions): Promise<{ train: Dataset; test: Dataset }> {
  const folder = join(options.cache ?? cacheFolder(), edition.name);
  const files: DataFile[] = [];
  const origins = new Set<string>();
  let note = '';
  for (const name of MNIST_FILES) {
    const path = join(folder, `${name}.gz`);
    const kept = existsSync(path) ? await readDataFile(path).catch(() => null) : null;
    if (kept !== null && matches(kept, name, edition)) {
      files.push(kept);
      origins.add(`cache ${folder}`);
      continue;
    }
    await rm(path, { force: true }).catch(() => undefined); // damaged: get it again
    const { url, bytes, content } = await fetchVerified(name, edition, options);
    await writeAtomically(path, bytes).catch(error => {
      note = ` (it could not be kept in ${folder}: ${reasonOf(error)})`;
    });
    files.push({ path: url, stored: bytes, content });
    origins.add(new URL(url).host);
  }
  return toDatasets(files, edition, `${edition.title}, from ${[...origins].join(' and ')}, verified${note}`);
}

async function fetchVerified(
  name: MnistFile,
  edition: Edition,
  options: MnistOptions,
): Promise<{ url: string; bytes: Uint8Array; content: Uint8Array }> {
  const check = async (stored: Uint8Array, url: string): Promise<Uint8Array> => {
    const content = await gunzip(stored, url);
    if (!matches({ stored, content }, name, edition)) {
      throw new UserError(`the ${edition.hash} is not the one of ${edition.title}'s ${name}; the file is damaged or another one`);
    }
    return content;
  };
  try {
    const { url, bytes, value } = await download({
      mirrors: options.mirrors ?? edition.mirrors,
      file: `${name}.gz`,
      check,
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    return { url, bytes, content: value };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${edition.title}: ${error.message}\nEither give a folder with the four files (--data DIR, or the environment variable CHAINRULE_DATA), or use the embedded data set: digits`,
      undefined,
      { cause: error },
    );
  }
}

function toDatasets(files: readonly DataFile[], edition: Edition, provenance: string): { train: Dataset; test: Dataset } {
  const contents = files.map(({ path, stored, content }) => ({ path, content, isCompressed: stored !== content }));
  return mnistDatasets(contents, edition, provenance);
}
