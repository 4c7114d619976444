/** A tensor that training changes. */
import { keep } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A leaf that requires a gradient and outlives every step. It takes over the storage of the tensor it is made from. */
export class Parameter extends Tensor {
  constructor(values: Tensor, name = '') {
    void values.storage; // an error when dead
    super(values.shape, values.block!);
    this.requiresGrad = true;
    this.name = name;
    keep(this);
  }
}
