/** Newton's method: to the minimum of the parabola that touches the loss. */
import { hessian } from '../autograd/derivatives.ts';
import { UserError } from '../errors.ts';
import { checkAtLeast0, checkOption } from './check.ts';
import { cholesky, solveCholesky, solveLU } from './linear-solve.ts';
import type { Closure, CommonOptions, Params } from './optimizer.ts';
import { type LineSearchName, SecondOrderOptimizer } from './second-order.ts';
import { largest, plus, times, type Vector } from './vector.ts';

export interface NewtonOptions extends CommonOptions {
  /** Share of Newton's step taken; with a line search, where the search begins. Default 1. */
  lr: number;
  /** λ, added to the Hessian's diagonal: from Newton's step (0) towards a small step along the gradient. Default 0. */
  damping: number;
  /**
   * null takes Newton's step as it is, also uphill, towards a saddle or a maximum. 'strong_wolfe' adds as much to the diagonal as makes the Hessian
   * positive definite, so that the step descends, and searches along it. Default null.
   */
  lineSearchFn: LineSearchName;
}

/**
 * One step to where the quadratic model of the loss is flat; at the minimum at once where the loss is quadratic.
 *
 *     θ* = θ_0 - α (H + λ I)⁻¹ ∇J(θ_0)          H = ∂²J/∂θ∂θᵀ, exact, n backward passes through the backward pass
 *
 * Memory is n² numbers, multiplications n³/3: the solve alone takes a minute at n = 5000, and 10 GB at n = 35000. bench/second-order.mjs measures it.
 * The closure must return the loss as a tensor, since its graph is differentiated twice.
 *
 * PyTorch and Keras have none. Source: Nocedal and Wright 2006, section 3.3; adding to the diagonal: algorithm 3.3; damping: Levenberg 1944.
 */
export class Newton extends SecondOrderOptimizer<NewtonOptions> {
  /** How often the Hessian was computed. */
  hessianEvaluations = 0;

  constructor(params: Params<NewtonOptions>, options: Partial<NewtonOptions> = {}) {
    super(params, { lr: 1, damping: 0, lineSearchFn: null }, options);
  }

  protected check({ damping, lineSearchFn }: NewtonOptions): void {
    checkAtLeast0('Newton', { damping });
    checkOption(lineSearchFn === null || lineSearchFn === 'strong_wolfe', 'Newton', 'lineSearchFn', lineSearchFn, "'strong_wolfe' or null");
  }

  protected advanceBy(closure: Closure): number {
    const { lr, damping, lineSearchFn } = this.options;
    const before = this.here(() => this.graphOf(closure));
    if (before.gradient.every(value => value === 0)) return before.value;
    this.hessianEvaluations++;
    const h = hessian(() => this.graphOf(closure), this.parameters());
    for (let i = 0; i < h.length; i++) h[i][i] += damping;
    const minusGradient = times(-1, before.gradient);
    if (lineSearchFn === null) {
      this.moveTo(plus(this.point(), lr, solved(h, minusGradient, damping)));
    } else {
      this.search(closure, before, solvedDownhill(h, minusGradient), lr);
    }
    return before.value;
  }

  protected memory(): { vectors: Record<string, Vector>; numbers: Record<string, number> } {
    return { vectors: {}, numbers: { hessianEvaluations: this.hessianEvaluations } };
  }

  protected remember(_vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void {
    this.hessianEvaluations = numbers.hessianEvaluations ?? 0;
  }
}

function solved(h: Vector[], b: Vector, damping: number): Vector {
  try {
    return solveLU(h, b);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `Newton: the Hessian${damping > 0 ? ` with damping ${damping}` : ''} cannot be inverted: ${error.message}. Raise damping, or set lineSearchFn: 'strong_wolfe'`,
    );
  }
}

/** The step by H + τ I, with τ doubled until that is positive definite. */
function solvedDownhill(h: Vector[], b: Vector): Vector {
  const diagonal = h.map((row, i) => row[i]);
  const least = Math.min(...diagonal);
  const first = 1e-3 * (Math.max(...h.map(largest)) || 1);
  for (let shift = least > 0 ? 0 : first - least; ; shift = Math.max(2 * shift, first)) {
    for (let i = 0; i < h.length; i++) h[i][i] = diagonal[i] + shift;
    const l = cholesky(h);
    if (l !== null) return solveCholesky(l, b);
    if (!Number.isFinite(shift)) throw new UserError('Newton: the Hessian holds NaN or infinite numbers');
  }
}
