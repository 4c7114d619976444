/** Is a gradient right? Compared with central differences, which know nothing of the chain rule. */
import { step } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { arithmetic, grad } from './backward.ts';

export interface GradientCheckOptions {
  /** 1 checks ∂L/∂x; 2 checks the gradient of a function of the gradient, so that the backward pass itself is checked. Default 1. */
  readonly order?: 1 | 2;
  /** Half the distance of the two points of a central difference. Default 1e-5, for float64. */
  readonly epsilon?: number;
}

/**
 * The largest error of the backward pass of f against central differences, (L(x + ε) - L(x - ε)) / 2ε, over all elements of all
 * inputs that require a gradient; relative to the larger of 1 and the gradient's own largest element. Use a float64 backend: in float32 the differences drown.
 *
 * f may give a tensor of any shape; it is weighted by fixed numbers and summed to get L.
 */
export function gradientError(f: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], options: GradientCheckOptions = {}): number {
  const { order = 1, epsilon = 1e-5 } = options;
  const checked = inputs.filter(input => input.requiresGrad);
  const loss = order === 1 ? (...given: Tensor[]) => weighted(f(...given)) : gradientLoss(f, checked);
  if (loss === null) return 0;
  return step(() => {
    const value = loss(...inputs);
    if (!value.requiresGrad) {
      const moves = checked.some(input => centralDifferences(loss, inputs, input, epsilon).some(d => Math.abs(d) > epsilon));
      return moves ? Number.POSITIVE_INFINITY : 0;
    }
    const gradients = grad(value, checked, { allowUnused: true });
    let worst = 0;
    checked.forEach((input, i) => {
      const expected = centralDifferences(loss, inputs, input, epsilon);
      const got = gradients[i]?.toArray() ?? new Float64Array(input.size);
      const scale = Math.max(1, ...expected.map(Math.abs));
      for (let j = 0; j < input.size; j++) {
        const error = Math.abs(got[j] - expected[j]) / scale;
        worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
      }
    });
    return worst;
  });
}

/** Σ cos(i) fᵢ: weights that no symmetry of f cancels. */
function weighted(output: Tensor): Tensor {
  const weights = emptyTensor(output.shape, output.kernels).set(Float64Array.from({ length: output.size }, (_, i) => Math.cos(i + 0.5)));
  return arithmetic.dot(output, weights);
}

/** L₂ = the weighted sum of all gradients of the weighted sum of f. */
function gradientLoss(f: (...inputs: Tensor[]) => Tensor, checked: readonly Tensor[]): (...inputs: Tensor[]) => Tensor {
  return (...inputs) => {
    const first = weighted(f(...inputs));
    if (!first.requiresGrad) return first;
    const gradients = grad(first, checked, { createGraph: true, allowUnused: true });
    return gradients
      .filter(g => g !== null)
      .map(weighted)
      .reduce(arithmetic.add);
  };
}

function centralDifferences(loss: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], input: Tensor, epsilon: number): number[] {
  const at = (index: number, value: number): number => {
    const values = input.toArray();
    const before = values[index];
    values[index] = value;
    input.set(values);
    const result = step(() => loss(...inputs).item());
    values[index] = before;
    input.set(values);
    return result;
  };
  return Array.from(input.toArray(), (value, index) => (at(index, value + epsilon) - at(index, value - epsilon)) / (2 * epsilon));
}
