/** Addition and multiplication, the two operations a backward pass is mostly made of, and their kin. All broadcast. */
import { defineOp, type Op, type OpDefinition } from '../autograd/op.ts';
import { constant, normal, type Sample, uniform, values, withAttrs } from '../autograd/sample.ts';
import type { BinaryName, UnaryName } from '../backend/kernels.ts';
import { fullLike, scalarLike } from '../tensor/create.ts';
import { broadcastPlan, broadcastShapes } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { eq, gt, lt, where } from './comparison.ts';
import { log } from './functions.ts';

/** Something to compute with: a tensor, or a number that broadcasts to it. */
export type Operand = Tensor | number;

type Binary = readonly [Tensor, Tensor];
type Unary = readonly [Tensor];

const broadcasting: readonly [Sample<undefined>, ...Sample<undefined>[]] = [
  normal([2, 3], [2, 3]),
  normal([2, 3], [3]),
  normal([2, 1], [1, 3]),
  normal([], [4]),
  normal([2, 3, 4], [3, 1]),
  normal([3], [2, 1, 3]),
  normal([0, 3], [3]),
  normal([1], [1]),
];

type BinaryRoom = Pick<OpDefinition<Binary, undefined>, 'formula' | 'backward' | 'samples'>;

function binaryOp(name: BinaryName, room: BinaryRoom): (inputs: Binary, attrs?: undefined) => Tensor {
  const op = defineOp<Binary>({
    name,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    forward: (kernels, z, [a, b], _, out) => kernels.binary(name, a.storage, b.storage, z, broadcastPlan(a.shape, b.shape, out.shape)),
    ...room,
  });
  return inputs => op(inputs, undefined);
}

const addOp = binaryOp('add', {
  formula: 'z = u + v,  ∂L/∂u = ∂L/∂z,  ∂L/∂v = ∂L/∂z',
  backward: dz => [() => dz, () => dz],
  samples: broadcasting,
});

const subOp = binaryOp('sub', {
  formula: 'z = u - v,  ∂L/∂u = ∂L/∂z,  ∂L/∂v = -∂L/∂z',
  backward: dz => [() => dz, () => neg(dz)],
  samples: broadcasting,
});

const mulOp = binaryOp('mul', {
  formula: 'z = u v,  ∂L/∂u = v ∂L/∂z,  ∂L/∂v = u ∂L/∂z',
  backward: (dz, [u, v]) => [() => mul(dz, v), () => mul(dz, u)],
  samples: broadcasting,
});

const divOp = binaryOp('div', {
  formula: 'z = u / v,  ∂L/∂u = ∂L/∂z / v,  ∂L/∂v = -z/v ∂L/∂z',
  backward: (dz, [, v], z) => [() => div(dz, v), () => neg(div(mul(dz, z), v))],
  samples: [uniform(0.5, 2, [2, 3], [2, 3]), uniform(-3, -0.5, [2, 3], [3]), uniform(0.5, 2, [], [2])],
});

const powOp = binaryOp('pow', {
  formula: 'z = uᵛ,  ∂L/∂u = v uᵛ⁻¹ ∂L/∂z (0 where v = 0),  ∂L/∂v = z ln u ∂L/∂z (0 where u = 0)',
  backward: (dz, [u, v], z) => [
    () => mul(dz, mul(v, pow(u, where(eq(v, 0), fullLike(v, 1), sub(v, 1))))),
    () => mul(dz, where(eq(u, 0), z, mul(z, log(where(eq(u, 0), fullLike(u, 1), u))))),
  ],
  samples: [uniform(0.5, 2, [2, 3], [2, 3]), uniform(0.5, 2, [3], [2, 1])],
});

/** The side that wins takes the gradient; a tie shares it equally, as PyTorch has it. */
const shareOf = (dz: Tensor, wins: Tensor, ties: Tensor): Tensor => mul(dz, add(wins, mul(ties, 0.5)));

const tied: Sample<undefined> = constant(
  constant(
    {
      inputs: [
        { shape: [3], values: [1, 2, 3] },
        { shape: [3], values: [1, 5, 3] },
      ],
      attrs: undefined,
    },
    0,
  ),
  1,
);

