/** Moving elements without computing: reshape, permute, expand, slice, join. One strided copy serves them all. */
import { defineOp, type Op } from '../autograd/op.ts';
import { normal, withAttrs } from '../autograd/sample.ts';
import type { CopyPlan } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import {
  broadcastShapes,
  broadcastStrides,
  checkShape,
  formatShape,
  resolveDim,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { sumTo } from './reduction.ts';

type Unary = readonly [Tensor];

const reshapeOp: Op<Unary, { readonly shape: Shape }> = defineOp({
  name: 'reshape',
  formula: 'the same elements in another shape;  ∂L/∂x = ∂L/∂z in the shape of x',
  alias: true,
  shape: (_, { shape }) => shape,
  forward: () => {},
  backward: (dz, [x]) => [() => reshape(dz, x.shape)],
  samples: [withAttrs(normal([2, 6]), { shape: [3, 4] }), withAttrs(normal([1]), { shape: [] }), withAttrs(normal([0, 3]), { shape: [0] })],
});

const permuteOp: Op<Unary, { readonly order: readonly number[] }> = defineOp({
  name: 'permute',
  formula: 'z[i, j, ...] = x[j, i, ...];  ∂L/∂x = ∂L/∂z, put back',
  shape: ([x], { order }) => order.map(dim => x.shape[dim]),
  forward: (kernels, z, [x], { order }, out) => {
    const strides = stridesOf(x.shape);
    kernels.copy(
      x.storage,
      z,
      plan(
        out.shape,
        0,
        order.map(dim => strides[dim]),
        0,
        stridesOf(out.shape),
      ),
    );
  },
  backward: (dz, _, __, { order }) => [
    () =>
      permute(
        dz,
        order.map((_, i) => order.indexOf(i)),
      ),
  ],
  samples: [
    withAttrs(normal([2, 3]), { order: [1, 0] }),
    withAttrs(normal([2, 3, 4]), { order: [2, 0, 1] }),
    withAttrs(normal([0, 3]), { order: [1, 0] }),
  ],
});

const expandOp: Op<Unary, { readonly shape: Shape }> = defineOp({
  name: 'expand',
  formula: 'z repeats x along its dimensions of size 1;  ∂L/∂x = Σ ∂L/∂z over the repeats',
  shape: (_, { shape }) => shape,
  forward: (kernels, z, [x], { shape }) =>
    kernels.copy(x.storage, z, plan(shape, 0, broadcastStrides(x.shape, shape), 0, stridesOf(shape))),
  backward: (dz, [x]) => [() => sumTo(dz, x.shape)],
  samples: [
    withAttrs(normal([3]), { shape: [2, 3] }),
    withAttrs(normal([2, 1]), { shape: [2, 3] }),
    withAttrs(normal([]), { shape: [2, 2] }),
    withAttrs(normal([1, 3]), { shape: [0, 3] }),
  ],
});

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly shape: Shape;
}

const sliceOp: Op<Unary, SliceAttrs> = defineOp({
  name: 'slice',
  formula: 'z[i] = x[start + i step];  ∂L/∂x = ∂L/∂z at those places, else 0',
  shape: (_, { shape }) => shape,
  forward: (kernels, z, [x], attrs) => {
    const strides = stridesOf(x.shape);
    kernels.copy(x.storage, z, plan(attrs.shape, offset(attrs, strides), stepped(attrs, strides), 0, stridesOf(attrs.shape)));
  },
  backward: (dz, [x], _, { starts, steps }) => [() => embedOp([dz], { starts, steps, shape: x.shape })],
  samples: [
    withAttrs(normal([4, 5]), { starts: [1, 0], steps: [1, 2], shape: [2, 3] }),
    withAttrs(normal([4]), { starts: [3], steps: [-1], shape: [4] }),
    withAttrs(normal([4]), { starts: [2], steps: [1], shape: [0] }),
  ],
});

const embedOp: Op<Unary, SliceAttrs> = defineOp({
  name: 'embed',
  formula: 'z[start + i step] = x[i], else 0;  ∂L/∂x = ∂L/∂z at those places',
  shape: (_, { shape }) => shape,
  forward: (kernels, z, [x], attrs, out) => {
    const strides = stridesOf(attrs.shape);
    kernels.fill(z, out.size, 0);
    kernels.copy(x.storage, z, plan(x.shape, 0, stridesOf(x.shape), offset(attrs, strides), stepped(attrs, strides)));
  },
  backward: (dz, [x], _, { starts, steps }) => [() => sliceOp([dz], { starts, steps, shape: x.shape })],
  samples: [
    withAttrs(normal([2, 3]), { starts: [1, 0], steps: [1, 2], shape: [4, 5] }),
    withAttrs(normal([4]), { starts: [3], steps: [-1], shape: [4] }),
  ],
});

