/**
 * Optimizer updates in place, one pass over memory each, for all parameters in one call: a table holds a row for each, of its length and the addresses
 * of θ, the gradient and up to three tensors of state; an address of 0 stands for state that is not there. Of every tensor a call takes the
 * shares `begin` to `begin + shares` of `all` equal ones. Everywhere g' = g + decay θ.
 * Each update is written once, for up to four elements, and compiled into a loop over whole vectors and a tail: a choice inside the loop, be it only
 * whether four elements are left, makes it several times slower.
 */
import { madd, storeUpTo } from './simd';

/** Bytes of a row. */
const ROW: usize = 32;

/** The element of n at which share i of `all` begins: a whole cache line. */
@inline
function startOf(i: i32, all: i32, n: i32): i32 {
  return i >= all ? n : <i32>((<f64>n * <f64>i) / <f64>all) & ~15;
}

/** The address in column i of a row (0: θ, 1: the gradient, 2 to 4: state), `skip` bytes on. */
@inline
function column(row: usize, i: usize, skip: usize): usize {
  const at = load<usize>(row + 4 + (i << 2));
  return at == 0 ? 0 : at + skip;
}

@inline
function sgdAt(
  theta: usize, grad: usize, velocity: usize, left: i32, inert: bool, wd: v128, mu: v128, fresh: v128, a: v128, b: v128,
): void {
  const x = v128.load(theta);
  const g = madd(wd, x, v128.load(grad));
  let y = madd(b, g, x);
  if (inert) {
    const v = madd(mu, v128.load(velocity), f32x4.mul(fresh, g));
    storeUpTo(velocity, v, left);
    y = madd(a, v, y);
  }
  storeUpTo(theta, y, left);
}

function sgdRow(
  theta: usize, grad: usize, velocity: usize, n: i32, decay: f32, momentum: f32, share: f32, alongVelocity: f32, alongGradient: f32,
): void {
  const wd = f32x4.splat(decay);
  const mu = f32x4.splat(momentum);
  const fresh = f32x4.splat(share);
  const a = f32x4.splat(alongVelocity);
  const b = f32x4.splat(alongGradient);
  if (velocity == 0) {
    for (; n >= 4; n -= 4, theta += 16, grad += 16) sgdAt(theta, grad, 0, 4, false, wd, mu, fresh, a, b);
    if (n > 0) sgdAt(theta, grad, 0, n, false, wd, mu, fresh, a, b);
  } else {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, velocity += 16) sgdAt(theta, grad, velocity, 4, true, wd, mu, fresh, a, b);
    if (n > 0) sgdAt(theta, grad, velocity, n, true, wd, mu, fresh, a, b);
  }
}

/** v = momentum v + share g';  θ = θ + alongVelocity v + alongGradient g' */
export function sgd(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, decay: f32, momentum: f32, share: f32, alongVelocity: f32, alongGradient: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    sgdRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip),
      size, decay, momentum, share, alongVelocity, alongGradient,
    );
  }
}

@inline
function adamAt(
  theta: usize, grad: usize, first: usize, second: usize, largest: usize, left: i32, bounded: bool, alongBoth: bool,
  a: v128, b: v128, b1: v128, s1: v128, b2: v128, s2: v128, epsilon: v128, root: v128, kept: v128, wd: v128,
): void {
  const x = f32x4.mul(v128.load(theta), kept);
  const g = madd(wd, x, v128.load(grad));
  const m = madd(b1, v128.load(first), f32x4.mul(s1, g));
  const v = madd(b2, v128.load(second), f32x4.mul(s2, f32x4.mul(g, g)));
  storeUpTo(first, m, left);
  storeUpTo(second, v, left);
  let w = v;
  if (bounded) {
    w = f32x4.max(v128.load(largest), v);
    storeUpTo(largest, w, left);
  }
  let y = f32x4.mul(a, m);
  if (alongBoth) y = madd(b, g, y);
  storeUpTo(theta, f32x4.add(x, f32x4.div(y, madd(f32x4.sqrt(w), root, epsilon))), left);
}

