/**
 * The backend in plain TypeScript: the oracle the others are held to. Sums run in double precision in index order; with
 * 'float64' everything is stored so too, for gradient checks, Hessians and L-BFGS to tight tolerances.
 */
import { type FloatArray, type Kernels, maskLength, type Storage, type Updates } from '../kernels.ts';
import { binaryFunctions, unaryFunctions } from './elementwise.ts';
import { batchNormFeatures, batchNormFeaturesGrad, limitRowNorms, normalizeFeatures } from './normalization.ts';
import { adadeltaUpdate, adagradUpdate, adamaxUpdate, adamUpdate, rmspropUpdate, sgdUpdate } from './optimizers.ts';
import { addNoise, dropoutMasked, dropoutMaskedGrad } from './random.ts';
import { crossEntropyRows, crossEntropyRowsGrad, logSoftmaxRows, softmaxRows } from './softmax.ts';
import { warpImages } from './warp.ts';

interface ReferenceStorage extends Storage {
  readonly data: FloatArray;
}

const data = (storage: Storage): FloatArray => (storage as ReferenceStorage).data;

/** Runs an update for each row of a table. */
function each(
  { count, sizes, theta, grad, state }: Updates,
  update: (theta: FloatArray, grad: FloatArray, n: number, state: (FloatArray | null)[]) => void,
): void {
  for (let i = 0; i < count; i++) {
    const ofRow = state.map(column => column && data(column[i]));
    update(data(theta[i]), data(grad[i]), sizes[i], ofRow);
  }
}

