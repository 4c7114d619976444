/** Comparisons (1 or 0) and choosing by them. Nothing flows back through a comparison. */
import { defineOp, type Op } from '../autograd/op.ts';
import { normal, type Sample } from '../autograd/sample.ts';
import type { BinaryName } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { fullLike, scalarLike } from '../tensor/create.ts';
import { broadcastPlan, broadcastShapes, formatShape, sameShape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { expand } from './movement.ts';

const ties: Sample<undefined> = {
  inputs: [
    { shape: [4], values: [1, 2, 3, Number.NaN], constant: true },
    { shape: [4], values: [2, 2, 2, 2], constant: true },
  ],
  attrs: undefined,
};

function comparison(name: BinaryName, sign: string): (a: Tensor, b: Tensor | number) => Tensor {
  const op = defineOp<readonly [Tensor, Tensor]>({
    name,
    flat: true,
    formula: `z = 1 where u ${sign} v, else 0`,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    forward: (kernels, z, [a, b], _, out) => kernels.binary(name, a.storage, b.storage, z, broadcastPlan(a.shape, b.shape, out.shape)),
    backward: () => [null, null],
    samples: [normal([2, 3], [3]), ties],
  });
  return (a, b) => op([a, typeof b === 'number' ? scalarLike(a, b) : b], undefined);
}

type Comparison = (a: Tensor, b: Tensor | number) => Tensor;

/** 1 where a = b, else 0. */
export const eq: Comparison = comparison('eq', '=');
/** 1 where a ≠ b, else 0. */
export const ne: Comparison = comparison('ne', '≠');
/** 1 where a < b, else 0. */
export const lt: Comparison = comparison('lt', '<');
/** 1 where a ≤ b, else 0. */
export const le: Comparison = comparison('le', '≤');
/** 1 where a > b, else 0. */
export const gt: Comparison = comparison('gt', '>');
/** 1 where a ≥ b, else 0. */
export const ge: Comparison = comparison('ge', '≥');

const whereOp: Op<readonly [Tensor, Tensor, Tensor]> = defineOp({
  name: 'where',
  formula: 'z = u where c ≠ 0, else v,  ∂L/∂u = ∂L/∂z where c ≠ 0, else 0;  ∂L/∂v the rest',
  shape: ([condition, a, b]) => {
    if (sameShape(condition.shape, a.shape) && sameShape(a.shape, b.shape)) return a.shape;
    throw new UserError(`where: shapes ${[condition, a, b].map(t => formatShape(t.shape)).join(', ')} must be equal`);
  },
  forward: (kernels, z, [condition, a, b]) => kernels.where(condition.storage, a.storage, b.storage, z, a.size),
  backward: (dz, [condition]) => [null, () => where(condition, dz, fullLike(dz, 0)), () => where(condition, fullLike(dz, 0), dz)],
  samples: [
    {
      inputs: [{ shape: [2, 2], values: [1, 0, 0, 1], constant: true }, { shape: [2, 2] }, { shape: [2, 2] }],
      attrs: undefined,
    },
  ],
});

/** a where the condition is not 0, else b; all three broadcast to one shape. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShapes('where', broadcastShapes('where', condition.shape, a.shape), b.shape);
  return whereOp([expand(condition, shape), expand(a, shape), expand(b, shape)], undefined);
}
