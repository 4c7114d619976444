/** Activations as layers. Names and defaults are PyTorch's; the functions are in ops/activation.ts. */
import * as ops from '../ops/activation.ts';
import { logSoftmax, softmax } from '../ops/softmax.ts';
import { full } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';
import { Parameter } from './parameter.ts';

type ActivationClass = new () => Module;

/** A layer without options over a function of one tensor. */
function layerOf(name: string, f: (x: Tensor) => Tensor): ActivationClass {
  const Layer = class extends Module {
    forward(x: Tensor): Tensor {
      return f(x);
    }
  };
  Object.defineProperty(Layer, 'name', { value: name });
  return Layer;
}

/** max(0, x) */
export const ReLU: ActivationClass = layerOf('ReLU', ops.relu);
/** 1 / (1 + e⁻ˣ) */
export const Sigmoid: ActivationClass = layerOf('Sigmoid', ops.sigmoid);
/** tanh x */
export const Tanh: ActivationClass = layerOf('Tanh', ops.tanh);
/** min(max(0, x), 6) */
export const ReLU6: ActivationClass = layerOf('ReLU6', ops.relu6);
/** λ elu(x, α), self-normalizing */
export const SELU: ActivationClass = layerOf('SELU', ops.selu);
/** x σ(x) */
export const SiLU: ActivationClass = layerOf('SiLU', ops.silu);
/** x tanh(softplus(x)) */
export const Mish: ActivationClass = layerOf('Mish', ops.mish);
/** x / (1 + |x|) */
export const Softsign: ActivationClass = layerOf('Softsign', ops.softsign);
/** ln σ(x) */
export const LogSigmoid: ActivationClass = layerOf('LogSigmoid', ops.logSigmoid);
/** relu6(x + 3) / 6 */
export const Hardsigmoid: ActivationClass = layerOf('Hardsigmoid', ops.hardsigmoid);
/** x relu6(x + 3) / 6 */
export const Hardswish: ActivationClass = layerOf('Hardswish', ops.hardswish);

/** x where x > 0, else negativeSlope x. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  constructor({ negativeSlope = 0.01 }: { readonly negativeSlope?: number } = {}) {
    super();
    this.negativeSlope = negativeSlope;
  }
  forward(x: Tensor): Tensor {
    return ops.leakyRelu(x, this.negativeSlope);
  }
}

/** x where x > 0, else α (eˣ - 1). */
export class ELU extends Module {
  readonly alpha: number;
  constructor({ alpha = 1 }: { readonly alpha?: number } = {}) {
    super();
    this.alpha = alpha;
  }
  forward(x: Tensor): Tensor {
    return ops.elu(x, this.alpha);
  }
}

/** x Φ(x), or its approximation by tanh. */
export class GELU extends Module {
  readonly approximate: 'none' | 'tanh';
  constructor({ approximate = 'none' }: { readonly approximate?: 'none' | 'tanh' } = {}) {
    super();
    this.approximate = approximate;
  }
  forward(x: Tensor): Tensor {
    return ops.gelu(x, this.approximate);
  }
}

/** ln(1 + e^(βx)) / β. */
export class Softplus extends Module {
  readonly beta: number;
  constructor({ beta = 1 }: { readonly beta?: number } = {}) {
    super();
    this.beta = beta;
  }
  forward(x: Tensor): Tensor {
    return ops.softplus(x, this.beta);
  }
}

/** x held between minVal and maxVal. */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  constructor({ minVal = -1, maxVal = 1 }: { readonly minVal?: number; readonly maxVal?: number } = {}) {
    super();
    this.minVal = minVal;
    this.maxVal = maxVal;
  }
  forward(x: Tensor): Tensor {
    return ops.hardtanh(x, this.minVal, this.maxVal);
  }
}

/** x where x > 0, else weight x, with the weight learned: one, or one for each feature. */
export class PReLU extends Module {
  readonly weight: Parameter;
  constructor({ numParameters = 1, init = 0.25 }: { readonly numParameters?: number; readonly init?: number } = {}) {
    super();
    this.weight = new Parameter(full([numParameters], init));
  }
  forward(x: Tensor): Tensor {
    return ops.prelu(x, this.weight);
  }
}

/** Probabilities along one dimension, the last by default. Cross-entropy takes logits: no softmax before it. */
export class Softmax extends Module {
  readonly dim: number;
  constructor({ dim = -1 }: { readonly dim?: number } = {}) {
    super();
    this.dim = dim;
  }
  forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}

/** Logarithms of probabilities along one dimension, the last by default. */
export class LogSoftmax extends Module {
  readonly dim: number;
  constructor({ dim = -1 }: { readonly dim?: number } = {}) {
    super();
    this.dim = dim;
  }
  forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}
