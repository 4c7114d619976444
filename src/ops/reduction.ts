/** Reductions over one or several dimensions. */
import { defineOp, type Op, type OpDefinition } from '../autograd/op.ts';
import { constant, normal, type Sample, values, withAttrs } from '../autograd/sample.ts';
import type { ReduceName } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { fullLike } from '../tensor/create.ts';
import { formatShape, resolveDim, type Shape, sameShape, sizeOf } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { add, div, mul, sub } from './arithmetic.ts';
import { eq, where } from './comparison.ts';
import { exp, log, sqrt, square } from './functions.ts';
import { oneHot } from './indexing.ts';
import { expand, flip, reshape } from './movement.ts';

type Unary = readonly [Tensor];

/** A run of neighbouring dimensions, [from, to), which the reduction leaves at size 1. */
interface Run {
  readonly from: number;
  readonly to: number;
}

const reduced = (shape: Shape, { from, to }: Run): Shape => shape.map((size, i) => (i >= from && i < to ? 1 : size));
const outer = (shape: Shape, run: Run): number => sizeOf(shape.slice(0, run.from));
const middle = (shape: Shape, run: Run): number => sizeOf(shape.slice(run.from, run.to));
const inner = (shape: Shape, run: Run): number => sizeOf(shape.slice(run.to));

const runs: readonly [Sample<Run>, ...Sample<Run>[]] = [
  withAttrs(normal([2, 3]), { from: 0, to: 2 }),
  withAttrs(normal([2, 3]), { from: 0, to: 1 }),
  withAttrs(normal([2, 3]), { from: 1, to: 2 }),
  withAttrs(normal([2, 3, 4]), { from: 1, to: 2 }),
  withAttrs(normal([1, 1]), { from: 0, to: 1 }),
];

function reduceOp(
  name: ReduceName,
  room: Pick<OpDefinition<Unary, Run>, 'formula' | 'backward' | 'samples'>,
): (x: Tensor, run: Run) => Tensor {
  const op = defineOp<Unary, Run>({
    name,
    shape: ([x], run) => {
      if ((name === 'max' || name === 'min') && middle(x.shape, run) === 0) {
        throw new UserError(`${name}: there is no ${name} of no elements; the shape is ${formatShape(x.shape)}`);
      }
      return reduced(x.shape, run);
    },
    forward: (kernels, z, [x], run) => kernels.reduce(name, x.storage, z, outer(x.shape, run), middle(x.shape, run), inner(x.shape, run)),
    ...room,
  });
  return (x, run) => op([x], run);
}

const sumRun = reduceOp('sum', {
  formula: 'z = Σ xᵢ,  ∂L/∂xᵢ = ∂L/∂z',
  backward: (dz, [x]) => [() => expand(dz, x.shape)],
  samples: [...runs, withAttrs(normal([0, 3]), { from: 0, to: 1 }), withAttrs(normal([3, 0]), { from: 0, to: 1 })],
});

const meanRun = reduceOp('mean', {
  formula: 'z = Σ xᵢ / n,  ∂L/∂xᵢ = ∂L/∂z / n',
  backward: (dz, [x], _, run) => [() => expand(mul(dz, 1 / middle(x.shape, run)), x.shape)],
  samples: [...runs, withAttrs(normal([3, 0]), { from: 0, to: 1 })],
});

/** The largest element takes the gradient; equals share it. */
const toWinners = (dz: Tensor, x: Tensor, z: Tensor, run: Run): Tensor => {
  const winners = eq(x, z);
  return mul(winners, div(dz, sumRun(winners, run)));
};

const ties: Sample<Run> = constant(withAttrs(values(3, 1, 3, 2), { from: 0, to: 1 }));

const maxRun = reduceOp('max', {
  formula: 'z = max xᵢ,  ∂L/∂xᵢ = ∂L/∂z where xᵢ = z (shared among equals), else 0',
  backward: (dz, [x], z, run) => [() => toWinners(dz, x, z, run)],
  samples: [...runs, ties],
});

