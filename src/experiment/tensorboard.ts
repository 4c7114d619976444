/** A run's events as TensorBoard's. Apart from the rest of `experiment`, since only those who ask for it need it. */
import { type DatasetInfo, imageSize } from '../data/dataset.ts';
import {
  fileVersion,
  type HistogramValue,
  type HyperParameter,
  histograms,
  hparamsBegin,
  hparamsEnd,
  type Moment,
  pictures,
  scalars,
} from '../io/tensorboard/records.ts';
import type { LayerStatistics, Logs, Statistics, Summary, TrainEvent } from '../train/events.ts';
import type { EvaluationEvent } from './evaluation-event.ts';
import type { Experiment } from './types.ts';

/** The folders of a run: curves of the same name in the first three lie over one another; the run itself holds hyper-parameters. */
export type TensorboardFolder = 'train' | 'validation' | 'test' | '.';

/** Bytes to add to the event file of a folder. */
export interface TensorboardBytes {
  readonly folder: TensorboardFolder;
  readonly bytes: Uint8Array;
}

/**
 * Turns a run's events into those of TensorBoard, in the order in which they come.
 *
 * By epoch: `epoch/loss`, `epoch/accuracy` and the like, in `train`, `validation` and, at the end, `test`. By step, in `train`: `step/loss`,
 * `step/learning_rate`, and of each layer histograms `weights/...`, `gradients/...`, `activations/...` where the statistics have them, and
 * `update_ratio/...`. In `test` the pictures of mistakes, worst first. Figures that are not finite are kept as they are: TensorBoard shows them as such.
 */
export class TensorboardEvents {
  readonly #experiment: Experiment;
  readonly #info: DatasetInfo;
  readonly #begun = new Set<TensorboardFolder>();
  #epoch = 0;

  constructor(experiment: Experiment, info: DatasetInfo) {
    this.#experiment = experiment;
    this.#info = info;
  }

  /** `wallTime` in seconds since 1970. */
  event(event: TrainEvent | EvaluationEvent, wallTime: number): TensorboardBytes[] {
    switch (event.type) {
      case 'trainBegin': {
        const metrics = ['validation', 'test'].flatMap(group => this.#figures().map(name => ({ group, tag: `epoch/${name}` })));
        return this.#add('.', wallTime, hparamsBegin(wallTime, hyperParameters(this.#experiment), metrics));
      }
      case 'batchEnd': {
        const values = { 'step/loss': event.loss, 'step/learning_rate': event.lr };
        return this.#add('train', wallTime, scalars({ wallTime, step: event.globalStep }, values));
      }
      case 'epochEnd': {
        this.#epoch = event.epoch;
        const validation = Object.entries(event.logs).filter(([name]) => name.startsWith('val_'));
        const own = Object.entries(event.logs).filter(([name]) => !name.startsWith('val_'));
        return [
          ...this.#epochFigures('train', wallTime, Object.fromEntries(own)),
          ...this.#epochFigures('validation', wallTime, Object.fromEntries(validation.map(([name, value]) => [name.slice(4), value]))),
        ];
      }
      case 'statistics':
        return this.#statistics(event, wallTime);
      case 'evaluation':
        return event.part === 'test' ? [...this.#epochFigures('test', wallTime, event.logs), ...this.#mistakes(event, wallTime)] : [];
      case 'trainEnd':
        return this.#add('.', wallTime, hparamsEnd(wallTime, event.reason !== 'interrupted'));
      default:
        return [];
    }
  }

  #figures(): string[] {
    const tasks = this.#experiment.tasks.map(task => `${task.name}_accuracy`);
    return ['loss', ...(this.#info.targetKind === 'class' ? ['accuracy', ...tasks] : [])];
  }

  #epochFigures(folder: TensorboardFolder, wallTime: number, logs: Logs): TensorboardBytes[] {
    const values = Object.entries(logs).map(([name, value]) => [`epoch/${name}`, value]);
    return values.length === 0 ? [] : this.#add(folder, wallTime, scalars({ wallTime, step: this.#epoch }, Object.fromEntries(values)));
  }

  #statistics({ layers, globalStep }: Statistics, wallTime: number): TensorboardBytes[] {
    const moment: Moment = { wallTime, step: globalStep };
    const found = new Map<string, HistogramValue>();
    const ratios: Logs = {};
    for (const layer of layers) {
      for (const [kind, summary] of summariesOf(layer)) {
        if (summary?.histogram !== undefined) found.set(`${kind}/${tagOf(layer)}`, histogramOf(summary, summary.histogram));
      }
      if (layer.updateRatio !== undefined) ratios[`update_ratio/${tagOf(layer)}`] = layer.updateRatio;
    }
    return [
      ...(found.size === 0 ? [] : this.#add('train', wallTime, histograms(moment, found))),
      ...(Object.keys(ratios).length === 0 ? [] : this.#add('train', wallTime, scalars(moment, ratios))),
    ];
  }

  #mistakes({ mistakes }: EvaluationEvent, wallTime: number): TensorboardBytes[] {
    const size = imageSize(this.#info.featureShape);
    if (size === null) return [];
    const { classNames } = this.#info;
    const found = mistakes.flatMap(({ pixels, truth, predicted, probability }, i): [string, { pixels: Uint8Array } & typeof size][] => {
      if (pixels === undefined) return [];
      const caption = `${classNames[truth]} taken for ${classNames[predicted]} (${Math.round(100 * probability)} %)`;
      return [
        [
          `mistakes/${String(i + 1).padStart(2, '0')}: ${caption}`,
          { pixels: Uint8Array.from(atob(pixels), c => c.charCodeAt(0)), ...size },
        ],
      ];
    });
    return found.length === 0 ? [] : this.#add('test', wallTime, pictures({ wallTime, step: this.#epoch }, new Map(found)));
  }

  #add(folder: TensorboardFolder, wallTime: number, bytes: Uint8Array): TensorboardBytes[] {
    if (this.#begun.has(folder)) return [{ folder, bytes }];
    this.#begun.add(folder);
    return [
      { folder, bytes: fileVersion(wallTime) },
      { folder, bytes },
    ];
  }
}

function summariesOf({ weight, gradient, activation }: LayerStatistics): [string, Summary | undefined][] {
  return [
    ['weights', weight],
    ['gradients', gradient],
    ['activations', activation],
  ];
}

function tagOf({ name, kind }: LayerStatistics): string {
  return `${name}_${kind}`;
}

function histogramOf({ mean, std, min, max }: Summary, { edges, counts }: NonNullable<Summary['histogram']>): HistogramValue {
  const count = counts.reduce((sum, n) => sum + n, 0);
  return { min, max, count, sum: mean * count, sumOfSquares: (std * std + mean * mean) * count, limits: edges.slice(1), counts };
}

/** The experiment's options by their paths, such as `optimizer.lr`; lists as texts, and what is null left out. */
export function hyperParameters(experiment: Experiment): Record<string, HyperParameter> {
  const found: Record<string, HyperParameter> = {};
  const visit = (value: unknown, path: string): void => {
    if (value === null || value === undefined) return;
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') found[path] = value;
    else if (Array.isArray(value)) found[path] = value.every(item => typeof item !== 'object') ? value.join(',') : JSON.stringify(value);
    else for (const [key, inside] of Object.entries(value)) visit(inside, path === '' ? key : `${path}.${key}`);
  };
  const { version: _, ...options } = experiment;
  visit(options, '');
  return found;
}
