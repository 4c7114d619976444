/** Solving small dense systems A x = b. Matrices are lists of rows. */
import { UserError } from '../errors.ts';
import type { Vector } from './vector.ts';

/** A pivot smaller than this share of the matrix's largest element counts as 0. */
const TINY = 1e-14;

/**
 * x of A x = b by LU decomposition with partial pivoting: [n, n], [n] -> [n]. About n³/3 multiplications.
 *
 * @throws UserError where A is singular to working precision
 */
export function solveLU(a: readonly Vector[], b: Vector): Vector {
  const n = b.length;
  const rows = a.map(row => row.slice());
  const x = b.slice();
  const scale = largestOf(a);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[best][k])) best = i;
    [rows[k], rows[best]] = [rows[best], rows[k]];
    [x[k], x[best]] = [x[best], x[k]];
    const pivot = rows[k][k];
    if (!(Math.abs(pivot) > TINY * scale)) {
      throw new UserError(`the matrix is singular: pivot ${k + 1} of ${n} is ${pivot}, beside elements of up to ${scale}`);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / pivot;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) rows[i][j] -= factor * rows[k][j];
      x[i] -= factor * x[k];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) x[i] -= rows[i][j] * x[j];
    x[i] /= rows[i][i];
  }
  return x;
}

/** The lower triangle L of A = L Lᵀ for a symmetric A, or null where A is not positive definite. About n³/6 multiplications. */
export function cholesky(a: readonly Vector[]): Vector[] | null {
  const n = a.length;
  const l = a.map(() => new Float64Array(n));
  const least = TINY * largestOf(a);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= l[i][k] * l[j][k];
      if (i === j) {
        if (!(sum > least)) return null;
        l[i][i] = Math.sqrt(sum);
      } else {
        l[i][j] = sum / l[j][j];
      }
    }
  }
  return l;
}

/** x of L Lᵀ x = b. */
export function solveCholesky(l: readonly Vector[], b: Vector): Vector {
  const n = b.length;
  const x = b.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= l[i][k] * x[k];
    x[i] /= l[i][i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= l[k][i] * x[k];
    x[i] /= l[i][i];
  }
  return x;
}

function largestOf(a: readonly Vector[]): number {
  let most = 0;
  for (const row of a) for (const value of row) most = Math.max(most, Math.abs(value));
  return most;
}
