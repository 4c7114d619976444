/** L-BFGS: BFGS that remembers only its last few steps. */
import { checkWhole } from './check.ts';
import type { Params } from './optimizer.ts';
import { QuasiNewton, type QuasiNewtonOptions } from './quasi-newton.ts';
import { add, dot, times, type Vector } from './vector.ts';

export interface LBFGSOptions extends QuasiNewtonOptions {
  /** Steps remembered, m; memory is 2 m n numbers. Default 100. */
  historySize: number;
}

interface Memory {
  readonly s: Vector;
  readonly y: Vector;
  /** 1 / sᵀy */
  readonly rho: number;
}

/**
 * A quasi-Newton method in O(m n): the product H g is unrolled from the last m pairs s_k = θ_{k+1} - θ_k, y_k = g_{k+1} - g_k, and H is never formed.
 *
 *     q = g
 *     k from the newest to the oldest:   a_k = ρ_k s_kᵀq,   q = q - a_k y_k            ρ_k = 1 / s_kᵀy_k
 *     r = γ q                                                                          γ = sᵀy / yᵀy of the newest
 *     k from the oldest to the newest:   r = r + (a_k - ρ_k y_kᵀr) s_k
 *     d = -r,   θ = θ + t d
 *
 * `step` needs a closure and does up to `maxIter` iterations. For the loss of the whole data set: between batches the gradients do not compare.
 *
 *     const optimizer = new LBFGS(model.parameters(), { lineSearchFn: 'strong_wolfe' });
 *     const loss = optimizer.step(() => mseLoss(model.forward(x), y));
 *
 * Same as PyTorch's `LBFGS`, its options and its defaults. Source: Nocedal and Wright 2006, algorithm 7.4; Liu and Nocedal 1989.
 */
export class LBFGS extends QuasiNewton<LBFGSOptions> {
  private history: Memory[] = [];

  constructor(params: Params<LBFGSOptions>, options: Partial<LBFGSOptions> = {}) {
    const defaults: LBFGSOptions = {
      ...{ lr: 1, maxIter: 20, maxEval: null, toleranceGrad: 1e-7, toleranceChange: 1e-9 },
      ...{ historySize: 100, lineSearchFn: null },
    };
    super(params, defaults, options);
  }

  protected override check(options: LBFGSOptions): void {
    super.check(options);
    checkWhole('LBFGS', { historySize: options.historySize }, 1);
  }

  protected learn(s: Vector, y: Vector): void {
    this.history.push({ s, y, rho: 1 / dot(y, s) });
    if (this.history.length > this.options.historySize) this.history.shift();
  }

  protected direction(gradient: Vector): Vector {
    const { history } = this;
    const d = times(-1, gradient);
    const a = new Float64Array(history.length);
    for (let k = history.length - 1; k >= 0; k--) {
      a[k] = history[k].rho * dot(history[k].s, d);
      add(d, -a[k], history[k].y);
    }
    const newest = history.at(-1);
    const gamma = newest === undefined ? 1 : 1 / newest.rho / dot(newest.y, newest.y);
    const r = times(gamma, d);
    for (let k = 0; k < history.length; k++) add(r, a[k] - history[k].rho * dot(history[k].y, r), history[k].s);
    return r;
  }

  protected override memory(): ReturnType<QuasiNewton<LBFGSOptions>['memory']> {
    const { vectors, numbers } = super.memory();
    this.history.forEach(({ s, y }, k) => {
      vectors[`s.${k}`] = s;
      vectors[`y.${k}`] = y;
    });
    return { vectors, numbers };
  }

  protected override remember(vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void {
    super.remember(vectors, numbers);
    this.history = [];
    for (let k = 0; vectors.has(`s.${k}`); k++) {
      const [s, y] = [vectors.get(`s.${k}`)!, vectors.get(`y.${k}`)!];
      this.history.push({ s, y, rho: 1 / dot(y, s) });
    }
  }
}