/** The same of eight elements without `largest`: all is loaded before anything is stored, so that an engine may join vectors two by two. */
@inline
function adamTwo(
  theta: usize, grad: usize, first: usize, second: usize, alongBoth: bool,
  a: v128, b: v128, b1: v128, s1: v128, b2: v128, s2: v128, epsilon: v128, root: v128, kept: v128, wd: v128,
): void {
  const x0 = f32x4.mul(v128.load(theta), kept);
  const x1 = f32x4.mul(v128.load(theta, 16), kept);
  const g0 = madd(wd, x0, v128.load(grad));
  const g1 = madd(wd, x1, v128.load(grad, 16));
  const m0 = madd(b1, v128.load(first), f32x4.mul(s1, g0));
  const m1 = madd(b1, v128.load(first, 16), f32x4.mul(s1, g1));
  const v0 = madd(b2, v128.load(second), f32x4.mul(s2, f32x4.mul(g0, g0)));
  const v1 = madd(b2, v128.load(second, 16), f32x4.mul(s2, f32x4.mul(g1, g1)));
  let y0 = f32x4.mul(a, m0);
  let y1 = f32x4.mul(a, m1);
  if (alongBoth) y0 = madd(b, g0, y0);
  if (alongBoth) y1 = madd(b, g1, y1);
  const z0 = f32x4.add(x0, f32x4.div(y0, madd(f32x4.sqrt(v0), root, epsilon)));
  const z1 = f32x4.add(x1, f32x4.div(y1, madd(f32x4.sqrt(v1), root, epsilon)));
  v128.store(first, m0);
  v128.store(first, m1, 16);
  v128.store(second, v0);
  v128.store(second, v1, 16);
  v128.store(theta, z0);
  v128.store(theta, z1, 16);
}

function adamRow(
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
  if (largest != 0) {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, first += 16, second += 16, largest += 16) {
      adamAt(theta, grad, first, second, largest, 4, true, true, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
    }
    if (n > 0) adamAt(theta, grad, first, second, largest, n, true, true, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
  } else if (alongGradient != 0) {
    for (; n >= 8; n -= 8, theta += 32, grad += 32, first += 32, second += 32) {
      adamTwo(theta, grad, first, second, true, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
    }
    for (; n >= 4; n -= 4, theta += 16, grad += 16, first += 16, second += 16) {
      adamAt(theta, grad, first, second, 0, 4, false, true, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
    }
    if (n > 0) adamAt(theta, grad, first, second, 0, n, false, true, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
  } else {
    for (; n >= 8; n -= 8, theta += 32, grad += 32, first += 32, second += 32) {
      adamTwo(theta, grad, first, second, false, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
    }
    for (; n >= 4; n -= 4, theta += 16, grad += 16, first += 16, second += 16) {
      adamAt(theta, grad, first, second, 0, 4, false, false, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
    }
    if (n > 0) adamAt(theta, grad, first, second, 0, n, false, false, a, b, b1, s1, b2, s2, epsilon, root, kept, wd);
  }
}

/**
 * θ' = shrink θ, g' = g + decay θ';  m = β₁ m + (1 - β₁) g';  v = β₂ v + (1 - β₂) g'²;  w = largest is there ? max(largest, v) : v
 * θ = θ' - (alongMoment m + alongGradient g') / (√w rootScale + ε)     with rootScale = 1 / √(1 - β₂^t)
 */
export function adam(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, beta1: f32, share1: f32, beta2: f32, share2: f32, eps: f32,
  rootScale: f32, shrink: f32, decay: f32, alongMoment: f32, alongGradient: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    adamRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip), column(table, 3, skip), column(table, 4, skip),
      size, beta1, share1, beta2, share2, eps, rootScale, shrink, decay, alongMoment, alongGradient,
    );
  }
}

@inline
function adamaxAt(
  theta: usize, grad: usize, first: usize, bound: usize, left: i32, minusLr: v128, b1: v128, s1: v128, b2: v128, epsilon: v128, wd: v128,
): void {
  const x = v128.load(theta);
  const g = madd(wd, x, v128.load(grad));
  const m = madd(b1, v128.load(first), f32x4.mul(s1, g));
  const u = f32x4.max(f32x4.mul(b2, v128.load(bound)), f32x4.add(f32x4.abs(g), epsilon));
  storeUpTo(first, m, left);
  storeUpTo(bound, u, left);
  storeUpTo(theta, f32x4.add(x, f32x4.div(f32x4.mul(minusLr, m), u)), left);
}

function adamaxRow(
  theta: usize, grad: usize, first: usize, bound: usize, n: i32, lr: f32, beta1: f32, share1: f32, beta2: f32, eps: f32, decay: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const b1 = f32x4.splat(beta1);
  const s1 = f32x4.splat(share1);
  const b2 = f32x4.splat(beta2);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n >= 4; n -= 4, theta += 16, grad += 16, first += 16, bound += 16) {
    adamaxAt(theta, grad, first, bound, 4, minusLr, b1, s1, b2, epsilon, wd);
  }
  if (n > 0) adamaxAt(theta, grad, first, bound, n, minusLr, b1, s1, b2, epsilon, wd);
}

/** m = β₁ m + (1 - β₁) g';  u = max(β₂ u, |g'| + ε);  θ = θ - lr m / u */
export function adamax(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, lr: f32, beta1: f32, share1: f32, beta2: f32, eps: f32, decay: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    adamaxRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip), column(table, 3, skip),
      size, lr, beta1, share1, beta2, eps, decay,
    );
  }
}

