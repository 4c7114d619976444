/** Softmax and cross-entropy over the rows of [rows, cols], shifted by the row's largest so that nothing overflows. */
import type { FloatArray } from '../kernels.ts';

/** log Σ exp(x - max) and the max of one row. */
function shiftOf(x: FloatArray, row: number, cols: number): { max: number; logSum: number } {
  let max = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < cols; c++) max = Math.max(max, x[row * cols + c]);
  let sum = 0;
  for (let c = 0; c < cols; c++) sum += Math.exp(x[row * cols + c] - max);
  return { max, logSum: Math.log(sum) };
}

export function softmaxRows(x: FloatArray, out: FloatArray, rows: number, cols: number): void {
  for (let r = 0; r < rows; r++) {
    const { max, logSum } = shiftOf(x, r, cols);
    for (let c = 0; c < cols; c++) out[r * cols + c] = Math.exp(x[r * cols + c] - max - logSum);
  }
}

export function logSoftmaxRows(x: FloatArray, out: FloatArray, rows: number, cols: number): void {
  for (let r = 0; r < rows; r++) {
    const { max, logSum } = shiftOf(x, r, cols);
    for (let c = 0; c < cols; c++) out[r * cols + c] = x[r * cols + c] - max - logSum;
  }
}

export function crossEntropyRows(
  x: FloatArray,
  labels: FloatArray,
  losses: FloatArray,
  probabilities: FloatArray,
  rows: number,
  cols: number,
  smoothing: number,
): void {
  for (let r = 0; r < rows; r++) {
    const { max, logSum } = shiftOf(x, r, cols);
    let loss = 0;
    for (let c = 0; c < cols; c++) {
      const logp = x[r * cols + c] - max - logSum;
      const q = (c === labels[r] ? 1 - smoothing : 0) + smoothing / cols;
      probabilities[r * cols + c] = Math.exp(logp);
      if (q !== 0) loss -= q * logp;
    }
    losses[r] = loss;
  }
}

export function crossEntropyRowsGrad(
  probabilities: FloatArray,
  labels: FloatArray,
  dlosses: FloatArray,
  dx: FloatArray,
  rows: number,
  cols: number,
  smoothing: number,
  ofMean: boolean,
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const q = (c === labels[r] ? 1 - smoothing : 0) + smoothing / cols;
      const dloss = ofMean ? dlosses[0] / rows : dlosses[r];
      dx[r * cols + c] = dloss * (probabilities[r * cols + c] - q);
    }
  }
}
