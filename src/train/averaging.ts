/** Averages of a model's weights over its training: EMA and SWA. */
import { UserError } from '../errors.ts';
import type { Module, SavedArray } from '../nn/module.ts';
import type { Parameter } from '../nn/parameter.ts';
import { keep } from '../tensor/scope.ts';
import { formatShape, sameShape } from '../tensor/shape.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';

export interface WeightAverageOptions {
  /**
   * 'ema': a moving average, θ̄ = d θ̄ + (1 - d) θ, which forgets; updated after every step.
   * 'swa': the plain average of all θ seen, θ̄ = θ̄ + (θ - θ̄)/n; updated after every epoch of a late, constant or cyclic learning rate.
   */
  readonly kind: 'ema' | 'swa';
  /** d of the moving average, at least 0 and below 1. Default 0.999: about the last thousand steps. */
  readonly decay?: number;
  /**
   * Lets the moving average begin short: d is at most (1 + t)/(10 + t) at update t, so that the random start is soon forgotten. Default false, as in
   * PyTorch.
   */
  readonly warmup?: boolean;
}

/** A weight average as it is saved: averages by parameter path, and how many updates they hold. */
export interface WeightAverageState {
  readonly updates: number;
  readonly tensors: Map<string, Tensor | SavedArray>;
}

/**
 * Averages the parameters of a model as it trains; the average usually generalizes better than the last weights.
 *
 *     const average = new WeightAverage(model, { kind: 'ema', decay: 0.999 });
 *     // after each optimizer.step():
 *     average.update();
 *     // to evaluate or save with the averaged weights:
 *     average.apply();
 *     recalibrateBatchNorm(model, batches); // where there is batch norm: its statistics are those of the weights in training
 *     average.restore();
 *
 * Buffers (running statistics) are not averaged. The first update takes the weights as they are. Same as PyTorch's `AveragedModel` with
 * `get_ema_multi_avg_fn` or its default average; differs from it in that no second model is made. Source: Polyak and Juditsky 1992 (EMA);
 * Izmailov et al. 2018 (SWA).
 */
export class WeightAverage {
  readonly kind: 'ema' | 'swa';
  readonly decay: number;
  readonly warmup: boolean;
  readonly #model: Module;
  readonly #parameters: readonly (readonly [path: string, parameter: Parameter, average: Tensor])[];
  #own: Tensor[] | null = null;
  #updates = 0;

  constructor(model: Module, { kind, decay = 0.999, warmup = false }: WeightAverageOptions) {
    if (kind !== 'ema' && kind !== 'swa') throw new UserError(`WeightAverage: unknown kind '${String(kind)}'; allowed are ema, swa`);
    if (!(decay >= 0 && decay < 1)) throw new UserError(`WeightAverage: decay is ${decay}; it must be at least 0 and below 1`);
    this.kind = kind;
    this.decay = decay;
    this.warmup = warmup;
    this.#model = model;
    this.#parameters = model.namedParameters().map(([path, parameter]) => [path, parameter, copyOf(parameter)] as const);
    if (this.#parameters.length === 0) throw new UserError('WeightAverage: the model has no parameters');
  }

  /** How many times the average has taken the weights in. */
  get updates(): number {
    return this.#updates;
  }

  /** Whether the model holds the averaged weights now, between `apply` and `restore`. */
  get isApplied(): boolean {
    return this.#own !== null;
  }

  /** Takes the model's present weights into the average. */
  update(): void {
    if (this.#own !== null) throw new UserError('WeightAverage: the model holds the averaged weights; call restore() before update()');
    const t = ++this.#updates;
    const kept = this.kind === 'swa' ? 1 - 1 / t : this.warmup ? Math.min(this.decay, t / (9 + t)) : this.decay;
    for (const [, parameter, average] of this.#parameters) {
      const { kernels } = average;
      if (t === 1) {
        average.set(parameter);
        continue;
      }
      kernels.axpby(1 - kept, parameter.storage, kept, average.storage, average.size);
    }
  }

  /** Puts the averaged weights into the model; its own are set aside until `restore`. */
  apply(): void {
    if (this.#own !== null) throw new UserError('WeightAverage: the averaged weights are in the model already; call restore() first');
    if (this.#updates === 0) throw new UserError('WeightAverage: there is no average yet; call update() first');
    this.#own = this.#parameters.map(([, parameter]) => copyOf(parameter));
    for (const [, parameter, average] of this.#parameters) parameter.set(average);
  }

  /** Puts the model's own weights back. */
  restore(): void {
    if (this.#own === null) throw new UserError('WeightAverage: nothing to restore; the model holds its own weights');
    this.#parameters.forEach(([, parameter], i) => {
      parameter.set(this.#own![i]);
    });
    this.#own = null;
  }

  /** Runs `work` with the averaged weights in the model, and puts its own back, also when `work` throws. */
  with<T>(work: (model: Module) => T): T {
    this.apply();
    try {
      return work(this.#model);
    } finally {
      this.restore();
    }
  }

  /** The averages by parameter path (the tensors themselves), and how many updates they hold. */
  stateDict(): WeightAverageState {
    return { updates: this.#updates, tensors: new Map(this.#parameters.map(([path, , average]) => [path, average])) };
  }

  /** Takes over a saved state, of a model of the same parameters. */
  loadStateDict({ updates, tensors }: WeightAverageState): void {
    if (!Number.isInteger(updates) || updates < 0)
      throw new UserError(`WeightAverage: updates is ${updates}; it must be a whole number of at least 0`);
    for (const [path, , average] of this.#parameters) {
      const saved = tensors.get(path);
      if (saved === undefined) throw new UserError(`WeightAverage: '${path}' is missing in the saved state`);
      if (!sameShape(saved.shape, average.shape)) {
        throw new UserError(`WeightAverage: '${path}' is ${formatShape(saved.shape)} there and ${formatShape(average.shape)} in the model`);
      }
    }
    for (const [path, , average] of this.#parameters) {
      const saved = tensors.get(path)!;
      average.set('values' in saved ? saved.values : saved);
    }
    this.#updates = updates;
  }
}

function copyOf(x: Tensor): Tensor {
  return keep(emptyTensor(x.shape, x.kernels)).set(x);
}
