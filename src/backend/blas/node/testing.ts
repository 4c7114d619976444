/** The system's BLAS for tests: what is here, or why there is none. */
import { provideBackend } from '../../current.ts';
import type { Kernels } from '../../kernels.ts';
import { BlasBackend } from '../blas-backend.ts';
import type { BlasLibrary } from '../library.ts';
import { findBlas } from './find.ts';

let found: BlasLibrary | null = null;
try {
  found = findBlas();
} catch (error) {
  console.log(`Not tested on BLAS: ${(error as Error).message}`);
}

export const library: BlasLibrary | null = found;

/** A backend that gives the library every product, however small, and answers to the name 'blas' as well; an empty list where there is none. */
export const blasBackends: readonly { readonly name: 'blas'; readonly kernels: Kernels }[] =
  found === null ? [] : [{ name: 'blas', kernels: new BlasBackend(found, { smallest: 1 }) }];
for (const { name, kernels } of blasBackends) provideBackend(name, () => kernels);
