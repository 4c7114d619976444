/** Several heads over one trunk: a net that answers several questions about one input. */
import { UserError } from '../errors.ts';
import { concat } from '../ops/movement.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/**
 * y = [head₁(z), head₂(z), ...] with z = trunk(x)       x [batch, ...], each head's output [batch, sizeᵢ], y [batch, Σ sizeᵢ]
 *
 * The outputs stand side by side in the order of `heads`, so that `fit` and `evaluate` need nothing special: `multiTaskLoss` knows which columns
 * belong to which task. Parameters are named `trunk.0.weight`, `heads.digit.weight`, as in PyTorch with a `ModuleDict`.
 *
 *     new MultiHead(new Sequential(new Flatten(), new Linear(784, 128), new ReLU()), { digit: new Linear(128, 10), even: new Linear(128, 2) })
 *
 * Source: Caruana 1997, "Multitask learning".
 */
export class MultiHead extends Module {
  readonly trunk: Module;
  readonly heads: Readonly<Record<string, Module>>;

  constructor(trunk: Module, heads: Readonly<Record<string, Module>>) {
    super();
    if (Object.keys(heads).length === 0) throw new UserError('MultiHead: there are no heads; give at least one, by its name');
    for (const [name, module] of [['trunk', trunk] as const, ...Object.entries(heads)]) {
      if (!(module instanceof Module)) throw new UserError(`MultiHead: '${name}' is ${String(module)}; it must be a Module`);
    }
    this.trunk = trunk;
    this.heads = { ...heads };
  }

  override namedChildren(): [string, Module][] {
    return [['trunk', this.trunk], ...Object.entries(this.heads).map(([name, head]): [string, Module] => [`heads.${name}`, head])];
  }

  forward(input: Tensor): Tensor {
    const z = this.trunk.call(input, 'trunk');
    return concat(
      Object.entries(this.heads).map(([name, head]) => head.call(z, `heads.${name}`)),
      1,
    );
  }
}
