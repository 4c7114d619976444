/** The loop that BFGS and L-BFGS share: a direction from gradients seen so far, a step along it, and what the step teaches about the curvature. */
import { checkAtLeast0, checkOption, checkWhole } from './check.ts';
import type { Closure, CommonOptions, Params } from './optimizer.ts';
import { type LineSearchName, SecondOrderOptimizer } from './second-order.ts';
import { dot, largest, plus, times, type Vector } from './vector.ts';

export interface QuasiNewtonOptions extends CommonOptions {
  /** Step length: without a line search, of every step; with one, where the search begins. Default 1. */
  lr: number;
  /** Iterations in one `step`. Default 20. */
  maxIter: number;
  /** Evaluations of the closure after which a `step` ends; null for 1.25 maxIter. Default null. */
  maxEval: number | null;
  /** Ends when no element of the gradient is larger. Default 1e-7. */
  toleranceGrad: number;
  /** Ends when neither a parameter nor the loss changes by more. Default 1e-9. */
  toleranceChange: number;
  /** 'strong_wolfe', or null for steps of length lr. */
  lineSearchFn: LineSearchName;
}

/** The last step: what the next one learns from. */
interface Last {
  readonly direction: Vector;
  readonly t: number;
  readonly gradient: Vector;
  readonly value: number;
}

export abstract class QuasiNewton<Options extends QuasiNewtonOptions> extends SecondOrderOptimizer<Options> {
  private last: Last | null = null;
  /** Iterations done, over all steps. */
  iterations = 0;

  constructor(params: Params<Options>, defaults: Options, options: Partial<Options>) {
    super(params, defaults, options);
  }

  protected check({ maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn }: Options): void {
    const name = this.constructor.name;
    checkWhole(name, { maxIter }, 1);
    if (maxEval !== null) checkWhole(name, { maxEval }, 1);
    checkAtLeast0(name, { toleranceGrad, toleranceChange });
    checkOption(lineSearchFn === null || lineSearchFn === 'strong_wolfe', name, 'lineSearchFn', lineSearchFn, "'strong_wolfe' or null");
  }

  /** -H g, with H the estimate of the inverse Hessian. */
  protected abstract direction(gradient: Vector): Vector;

  /** Improves H by a step s and the change y of the gradient along it, with sᵀy > 0. */
  protected abstract learn(s: Vector, y: Vector): void;

  /** The loss before the step. Several iterations; ends early where the gradient or the change is below its tolerance. */
  protected advanceBy(closure: Closure): number {
    const { lr, maxIter, maxEval, toleranceGrad, toleranceChange, lineSearchFn } = this.options;
    const evaluationsLeft = this.functionEvaluations + (maxEval ?? Math.floor(maxIter * 1.25));
    const before = this.here(closure);
    let current = before;
    for (let i = 1; i <= maxIter && largest(current.gradient) > toleranceGrad; i++) {
      const d = this.next(current.gradient);
      // The first direction is the gradient itself, whose length says nothing of the step's.
      const length = this.last === null ? Math.min(1, 1 / sumOfSizes(current.gradient)) * lr : lr;
      const { value, gradient } = current;
      this.iterations++;
      if (dot(gradient, d) > -toleranceChange) {
        this.last = { direction: d, t: length, gradient, value };
        break;
      }
      let t = length;
      if (lineSearchFn === null) {
        this.moveTo(plus(this.point(), t, d));
        // The last point of a step is evaluated where the next one begins.
        if (i < maxIter) current = this.here(closure);
      } else {
        const found = this.search(closure, current, d, length, toleranceChange);
        t = found.t;
        current = found;
      }
      this.last = { direction: d, t, gradient, value };
      if (this.functionEvaluations >= evaluationsLeft) break;
      if (largest(d) * t <= toleranceChange || Math.abs(current.value - value) < toleranceChange) break;
    }
    return before.value;
  }

  /** What the last step taught, then the new direction. */
  private next(gradient: Vector): Vector {
    if (this.last === null) return times(-1, gradient);
    const y = plus(gradient, -1, this.last.gradient);
    const s = times(this.last.t, this.last.direction);
    // Where the curvature along s is not positive, H would stop being positive definite.
    if (dot(s, y) > 1e-10) this.learn(s, y);
    return this.direction(gradient);
  }

  protected memory(): { vectors: Record<string, Vector>; numbers: Record<string, number> } {
    if (this.last === null) return { vectors: {}, numbers: { iterations: this.iterations } };
    const { direction, gradient, t, value } = this.last;
    return { vectors: { direction, gradient }, numbers: { iterations: this.iterations, t, value } };
  }

  protected remember(vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void {
    this.iterations = numbers.iterations ?? 0;
    const [direction, gradient] = [vectors.get('direction'), vectors.get('gradient')];
    this.last = direction && gradient ? { direction, gradient, t: numbers.t, value: numbers.value } : null;
  }
}

function sumOfSizes(a: Vector): number {
  return a.reduce((sum, value) => sum + Math.abs(value), 0);
}
