/** Activations, z = f(u) with ∂L/∂u = f'(u) ∂L/∂z. Definitions and defaults are PyTorch's. */
import { defineOp, type Op } from '../autograd/op.ts';
import { constant, normal, values, withAttrs } from '../autograd/sample.ts';
import { fullLike, scalarLike } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { reluGrad, sigmoidGrad, tanhGrad } from './activation-gradients.ts';
import { add, div, mul, neg } from './arithmetic.ts';
import { ge, gt, le, where } from './comparison.ts';
import { abs, elementFunction, erf } from './functions.ts';

type Unary = readonly [Tensor];
type ElementFunction = (x: Tensor) => Tensor;

/** max(0, x); its derivative at 0 is 0. */
export const relu: ElementFunction = elementFunction('relu', {
  formula: "z = max(0, u),  f' = 1 if u > 0 else 0",
  derivative: (dz, _, z) => reluGrad(dz, z),
  samples: [normal([2, 3]), values(-100, 100), constant(values(-0.5, 0, 0.5, Number.NaN))],
});

/** σ(x) = 1 / (1 + e⁻ˣ) */
export const sigmoid: ElementFunction = elementFunction('sigmoid', {
  formula: "z = σ(u) = 1/(1 + e⁻ᵘ),  f' = σ (1 - σ)",
  derivative: (dz, _, z) => sigmoidGrad(dz, z),
  samples: [normal([2, 3]), values(-1e4, -100, -90, 0, 90, 100, 1e4)],
});

/** The hyperbolic tangent. */
export const tanh: ElementFunction = elementFunction('tanh', {
  formula: "z = tanh u,  f' = 1 - z²",
  derivative: (dz, _, z) => tanhGrad(dz, z),
  samples: [normal([2, 3]), values(-1e4, -100, -1e-4, 0, 1e-4, 100, 1e4)],
});

const softplus1: ElementFunction = elementFunction('softplus', {
  formula: "z = ln(1 + eᵘ),  f' = σ(u)",
  derivative: (dz, u) => mul(dz, sigmoid(u)),
  samples: [normal([2, 3]), values(-1e4, -100, 0, 100, 1e4)],
});

const leakyReluOp: Op<Unary, { readonly slope: number }> = defineOp({
  name: 'leakyRelu',
  formula: "z = u if u > 0 else s u,  f' = 1 if u > 0 else s",
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x], { slope }) => kernels.unary('leakyRelu', x.storage, z, x.size, slope),
  backward: (dz, [u], _, { slope }) => [() => add(mul(reluGrad(dz, u), 1 - slope), mul(dz, slope))],
  samples: [withAttrs(normal([2, 3]), { slope: 0.01 }), withAttrs(values(-100, 100), { slope: 0.2 })],
});

const eluOp: Op<Unary, { readonly alpha: number }> = defineOp({
  name: 'elu',
  formula: "z = u if u > 0 else α (eᵘ - 1),  f' = 1 if u > 0 else z + α",
  shape: ([x]) => x.shape,
  forward: (kernels, z, [x], { alpha }) => kernels.unary('elu', x.storage, z, x.size, alpha),
  backward: (dz, [u], z, { alpha }) => [() => mul(dz, where(gt(u, 0), fullLike(u, 1), add(z, alpha)))],
  samples: [withAttrs(normal([2, 3]), { alpha: 1 }), withAttrs(values(-100, -1e-4, 100), { alpha: 1.5 })],
});

/** ln(1 + e^(βx)) / β. Default β = 1. */
export function softplus(x: Tensor, beta = 1): Tensor {
  return beta === 1 ? softplus1(x) : mul(softplus1(mul(x, beta)), 1 / beta);
}

/** x where x > 0, else slope x. Default slope 0.01. */
export function leakyRelu(x: Tensor, negativeSlope = 0.01): Tensor {
  return leakyReluOp([x], { slope: negativeSlope });
}

/** x where x > 0, else α (eˣ - 1). Default α = 1. */
export function elu(x: Tensor, alpha = 1): Tensor {
  return eluOp([x], { alpha });
}

/** λ elu(x, α) with the constants that keep mean 0 and variance 1. Source: Klambauer et al. 2017, eq. 14. */
export function selu(x: Tensor): Tensor {
  return mul(elu(x, 1.6732632423543772), 1.0507009873554805);
}

/** x Φ(x) = x (1 + erf(x/√2)) / 2; 'tanh' is the approximation 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))). Source: Hendrycks and Gimpel 2016. */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor {
  if (approximate === 'none') return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
  const cube = mul(mul(x, x), x);
  return mul(mul(x, 0.5), add(tanh(mul(add(x, mul(cube, 0.044715)), Math.sqrt(2 / Math.PI))), 1));
}

/** x σ(x), also called swish. */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

/** x tanh(softplus(x)). Source: Misra 2019. */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** x / (1 + |x|). */
export function softsign(x: Tensor): Tensor {
  return div(x, add(abs(x), 1));
}

/** ln σ(x) = -softplus(-x). */
export function logSigmoid(x: Tensor): Tensor {
  return neg(softplus(neg(x)));
}

/** x held between low and high, -1 and 1 by default; its derivative outside and at the bounds is 0. NaN stays NaN. */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  const above = where(le(x, low), scalarLike(x, low), x);
  return where(ge(above, high), scalarLike(x, high), above);
}

/** x held between low and high. Same as `hardtanh` with these bounds. */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  return hardtanh(x, low, high);
}

/** min(max(0, x), 6). */
export function relu6(x: Tensor): Tensor {
  return hardtanh(x, 0, 6);
}

/** relu6(x + 3) / 6. */
export function hardsigmoid(x: Tensor): Tensor {
  return mul(relu6(add(x, 3)), 1 / 6);
}

/** x hardsigmoid(x). */
export function hardswish(x: Tensor): Tensor {
  return mul(x, hardsigmoid(x));
}

/** x where x > 0, else weight x, with the weight learned: one, or one for each feature of [batch, features]. */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  return where(gt(x, 0), x, mul(x, weight));
}

/** max(0, x) + min(0, α (e^(x/α) - 1)). Default α = 1. */
export function celu(x: Tensor, alpha = 1): Tensor {
  return alpha === 1 ? elu(x) : mul(elu(mul(x, 1 / alpha)), alpha);
}