const minRun = reduceOp('min', {
  formula: 'z = min xᵢ,  ∂L/∂xᵢ = ∂L/∂z where xᵢ = z (shared among equals), else 0',
  backward: (dz, [x], z, run) => [() => toWinners(dz, x, z, run)],
  samples: [...runs, ties],
});

const prodRun = reduceOp('prod', {
  formula: 'z = Π xᵢ,  ∂L/∂xᵢ = Π_{j ≠ i} xⱼ ∂L/∂z',
  backward: (dz, [x], z, run) => [() => (holdsZero(x) ? mul(dz, productOfOthers(x, run)) : div(mul(dz, z), x))],
  samples: [...runs, withAttrs(values(2, 0, 3), { from: 0, to: 1 }), withAttrs(values(0, 3, 0), { from: 0, to: 1 })],
});

function holdsZero(x: Tensor): boolean {
  return x.kernels.view(x.storage).subarray(0, x.size).includes(0);
}

/** Π_{j ≠ i} xⱼ for each i without division, so that a 0 does no harm: n² products for a run of n. */
function productOfOthers(x: Tensor, run: Run): Tensor {
  const [o, n, i] = [outer(x.shape, run), middle(x.shape, run), inner(x.shape, run)];
  const diagonal = reshape(oneHot(fromList(x, n), n), [1, n, n, 1]);
  const others = where(diagonal, fullLike(x, 1, []), reshape(x, [o, 1, n, i]));
  return reshape(prodRun(others, { from: 2, to: 3 }), x.shape);
}

const fromList = (like: Tensor, n: number): Tensor => emptyTensor([n], like.kernels).set(Float64Array.from({ length: n }, (_, i) => i));

const argmaxOp: Op<Unary, { readonly dim: number }> = defineOp({
  name: 'argmax',
  flat: true,
  formula: 'z = the first i for which xᵢ is largest,  ∂L/∂x = 0',
  shape: ([x], { dim }) => {
    if (x.shape[dim] === 0) throw new UserError(`argmax: there is no largest of no elements; the shape is ${formatShape(x.shape)}`);
    return x.shape.filter((_, i) => i !== dim);
  },
  forward: (kernels, z, [x], { dim }) => {
    const run = { from: dim, to: dim + 1 };
    kernels.argmax(x.storage, z, outer(x.shape, run), middle(x.shape, run), inner(x.shape, run));
  },
  backward: () => [null],
  samples: [withAttrs(normal([3, 4]), { dim: 1 }), withAttrs(normal([3, 4]), { dim: 0 }), constant(withAttrs(values(1, 3, 3), { dim: 0 }))],
});

const cumsumOp: Op<Unary, { readonly dim: number }> = defineOp({
  name: 'cumsum',
  formula: 'zᵢ = Σ_{j ≤ i} xⱼ,  ∂L/∂xⱼ = Σ_{i ≥ j} ∂L/∂zᵢ',
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x], { dim }) => {
    const run = { from: dim, to: dim + 1 };
    kernels.cumsum(x.storage, z, outer(x.shape, run), middle(x.shape, run), inner(x.shape, run));
  },
  backward: (dz, _, __, { dim }) => [() => flip(cumsum(flip(dz, dim), dim), dim)],
  samples: [withAttrs(normal([3, 4]), { dim: 1 }), withAttrs(normal([3, 4]), { dim: 0 }), withAttrs(normal([0]), { dim: 0 })],
});

/** Which dimensions to reduce: one, several, or (left out) all. */
export type Dims = number | readonly number[];

/** Applies `reduce` to each run of neighbouring dimensions, the last first, and drops the ones left at size 1 unless `keepdim`. */
function overDims(name: string, x: Tensor, dims: Dims | undefined, keepdim: boolean, reduce: (x: Tensor, run: Run) => Tensor): Tensor {
  const given = dims === undefined ? x.shape.map((_, i) => i) : typeof dims === 'number' ? [dims] : dims;
  const sorted = [...new Set(given.map(dim => resolveDim(dim, x.rank, name)))].sort((a, b) => a - b);
  let out = x.rank === 0 && dims === undefined ? reduce(reshape(x, [1]), { from: 0, to: 1 }) : x;
  let to = sorted.length;
  while (to > 0) {
    let from = to - 1;
    while (from > 0 && sorted[from - 1] === sorted[from] - 1) from--;
    out = reduce(out, { from: sorted[from], to: sorted[to - 1] + 1 });
    to = from;
  }
  if (keepdim && x.rank > 0) return out;
  return reshape(
    out,
    x.shape.filter((_, i) => !sorted.includes(i)),
  );
}

