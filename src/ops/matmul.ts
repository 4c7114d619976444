/** The matrix product, plain and batched, and the linear layer fused from it. */
import { defineOp, type Op } from '../autograd/op.ts';
import { constant, normal, type Sample, withAttrs } from '../autograd/sample.ts';
import type { Activation } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { broadcastShapes, broadcastStrides, formatShape, type Shape, sizeOf } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { reluGrad, sigmoidGrad, tanhGrad } from './activation-gradients.ts';
import { reshape } from './movement.ts';
import { sum } from './reduction.ts';

export interface MatmulOptions {
  /** a is given transposed, [..., k, m] */
  readonly transA?: boolean;
  /** b is given transposed, [..., n, k] */
  readonly transB?: boolean;
}
type Transposes = { readonly transA: boolean; readonly transB: boolean };

/** Rows, columns and inner length of op(a) op(b). */
function sizes(a: Shape, b: Shape, { transA, transB }: Transposes): { m: number; k: number; k2: number; n: number } {
  const [a0, a1] = a.slice(-2);
  const [b0, b1] = b.slice(-2);
  return { m: transA ? a1 : a0, k: transA ? a0 : a1, k2: transB ? b1 : b0, n: transB ? b0 : b1 };
}

const plain: Transposes = { transA: false, transB: false };

const matmulOp: Op<readonly [Tensor, Tensor], Transposes> = defineOp({
  name: 'matmul',
  tolerance: 5e-7,
  formula: 'z = a b,  ∂L/∂a = ∂L/∂z bᵀ,  ∂L/∂b = aᵀ ∂L/∂z',
  shape: ([a, b], flags) => {
    const { m, k, k2, n } = sizes(a.shape, b.shape, flags);
    if (k !== k2) {
      const as = (t: Tensor, flag: boolean) => `${formatShape(t.shape)}${flag ? ' transposed' : ''}`;
      throw new UserError(
        `matmul: a is ${as(a, flags.transA)} and b is ${as(b, flags.transB)}; the columns of a (${k}) must equal the rows of b (${k2})`,
      );
    }
    if (a.rank === 2 && b.rank === 2) return [m, n];
    return [...broadcastShapes('matmul (batch dimensions)', a.shape.slice(0, -2), b.shape.slice(0, -2)), m, n];
  },
  forward: (kernels, z, [a, b], flags, out) => {
    const { m, k, n } = sizes(a.shape, b.shape, flags);
    if (out.rank === 2) {
      kernels.gemm(a.storage, b.storage, z, { m, n, k, ...flags }, false);
      return;
    }
    const batch = out.shape.slice(0, -2);
    const aBatch = broadcastStrides(a.shape.slice(0, -2), batch);
    const bBatch = broadcastStrides(b.shape.slice(0, -2), batch);
    const count = sizeOf(batch);
    for (let i = 0; i < count; i++) {
      let [rest, aAt, bAt] = [i, 0, 0];
      for (let dim = batch.length - 1; dim >= 0; dim--) {
        const index = rest % batch[dim];
        rest = (rest - index) / batch[dim];
        aAt += index * aBatch[dim];
        bAt += index * bBatch[dim];
      }
      const offsets = { aOffset: aAt * m * k, bOffset: bAt * k * n, cOffset: i * m * n };
      kernels.gemm(a.storage, b.storage, z, { m, n, k, ...flags, ...offsets }, false);
    }
  },
  backward: (dz, [a, b], _, { transA, transB }) => [
    () => (transA ? matmulOp([b, dz], { transA: transB, transB: true }) : matmulOp([dz, b], { transA: false, transB: !transB })),
    () => (transB ? matmulOp([dz, a], { transA: true, transB: transA }) : matmulOp([a, dz], { transA: !transA, transB: false })),
  ],
  samples: [
    withAttrs(normal([2, 3], [3, 4]), plain),
    withAttrs(normal([3, 2], [3, 4]), { transA: true, transB: false }),
    withAttrs(normal([2, 3], [4, 3]), { transA: false, transB: true }),
    withAttrs(normal([3, 2], [4, 3]), { transA: true, transB: true }),
    withAttrs(normal([2, 2, 3], [2, 3, 2]), plain),
    withAttrs(normal([2, 2, 3], [3, 2]), plain),
    withAttrs(normal([3, 1, 2, 3], [2, 2, 3]), { transA: false, transB: true }),
    withAttrs(normal([0, 3], [3, 2]), plain),
    withAttrs(normal([2, 0], [0, 3]), plain),
    withAttrs(normal([1, 1], [1, 1]), plain),
    withAttrs(normal([9, 17], [17, 13]), plain),
  ],
});

/**
 * The matrix product of the last two dimensions; those before are batches and broadcast. A vector counts as a row on the left and as a
 * column on the right. `[m, k] x [k, n] -> [m, n]`. Same as PyTorch's `matmul`, with flags to take an operand transposed without a copy.
 */
export function matmul(a: Tensor, b: Tensor, { transA = false, transB = false }: MatmulOptions = {}): Tensor {
  if (a.rank === 0 || b.rank === 0)
    throw new UserError(`matmul: a is ${formatShape(a.shape)} and b is ${formatShape(b.shape)}; both need at least one dimension`);
  const left = a.rank === 1 ? reshape(a, transA ? [a.size, 1] : [1, a.size]) : a;
  const right = b.rank === 1 ? reshape(b, transB ? [1, b.size] : [b.size, 1]) : b;
  const out = matmulOp([left, right], { transA, transB });
  if (a.rank > 1 && b.rank > 1) return out;
  const kept = out.shape.filter((_, i) => !(a.rank === 1 && i === out.rank - 2) && !(b.rank === 1 && i === out.rank - 1));
  return reshape(out, kept);
}