const maximumOp = binaryOp('maximum', {
  formula: 'z = max(u, v),  ∂L/∂u = ∂L/∂z where u > v, half of it where u = v, else 0',
  backward: (dz, [u, v]) => [() => shareOf(dz, gt(u, v), eq(u, v)), () => shareOf(dz, gt(v, u), eq(u, v))],
  samples: [normal([2, 3], [2, 3]), normal([2, 3], [3]), tied],
});

const minimumOp = binaryOp('minimum', {
  formula: 'z = min(u, v),  ∂L/∂u = ∂L/∂z where u < v, half of it where u = v, else 0',
  backward: (dz, [u, v]) => [() => shareOf(dz, lt(u, v), eq(u, v)), () => shareOf(dz, lt(v, u), eq(u, v))],
  samples: [normal([2, 3], [2, 3]), normal([2, 3], [3]), tied],
});

type Scalar = { readonly p: number };
type ScalarRoom = Pick<OpDefinition<Unary, Scalar>, 'formula' | 'backward' | 'samples'>;

function scalarOp(name: UnaryName, room: ScalarRoom): (x: Tensor, p: number) => Tensor {
  const op = defineOp<Unary, Scalar>({
    name,
    shape: ([x]) => x.shape,
    forward: (kernels, z, [x], { p }) => kernels.unary(name, x.storage, z, x.size, p),
    ...room,
  });
  return (x, p) => op([x], { p });
}

const addScalar = scalarOp('addScalar', {
  formula: 'z = u + p,  ∂L/∂u = ∂L/∂z',
  backward: dz => [() => dz],
  samples: [withAttrs(normal([2, 3]), { p: 1.5 }), withAttrs(normal([]), { p: -2 })],
});

const mulScalar = scalarOp('mulScalar', {
  formula: 'z = p u,  ∂L/∂u = p ∂L/∂z',
  backward: (dz, _, __, { p }) => [() => mul(dz, p)],
  samples: [withAttrs(normal([2, 3]), { p: -1.5 }), withAttrs(normal([0]), { p: 2 })],
});

const powScalar = scalarOp('powScalar', {
  formula: 'z = uᵖ,  ∂L/∂u = p uᵖ⁻¹ ∂L/∂z',
  backward: (dz, [u], _, { p }) => [() => (p === 0 ? mul(dz, 0) : mul(dz, mul(pow(u, p - 1), p)))],
  samples: [
    withAttrs(uniform(0.5, 2, [2, 3]), { p: 2.5 }),
    withAttrs(uniform(0.5, 2, [3]), { p: -1 }),
    withAttrs(normal([2, 3]), { p: 3 }),
    withAttrs(normal([2]), { p: 1 }),
    withAttrs(normal([2]), { p: 0 }),
  ],
});

const negOp: Op<Unary> = defineOp({
  name: 'neg',
  formula: 'z = -u,  ∂L/∂u = -∂L/∂z',
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x]) => kernels.unary('neg', x.storage, z, x.size, 0),
  backward: dz => [() => neg(dz)],
  samples: [normal([2, 3]), normal([]), values(-1e4, 0, 1e4)],
});

/** a + b, broadcast. */
export function add(a: Tensor, b: Operand): Tensor {
  return typeof b === 'number' ? addScalar(a, b) : addOp([a, b]);
}

/** a - b, broadcast. */
export function sub(a: Tensor, b: Operand): Tensor {
  return typeof b === 'number' ? addScalar(a, -b) : subOp([a, b]);
}

/** a b, element by element, broadcast. */
export function mul(a: Tensor, b: Operand): Tensor {
  return typeof b === 'number' ? mulScalar(a, b) : mulOp([a, b]);
}

/** a / b, element by element, broadcast. */
export function div(a: Tensor, b: Operand): Tensor {
  return divOp([a, typeof b === 'number' ? scalarLike(a, b) : b]); // not a (1/b), which rounds twice
}

/** aᵇ, element by element, broadcast. A negative base takes a whole exponent only; anything else is NaN. */
export function pow(a: Tensor, b: Operand): Tensor {
  return typeof b === 'number' ? powScalar(a, b) : powOp([a, b]);
}

/** The larger of a and b, element by element; NaN if either is. */
export function maximum(a: Tensor, b: Tensor): Tensor {
  return maximumOp([a, b]);
}

/** The smaller of a and b, element by element; NaN if either is. */
export function minimum(a: Tensor, b: Tensor): Tensor {
  return minimumOp([a, b]);
}

/** -a. */
export function neg(a: Tensor): Tensor {
  return negOp([a], undefined);
}