const concatOp: Op<readonly Tensor[], { readonly dim: number }> = defineOp({
  name: 'concat',
  formula: 'z holds its inputs one after the other;  ∂L/∂xᵢ = its part of ∂L/∂z',
  shape: (inputs, { dim }) => {
    const first = inputs[0].shape;
    for (const { shape } of inputs) {
      if (shape.length !== first.length || shape.some((size, i) => i !== dim && size !== first[i])) {
        throw new UserError(
          `concat: shapes ${inputs.map(t => formatShape(t.shape)).join(', ')} must be equal but for dimension ${dim}, along which they are joined`,
        );
      }
    }
    return first.map((size, i) => (i === dim ? inputs.reduce((sum, t) => sum + t.shape[dim], 0) : size));
  },
  forward: (kernels, z, inputs, { dim }, out) => {
    const strides = stridesOf(out.shape);
    let at = 0;
    for (const x of inputs) {
      kernels.copy(x.storage, z, plan(x.shape, 0, stridesOf(x.shape), at * strides[dim], strides));
      at += x.shape[dim];
    }
  },
  backward: (dz, inputs, _, { dim }) => {
    let at = 0;
    return inputs.map(x => {
      const start = at;
      at += x.shape[dim];
      return () => narrow(dz, dim, start, x.shape[dim]);
    });
  },
  samples: [withAttrs(normal([2, 3], [1, 3]), { dim: 0 }), withAttrs(normal([2, 1], [2, 2], [2, 0]), { dim: 1 })],
});

function plan(dims: Shape, from: number, fromStrides: readonly number[], to: number, toStrides: readonly number[]): CopyPlan {
  return { dims, from, fromStrides, to, toStrides };
}

const offset = ({ starts }: SliceAttrs, strides: readonly number[]): number =>
  starts.reduce((sum, start, i) => sum + start * strides[i], 0);
const stepped = ({ steps }: SliceAttrs, strides: readonly number[]): number[] => steps.map((step, i) => step * strides[i]);

/** The same elements in another shape; one size may be -1 and is worked out. Shares storage. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  let target = shape;
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = sizeOf(shape.filter((_, i) => i !== free));
    if (rest > 0 && x.size % rest === 0 && shape.lastIndexOf(-1) === free)
      target = shape.map((size, i) => (i === free ? x.size / rest : size));
    else
      throw new UserError(`reshape: ${formatShape(x.shape)} holds ${x.size} elements, which no value of -1 in ${formatShape(shape)} gives`);
  }
  checkShape(target, 'reshape');
  if (sizeOf(target) !== x.size) {
    throw new UserError(`reshape: ${formatShape(x.shape)} holds ${x.size} elements, and ${formatShape(target)} holds ${sizeOf(target)}`);
  }
  return sameShape(target, x.shape) ? x : reshapeOp([x], { shape: target });
}

/** Dimensions from `startDim` on merged into one. */
export function flatten(x: Tensor, startDim = 0): Tensor {
  if (x.rank === 0) return reshape(x, [1]);
  const dim = resolveDim(startDim, x.rank, 'flatten');
  return reshape(x, [...x.shape.slice(0, dim), sizeOf(x.shape.slice(dim))]);
}

/** Without the dimension `dim`, which must be of size 1. */
export function squeeze(x: Tensor, dim: number): Tensor {
  const at = resolveDim(dim, x.rank, 'squeeze');
  if (x.shape[at] !== 1)
    throw new UserError(`squeeze: dimension ${dim} of ${formatShape(x.shape)} is of size ${x.shape[at]}; only a size of 1 can be left out`);
  return reshape(
    x,
    x.shape.filter((_, i) => i !== at),
  );
}

/** With a dimension of size 1 put in at `dim`. */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const at = resolveDim(dim, x.rank + 1, 'unsqueeze');
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** Dimensions in another order: dimension i of the result is dimension order[i] of x. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const dims = order.map(dim => resolveDim(dim, x.rank, 'permute'));
  if (new Set(dims).size !== x.rank) {
    throw new UserError(
      `permute: the order ${formatShape(order)} must name each of the ${x.rank} dimensions of ${formatShape(x.shape)} once`,
    );
  }
  return dims.every((dim, i) => dim === i) ? x : permuteOp([x], { order: dims });
}

