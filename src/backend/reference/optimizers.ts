/** Optimizer updates in plain TypeScript, in the letters of their equations. */
import type { AdadeltaOptions, AdagradOptions, AdamaxOptions, AdamOptions, FloatArray, RmspropOptions, SgdOptions } from '../kernels.ts';

/** v = μ v + share g;  θ = θ + alongVelocity v + alongGradient g */
export function sgdUpdate(theta: FloatArray, grad: FloatArray, velocity: FloatArray | null, n: number, o: SgdOptions): void {
  for (let i = 0; i < n; i++) {
    const g = grad[i] + o.weightDecay * theta[i];
    if (velocity === null) {
      theta[i] += o.alongGradient * g;
    } else {
      velocity[i] = o.momentum * velocity[i] + o.share * g;
      theta[i] += o.alongVelocity * velocity[i] + o.alongGradient * g;
    }
  }
}

/** m = β₁ m + (1 - β₁) g;  v = β₂ v + (1 - β₂) g²;  θ = shrink θ - (alongMoment m + alongGradient g) / (√v̂ + ε) */
export function adamUpdate(
  theta: FloatArray,
  grad: FloatArray,
  m: FloatArray,
  v: FloatArray,
  largest: FloatArray | null,
  n: number,
  o: AdamOptions,
): void {
  for (let i = 0; i < n; i++) {
    const x = o.shrink * theta[i];
    const g = grad[i] + o.weightDecay * x;
    m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
    v[i] = o.beta2 * v[i] + (1 - o.beta2) * g * g;
    if (largest !== null) largest[i] = Math.max(largest[i], v[i]);
    const size = Math.sqrt((largest ?? v)[i] / o.correction2);
    theta[i] = x - (o.alongMoment * m[i] + o.alongGradient * g) / (size + o.eps);
  }
}

/** m = β₁ m + (1 - β₁) g;  u = max(β₂ u, |g| + ε);  θ = θ - α m / u */
export function adamaxUpdate(theta: FloatArray, grad: FloatArray, m: FloatArray, u: FloatArray, n: number, o: AdamaxOptions): void {
  for (let i = 0; i < n; i++) {
    const g = grad[i] + o.weightDecay * theta[i];
    m[i] = o.beta1 * m[i] + (1 - o.beta1) * g;
    u[i] = Math.max(o.beta2 * u[i], Math.abs(g) + o.eps);
    theta[i] -= (o.lr * m[i]) / u[i];
  }
}

/** S = S + g²;  θ = θ - α g / (√S + ε) */
export function adagradUpdate(theta: FloatArray, grad: FloatArray, sum: FloatArray, n: number, o: AdagradOptions): void {
  for (let i = 0; i < n; i++) {
    const g = grad[i] + o.weightDecay * theta[i];
    sum[i] += g * g;
    theta[i] -= (o.lr * g) / (Math.sqrt(sum[i]) + o.eps);
  }
}

/** S = α S + (1 - α) g²;  ḡ = α ḡ + (1 - α) g;  u = g / (√(S - ḡ²) + ε);  v = μ v + u;  θ = θ - lr v */
export function rmspropUpdate(
  theta: FloatArray,
  grad: FloatArray,
  square: FloatArray,
  mean: FloatArray | null,
  velocity: FloatArray | null,
  n: number,
  o: RmspropOptions,
): void {
  for (let i = 0; i < n; i++) {
    const g = grad[i] + o.weightDecay * theta[i];
    square[i] = o.alpha * square[i] + (1 - o.alpha) * g * g;
    let spread = square[i];
    if (mean !== null) {
      mean[i] = o.alpha * mean[i] + (1 - o.alpha) * g;
      spread = Math.max(0, spread - mean[i] * mean[i]); // never below 0 but by rounding
    }
    let u = g / (Math.sqrt(spread) + o.eps);
    if (velocity !== null) {
      velocity[i] = o.momentum * velocity[i] + u;
      u = velocity[i];
    }
    theta[i] -= o.lr * u;
  }
}

/** S = ρ S + (1 - ρ) g²;  d = g √(D + ε) / √(S + ε);  D = ρ D + (1 - ρ) d²;  θ = θ - α d */
export function adadeltaUpdate(
  theta: FloatArray,
  grad: FloatArray,
  square: FloatArray,
  delta: FloatArray,
  n: number,
  o: AdadeltaOptions,
): void {
  for (let i = 0; i < n; i++) {
    const g = grad[i] + o.weightDecay * theta[i];
    square[i] = o.rho * square[i] + (1 - o.rho) * g * g;
    const d = g * (Math.sqrt(delta[i] + o.eps) / Math.sqrt(square[i] + o.eps));
    delta[i] = o.rho * delta[i] + (1 - o.rho) * d * d;
    theta[i] -= o.lr * d;
  }
}
