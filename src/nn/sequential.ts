/** Layers one after the other. */
import type { Activation } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { ReLU, Sigmoid, Tanh } from './activations.ts';
import { BatchNorm1d } from './batch-norm.ts';
import { Dropout } from './dropout.ts';
import { Linear } from './linear.ts';
import { isObserved, Module } from './module.ts';

/**
 * Passes its input through each layer in turn. Layers are named by position: '0', '1', ...
 * A linear layer followed by ReLU, tanh or the sigmoid runs as one fused kernel, with the same result bit for bit; so does, in training, batch norm
 * followed by ReLU, with the dropout after it.
 */
export class Sequential extends Module {
  private readonly layers: readonly Module[];

  constructor(...layers: readonly Module[]) {
    super();
    layers.forEach((layer, i) => {
      if (!(layer instanceof Module)) throw new UserError(`Sequential: argument ${i} is ${String(layer)}; every argument must be a Module`);
    });
    this.layers = layers;
    // Not an own enumerable property, so that a layer is found once, by its number.
    Object.defineProperty(this, 'layers', { value: layers, enumerable: false });
  }

  get length(): number {
    return this.layers.length;
  }

  at(index: number): Module | undefined {
    return this.layers.at(index);
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.layers[Symbol.iterator]();
  }

  override namedChildren(): [string, Module][] {
    return this.layers.map((layer, i) => [String(i), layer]);
  }

  forward(input: Tensor): Tensor {
    let x = input;
    for (let i = 0; i < this.layers.length; i++) {
      const layer = this.layers[i];
      const activation = isObserved() ? null : fusible(this.layers[i + 1]);
      if (activation !== null && isPlainLinear(layer)) {
        x = layer.forwardWith(x, activation);
        i++;
      } else if (activation === 'relu' && isPlainBatchNorm(layer) && layer.training && x.rank === 2) {
        const p = droppedBy(this.layers[i + 2]);
        x = layer.forwardWithRelu(x, p);
        i += p > 0 ? 2 : 1;
      } else {
        x = layer.call(x, String(i));
      }
    }
    return x;
  }
}

/** A linear layer, or a kind of it that computes in `forwardWith`; not one with a `forward` of its own. */
function isPlainLinear(layer: Module): layer is Linear {
  return layer instanceof Linear && layer.forward === Linear.prototype.forward;
}

function isPlainBatchNorm(layer: Module): layer is BatchNorm1d {
  return layer instanceof BatchNorm1d && layer.forward === BatchNorm1d.prototype.forward;
}

/** The probability with which a layer drops what goes through it, in its present mode; 0 for layers of other kinds. */
function droppedBy(layer: Module | undefined): number {
  return layer instanceof Dropout && layer.forward === Dropout.prototype.forward && layer.training ? layer.p : 0;
}

const fused = new Map<unknown, Activation>([
  [ReLU, 'relu'],
  [Tanh, 'tanh'],
  [Sigmoid, 'sigmoid'],
]);

function fusible(layer: Module | undefined): Activation | null {
  return fused.get(layer?.constructor) ?? null;
}
