/** The first BLAS library of the system that computes right products, as a backend. */
import { existsSync } from 'node:fs';
import { UserError } from '../../../errors.ts';
import type { Kernels } from '../../kernels.ts';
import { BlasBackend } from '../blas-backend.ts';
import { type BlasLibrary, describeLibrary } from '../library.ts';
import { findWrongProduct } from '../verify.ts';
import { candidates, type Environment, howToInstall, LIBRARY_VARIABLE } from './candidates.ts';
import { type Koffi, loadKoffi, openLibrary } from './load.ts';

export interface BlasOptions {
  /** Threads to compute with. Default: as many as there are processors, at most 8 where they are not the library's own. */
  readonly threads?: number;
  /** The most memory to reserve, in MiB. Default 4096. */
  readonly maxMebibytes?: number;
  /** Where to look. Default: `process.env`. */
  readonly environment?: Environment;
  /** Default: the koffi that is installed. */
  readonly koffi?: Koffi;
}

/**
 * Looks for OpenBLAS, MKL, BLIS or Accelerate, or takes the library that the environment variable CHAINRULE_BLAS names, and checks its products.
 *
 * @throws UserError where koffi or a library is missing, or the only ones there compute wrong products
 */
export function findBlas({ threads, environment = process.env, koffi = loadKoffi() }: BlasOptions = {}): BlasLibrary {
  const given = environment[LIBRARY_VARIABLE];
  const refused: string[] = [];
  const tried = candidates(process.platform, environment, existsSync);
  for (const path of tried) {
    let library: BlasLibrary;
    try {
      library = openLibrary(koffi, path, threads);
    } catch (error) {
      const { message } = error as Error;
      const told = error instanceof UserError ? message : `${path} does not load: ${message}`;
      if (given) throw new UserError(`${LIBRARY_VARIABLE}=${told}`, howToInstall(process.platform));
      if (error instanceof UserError) refused.push(told);
      continue;
    }
    const wrong = findWrongProduct(library);
    if (wrong === null) return library;
    refused.push(`${describeLibrary(library)} computes wrong products: ${wrong}`);
  }
  if (refused.length > 0) {
    throw new UserError(
      `no BLAS library here can be used:\n${refused.join('\n')}`,
      `Name another by ${LIBRARY_VARIABLE}=FILE, or install one: ${howToInstall(process.platform)}`,
    );
  }
  throw new UserError(
    `no BLAS library was found; looked for ${tried.join(', ')}`,
    `${howToInstall(process.platform)}. If you have one elsewhere: ${LIBRARY_VARIABLE}=FILE`,
  );
}

/**
 * Makes a backend of its own memory whose matrix products the system's BLAS library computes.
 *
 * @throws UserError as `findBlas` does
 */
export function createBlasBackend(options: BlasOptions = {}): Kernels {
  const { threads, maxMebibytes } = options;
  return new BlasBackend(findBlas(options), {
    ...(threads === undefined ? {} : { threads }),
    ...(maxMebibytes === undefined ? {} : { maxMebibytes }),
  });
}
