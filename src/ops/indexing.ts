/** Reading and writing by index. Indices are whole numbers held in a float tensor, and checked. */
import { defineOp, type Op } from '../autograd/op.ts';
import { constant, type Sample } from '../autograd/sample.ts';
import { UserError } from '../errors.ts';
import { formatShape, resolveDim, type Shape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { add, mul } from './arithmetic.ts';
import { permute, reshape } from './movement.ts';

type Indexed = readonly [x: Tensor, index: Tensor];

/** @internal every entry must be a whole number in [0, count) */
export function checkIndices(op: string, what: string, index: Tensor, count: number): void {
  const values = index.kernels.view(index.storage);
  for (let i = 0; i < index.size; i++) {
    const value = values[i];
    if (!(value >= 0 && value < count && Math.floor(value) === value)) {
      throw new UserError(`${op}: ${what} ${value} at position ${i} is not one of the whole numbers 0 to ${count - 1}`);
    }
  }
}

function sample<Attrs>(shape: Shape, indices: number[], attrs: Attrs): Sample<Attrs> {
  return constant({ inputs: [{ shape }, { shape: [indices.length], values: indices }], attrs }, 1);
}

const gatherOp: Op<Indexed> = defineOp({
  name: 'gatherRows',
  formula: 'z[i, :] = x[index[i], :],  ∂L/∂x[j, :] = Σ_{i: index[i] = j} ∂L/∂z[i, :]',
  shape: ([x, index]) => {
    checkIndices('indexSelect', 'index', index, x.shape[0]);
    return [index.size, x.shape[1]];
  },
  forward: (kernels, z, [x, index]) => kernels.gatherRows(x.storage, index.storage, z, index.size, x.shape[1]),
  backward: (dz, [x, index]) => [() => scatterOp([dz, index], { rows: x.shape[0] }), null],
  samples: [sample([4, 3], [2, 0, 2], undefined), sample([2, 1], [], undefined)],
});

const scatterOp: Op<Indexed, { readonly rows: number }> = defineOp({
  name: 'scatterAddRows',
  formula: 'z[j, :] = Σ_{i: index[i] = j} x[i, :],  ∂L/∂x[i, :] = ∂L/∂z[index[i], :]',
  shape: ([x], { rows }) => [rows, x.shape[1]],
  forward: (kernels, z, [x, index], _, out) => {
    kernels.fill(z, out.size, 0);
    kernels.scatterAddRows(x.storage, index.storage, z, index.size, x.shape[1]);
  },
  backward: (dz, [, index]) => [() => gatherOp([dz, index], undefined), null],
  samples: [sample([3, 2], [2, 0, 2], { rows: 4 })],
});

const mixOp: Op<Indexed, { readonly weight: number }> = defineOp({
  name: 'mixRows',
  formula: 'z[i, :] = w x[i, :] + (1 - w) x[index[i], :],  ∂L/∂x[j, :] = w ∂L/∂z[j, :] + (1 - w) Σ_{i: index[i] = j} ∂L/∂z[i, :]',
  shape: ([x, index]) => {
    if (index.rank !== 1 || index.size !== x.shape[0])
      throw new UserError(`mixRows: x is ${formatShape(x.shape)} and the index ${formatShape(index.shape)}; expected one entry a row`);
    checkIndices('mixRows', 'index', index, x.shape[0]);
    return x.shape;
  },
  forward: (kernels, z, [x, index], { weight }) =>
    kernels.mixRows(x.storage, index.storage, z, index.size, index.size === 0 ? 0 : x.size / index.size, weight),
  backward: (dz, [x, index], _, { weight }) => [
    () => {
      const rows = scatterOp([reshape(dz, [index.size, index.size === 0 ? 0 : dz.size / index.size]), index], { rows: index.size });
      return add(mul(dz, weight), mul(reshape(rows, x.shape), 1 - weight));
    },
    null,
  ],
  samples: [sample([3, 5], [2, 0, 2], { weight: 0.3 }), sample([2, 1, 2], [1, 0], { weight: 1 })],
});

const pickOp: Op<Indexed> = defineOp({
  name: 'pick',
  formula: 'z[i] = x[i, index[i]],  ∂L/∂x[i, c] = ∂L/∂z[i] where c = index[i], else 0',
  shape: ([x, index]) => {
    if (x.rank !== 2 || index.rank !== 1 || x.shape[0] !== index.size) {
      throw new UserError(
        `pick: x is ${formatShape(x.shape)} and the index ${formatShape(index.shape)}; expected [rows, columns] and [rows]`,
      );
    }
    checkIndices('pick', 'index', index, x.shape[1]);
    return index.shape;
  },
  forward: (kernels, z, [x, index]) => kernels.pick(x.storage, index.storage, z, index.size, x.shape[1]),
  backward: (dz, [x, index]) => [() => unpickOp([dz, index], { columns: x.shape[1] }), null],
  samples: [sample([3, 4], [0, 3, 1], undefined)],
});

const unpickOp: Op<Indexed, { readonly columns: number }> = defineOp({
  name: 'unpick',
  formula: 'z[i, c] = x[i] where c = index[i], else 0,  ∂L/∂x[i] = ∂L/∂z[i, index[i]]',
  shape: ([x, index], { columns }) => {
    checkIndices('oneHot', 'class', index, columns);
    return [x.size, columns];
  },
  forward: (kernels, z, [x, index], { columns }) => kernels.unpick(x.storage, index.storage, z, x.size, columns),
  backward: (dz, [, index]) => [() => pickOp([dz, index], undefined), null],
  samples: [sample([3], [0, 3, 1], { columns: 4 })],
});

/** Entries of dimension `dim` by index [n], in the index's order; an entry may be taken several times. Same as PyTorch's `index_select`. */
export function indexSelect(x: Tensor, dim: number, index: Tensor): Tensor {
  const at = resolveDim(dim, x.rank, 'indexSelect');
  if (index.rank !== 1) throw new UserError(`indexSelect: the index is ${formatShape(index.shape)}; it must be a list, of one dimension`);
  const order = [at, ...x.shape.map((_, i) => i).filter(i => i !== at)];
  const front = permute(x, order);
  const rest = front.shape.slice(1);
  const rows = gatherOp([reshape(front, [front.shape[0], front.shape[0] === 0 ? 0 : front.size / front.shape[0]]), index], undefined);
  return permute(
    reshape(rows, [index.size, ...rest]),
    order.map((_, i) => order.indexOf(i)),
  );
}

/** Each row mixed with another of the same tensor: z[i] = weight x[i] + (1 - weight) x[index[i]], x [n, ...], index [n] -> [n, ...]. */
export function mixRows(x: Tensor, index: Tensor, weight: number): Tensor {
  return mixOp([x, index], { weight });
}

/** x[i, index[i]] for each row i: x [rows, columns], index [rows] -> [rows]. */
export function pick(x: Tensor, index: Tensor): Tensor {
  return pickOp([x, index], undefined);
}

/** A row for each class number, 1 at the class and 0 elsewhere: [n] -> [n, classes]. */
export function oneHot(labels: Tensor, classes: number): Tensor {
  if (labels.rank !== 1) throw new UserError(`oneHot: the labels are ${formatShape(labels.shape)}; they must be a list, of one dimension`);
  const ones = emptyTensor(labels.shape, labels.kernels);
  ones.kernels.fill(ones.storage, ones.size, 1);
  return unpickOp([ones, labels], { columns: classes });
}
