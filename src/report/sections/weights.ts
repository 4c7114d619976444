/** What the model has learned, as far as its weights show it: pictures of the first layer, figures of every layer. */
import { imageSize } from '../../data/dataset.ts';
import { formatNumber, formatPercent, grouped } from '../../figures/format.ts';
import { type Content, type Html, html } from '../html.ts';
import { pngAddress } from '../png.ts';
import type { NamedWeights, ReportRun } from '../run-data.ts';
import { dataTable } from '../table.ts';
import { layerCourse } from './layer-course.ts';
import { histogram } from './residuals.ts';

/** So many units of the first layer are drawn, so many in a row. */
const UNITS = 48;
const IN_A_ROW = 12;
const GAP = 2;
const BINS = 24;

export function weights({ weights, info, course }: ReportRun, run: number): Html {
  const watched = layerCourse(course.statistics, run);
  if ('problem' in weights) return html`<h3>Trained weights</h3><p>They could not be read: ${weights.problem}</p>${watched}`;
  return html`<h3>Trained weights</h3><p>After step ${grouped(weights.globalStep)}, from the checkpoint ${weights.checkpoint}.</p>
${firstLayer(weights.tensors, info.featureShape)}
${layerTable(weights.tensors)}${watched}`;
}

function firstLayer(tensors: readonly NamedWeights[], featureShape: readonly number[]): Content {
  const size = imageSize(featureShape);
  const first = tensors.find(({ shape }) => shape.length === 2);
  if (size === null || first === undefined || first.shape[1] !== size.width * size.height) return '';
  const units = strongest(first, UNITS);
  const all = first.shape[0];
  const shown = units.length < all ? `The ${units.length} of ${all} units with the largest weights` : `All ${all} units`;
  const { address, width, height } = mosaic(first, units, size);
  return html`<figure class="mosaic"><figcaption><h4>First layer</h4><p>${shown}, the strongest first: what each looks for in the picture. Orange adds to the unit, blue takes from it, each unit to its own largest weight.</p></figcaption>
<img class="weights" width="${width}" height="${height}" alt="Weights of ${first.name} into ${units.length} units, drawn as pictures of ${size.width} by ${size.height}; the table below has their figures" src="${address}"/>
${dataTable({
  summary: 'First layer: table',
  head: ['unit', 'L2 norm', 'smallest weight', 'largest weight'],
  rows: units.map(unit => {
    const row = rowOf(first, unit);
    const norm = Math.sqrt(row.reduce((sum, w) => sum + w * w, 0));
    return { cells: [unit, formatNumber(norm), formatNumber(Math.min(...row)), formatNumber(Math.max(...row))] };
  }),
})}</figure>`;
}

function rowOf({ shape, values }: NamedWeights, unit: number): number[] {
  return Array.from({ length: shape[1] }, (_, j) => values[unit * shape[1] + j]);
}

/** Units by the L2 norm of their weights, the largest first; the first of equals first. */
export function strongest(layer: NamedWeights, most: number): number[] {
  const norms = Array.from({ length: layer.shape[0] }, (_, unit) => rowOf(layer, unit).reduce((sum, w) => sum + w * w, 0) || 0);
  return norms
    .map((_, unit) => unit)
    .sort((a, b) => norms[b] - norms[a] || a - b)
    .slice(0, most);
}

/** From blue over white to orange: told apart by those who do not see red and green. */
const BLUE = [20, 80, 160] as const;
const ORANGE = [190, 80, 0] as const;
/** Few shades make a small file. */
const SHADES = 16;

/** The colour of a weight between -1 and 1. */
export function weightColor(weight: number): [number, number, number] {
  const part = Math.min(SHADES, Math.round(Math.abs(weight) * SHADES)) / SHADES;
  const end = weight < 0 ? BLUE : ORANGE;
  return end.map(channel => Math.round(255 + (channel - 255) * part)) as [number, number, number];
}

function mosaic(
  layer: NamedWeights,
  units: readonly number[],
  size: { readonly width: number; readonly height: number },
): { address: string; width: number; height: number } {
  const across = Math.min(IN_A_ROW, units.length);
  const width = across * (size.width + GAP) - GAP;
  const height = Math.ceil(units.length / across) * (size.height + GAP) - GAP;
  const data = new Uint8Array(width * height * 3).fill(255);
  for (const [place, unit] of units.entries()) {
    const row = rowOf(layer, unit);
    const largest = row.reduce((most, w) => Math.max(most, Math.abs(w)), 0) || 1;
    const left = (place % across) * (size.width + GAP);
    const top = Math.floor(place / across) * (size.height + GAP);
    row.forEach((weight, i) => {
      const x = left + (i % size.width);
      const y = top + Math.floor(i / size.width);
      data.set(weightColor(weight / largest), (y * width + x) * 3);
    });
  }
  return { address: pngAddress({ width, height, data, channels: 3 }), width, height };
}

export interface WeightFigures {
  readonly count: number;
  readonly mean: number;
  /** Of the population: √(Σ (w - w̄)² / n). */
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  readonly norm: number;
  /** The share that is exactly 0. */
  readonly zeros: number;
}

export function weightFigures(values: ArrayLike<number>): WeightFigures {
  const list = Array.from(values);
  const count = list.length;
  const mean = list.reduce((sum, w) => sum + w, 0) / count;
  return {
    count,
    mean,
    sd: Math.sqrt(list.reduce((sum, w) => sum + (w - mean) ** 2, 0) / count),
    min: list.reduce((least, w) => Math.min(least, w), Number.POSITIVE_INFINITY),
    max: list.reduce((most, w) => Math.max(most, w), Number.NEGATIVE_INFINITY),
    norm: Math.sqrt(list.reduce((sum, w) => sum + w * w, 0)),
    zeros: list.filter(w => w === 0).length / count,
  };
}

function layerTable(tensors: readonly NamedWeights[]): Html {
  const drawn = tensors.filter(({ shape, name }) => shape.length > 0 && !name.endsWith('num_batches_tracked'));
  return html`<h4>Layers</h4>${dataTable({
    caption: 'Names are those of the state dict. The bars count weights from the smallest to the largest.',
    head: ['parameter', 'shape', 'mean', 'deviation', 'smallest', 'largest', 'L2 norm', 'zeros', 'spread'],
    rows: drawn.map(({ name, shape, values }) => {
      const { mean, sd, min, max, norm, zeros } = weightFigures(values);
      const zero = zeros === 0 ? '0' : formatPercent(zeros);
      return { cells: [name, shape.join(' × '), ...[mean, sd, min, max, norm].map(value => formatNumber(value, 3)), zero, spark(values)] };
    }),
    words: [0, 1],
  })}`;
}

/** A histogram the size of a word. The numbers beside it say what it shows. */
function spark(values: ArrayLike<number>): Html {
  const bins = histogram(Array.from(values), BINS);
  const most = bins.reduce((top, { count }) => Math.max(top, count), 1);
  const bars = bins.map(({ count }, i) => `M${i} 20v${-+((20 * count) / most).toFixed(1)}h1V20z`).join('');
  return html`<svg class="spark" aria-hidden="true" viewBox="0 0 ${bins.length} 20" preserveAspectRatio="none" width="96" height="20"><path d="${bars}"/></svg>`;
}