type LinearInputs = readonly [x: Tensor, weight: Tensor] | readonly [x: Tensor, weight: Tensor, bias: Tensor];
type LinearAttrs = { readonly activation: Activation };

function linearInputs(x: Tensor, weight: Tensor, bias: Tensor | null): LinearInputs {
  return bias === null ? [x, weight] : [x, weight, bias];
}

/** ∂L/∂(pre-activation) from ∂L/∂y and y. */
function throughActivation(dy: Tensor, y: Tensor, activation: Activation): Tensor {
  if (activation === 'relu') return reluGrad(dy, y);
  if (activation === 'sigmoid') return sigmoidGrad(dy, y);
  if (activation === 'tanh') return tanhGrad(dy, y);
  return dy;
}

const linearSample = (activation: Activation, ...shapes: Shape[]): Sample<LinearAttrs> => withAttrs(normal(...shapes), { activation });

const linearOp: Op<LinearInputs, LinearAttrs> = defineOp({
  name: 'linear',
  tolerance: 5e-7,
  formula: "y = f(x Wᵀ + b);  with dz = f'(z) ∂L/∂y:  ∂L/∂x = dz W,  ∂L/∂W = dzᵀ x,  ∂L/∂b = Σ dz over the batch",
  shape: inputs => {
    const x = inputs[0];
    const w = inputs[1];
    const bias = inputs[2];
    const inFeatures = x.shape[1];
    const outFeatures = w.shape[0];
    const k = w.shape[1];
    if (x.rank !== 2 || w.rank !== 2 || inFeatures !== k) {
      throw new UserError(
        `linear: the input is ${formatShape(x.shape)} and the weight is ${formatShape(w.shape)} ([out, in]); the input must be [batch, ${k ?? 'in'}]`,
      );
    }
    if (bias !== undefined && (bias.rank !== 1 || bias.size !== outFeatures)) {
      throw new UserError(
        `linear: the bias is ${formatShape(bias.shape)}; it must be [${outFeatures}], one for each output of the weight ${formatShape(w.shape)}`,
      );
    }
    return [x.shape[0], outFeatures];
  },
  forward: (kernels, y, inputs, { activation }) => {
    const x = inputs[0];
    const w = inputs[1];
    kernels.linear(x.storage, w.storage, inputs[2]?.storage ?? null, y, x.shape[0], w.shape[0], w.shape[1], activation);
  },
  backward: (dy, [x, w], y, { activation }) => {
    let shared: Tensor | undefined;
    const dz = (): Tensor => {
      shared ??= throughActivation(dy, y, activation);
      return shared;
    };
    return [
      () => matmulOp([dz(), w], plain), //                                 [batch, out] x [out, in]
      () => matmulOp([dz(), x], { transA: true, transB: false }), // [out, batch] x [batch, in]
      () => sum(dz(), 0),
    ];
  },
  fastBackward: (dy, inputs, y, { activation }, _, gradients) => {
    const x = inputs[0];
    const w = inputs[1];
    const bias = inputs.length === 3 ? inputs[2] : null;
    const { kernels } = x;
    const dx = x.requiresGrad ? emptyTensor(x.shape, kernels) : null;
    const dw = w.requiresGrad ? emptyTensor(w.shape, kernels) : null;
    const dbias = bias?.requiresGrad ? emptyTensor(bias.shape, kernels) : null;
    kernels.linearGrad(
      x.storage,
      w.storage,
      y.storage,
      dy.storage,
      dx === null ? null : dx.storage,
      dw === null ? null : dw.storage,
      dbias === null ? null : dbias.storage,
      x.shape[0],
      w.shape[0],
      w.shape[1],
      activation,
    );
    gradients[0] = dx;
    gradients[1] = dw;
    if (bias !== null) gradients[2] = dbias;
  },
  samples: [
    linearSample('none', [3, 4], [2, 4], [2]),
    linearSample('none', [3, 4], [2, 4]),
    linearSample('tanh', [3, 4], [2, 4], [2]),
    linearSample('sigmoid', [2, 5], [3, 5], [3]),
    linearSample('relu', [3, 4], [5, 4], [5]),
    linearSample('relu', [1, 1], [1, 1], [1]),
    linearSample('none', [0, 4], [2, 4], [2]),
    constant(linearSample('relu', [17, 9], [13, 9], [13])),
  ],
});

/**
 * y = f(x Wᵀ + b), the linear layer with its activation in one pass.
 * x [batch, in], weight [out, in], bias [out] or null, y [batch, out]; more dimensions in front of x are taken as part of the batch.
 */
export function linear(x: Tensor, weight: Tensor, bias: Tensor | null = null, activation: Activation = 'none'): Tensor {
  if (x.rank === 2 || x.rank === 0) return linearOp(linearInputs(x, weight, bias), { activation });
  const features = x.shape[x.rank - 1];
  const rows = linearOp(linearInputs(reshape(x, [sizeOf(x.shape.slice(0, -1)), features]), weight, bias), { activation });
  return reshape(rows, [...x.shape.slice(0, -1), weight.shape[0]]);
}