/** A backend whose elements are stored as `dtype`. */
export function createReferenceBackend(dtype: 'float32' | 'float64' = 'float64'): Kernels {
  const bytes = dtype === 'float64' ? 8 : 4;
  let live = 0;

  const kernels: Kernels = {
    name: dtype === 'float64' ? 'reference64' : 'reference',
    dtype,
    // Math.exp and its like differ between engines, so the same bits are promised only within one.
    traits: { threads: 1, deterministic: 'on one engine' },

    setThreads: () => undefined, // there is one

    alloc(length) {
      live += length * bytes;
      const array = dtype === 'float64' ? new Float64Array(length) : new Float32Array(length);
      // Arrays come zeroed here and not elsewhere: NaN brings to light a kernel that relies on it.
      array.fill(Number.NaN);
      return { length, data: array } as ReferenceStorage;
    },
    free(storage) {
      live -= storage.length * bytes;
    },
    view: data,
    usage: () => ({ live, reserved: live }),

    fill(out, n, value) {
      data(out).fill(value, 0, n);
    },
    unary(name, x, out, n, p) {
      const f = unaryFunctions[name];
      const from = data(x);
      const to = data(out);
      for (let i = 0; i < n; i++) to[i] = f(from[i], p);
    },
    binary(name, a, b, out, plan) {
      const f = binaryFunctions[name];
      const [from, other, to] = [data(a), data(b), data(out)];
      let at = 0;
      const walk = (dim: number, i: number, j: number): void => {
        if (dim === plan.dims.length) {
          to[at++] = f(from[i], other[j]);
          return;
        }
        for (let index = 0; index < plan.dims[dim]; index++) walk(dim + 1, i + index * plan.aStrides[dim], j + index * plan.bStrides[dim]);
      };
      walk(0, 0, 0);
    },
    where(condition, a, b, out, n) {
      const [test, yes, no, to] = [data(condition), data(a), data(b), data(out)];
      for (let i = 0; i < n; i++) to[i] = test[i] !== 0 ? yes[i] : no[i];
    },
    axpby(alpha, x, beta, out, n) {
      const [from, to] = [data(x), data(out)];
      for (let i = 0; i < n; i++) to[i] = alpha * from[i] + beta * to[i];
    },

    copy(x, out, plan) {
      const [from, to] = [data(x), data(out)];
      const walk = (dim: number, i: number, j: number): void => {
        if (dim === plan.dims.length) {
          to[j] = from[i];
          return;
        }
        for (let index = 0; index < plan.dims[dim]; index++) {
          walk(dim + 1, i + index * plan.fromStrides[dim], j + index * plan.toStrides[dim]);
        }
      };
      walk(0, plan.from, plan.to);
    },
    decodeRows(bytes, index, table, out, cols) {
      const to = data(out);
      for (let i = 0; i < index.length; i++) for (let c = 0; c < cols; c++) to[i * cols + c] = table[bytes[index[i] * cols + c]];
    },
    warpImages(pixels, index, table, warp, out) {
      const size = warp.channels * warp.height * warp.width;
      const value = (i: number): number => {
        const stored = pixels[index[Math.floor(i / size)] * size + (i % size)];
        return table === null ? stored : table[stored];
      };
      warpImages(value, data(out), index.length, warp);
    },
    mixRows(x, index, out, rows, cols, weight) {
      const [from, at, to] = [data(x), data(index), data(out)];
      for (let i = 0; i < rows; i++)
        for (let c = 0; c < cols; c++) to[i * cols + c] = weight * from[i * cols + c] + (1 - weight) * from[at[i] * cols + c];
    },
    gatherRows(x, index, out, rows, cols) {
      const [from, at, to] = [data(x), data(index), data(out)];
      for (let i = 0; i < rows; i++) for (let c = 0; c < cols; c++) to[i * cols + c] = from[at[i] * cols + c];
    },
    scatterAddRows(x, index, out, rows, cols) {
      const [from, at, to] = [data(x), data(index), data(out)];
      for (let i = 0; i < rows; i++) for (let c = 0; c < cols; c++) to[at[i] * cols + c] += from[i * cols + c];
    },
    pick(x, index, out, rows, cols) {
      const [from, at, to] = [data(x), data(index), data(out)];
      for (let i = 0; i < rows; i++) to[i] = from[i * cols + at[i]];
    },
    unpick(x, index, out, rows, cols) {
      const [from, at, to] = [data(x), data(index), data(out)];
      to.fill(0, 0, rows * cols);
      for (let i = 0; i < rows; i++) to[i * cols + at[i]] = from[i];
    },

    reduce(name, x, out, outer, n, inner) {
      const from = data(x);
      const to = data(out);
      const start = { sum: 0, mean: 0, prod: 1, max: Number.NEGATIVE_INFINITY, min: Number.POSITIVE_INFINITY }[name];
      const f = { sum: binaryFunctions.add, mean: binaryFunctions.add, prod: binaryFunctions.mul, max: Math.max, min: Math.min }[name];
      for (let o = 0; o < outer; o++) {
        for (let c = 0; c < inner; c++) {
          let total = start;
          for (let i = 0; i < n; i++) total = f(total, from[(o * n + i) * inner + c]);
          to[o * inner + c] = name === 'mean' ? total / n : total;
        }
      }
    },
    argmax(x, out, outer, n, inner) {
      const [from, to] = [data(x), data(out)];
      for (let o = 0; o < outer; o++) {
        for (let c = 0; c < inner; c++) {
          let best = 0;
          for (let i = 1; i < n; i++) {
            const champion = from[(o * n + best) * inner + c];
            const value = from[(o * n + i) * inner + c];
            if (value > champion || (Number.isNaN(value) && !Number.isNaN(champion))) best = i;
          }
          to[o * inner + c] = best;
        }
      }
    },
    cumsum(x, out, outer, n, inner) {
      const [from, to] = [data(x), data(out)];
      for (let o = 0; o < outer; o++) {
        for (let c = 0; c < inner; c++) {
          let total = 0;
          for (let i = 0; i < n; i++) {
            total += from[(o * n + i) * inner + c];
            to[(o * n + i) * inner + c] = total;
          }
        }
      }
    },

    gemm(a, b, c, { m, n, k, transA, transB, aOffset = 0, bOffset = 0, cOffset = 0 }, accumulate) {
      const [left, right, to] = [data(a), data(b), data(c)];
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = accumulate ? to[cOffset + i * n + j] : 0;
          for (let l = 0; l < k; l++) {
            sum += left[aOffset + (transA ? l * m + i : i * k + l)] * right[bOffset + (transB ? j * k + l : l * n + j)];
          }
          to[cOffset + i * n + j] = sum;
        }
      }
    },
    linear(x, w, bias, y, m, n, k, activation) {
      kernels.gemm(x, w, y, { m, n, k, transA: false, transB: true }, false);
      const to = data(y);
      const shift = bias === null ? null : data(bias);
      const f = unaryFunctions[activation === 'none' ? 'copy' : activation];
      for (let i = 0; i < m * n; i++) {
        if (shift !== null) to[i] += shift[i % n]; // stored, and so rounded, as it is without an activation
        to[i] = f(to[i], 0);
      }
    },
    linearGrad(x, w, y, dy, dx, dw, dbias, m, n, k, activation) {
      let dz = dy;
      if (activation !== 'none') {
        dz = kernels.alloc(m * n);
        kernels.binary(`${activation}Grad`, dy, y, dz, { dims: [m * n], aStrides: [1], bStrides: [1] });
      }
      if (dx !== null) kernels.gemm(dz, w, dx, { m, n: k, k: n, transA: false, transB: false }, false);
      if (dw !== null) kernels.gemm(dz, x, dw, { m: n, n: k, k: m, transA: true, transB: false }, false);
      if (dbias !== null) kernels.reduce('sum', dz, dbias, 1, m, n);
      if (dz !== dy) kernels.free(dz);
    },

    softmax: (x, out, rows, cols) => softmaxRows(data(x), data(out), rows, cols),
    logSoftmax: (x, out, rows, cols) => logSoftmaxRows(data(x), data(out), rows, cols),
    softmaxCrossEntropy: (x, labels, losses, probabilities, rows, cols, smoothing) =>
      crossEntropyRows(data(x), data(labels), data(losses), data(probabilities), rows, cols, smoothing),
    softmaxCrossEntropyGrad: (probabilities, labels, dlosses, dx, rows, cols, smoothing, ofMean) =>
      crossEntropyRowsGrad(data(probabilities), data(labels), data(dlosses), data(dx), rows, cols, smoothing, ofMean),

    batchNorm: (x, weight, bias, y, { mean, rest, variance }, shape, eps) =>
      batchNormFeatures(data(x), weight && data(weight), bias && data(bias), data(y), data(mean), data(rest), data(variance), shape, eps),
    batchNormGrad: (x, dy, weight, { mean, rest, variance }, dx, dweight, dbias, shape, eps) =>
      batchNormFeaturesGrad(
        ...([data(x), data(dy), weight && data(weight), data(mean), data(rest), data(variance)] as const),
        ...([dx && data(dx), dweight && data(dweight), dbias && data(dbias)] as const),
        shape,
        eps,
      ),
    batchNormRelu(x, weight, bias, y, statistics, rows, n, eps, { p, key }) {
      kernels.batchNorm(x, weight, bias, y, statistics, { outer: rows, n, inner: 1 }, eps);
      kernels.unary('relu', y, y, rows * n, 0);
      if (p > 0) dropoutMasked(data(y), data(y), rows * n, p, key, new Float64Array(maskLength(rows * n)));
    },
    batchNormReluGrad(x, y, dy, weight, statistics, dx, dweight, dbias, rows, n, eps, p) {
      const scale = 1 / (1 - p);
      const passed = data(dy).map((value, i) => (data(y)[i] > 0 ? value * scale : 0));
      const gradient = { length: passed.length, data: passed } as ReferenceStorage;
      kernels.batchNormGrad(x, gradient, weight, statistics, dx, dweight, dbias, { outer: rows, n, inner: 1 }, eps);
    },
    normalize: (x, mean, variance, weight, bias, y, shape, eps) =>
      normalizeFeatures(data(x), data(mean), null, data(variance), weight && data(weight), bias && data(bias), data(y), shape, eps),
    limitRowNorms: (x, rows, cols, limit) => limitRowNorms(data(x), rows, cols, limit),

    dropout: (x, out, n, p, key, mask) => dropoutMasked(data(x), data(out), n, p, key, data(mask)),
    dropoutGrad: (dy, mask, dx, n, p) => dropoutMaskedGrad(data(dy), data(mask), data(dx), n, p),
    gaussianNoise: (x, out, n, std, key) => addNoise(data(x), data(out), n, std, key),

    sgd: (updates, options) => each(updates, (theta, grad, n, [v]) => sgdUpdate(theta, grad, v, n, options)),
    adam: (updates, options) => each(updates, (theta, grad, n, [m, v, largest]) => adamUpdate(theta, grad, m!, v!, largest, n, options)),
    adamax: (updates, options) => each(updates, (theta, grad, n, [m, u]) => adamaxUpdate(theta, grad, m!, u!, n, options)),
    adagrad: (updates, options) => each(updates, (theta, grad, n, [sum]) => adagradUpdate(theta, grad, sum!, n, options)),
    rmsprop: (updates, options) =>
      each(updates, (theta, grad, n, [square, mean, v]) => rmspropUpdate(theta, grad, square!, mean, v, n, options)),
    adadelta: (updates, options) =>
      each(updates, (theta, grad, n, [square, delta]) => adadeltaUpdate(theta, grad, square!, delta!, n, options)),
  };
  return kernels;
}
