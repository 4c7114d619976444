/** A library that computes wrong products is refused before it computes any that matter. */
import { type BlasLibrary, NO_TRANSPOSE, ROW_MAJOR, TRANSPOSE } from './library.ts';

/** m, n, k: libraries have kernels of their own for tiny products, odd edges, single rows and columns, and for what is split among threads. */
const SIZES: readonly (readonly [number, number, number])[] = [
  [3, 5, 7],
  [17, 33, 19],
  [1, 70, 65],
  [70, 1, 65],
  [64, 72, 140],
];

/** Rounding of sums of so few terms in float32, with room; a missing or doubled term is off by far more. */
const TOLERANCE = 1e-5;

/** Where the products of a library are wrong, in words; null if none is. Takes a few milliseconds. */
export function findWrongProduct(library: BlasLibrary): string | null {
  for (const [m, n, k] of SIZES) {
    for (const transA of [false, true]) {
      for (const transB of [false, true]) {
        for (const beta of [0, 1]) {
          const wrong = wrongElement(library, m, n, k, transA, transB, beta);
          if (wrong !== null) return wrong;
        }
      }
    }
  }
  return null;
}

function wrongElement(
  library: BlasLibrary,
  m: number,
  n: number,
  k: number,
  transA: boolean,
  transB: boolean,
  beta: number,
): string | null {
  // with two columns more than the product needs, as any part of a larger matrix has them
  const [lda, ldb, ldc] = [(transA ? m : k) + 2, (transB ? k : n) + 2, n + 2];
  const a = values((transA ? k : m) * lda, 1);
  const b = values((transB ? n : k) * ldb, 2);
  const c = values(m * ldc, 3);
  if (beta === 0) c.fill(NaN); // must be overwritten, not multiplied by 0
  const before = c.slice();
  const [atA, atB, atC] = [a, b, c].map(array => library.addressOf(array.buffer));
  const [ta, tb] = [transA, transB].map(one => (one ? TRANSPOSE : NO_TRANSPOSE));
  library.sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, atA, lda, atB, ldb, beta, atC, ldc);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < ldc; j++) {
      const at = i * ldc + j;
      let sum = before[at];
      let size = Math.abs(sum);
      if (j < n) {
        if (beta === 0) sum = size = 0;
        for (let p = 0; p < k; p++) {
          const term = a[transA ? p * lda + i : i * lda + p] * b[transB ? j * ldb + p : p * ldb + j];
          sum += term;
          size += Math.abs(term);
        }
      }
      if (Object.is(c[at], sum) || Math.abs(c[at] - sum) <= TOLERANCE * size) continue;
      const form = `${transA ? 'aᵀ' : 'a'} ${transB ? 'bᵀ' : 'b'}${beta === 0 ? '' : ' + c'}`;
      return `of the product ${form} of ${m}x${k} by ${k}x${n} it has ${c[at]} at [${i}, ${j}], where ${sum} is right`;
    }
  }
  return null;
}

/** Numbers in [-1, 1) that look random and are the same each time. */
function values(n: number, seed: number): Float32Array<ArrayBuffer> {
  let state = Math.imul(seed, 2654435761) >>> 0;
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 23 - 1;
  });
}
