/** Layers that only change the shape, or nothing. */
import { flatten } from '../ops/movement.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** [batch, ...] -> [batch, features] */
export class Flatten extends Module {
  forward(x: Tensor): Tensor {
    return flatten(x, 1);
  }
}

/** x itself. */
export class Identity extends Module {
  forward(x: Tensor): Tensor {
    return x;
  }
}