@inline
function adagradAt(theta: usize, grad: usize, sum: usize, left: i32, minusLr: v128, epsilon: v128, wd: v128): void {
  const x = v128.load(theta);
  const g = madd(wd, x, v128.load(grad));
  const s = madd(g, g, v128.load(sum));
  storeUpTo(sum, s, left);
  storeUpTo(theta, f32x4.add(x, f32x4.div(f32x4.mul(minusLr, g), f32x4.add(f32x4.sqrt(s), epsilon))), left);
}

function adagradRow(theta: usize, grad: usize, sum: usize, n: i32, lr: f32, eps: f32, decay: f32): void {
  const minusLr = f32x4.splat(-lr);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n >= 4; n -= 4, theta += 16, grad += 16, sum += 16) adagradAt(theta, grad, sum, 4, minusLr, epsilon, wd);
  if (n > 0) adagradAt(theta, grad, sum, n, minusLr, epsilon, wd);
}

/** S = S + g'²;  θ = θ - lr g' / (√S + ε) */
export function adagrad(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, lr: f32, eps: f32, decay: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    adagradRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip),
      size, lr, eps, decay,
    );
  }
}

@inline
function rmspropAt(
  theta: usize, grad: usize, square: usize, mean: usize, velocity: usize, left: i32, centered: bool, inert: bool,
  minusLr: v128, a: v128, s: v128, epsilon: v128, wd: v128, mu: v128,
): void {
  const x = v128.load(theta);
  const g = madd(wd, x, v128.load(grad));
  let spread = madd(a, v128.load(square), f32x4.mul(s, f32x4.mul(g, g)));
  storeUpTo(square, spread, left);
  if (centered) {
    const average = madd(a, v128.load(mean), f32x4.mul(s, g));
    storeUpTo(mean, average, left);
    spread = f32x4.max(f32x4.splat(0), f32x4.sub(spread, f32x4.mul(average, average))); // never below 0 but by rounding
  }
  let u = f32x4.div(g, f32x4.add(f32x4.sqrt(spread), epsilon));
  if (inert) {
    u = madd(mu, v128.load(velocity), u);
    storeUpTo(velocity, u, left);
  }
  storeUpTo(theta, madd(minusLr, u, x), left);
}

