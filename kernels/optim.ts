/** Optimizer updates in place, one pass over memory each. */
import { madd, storeUpTo } from './simd';

/**
 * g' = g + decay θ;  v = first ? g' : momentum v + (1 - dampening) g';  u = nesterov ? g' + momentum v : v;  θ = θ - lr u
 * `velocity` is 0 where there is none; then u = g'.
 */
export function sgd(
  theta: usize, grad: usize, velocity: usize, n: i32, lr: f32, momentum: f32, share: f32, nesterov: bool, decay: f32, first: bool,
): void {
  const minusLr = f32x4.splat(-lr);
  const wd = f32x4.splat(decay);
  const mu = f32x4.splat(momentum);
  const fresh = f32x4.splat(share); // 1 - dampening
  if (velocity == 0) {
    for (; n > 0; n -= 4, theta += 16, grad += 16) {
      const x = v128.load(theta);
      storeUpTo(theta, madd(minusLr, madd(wd, x, v128.load(grad)), x), n);
    }
    return;
  }
  for (; n > 0; n -= 4, theta += 16, grad += 16, velocity += 16) {
    const x = v128.load(theta);
    const g = madd(wd, x, v128.load(grad));
    const v = first ? g : madd(mu, v128.load(velocity), f32x4.mul(fresh, g));
    storeUpTo(velocity, v, n);
    storeUpTo(theta, madd(minusLr, nesterov ? madd(mu, v, g) : v, x), n);
  }
}

/**
 * θ' = keep θ, g' = g + decay θ';  m = β₁ m + (1 - β₁) g';  v = β₂ v + (1 - β₂) g'²;  θ = θ' - step m / (√v rootScale + ε)
 * with step = lr / (1 - β₁^t), rootScale = 1 / √(1 - β₂^t); keep = 1 - lr weightDecay and decay = 0 where decay is decoupled, else keep = 1.
 */
export function adam(
  theta: usize, grad: usize, first: usize, second: usize, n: i32,
  step: f32, beta1: f32, share1: f32, beta2: f32, share2: f32, eps: f32, rootScale: f32, keep: f32, decay: f32,
): void {
  const minusStep = f32x4.splat(-step);
  const b1 = f32x4.splat(beta1);
  const s1 = f32x4.splat(share1);
  const b2 = f32x4.splat(beta2);
  const s2 = f32x4.splat(share2);
  const epsilon = f32x4.splat(eps);
  const root = f32x4.splat(rootScale);
  const kept = f32x4.splat(keep);
  const wd = f32x4.splat(decay);
  for (; n > 0; n -= 4, theta += 16, grad += 16, first += 16, second += 16) {
    const x = f32x4.mul(v128.load(theta), kept);
    const g = madd(wd, x, v128.load(grad));
    const m = madd(b1, v128.load(first), f32x4.mul(s1, g));
    const v = madd(b2, v128.load(second), f32x4.mul(s2, f32x4.mul(g, g)));
    const y = f32x4.div(f32x4.mul(minusStep, m), madd(f32x4.sqrt(v), root, epsilon));
    storeUpTo(first, m, n);
    storeUpTo(second, v, n);
    storeUpTo(theta, f32x4.add(x, y), n);
  }
}
