/** What the numbers in each layer look like as training goes: weights, gradients, activations. */
import { UserError } from '../errors.ts';
import type { Module } from '../nn/module.ts';
import { Parameter } from '../nn/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Histogram, LayerStatistics, Statistics, Summary } from './events.ts';
import { isDue, type StepPlace, type StepWatcher } from './step-watcher.ts';

export interface StatisticsOptions {
  /** Steps, or epochs, between two events. Default 1. */
  readonly every?: number;
  /** What `every` counts; of an epoch, its last step is looked at. Default 'epoch'. */
  readonly by?: 'step' | 'epoch';
  /** Histograms with so many bins; `true` for 30. Default: none. */
  readonly histogram?: boolean | number;
}

const usualBins = 30;

/**
 * Tells a `statistics` event every so many steps or epochs. It reads each number of the layers a few times, so a step with statistics takes perhaps half
 * as long again; it changes no bit of the training.
 */
export class StatisticsWatcher implements StepWatcher {
  private readonly every: number;
  private readonly by: 'step' | 'epoch';
  private readonly bins: number;
  private layers = new Map<string, Watched>();

  constructor({ every = 1, by = 'epoch', histogram = false }: StatisticsOptions = {}) {
    if (!Number.isInteger(every) || every < 1)
      throw new UserError(`statistics: every is ${every}; it must be a whole number of at least 1`);
    if (by !== 'step' && by !== 'epoch') throw new UserError(`statistics: by is '${String(by)}'; allowed are 'step' and 'epoch'`);
    this.every = every;
    this.by = by;
    this.bins = histogram === true ? usualBins : histogram === false ? 0 : histogram;
    if (!Number.isInteger(this.bins) || this.bins < 0 || this.bins > 10_000)
      throw new UserError(`statistics: histogram is ${histogram}; it must be true, false or a whole number of bins up to 10000`);
  }

  wants(place: StepPlace): boolean {
    return this.by === 'step' ? isDue(place, this.every) : place.lastOfEpoch && place.epoch % this.every === 0;
  }

  begin(model: Module): void {
    this.layers = new Map();
    for (const [name, module] of model.namedModules()) {
      const weight = weightOf(module);
      if (weight === null && module.namedChildren().length > 0) continue;
      this.layers.set(name, { kind: module.constructor.name, weight, before: weight?.toArray() ?? null });
    }
  }

  forward(path: string, _module: Module, output: Tensor): void {
    const layer = this.layers.get(path);
    if (layer !== undefined) layer.activation = this.summary(output);
  }

  backward(): void {
    for (const layer of this.layers.values()) {
      const gradient = layer.weight?.grad ?? null;
      if (gradient !== null) layer.gradient = this.summary(gradient);
    }
  }

  end({ epoch, globalStep }: StepPlace): readonly [Statistics] {
    const layers = [...this.layers].map(([name, { kind, weight, before, gradient, activation }]): LayerStatistics => {
      const ratio = weight === null || before === null ? null : updateRatio(weight, before);
      return {
        name,
        kind,
        ...(weight === null ? {} : { weight: this.summary(weight) }),
        ...(gradient === undefined ? {} : { gradient }),
        ...(activation === undefined ? {} : { activation }),
        ...(ratio === null ? {} : { updateRatio: ratio }),
      };
    });
    this.layers = new Map();
    return [{ type: 'statistics', epoch, globalStep, layers }];
  }

  private summary(tensor: Tensor): Summary {
    return summaryOf(tensor.kernels.view(tensor.storage).subarray(0, tensor.size), this.bins);
  }
}

interface Watched {
  readonly kind: string;
  readonly weight: Parameter | null;
  readonly before: ArrayLike<number> | null;
  gradient?: Summary;
  activation?: Summary;
}

function weightOf(module: Module): Parameter | null {
  const { weight } = module as { weight?: unknown };
  return weight instanceof Parameter ? weight : null;
}

/** ‖w after - w before‖ / ‖w before‖; null where there was nothing but 0. */
function updateRatio(weight: Tensor, before: ArrayLike<number>): number | null {
  const after = weight.kernels.view(weight.storage);
  let [moved, size] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    const step = after[i] - before[i];
    moved += step * step;
    size += before[i] * before[i];
  }
  return size > 0 ? Math.sqrt(moved / size) : null;
}

/**
 * Mean, deviation (biased), extremes and share of zeros, in two passes; with `bins` above 0 also a histogram. Numbers that are not finite are counted
 * and left out of all else.
 */
export function summaryOf(values: ArrayLike<number>, bins = 0): Summary {
  let [sum, zeros, count, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (!Number.isFinite(v)) continue;
    count++;
    sum += v;
    if (v === 0) zeros++;
    if (v < min) min = v;
    if (v > max) max = v;
  }
  if (count === 0) [min, max] = [0, 0];
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) squares += (values[i] - mean) ** 2;
  }
  return {
    mean,
    std: Math.sqrt(squares / Math.max(1, count)),
    min,
    max,
    zeros: zeros / Math.max(1, count),
    ...(count === values.length ? {} : { notFinite: values.length - count }),
    ...(bins > 0 ? { histogram: histogramOf(values, min, max, bins) } : {}),
  };
}

/** Bins of equal width from the smallest to the largest; around a single value, of width 1 in all. */
function histogramOf(values: ArrayLike<number>, min: number, max: number, bins: number): Histogram {
  const [low, high] = min < max ? [min, max] : [min - 0.5, max + 0.5];
  const counts = new Array<number>(bins).fill(0);
  const scale = bins / (high - low);
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) counts[Math.min(Math.floor((values[i] - low) * scale), bins - 1)]++;
  }
  // Seven digits are all that a float32 has.
  const edges = Array.from({ length: bins + 1 }, (_, i) => Number((low + ((high - low) * i) / bins).toPrecision(7)));
  return { edges, counts };
}
