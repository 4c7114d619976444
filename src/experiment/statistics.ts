/** Mean and spread over runs. */

/** Over n runs: x̄ = Σ x / n, and the sample standard deviation s = √(Σ (x - x̄)² / (n - 1)), null for a single run. */
export interface Spread {
  readonly mean: number;
  readonly sd: number | null;
  readonly n: number;
}

/** Null where there is nothing to measure. */
export function spreadOf(values: readonly number[]): Spread | null {
  const n = values.length;
  if (n === 0) return null;
  const mean = values.reduce((sum, x) => sum + x, 0) / n;
  const sd = n === 1 ? null : Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1));
  return { mean, sd, n };
}

/** Place by place the mean over rows of different lengths: of those rows that reach there. */
export function meanCurve(rows: readonly (readonly number[])[]): number[] {
  const length = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return Array.from({ length }, (_, i) => {
    const there = rows.filter(row => row.length > i);
    return there.reduce((sum, row) => sum + row[i], 0) / there.length;
  });
}
