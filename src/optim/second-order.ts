/** The base of the methods that see all parameters as one vector θ and use the curvature of the loss. */
import { UserError } from '../errors.ts';
import type { SavedArray } from '../nn/module.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type LinePoint, strongWolfe } from './line-search.ts';
import { type Closure, type CommonOptions, Optimizer, type OptimizerState, type Params } from './optimizer.ts';
import { dot, largest, plus, type Vector } from './vector.ts';

/** The loss and its gradient at one point. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Vector;
}

type SearchPoint = Evaluation & LinePoint;

/** Which line search: strong Wolfe conditions, or none, the step being `lr` times the direction. */
export type LineSearchName = 'strong_wolfe' | null;

/**
 * Methods for small problems: Newton's needs n² numbers and n³ multiplications for n parameters, BFGS n² of both. They want the loss of the whole data set, not of a
 * batch, and double precision (`reference64`) where a tight minimum matters. Every step needs a closure. Computes in doubles on every backend.
 */
export abstract class SecondOrderOptimizer<Options extends CommonOptions> extends Optimizer<Options> {
  /** Numbers in θ. */
  protected readonly size: number;

  constructor(params: Params<Options>, defaults: Options, options: Partial<Options>) {
    super(params, defaults, options);
    if (this.paramGroups.length > 1) {
      throw new UserError(
        `${this.constructor.name}: ${this.paramGroups.length} parameter groups were given; it sees all parameters as one vector and takes one group`,
      );
    }
    this.size = this.parameters().reduce((sum, parameter) => sum + parameter.size, 0);
  }

  override get needsClosure(): boolean {
    return true;
  }

  protected get options(): Options {
    return this.paramGroups[0];
  }

  protected abstract advanceBy(closure: Closure): number;

  protected advance(closure: Closure | undefined): number {
    return this.advanceBy(closure!);
  }

  /** θ */
  protected point(): Vector {
    return this.gather(parameter => parameter);
  }

  /** Sets θ. */
  protected moveTo(theta: Vector): void {
    let at = 0;
    for (const parameter of this.parameters()) {
      parameter.set(theta.subarray(at, at + parameter.size));
      at += parameter.size;
    }
  }

  /** Loss and gradient where the parameters are. */
  protected here(closure: Closure): Evaluation {
    const value = this.evaluate(closure);
    return { value, gradient: this.gather(parameter => parameter.grad) };
  }

  /** The loss with its graph, for methods that differentiate it twice. */
  protected graphOf(closure: Closure): Tensor {
    this.zeroGrad();
    const loss = closure();
    if (typeof loss === 'number') {
      throw new UserError(
        `${this.constructor.name}: the closure returned a number; the loss is differentiated twice, so return it as a tensor, with its graph`,
      );
    }
    this.checkLoss(loss);
    return loss;
  }

  /** One tensor for each parameter as one vector; 0 where there is none. */
  protected gather(of: (parameter: Tensor, index: number) => Tensor | null): Vector {
    const out = new Float64Array(this.size);
    let at = 0;
    this.parameters().forEach((parameter, i) => {
      const tensor = of(parameter, i);
      if (tensor !== null) out.set(tensor.toArray(), at);
      at += parameter.size;
    });
    return out;
  }

  /** From θ along d, to a point that satisfies the strong Wolfe conditions, or the best found. Leaves the parameters there. */
  protected search(closure: Closure, from: Evaluation, d: Vector, firstStep: number, narrowest = 0): SearchPoint {
    const theta = this.point();
    const start = { ...from, t: 0, slope: dot(from.gradient, d) };
    const evaluate = (t: number): SearchPoint => {
      this.moveTo(plus(theta, t, d));
      const { value, gradient } = this.here(closure);
      return { t, value, gradient, slope: dot(gradient, d) };
    };
    const found = strongWolfe<SearchPoint>(evaluate, start, firstStep, { narrowest: narrowest / largest(d) });
    this.moveTo(plus(theta, found.t, d));
    return found;
  }

  /** What is remembered between steps, by name. */
  protected abstract memory(): { readonly vectors: Record<string, Vector>; readonly numbers: Record<string, number> };

  /** Takes over what `memory` gave. */
  protected abstract remember(vectors: ReadonlyMap<string, Vector>, numbers: Readonly<Record<string, number>>): void;

  stateDict(): OptimizerState {
    const { vectors, numbers } = this.memory();
    const tensors = new Map<string, SavedArray>(
      Object.entries(vectors).map(([name, values]) => [name, { shape: [values.length], values }]),
    );
    const { functionEvaluations, gradientEvaluations } = this;
    return { tensors, json: { groups: this.savedGroups(), numbers: { ...numbers, functionEvaluations, gradientEvaluations } } };
  }

  loadStateDict({ tensors, json }: OptimizerState): void {
    this.checkGroups(json.groups);
    const vectors = new Map<string, Vector>();
    for (const [name, saved] of tensors) {
      const values = Float64Array.from('values' in saved ? saved.values : (saved as Tensor).toArray());
      const size = name === 'inverse' ? this.size ** 2 : this.size;
      if (values.length !== size)
        throw new UserError(`loadStateDict: '${name}' has ${values.length} numbers; for these parameters it has ${size}`);
      vectors.set(name, values);
    }
    this.loadGroups(json.groups);
    this.functionEvaluations = json.numbers.functionEvaluations ?? 0;
    this.gradientEvaluations = json.numbers.gradientEvaluations ?? 0;
    this.remember(vectors, json.numbers);
  }
}
