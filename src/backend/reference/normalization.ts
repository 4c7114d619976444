/** Normalization over [outer, n, inner] in plain TypeScript: statistics of each of n features over outer × inner values, in two passes. */
import type { FeatureShape, FloatArray } from '../kernels.ts';

/** Calls `visit` with the position of every value of one feature. */
function eachOf(feature: number, { outer, n, inner }: FeatureShape, visit: (at: number) => void): void {
  for (let o = 0; o < outer; o++) for (let i = 0; i < inner; i++) visit((o * n + feature) * inner + i);
}

/** y = w (x - μ) / √(σ² + ε) + b by statistics given; `rest` is what rounding to storage took from the mean */
export function normalizeFeatures(
  x: FloatArray,
  mean: FloatArray,
  rest: FloatArray | null,
  variance: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  y: FloatArray,
  shape: FeatureShape,
  eps: number,
): void {
  for (let f = 0; f < shape.n; f++) {
    const mu = mean[f] + (rest?.[f] ?? 0);
    const scale = (weight?.[f] ?? 1) / Math.sqrt(variance[f] + eps);
    const shift = bias?.[f] ?? 0;
    eachOf(f, shape, at => {
      y[at] = (x[at] - mu) * scale + shift;
    });
  }
}

/** The same by the batch's own mean Σx/N and biased variance Σ(x - μ)²/N, which are kept. */
export function batchNormFeatures(
  x: FloatArray,
  weight: FloatArray | null,
  bias: FloatArray | null,
  y: FloatArray,
  mean: FloatArray,
  rest: FloatArray,
  variance: FloatArray,
  shape: FeatureShape,
  eps: number,
): void {
  const count = shape.outer * shape.inner;
  for (let f = 0; f < shape.n; f++) {
    let sum = 0;
    eachOf(f, shape, at => {
      sum += x[at];
    });
    const mu = sum / count;
    let squares = 0;
    eachOf(f, shape, at => {
      squares += (x[at] - mu) ** 2;
    });
    mean[f] = mu;
    rest[f] = mu - mean[f];
    variance[f] = squares / count;
  }
  normalizeFeatures(x, mean, rest, variance, weight, bias, y, shape, eps);
}

/** dw = Σ dy x̂;  db = Σ dy;  dx = w/σ (dy - db/N - x̂ dw/N),  x̂ = (x - μ)/σ, σ = √(σ² + ε) */
export function batchNormFeaturesGrad(
  x: FloatArray,
  dy: FloatArray,
  weight: FloatArray | null,
  mean: FloatArray,
  rest: FloatArray,
  variance: FloatArray,
  dx: FloatArray | null,
  dweight: FloatArray | null,
  dbias: FloatArray | null,
  shape: FeatureShape,
  eps: number,
): void {
  const count = shape.outer * shape.inner;
  for (let f = 0; f < shape.n; f++) {
    const mu = mean[f] + rest[f];
    const inverse = 1 / Math.sqrt(variance[f] + eps);
    let db = 0;
    let dw = 0;
    eachOf(f, shape, at => {
      db += dy[at];
      dw += dy[at] * (x[at] - mu) * inverse;
    });
    if (dweight !== null) dweight[f] = dw;
    if (dbias !== null) dbias[f] = db;
    if (dx === null) continue;
    const scale = (weight?.[f] ?? 1) * inverse;
    eachOf(f, shape, at => {
      dx[at] = scale * (dy[at] - db / count - ((x[at] - mu) * inverse * dw) / count);
    });
  }
}

/** Scales each row of [rows, cols] whose L2 norm is above `limit` back to it, in place. */
export function limitRowNorms(x: FloatArray, rows: number, cols: number, limit: number): void {
  for (let r = 0; r < rows; r++) {
    let total = 0;
    for (let c = 0; c < cols; c++) total += x[r * cols + c] ** 2;
    const norm = Math.sqrt(total);
    if (norm > limit) for (let c = 0; c < cols; c++) x[r * cols + c] *= limit / norm;
  }
}
