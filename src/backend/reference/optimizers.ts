/** Optimizer updates in plain TypeScript, in the letters of their equations. */
import type { AdamOptions, FloatArray, SgdOptions } from '../kernels.ts';

/** v = μ v + (1 - τ) g;  θ = θ - α v   (Nesterov: θ = θ - α (g + μ v)) */
export function sgdUpdate(theta: FloatArray, grad: FloatArray, velocity: FloatArray | null, n: number, o: SgdOptions): void {
  for (let i = 0; i < n; i++) {
    let g = grad[i] + o.weightDecay * theta[i];
    if (velocity !== null) {
      const v = o.first ? g : o.momentum * velocity[i] + (1 - o.dampening) * g;
      velocity[i] = v;
      g = o.nesterov ? g + o.momentum * v : v;
    }
    theta[i] -= o.lr * g;
  }
}

/** m = β₁ m + (1 - β₁) g;  v = β₂ v + (1 - β₂) g²;  θ = θ - α m̂ / (√v̂ + ε) with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ) */
export function adamUpdate(theta: FloatArray, grad: FloatArray, m: FloatArray, v: FloatArray, n: number, o: AdamOptions): void {
  for (let i = 0; i < n; i++) {
    const g = o.decoupled ? grad[i] : grad[i] + o.weightDecay * theta[i];
    m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
    v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
    const decayed = o.decoupled ? theta[i] * (1 - o.lr * o.weightDecay) : theta[i];
    theta[i] = decayed - (o.lr * (m[i] / o.correction1)) / (Math.sqrt(v[i] / o.correction2) + o.eps);
  }
}
