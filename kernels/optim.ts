/** Optimizer updates in place, one pass over memory each. Everywhere g' = g + decay θ. An address of 0 stands for state that is not there. */
import { madd, storeUpTo } from './simd';

/** v = momentum v + share g';  θ = θ + alongVelocity v + alongGradient g' */
export function sgd(
  theta: usize, grad: usize, velocity: usize, n: i32, decay: f32, momentum: f32, share: f32, alongVelocity: f32, alongGradient: f32,
): void {
  const wd = f32x4.splat(decay);
  const a = f32x4.splat(alongVelocity);
  const b = f32x4.splat(alongGradient);
  if (velocity == 0) {
    for (; n > 0; n -= 4, theta += 16, grad += 16) {
      const x = v128.load(theta);
      storeUpTo(theta, madd(b, madd(wd, x, v128.load(grad)), x), n);
    }
    return;
  }
  const mu = f32x4.splat(momentum);
  const fresh = f32x4.splat(share);
  for (; n > 0; n -= 4, theta += 16, grad += 16, velocity += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    const v = madd(mu, v128.load(velocity), f32x4.mul(fresh, g));
    storeUpTo(velocity, v, n);
    storeUpTo(theta, madd(a, v, madd(b, g, x)), n);
  }
}

/**
 * θ' = shrink θ, g' = g + decay θ';  m = β₁ m + (1 - β₁) g';  v = β₂ v + (1 - β₂) g'²;  w = largest is there ? max(largest, v) : v
 * θ = θ' - (alongMoment m + alongGradient g') / (√w rootScale + ε)     with rootScale = 1 / √(1 - β₂^t)
 */
export function adam(
  theta: usize, grad: usize, first: usize, second: usize, largest: usize, n: i32, beta1: f32, share1: f32, beta2: f32, share2: f32,
  eps: f32, rootScale: f32, shrink: f32, decay: f32, alongMoment: f32, alongGradient: f32,
): void {
  const a = f32x4.splat(-alongMoment);
  const b = f32x4.splat(-alongGradient);
  const b1 = f32x4.splat(beta1);
  const s1 = f32x4.splat(share1);
  const b2 = f32x4.splat(beta2);
  const s2 = f32x4.splat(share2);
  const epsilon = f32x4.splat(eps);
  const root = f32x4.splat(rootScale);
  const kept = f32x4.splat(shrink);
  const wd = f32x4.splat(decay);
  for (; n > 0; n -= 4, theta += 16, grad += 16, first += 16, second += 16) {
    const x = f32x4.mul(v128.load(theta), kept);
    const g = madd(wd, x, v128.load(grad));
    const m = madd(b1, v128.load(first), f32x4.mul(s1, g));
    const v = madd(b2, v128.load(second), f32x4.mul(s2, f32x4.mul(g, g)));
    let w = v;
    if (largest != 0) {
      w = f32x4.max(v128.load(largest), v);
      storeUpTo(largest, w, n);
      largest += 16;
    }
    const y = f32x4.div(madd(a, m, f32x4.mul(b, g)), madd(f32x4.sqrt(w), root, epsilon));
    storeUpTo(first, m, n);
    storeUpTo(second, v, n);
    storeUpTo(theta, f32x4.add(x, y), n);
  }
}

/** m = β₁ m + (1 - β₁) g';  u = max(β₂ u, |g'| + ε);  θ = θ - lr m / u */
export function adamax(
  theta: usize, grad: usize, first: usize, bound: usize, n: i32, lr: f32, beta1: f32, share1: f32, beta2: f32, eps: f32, decay: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const b1 = f32x4.splat(beta1);
  const s1 = f32x4.splat(share1);
  const b2 = f32x4.splat(beta2);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n > 0; n -= 4, theta += 16, grad += 16, first += 16, bound += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    const m = madd(b1, v128.load(first), f32x4.mul(s1, g));
    const u = f32x4.max(f32x4.mul(b2, v128.load(bound)), f32x4.add(f32x4.abs(g), epsilon));
    storeUpTo(first, m, n);
    storeUpTo(bound, u, n);
    storeUpTo(theta, f32x4.add(x, f32x4.div(f32x4.mul(minusLr, m), u)), n);
  }
}

/** S = S + g'²;  θ = θ - lr g' / (√S + ε) */
export function adagrad(theta: usize, grad: usize, sum: usize, n: i32, lr: f32, eps: f32, decay: f32): void {
  const minusLr = f32x4.splat(-lr);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n > 0; n -= 4, theta += 16, grad += 16, sum += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    const s = madd(g, g, v128.load(sum));
    storeUpTo(sum, s, n);
    storeUpTo(theta, f32x4.add(x, f32x4.div(f32x4.mul(minusLr, g), f32x4.add(f32x4.sqrt(s), epsilon))), n);
  }
}

/**
 * S = α S + (1 - α) g'²;  mean: ḡ = α ḡ + (1 - α) g';  u = g' / (√max(0, S - ḡ²) + ε);  velocity: v = momentum v + u
 * θ = θ - lr (v or u)
 */
export function rmsprop(
  theta: usize, grad: usize, square: usize, mean: usize, velocity: usize, n: i32, lr: f32, alpha: f32, share: f32, eps: f32, decay: f32,
  momentum: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const a = f32x4.splat(alpha);
  const s = f32x4.splat(share);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  const mu = f32x4.splat(momentum);
  for (; n > 0; n -= 4, theta += 16, grad += 16, square += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    let spread = madd(a, v128.load(square), f32x4.mul(s, f32x4.mul(g, g)));
    storeUpTo(square, spread, n);
    if (mean != 0) {
      const average = madd(a, v128.load(mean), f32x4.mul(s, g));
      storeUpTo(mean, average, n);
      mean += 16;
      spread = f32x4.max(f32x4.splat(0), f32x4.sub(spread, f32x4.mul(average, average))); // never below 0 but by rounding
    }
    let u = f32x4.div(g, f32x4.add(f32x4.sqrt(spread), epsilon));
    if (velocity != 0) {
      u = madd(mu, v128.load(velocity), u);
      storeUpTo(velocity, u, n);
      velocity += 16;
    }
    storeUpTo(theta, madd(minusLr, u, x), n);
  }
}

/** S = ρ S + (1 - ρ) g'²;  d = g' √(D + ε) / √(S + ε);  D = ρ D + (1 - ρ) d²;  θ = θ - lr d */
export function adadelta(
  theta: usize, grad: usize, square: usize, delta: usize, n: i32, lr: f32, rho: f32, share: f32, eps: f32, decay: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const r = f32x4.splat(rho);
  const s1 = f32x4.splat(share);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n > 0; n -= 4, theta += 16, grad += 16, square += 16, delta += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    const s = madd(r, v128.load(square), f32x4.mul(s1, f32x4.mul(g, g)));
    const before = v128.load(delta);
    const d = f32x4.mul(g, f32x4.div(f32x4.sqrt(f32x4.add(before, epsilon)), f32x4.sqrt(f32x4.add(s, epsilon))));
    storeUpTo(square, s, n);
    storeUpTo(delta, madd(r, before, f32x4.mul(s1, f32x4.mul(d, d))), n);
    storeUpTo(theta, madd(minusLr, d, x), n);
  }
}
