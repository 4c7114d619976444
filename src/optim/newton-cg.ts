/** Newton-CG: Newton's method without the Hessian, by products with it. */
import { grad } from '../autograd/backward.ts';
import { hessianVectorProduct } from '../autograd/derivatives.ts';
import { step as inScope } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { checkOption, checkWhole } from './check.ts';
import type { Closure, CommonOptions, Params } from './optimizer.ts';
import { type LineSearchName, SecondOrderOptimizer } from './second-order.ts';
import { add, dot, plus, times, type Vector } from './vector.ts';

export interface NewtonCGOptions extends CommonOptions {
  /** Share of the step taken; with a line search, where the search begins. Default 1. */
  lr: number;
  /** Products with the Hessian in one step, at most; null for 2 n. Default null. */
  maxProducts: number | null;
  /** 'strong_wolfe', or null for steps of length lr. Default 'strong_wolfe'. */
  lineSearchFn: LineSearchName;
}

/**
 * Solves H d = -g by conjugate gradients, only as well as is worth it, ‖H d + g‖ ≤ min(½, √‖g‖) ‖g‖, and not beyond a direction in which the loss
 * curves down. Each iteration takes one product H p, at the price of a few gradients; H is never formed, so memory is O(n).
 *
 *     θ = θ + t d,   d ≈ -H⁻¹ g
 *
 * One `step` is one outer iteration. The closure must return the loss as a tensor, since its graph is differentiated twice.
 *
 * PyTorch and Keras have none. Same as SciPy's `minimize(method='Newton-CG')` in its idea. Source: Nocedal and Wright 2006, algorithm 7.1.
 */
export class NewtonCG extends SecondOrderOptimizer<NewtonCGOptions> {
  /** How many products of the Hessian with a vector were computed. */
  hessianProducts = 0;

  constructor(params: Params<NewtonCGOptions>, options: Partial<NewtonCGOptions> = {}) {
    super(params, { lr: 1, maxProducts: null, lineSearchFn: 'strong_wolfe' }, options);
  }

  protected check({ maxProducts, lineSearchFn }: NewtonCGOptions): void {
    if (maxProducts !== null) checkWhole('NewtonCG', { maxProducts }, 1);
    checkOption(
      lineSearchFn === null || lineSearchFn === 'strong_wolfe',
      'NewtonCG',
      'lineSearchFn',
      lineSearchFn,
      "'strong_wolfe' or null",
    );
  }

  protected advanceBy(closure: Closure): number {
    const { lr, lineSearchFn } = this.options;
    const { value, gradient, d } = inScope(() => {
      this.functionEvaluations++;
      this.gradientEvaluations++;
      const loss = this.graphOf(closure);
      const gradients = grad(loss, this.parameters(), { allowUnused: true });
      const gradient = this.gather((_, i) => gradients[i]);
      return { value: loss.item(), gradient, d: this.direction(loss, gradient) };
    });
    if (lineSearchFn === null) this.moveTo(plus(this.point(), lr, d));
    else if (dot(gradient, d) < 0) this.search(closure, { value, gradient }, d, lr);
    return value;
  }

  /** d of H d ≈ -g. */
  private direction(loss: Tensor, g: Vector): Vector {
    const size = Math.sqrt(dot(g, g));
    const enough = Math.min(0.5, Math.sqrt(size)) * size;
    const d = new Float64Array(this.size);
    const r = g.slice(); // H d + g
    let p = times(-1, g);
    let rr = dot(r, r);
    for (let k = 0; k < (this.options.maxProducts ?? 2 * this.size) && Math.sqrt(rr) > enough; k++) {
      const hp = this.product(loss, p);
      const curvature = dot(p, hp);
      if (curvature <= 0) return k === 0 ? p : d;
      const a = rr / curvature;
      add(d, a, p);
      add(r, a, hp);
      const before = rr;
      rr = dot(r, r);
      p = plus(times(-1, r), rr / before, p);
    }
    return d;
  }

  /** H v */
  private product(loss: Tensor, v: Vector): Vector {
    this.hessianProducts++;
    return inScope(() => {
      let at = 0;
      const vectors = this.parameters().map(parameter => {
        const part = emptyTensor(parameter.shape, parameter.kernels).set(v.subarray(at, at + parameter.size));
        at += parameter.size;
        return part;
      });
      const products = hessianVectorProduct(loss, this.parameters(), vectors);
      return this.gather((_, i) => products[i]);
    });
  }

  protected memory(): { vectors: Record<string, Vector>; numbers: Record<string, number> } {
    return { vectors: {}, numbers: { hessianProducts: this.hessianProducts } };
  }

  protected remember(_vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void {
    this.hessianProducts = numbers.hessianProducts ?? 0;
  }
}