/** Two dimensions exchanged; the last two when none are named. */
export function transpose(x: Tensor, dim0 = -2, dim1 = -1): Tensor {
  const order = x.shape.map((_, i) => i);
  const a = resolveDim(dim0, x.rank, 'transpose');
  const b = resolveDim(dim1, x.rank, 'transpose');
  [order[a], order[b]] = [order[b], order[a]];
  return permute(x, order);
}

/** Repeated along dimensions of size 1 (and new ones in front) to the shape given. */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  checkShape(shape, 'expand');
  if (!sameShape(broadcastShapes('expand', x.shape, shape), shape)) {
    throw new UserError(`expand: ${formatShape(x.shape)} cannot be repeated to ${formatShape(shape)}; only sizes of 1 can`);
  }
  return expandOp([x], { shape });
}

/** `length` entries along `dim`, from `start` on. */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const at = resolveDim(dim, x.rank, 'narrow');
  if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 0 || start + length > x.shape[at]) {
    throw new UserError(`narrow: ${length} entries from ${start} on are not within dimension ${dim} of ${formatShape(x.shape)}`);
  }
  if (length === x.shape[at]) return x;
  return sliceOp([x], {
    starts: x.shape.map((_, i) => (i === at ? start : 0)),
    steps: x.shape.map(() => 1),
    shape: x.shape.map((size, i) => (i === at ? length : size)),
  });
}

/** A range of each dimension: `[start, end)` or `[start, end, step)` with a positive step; null takes the whole. Negative positions count from the end. */
export function slice(x: Tensor, ranges: readonly (readonly [number, number, number?] | null)[]): Tensor {
  if (ranges.length > x.rank)
    throw new UserError(`slice: ${ranges.length} ranges were given for ${formatShape(x.shape)}, which has ${x.rank} dimensions`);
  const starts: number[] = [];
  const steps: number[] = [];
  const shape = x.shape.map((size, i) => {
    const [from, to, step = 1] = ranges[i] ?? [0, size, 1];
    if (!Number.isInteger(from) || !Number.isInteger(to)) {
      throw new UserError(`slice: [${from}, ${to}) was given for dimension ${i} of ${formatShape(x.shape)}; both must be whole numbers`);
    }
    if (!Number.isInteger(step) || step < 1) throw new UserError(`slice: a step must be a whole number of at least 1; it is ${step}`);
    const start = Math.min(size, from < 0 ? Math.max(0, from + size) : from);
    const end = Math.min(size, to < 0 ? to + size : to);
    starts.push(start);
    steps.push(step);
    return Math.max(0, Math.ceil((end - start) / step));
  });
  return sliceOp([x], { starts, steps, shape });
}

/** The entries of one dimension in reverse order. */
export function flip(x: Tensor, dim: number): Tensor {
  const at = resolveDim(dim, x.rank, 'flip');
  return sliceOp([x], {
    starts: x.shape.map((size, i) => (i === at ? Math.max(0, size - 1) : 0)),
    steps: x.shape.map((_, i) => (i === at ? -1 : 1)),
    shape: x.shape,
  });
}

/** Zeros around x: `padding` holds [before, after] of each dimension. */
export function pad(x: Tensor, padding: readonly (readonly [number, number])[]): Tensor {
  if (padding.length !== x.rank || padding.flat().some(n => !Number.isInteger(n) || n < 0)) {
    throw new UserError(
      `pad: one pair [before, after] of whole numbers of at least 0 is needed for each dimension of ${formatShape(x.shape)}`,
    );
  }
  return embedOp([x], {
    starts: padding.map(([before]) => before),
    steps: x.shape.map(() => 1),
    shape: x.shape.map((size, i) => size + padding[i][0] + padding[i][1]),
  });
}

/** Tensors joined along an existing dimension. */
export function concat(tensors: readonly Tensor[], dim = 0): Tensor {
  if (tensors.length === 0) throw new UserError('concat: no tensors were given; at least one is needed');
  return concatOp([...tensors], { dim: resolveDim(dim, tensors[0].rank, 'concat') });
}

/** Tensors of one shape joined along a new dimension. */
export function stack(tensors: readonly Tensor[], dim = 0): Tensor {
  if (tensors.length === 0) throw new UserError('stack: no tensors were given; at least one is needed');
  return concat(
    tensors.map(t => unsqueeze(t, dim)),
    dim,
  );
}
