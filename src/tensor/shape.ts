/** Shapes, and how two of them broadcast. A shape is a list of sizes, outermost first; `[]` is a scalar. */
import type { BroadcastPlan } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';

export type Shape = readonly number[];

/** `[128, 10]`; a scalar is `[]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function checkShape(shape: Shape, what: string): void {
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new UserError(`${what}: a shape is a list of whole numbers of at least 0; it is ${formatShape(shape)}`);
    }
  }
}

/** Elements to skip for one step along each dimension of a contiguous row-major block. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** Index of a dimension counted from the end when negative: `-1` is the last. */
export function resolveDim(dim: number, rank: number, what: string): number {
  const resolved = dim < 0 ? dim + rank : dim;
  if (!Number.isInteger(dim) || resolved < 0 || resolved >= rank) {
    const range = rank === 0 ? 'it has none' : `allowed are ${-rank} to ${rank - 1}`;
    throw new UserError(`${what}: dimension ${dim} does not exist in a tensor of ${rank} dimensions; ${range}`);
  }
  return resolved;
}

/** The shape both inputs broadcast to: sizes are aligned at the end, and a size of 1 (or none) repeats. */
export function broadcastShapes(what: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i] : 1;
    const n = i <= b.length ? b[b.length - i] : 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new UserError(
        `${what}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast; counted from the end, dimension ${i} is ${m} in one and ${n} in the other, and neither is 1`,
      );
    }
    out[rank - i] = m === 1 ? n : m;
  }
  return out;
}

/** Strides that read `shape` as if it had the shape `out`: 0 where it repeats. */
export function broadcastStrides(shape: Shape, out: Shape): number[] {
  const strides = stridesOf(shape);
  const missing = out.length - shape.length;
  return out.map((size, i) => (i < missing || (shape[i - missing] === 1 && size !== 1) ? 0 : strides[i - missing]));
}

/** How two inputs are read to fill an output of shape `out`, with neighbouring dimensions merged as far as both strides allow. */
export function broadcastPlan(a: Shape, b: Shape, out: Shape): BroadcastPlan {
  if (sameShape(a, b)) return { dims: [sizeOf(out)], aStrides: [1], bStrides: [1] };
  const aAll = broadcastStrides(a, out);
  const bAll = broadcastStrides(b, out);
  const dims: number[] = [];
  const aStrides: number[] = [];
  const bStrides: number[] = [];
  for (let i = 0; i < out.length; i++) {
    if (out[i] === 1) continue;
    const last = dims.length - 1;
    const merges = last >= 0 && aStrides[last] === aAll[i] * out[i] && bStrides[last] === bAll[i] * out[i];
    if (merges) {
      dims[last] *= out[i];
      aStrides[last] = aAll[i];
      bStrides[last] = bAll[i];
    } else {
      dims.push(out[i]);
      aStrides.push(aAll[i]);
      bStrides.push(bAll[i]);
    }
  }
  if (dims.length === 0) return { dims: [1], aStrides: [1], bStrides: [1] };
  return { dims, aStrides, bStrides };
}
