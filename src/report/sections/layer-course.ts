/** How the layers fared in training, where statistics were asked for. */
import { formatNumber } from '../../figures/format.ts';
import type { LayerStatistics, Statistics } from '../../train/events.ts';
import { thinned } from '../charts/layout.ts';
import { type Line, lineChart } from '../charts/line-chart.ts';
import { type Html, html } from '../html.ts';

/** So many looks are drawn. */
const LOOKS = 120;

interface Aspect {
  readonly title: string;
  readonly note: string;
  readonly of: (layer: LayerStatistics) => number | undefined;
}

const ASPECTS: readonly Aspect[] = [
  { title: 'Size of gradients', note: 'Standard deviation of the gradient of each weight.', of: layer => layer.gradient?.std },
  {
    title: 'Size of updates',
    note: '‖change of the weight in a step‖ / ‖weight‖; about 0.001 is usual.',
    of: layer => layer.updateRatio,
  },
  { title: 'Size of activations', note: "Standard deviation of each layer's output.", of: layer => layer.activation?.std },
  { title: 'Zeros among activations', note: "The share of each layer's outputs that is exactly 0.", of: layer => zeros(layer) },
];

/** Only where a layer makes zeros of what is not: for others the share says nothing. */
function zeros({ kind, activation }: LayerStatistics): number | undefined {
  return kind === 'ReLU' || kind === 'Dropout' ? activation?.zeros : undefined;
}

/** A chart for each aspect of the layers; nothing where the run has no statistics. */
export function layerCourse(statistics: readonly Statistics[], run: number): Html | '' {
  const looks = thinned(statistics, LOOKS);
  if (looks.length === 0) return '';
  const layers = [...new Map(looks.flatMap(look => look.layers.map(({ name, kind }) => [name, kind] as const)))];
  const charts = ASPECTS.map(aspect => {
    const lines = layers.flatMap(([name, kind]): Line[] => {
      const points = looks.flatMap(({ globalStep, layers }): (readonly [number, number])[] => {
        const layer = layers.find(one => one.name === name);
        const value = layer === undefined ? undefined : aspect.of(layer);
        return value === undefined ? [] : [[globalStep, value]];
      });
      return points.length === 0 ? [] : [{ run, name: `${name} ${kind}`, color: 0, dash: 0, points, lettered: false }];
    });
    const told = lines.map((line, i) => ({ ...line, color: i, dash: i % 4 }));
    const options = { title: aspect.title, note: aspect.note, xLabel: 'step', mayBeLog: true, whole: true, level: 5 as const };
    return told.length === 0 ? '' : lineChart(told, { ...options, format: value => formatNumber(value, 3) });
  });
  return html`<h4>Layers in training</h4><div class="charts">${charts}</div>`;
}
