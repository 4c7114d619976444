/** Element functions of one variable, y = f(x), with ∂L/∂x = f'(x) ∂L/∂y. */
import { defineOp, type OpDefinition } from '../autograd/op.ts';
import { constant, normal, type Sample, uniform, values } from '../autograd/sample.ts';
import type { UnaryName } from '../backend/kernels.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { add, div, mul, neg } from './arithmetic.ts';

type Unary = readonly [Tensor];

interface FunctionRoom {
  formula: string;
  /** ∂L/∂x from dy, x and y. */
  derivative: ((dy: Tensor, x: Tensor, y: Tensor) => Tensor) | null;
  samples: readonly [Sample<undefined>, ...Sample<undefined>[]];
  tolerance?: number;
}

/** @internal an op over one element function */
export function elementFunction(name: UnaryName, { formula, derivative, samples, tolerance }: FunctionRoom): (x: Tensor) => Tensor {
  const definition: OpDefinition<Unary, undefined> = {
    name,
    formula,
    flat: derivative === null,
    shape: ([x]) => x.shape,
    forward: (kernels, y, [x]) => kernels.unary(name, x.storage, y, x.size, 0),
    backward: (dy, [x], y) => [derivative === null ? null : () => derivative(dy, x, y)],
    samples,
    ...(tolerance === undefined ? {} : { tolerance }),
  };
  const op = defineOp(definition);
  return x => op([x], undefined);
}

type ElementFunction = (x: Tensor) => Tensor;

/** eˣ */
export const exp: ElementFunction = elementFunction('exp', {
  formula: 'y = eˣ,  ∂L/∂x = y ∂L/∂y',
  derivative: (dy, _, y) => mul(dy, y),
  samples: [normal([2, 3]), constant(values(-1e4, -100, 0, 50, 1e4))],
});

/** eˣ - 1, exact for small x. */
export const expm1: ElementFunction = elementFunction('expm1', {
  formula: 'y = eˣ - 1,  ∂L/∂x = (y + 1) ∂L/∂y',
  derivative: (dy, _, y) => mul(dy, add(y, 1)),
  samples: [normal([2, 3]), constant(values(-1e4, -1e-6, 0, 1e-6, 50, 1e4))],
});

/** ln x; -Infinity at 0, NaN below. */
export const log: ElementFunction = elementFunction('log', {
  formula: 'y = ln x,  ∂L/∂x = ∂L/∂y / x',
  derivative: (dy, x) => div(dy, x),
  samples: [uniform(0.1, 3, [2, 3]), constant(values(0, 1e-30, 1, 1e30, -1))],
});

/** ln(1 + x), exact for small x. */
export const log1p: ElementFunction = elementFunction('log1p', {
  formula: 'y = ln(1 + x),  ∂L/∂x = ∂L/∂y / (1 + x)',
  derivative: (dy, x) => div(dy, add(x, 1)),
  samples: [uniform(-0.5, 3, [2, 3]), constant(values(-1, -1e-6, 0, 1e-6, 1e30))],
});

/** √x */
export const sqrt: ElementFunction = elementFunction('sqrt', {
  formula: 'y = √x,  ∂L/∂x = ∂L/∂y / (2 y)',
  derivative: (dy, _, y) => div(dy, mul(y, 2)),
  samples: [uniform(0.1, 3, [2, 3]), constant(values(0, 1e-30, 1e30, -1))],
});

/** 1 / √x */
export const rsqrt: ElementFunction = elementFunction('rsqrt', {
  formula: 'y = 1/√x,  ∂L/∂x = -y³/2 ∂L/∂y',
  derivative: (dy, _, y) => mul(mul(dy, mul(y, square(y))), -0.5),
  samples: [uniform(0.1, 3, [2, 3])],
});

/** 1 / x */
export const reciprocal: ElementFunction = elementFunction('reciprocal', {
  formula: 'y = 1/x,  ∂L/∂x = -y² ∂L/∂y',
  derivative: (dy, _, y) => neg(mul(dy, square(y))),
  samples: [uniform(0.5, 2, [2, 3]), uniform(-2, -0.5, [3])],
});

/** x² */
export const square: ElementFunction = elementFunction('square', {
  formula: 'y = x²,  ∂L/∂x = 2x ∂L/∂y',
  derivative: (dy, x) => mul(mul(dy, x), 2),
  samples: [normal([2, 3]), values(-100, 0, 100)],
});

/** |x|; its derivative at 0 is taken as 0. */
export const abs: ElementFunction = elementFunction('abs', {
  formula: 'y = |x|,  ∂L/∂x = sign(x) ∂L/∂y',
  derivative: (dy, x) => mul(dy, sign(x)),
  samples: [normal([2, 3]), constant(values(-1, 0, 1))],
});

/** -1, 0 or 1. */
export const sign: ElementFunction = elementFunction('sign', {
  formula: 'y = sign(x),  ∂L/∂x = 0',
  derivative: null,
  samples: [constant(values(-2, 0, 3))],
});

/** The largest whole number not above x. */
export const floor: ElementFunction = elementFunction('floor', {
  formula: 'y = ⌊x⌋,  ∂L/∂x = 0',
  derivative: null,
  samples: [constant(values(-1.5, -1, 0, 1.5))],
});

/** The nearest whole number, halves to the even one. */
export const round: ElementFunction = elementFunction('round', {
  formula: 'y = round(x),  ∂L/∂x = 0',
  derivative: null,
  samples: [constant(values(-1.5, -0.5, 0.5, 1.5, 2.4))],
});

/** sin x, x in radians. */
export const sin: ElementFunction = elementFunction('sin', {
  formula: 'y = sin x,  ∂L/∂x = cos x ∂L/∂y',
  derivative: (dy, x) => mul(dy, cos(x)),
  samples: [normal([2, 3]), values(-100, 0, 100)],
});

/** cos x, x in radians. */
export const cos: ElementFunction = elementFunction('cos', {
  formula: 'y = cos x,  ∂L/∂x = -sin x ∂L/∂y',
  derivative: (dy, x) => neg(mul(dy, sin(x))),
  samples: [normal([2, 3]), values(-100, 0, 100)],
});

/** The error function, 2/√π ∫₀ˣ exp(-t²) dt. */
export const erf: ElementFunction = elementFunction('erf', {
  formula: 'y = erf x,  ∂L/∂x = 2/√π exp(-x²) ∂L/∂y',
  derivative: (dy, x) => mul(mul(dy, exp(neg(square(x)))), 2 / Math.sqrt(Math.PI)),
  samples: [normal([2, 3]), values(-100, -1e-4, 0, 1e-4, 100)],
});