/** Σ x over the dimensions given, or over all. */
export function sum(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return overDims('sum', x, dims, keepdim, sumRun);
}

/** The mean over the dimensions given, or over all; NaN of no elements. */
export function mean(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return overDims('mean', x, dims, keepdim, meanRun);
}

/** The largest element over the dimensions given, or over all; NaN if any is. */
export function max(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return overDims('max', x, dims, keepdim, maxRun);
}

/** The smallest element over the dimensions given, or over all; NaN if any is. */
export function min(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return overDims('min', x, dims, keepdim, minRun);
}

/** Π x over the dimensions given, or over all. */
export function prod(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return overDims('prod', x, dims, keepdim, prodRun);
}

/** The variance Σ (x - mean)² / (n - correction); correction 1 (the default, Bessel's) is unbiased, 0 is the batch's own. */
export function variance(
  x: Tensor,
  dims?: Dims,
  { correction = 1, keepdim = false }: { correction?: number; keepdim?: boolean } = {},
): Tensor {
  const average = mean(x, dims, true);
  const total = sum(square(sub(x, average)), dims, keepdim);
  return mul(total, 1 / (x.size / average.size - correction));
}

/** The standard deviation: the root of `variance`. Its derivative at 0 is taken as 0. */
export function std(x: Tensor, dims?: Dims, options: { correction?: number; keepdim?: boolean } = {}): Tensor {
  return rootOf(variance(x, dims, options));
}

/** √x with derivative 0, not infinity, at 0: so that a root of squares takes no NaN from 0 · ∞ there. */
function rootOf(x: Tensor): Tensor {
  const zero = eq(x, 0);
  return where(zero, x.detach(), sqrt(where(zero, fullLike(x, 1), x)));
}

/** log Σ eˣ over one dimension, without overflow. A row of -Infinity gives -Infinity, with gradient 0. */
export function logsumexp(x: Tensor, dim: number, keepdim = false): Tensor {
  const largest = max(x, dim, true).detach();
  // A row of -Infinity has no finite largest element to subtract.
  const finite = where(eq(sub(largest, largest), 0), largest, mul(eq(largest, largest), 0));
  const total = sum(exp(sub(x, finite)), dim, true); // at least 1, but 0 for such a row
  const none = eq(total, 0);
  const out = add(where(none, largest, log(where(none, fullLike(total, 1), total))), finite);
  return keepdim
    ? out
    : reshape(
        out,
        x.shape.filter((_, i) => i !== resolveDim(dim, x.rank, 'logsumexp')),
      );
}

/** √Σ x² over the dimensions given, or over all. Its derivative at 0 is taken as 0. */
export function norm(x: Tensor, dims?: Dims, keepdim = false): Tensor {
  return rootOf(sum(square(x), dims, keepdim));
}

/** The position of the largest element along one dimension, the first among equals. */
export function argmax(x: Tensor, dim = -1): Tensor {
  return argmaxOp([x], { dim: resolveDim(dim, x.rank, 'argmax') });
}

/** Running sums along one dimension. */
export function cumsum(x: Tensor, dim = -1): Tensor {
  return cumsumOp([x], { dim: resolveDim(dim, x.rank, 'cumsum') });
}

/** @internal x summed over whatever broadcasting repeated, down to `shape` */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const missing = x.rank - shape.length;
  const dims = x.shape.flatMap((size, i) => (i < missing || (shape[i - missing] === 1 && size !== 1) ? [i] : []));
  return reshape(sum(x, dims, true), shape);
}
