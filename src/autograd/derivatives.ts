/** Second derivatives: the Hessian, and its product with a vector without ever forming it. */
import { UserError } from '../errors.ts';
import { step } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { arithmetic, grad } from './backward.ts';

/**
 * Products H v of the Hessian H = ∂²L/∂x∂xᵀ of a scalar output with vectors: one backward pass through the backward pass each,
 * ∂/∂x (∂L/∂x · v), at the price of a few gradients (Pearlmutter 1994).
 *
 * `vectors[i]` has the shape of `inputs[i]`; so has result i.
 */
export function hessianVectorProduct(output: Tensor, inputs: readonly Tensor[], vectors: readonly Tensor[]): Tensor[] {
  if (vectors.length !== inputs.length)
    throw new UserError(`hessianVectorProduct: ${inputs.length} inputs and ${vectors.length} vectors were given; each input needs one`);
  vectors.forEach((vector, i) => {
    if (!sameShape(vector.shape, inputs[i].shape)) {
      throw new UserError(
        `hessianVectorProduct: vector ${i} is ${formatShape(vector.shape)}; it must have the shape of its input, ${formatShape(inputs[i].shape)}`,
      );
    }
  });
  const gradients = grad(output, inputs, { createGraph: true });
  const along = gradients.map((g, i) => arithmetic.dot(g, vectors[i])).reduce(arithmetic.add);
  return zerosForNull(along.requiresGrad ? grad(along, inputs, { allowUnused: true }) : inputs.map(() => null), inputs);
}

/**
 * The Hessian of f at x, as rows: H[i][j] = ∂²f/∂xᵢ∂xⱼ over the elements of all inputs, one after the other. `[n, n]` for n elements.
 * It takes n backward passes and n² numbers: for small n. Exact up to rounding; use a float64 backend where that matters.
 */
export function hessian(f: () => Tensor, inputs: readonly Tensor[]): Float64Array[] {
  return step(() => {
    const output = f();
    const gradients = grad(output, inputs, { createGraph: true });
    const rows: Float64Array[] = [];
    const n = inputs.reduce((sum, x) => sum + x.size, 0);
    gradients.forEach((gradient, i) => {
      for (let j = 0; j < inputs[i].size; j++) {
        rows.push(
          step(() => {
            const row = new Float64Array(n);
            if (!gradient.requiresGrad) return row;
            const unit = emptyTensor(gradient.shape, gradient.kernels).set(new Float64Array(gradient.size).fill(1, j, j + 1));
            let at = 0;
            for (const g of zerosForNull(grad(gradient, inputs, { gradient: unit, allowUnused: true }), inputs)) {
              row.set(g.toArray(), at);
              at += g.size;
            }
            return row;
          }),
        );
      }
    });
    return rows;
  });
}

/** An input that the gradient does not depend on has second derivative 0. */
function zerosForNull(gradients: readonly (Tensor | null)[], inputs: readonly Tensor[]): Tensor[] {
  return gradients.map((gradient, i) => {
    if (gradient !== null) return gradient;
    const zeros = emptyTensor(inputs[i].shape, inputs[i].kernels);
    zeros.kernels.fill(zeros.storage, zeros.size, 0);
    return zeros;
  });
}
