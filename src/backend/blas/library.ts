/** What the backend needs to know of a BLAS library: nothing of how it was found, or of what calls it. */

import type { ForeignFunction } from '../wasm/foreign.ts';

/** The enumerations of the C interface (cblas.h): order of storage and transposition. */
export const ROW_MAJOR = 101;
export const NO_TRANSPOSE = 111;
export const TRANSPOSE = 112;

/** `cblas_sgemm`: c = alpha op(a) op(b) + beta c, the matrices by their addresses in the process. c is not read where beta is 0. */
export type Sgemm = (
  order: number,
  transA: number,
  transB: number,
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: number,
  lda: number,
  b: number,
  ldb: number,
  beta: number,
  c: number,
  ldc: number,
) => void;

export interface BlasLibrary {
  /** OpenBLAS, MKL, BLIS or Accelerate; BLAS where it is none of these. */
  readonly kind: string;
  /** What it says of itself: version, and the processor its kernels are for; '' where it says nothing. */
  readonly version: string;
  /** The file it was loaded from. */
  readonly path: string;
  /** Threads that it takes for a product; 0 where it cannot be asked. */
  readonly threads: number;
  /** How other threads get its product, where several may compute with it at once and each call keeps to its own thread; else null. */
  readonly elsewhere: ForeignFunction | null;
  readonly sgemm: Sgemm;
  /** The address in the process at which these bytes begin. */
  addressOf(buffer: ArrayBufferLike): number;
}

/** `OpenBLAS 0.3.21 Haswell (/usr/lib/libopenblas.so.0)` */
export function describeLibrary({ kind, version, path }: Pick<BlasLibrary, 'kind' | 'version' | 'path'>): string {
  return `${kind}${version === '' ? '' : ` ${version}`} (${path})`;
}