function rmspropRow(
  theta: usize, grad: usize, square: usize, mean: usize, velocity: usize, n: i32, lr: f32, alpha: f32, share: f32, eps: f32, decay: f32,
  momentum: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const a = f32x4.splat(alpha);
  const s = f32x4.splat(share);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  const mu = f32x4.splat(momentum);
  if (mean == 0 && velocity == 0) {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, square += 16) {
      rmspropAt(theta, grad, square, 0, 0, 4, false, false, minusLr, a, s, epsilon, wd, mu);
    }
    if (n > 0) rmspropAt(theta, grad, square, 0, 0, n, false, false, minusLr, a, s, epsilon, wd, mu);
  } else if (mean == 0) {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, square += 16, velocity += 16) {
      rmspropAt(theta, grad, square, 0, velocity, 4, false, true, minusLr, a, s, epsilon, wd, mu);
    }
    if (n > 0) rmspropAt(theta, grad, square, 0, velocity, n, false, true, minusLr, a, s, epsilon, wd, mu);
  } else if (velocity == 0) {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, square += 16, mean += 16) {
      rmspropAt(theta, grad, square, mean, 0, 4, true, false, minusLr, a, s, epsilon, wd, mu);
    }
    if (n > 0) rmspropAt(theta, grad, square, mean, 0, n, true, false, minusLr, a, s, epsilon, wd, mu);
  } else {
    for (; n >= 4; n -= 4, theta += 16, grad += 16, square += 16, mean += 16, velocity += 16) {
      rmspropAt(theta, grad, square, mean, velocity, 4, true, true, minusLr, a, s, epsilon, wd, mu);
    }
    if (n > 0) rmspropAt(theta, grad, square, mean, velocity, n, true, true, minusLr, a, s, epsilon, wd, mu);
  }
}

/**
 * S = α S + (1 - α) g'²;  mean: ḡ = α ḡ + (1 - α) g';  u = g' / (√max(0, S - ḡ²) + ε);  velocity: v = momentum v + u
 * θ = θ - lr (v or u)
 */
export function rmsprop(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, lr: f32, alpha: f32, share: f32, eps: f32, decay: f32, momentum: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    rmspropRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip), column(table, 3, skip), column(table, 4, skip),
      size, lr, alpha, share, eps, decay, momentum,
    );
  }
}

@inline
function adadeltaAt(
  theta: usize, grad: usize, square: usize, delta: usize, left: i32, minusLr: v128, r: v128, s1: v128, epsilon: v128, wd: v128,
): void {
  const x = v128.load(theta);
  const g = madd(wd, x, v128.load(grad));
  const s = madd(r, v128.load(square), f32x4.mul(s1, f32x4.mul(g, g)));
  const before = v128.load(delta);
  const d = f32x4.mul(g, f32x4.div(f32x4.sqrt(f32x4.add(before, epsilon)), f32x4.sqrt(f32x4.add(s, epsilon))));
  storeUpTo(square, s, left);
  storeUpTo(delta, madd(r, before, f32x4.mul(s1, f32x4.mul(d, d))), left);
  storeUpTo(theta, madd(minusLr, d, x), left);
}

function adadeltaRow(
  theta: usize, grad: usize, square: usize, delta: usize, n: i32, lr: f32, rho: f32, share: f32, eps: f32, decay: f32,
): void {
  const minusLr = f32x4.splat(-lr);
  const r = f32x4.splat(rho);
  const s1 = f32x4.splat(share);
  const epsilon = f32x4.splat(eps);
  const wd = f32x4.splat(decay);
  for (; n >= 4; n -= 4, theta += 16, grad += 16, square += 16, delta += 16) {
    adadeltaAt(theta, grad, square, delta, 4, minusLr, r, s1, epsilon, wd);
  }
  if (n > 0) adadeltaAt(theta, grad, square, delta, n, minusLr, r, s1, epsilon, wd);
}

/** S = ρ S + (1 - ρ) g'²;  d = g' √(D + ε) / √(S + ε);  D = ρ D + (1 - ρ) d²;  θ = θ - lr d */
export function adadelta(
  table: usize, count: i32, begin: i32, shares: i32, all: i32, lr: f32, rho: f32, share: f32, eps: f32, decay: f32,
): void {
  for (; count > 0; count--, table += ROW) {
    const n = load<i32>(table);
    const from = startOf(begin, all, n);
    const size = startOf(begin + shares, all, n) - from;
    const skip = <usize>from << 2;
    adadeltaRow(
      column(table, 0, skip), column(table, 1, skip), column(table, 2, skip), column(table, 3, skip),
      size, lr, rho, share, eps, decay,
    );
  }
}
