/** BFGS: Newton's method with an inverse Hessian learned from gradients. */
import type { Params } from './optimizer.ts';
import { QuasiNewton, type QuasiNewtonOptions } from './quasi-newton.ts';
import { dot, type Vector } from './vector.ts';

export type BFGSOptions = QuasiNewtonOptions;

/**
 * A quasi-Newton method: H, an estimate of the inverse Hessian, is made to agree with every step s = θ_{k+1} - θ_k and the change y = g_{k+1} - g_k it
 * brought, H y = s, and otherwise changed as little as possible.
 *
 *     d = -H g,   θ = θ + t d
 *     H = (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ            ρ = 1 / sᵀy,   at first H = I, and H = sᵀy / yᵀy I before the first update
 *
 * Memory is n² numbers, and so are the multiplications of an iteration: for small problems. `step` needs a closure and does up to `maxIter` iterations.
 *
 * PyTorch and Keras have none. Same as SciPy's `minimize(method='BFGS')` in its equations; differs in the scaling of the first H and in the line search.
 * Source: Nocedal and Wright 2006, algorithm 6.1, with eq. 6.17 and 6.20.
 */
export class BFGS extends QuasiNewton<BFGSOptions> {
  /** H, [n, n], row after row; null while it is the identity. */
  private inverse: Vector | null = null;

  constructor(params: Params<BFGSOptions>, options: Partial<BFGSOptions> = {}) {
    const defaults: BFGSOptions = {
      ...{ lr: 1, maxIter: 20, maxEval: null, toleranceGrad: 1e-7, toleranceChange: 1e-9 },
      ...{ lineSearchFn: 'strong_wolfe' as const },
    };
    super(params, defaults, options);
  }

  protected learn(s: Vector, y: Vector): void {
    const n = this.size;
    const sy = dot(s, y);
    if (this.inverse === null) {
      this.inverse = new Float64Array(n * n);
      for (let i = 0; i < n; i++) this.inverse[i * n + i] = sy / dot(y, y);
    }
    const h = this.inverse;
    const hy = product(h, y);
    // The update written out: H += ((sᵀy + yᵀHy) / (sᵀy)² s sᵀ - (Hy sᵀ + s (Hy)ᵀ) / sᵀy)
    const a = (sy + dot(y, hy)) / (sy * sy);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) h[i * n + j] += a * s[i] * s[j] - (hy[i] * s[j] + s[i] * hy[j]) / sy;
    }
  }

  protected direction(gradient: Vector): Vector {
    const d = this.inverse === null ? gradient : product(this.inverse, gradient);
    return d.map(value => -value);
  }

  protected override memory(): ReturnType<QuasiNewton<BFGSOptions>['memory']> {
    const { vectors, numbers } = super.memory();
    return { vectors: this.inverse === null ? vectors : { ...vectors, inverse: this.inverse }, numbers };
  }

  protected override remember(vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void {
    super.remember(vectors, numbers);
    this.inverse = vectors.get('inverse') ?? null;
  }
}

/** H v, [n, n] x [n] -> [n] */
function product(h: Vector, v: Vector): Vector {
  const n = v.length;
  return Float64Array.from({ length: n }, (_, i) => dot(h.subarray(i * n, (i + 1) * n), v));
}
