/** Where values are predicted: predicted against true, and how the errors are spread. */
import { formatNumber, grouped } from '../../figures/format.ts';
import { frame, heightAt, percent, percentAt } from '../charts/frame.ts';
import { scaleFor } from '../charts/layout.ts';
import { type Html, html } from '../html.ts';
import { dataTable, facts } from '../table.ts';

type Pair = readonly [truth: number, predicted: number];

export interface ErrorFigures {
  /** √(Σ (ŷ - y)² / n) */
  readonly rmse: number;
  /** Σ |ŷ - y| / n */
  readonly mae: number;
  /** 1 - Σ (ŷ - y)² / Σ (y - ȳ)²; NaN where all true values are the same. */
  readonly r2: number;
  /** Σ (ŷ - y) / n */
  readonly bias: number;
}

export function errorFigures(pairs: readonly Pair[]): ErrorFigures {
  const n = pairs.length;
  const mean = pairs.reduce((sum, [y]) => sum + y, 0) / n;
  const squares = pairs.reduce((sum, [y, p]) => sum + (p - y) ** 2, 0);
  const spread = pairs.reduce((sum, [y]) => sum + (y - mean) ** 2, 0);
  return {
    rmse: Math.sqrt(squares / n),
    mae: pairs.reduce((sum, [y, p]) => sum + Math.abs(p - y), 0) / n,
    r2: spread === 0 ? Number.NaN : 1 - squares / spread,
    bias: pairs.reduce((sum, [y, p]) => sum + p - y, 0) / n,
  };
}

/** Counts of values in `bins` intervals of the same width over their range. */
export function histogram(
  values: readonly number[],
  bins: number,
): { readonly from: number; readonly to: number; readonly count: number }[] {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [];
  const low = finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const high = finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  if (low === high) return [{ from: low, to: high, count: finite.length }];
  const width = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of finite) counts[Math.min(bins - 1, Math.floor((value - low) / width))]++;
  return counts.map((count, i) => ({ from: low + i * width, to: low + (i + 1) * width, count }));
}

const HEIGHT = 260;

export function residuals(pairs: readonly Pair[], samples: number): Html {
  const { rmse, mae, r2, bias } = errorFigures(pairs);
  const part =
    pairs.length < samples
      ? `Of ${grouped(pairs.length)} examples spread evenly over the ${grouped(samples)} of the test part.`
      : `Of all ${grouped(samples)} examples of the test part.`;
  return html`<h4>Errors</h4><p>${part}</p>
${facts([
  ['RMSE', formatNumber(rmse)],
  ['mean absolute error', formatNumber(mae)],
  ['R²', Number.isNaN(r2) ? 'not defined' : formatNumber(r2, 3)],
  ['bias (mean of predicted - true)', formatNumber(bias, 3)],
])}
<div class="charts">${scatter(pairs)}${errorHistogram(pairs)}</div>`;
}

function scatter(pairs: readonly Pair[]): Html {
  const scale = scaleFor(pairs.flat(), { most: 6, margin: 0.03 });
  const title = 'Predicted against true';
  const table = dataTable({
    summary: `${title}: table`,
    head: ['true', 'predicted', 'error'],
    rows: pairs.map(([y, p]) => ({ cells: [formatNumber(y), formatNumber(p), formatNumber(p - y)] })),
  });
  if (scale === null)
    return html`<figure class="chart"><figcaption><h5>${title}</h5></figcaption><p>There are no finite values to draw.</p></figure>`;
  return html`<figure class="chart"><figcaption><h5>${title}</h5><p>Each dot an example; on the line, predicted is true.</p></figcaption>
<div class="plot"><svg role="img" aria-label="${title}: ${pairs.length} examples. The table below has every one." width="100%" height="${HEIGHT}">
${frame(scale, scale, HEIGHT)}<svg viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="${HEIGHT}"><path class="line reference" d="M0 100L100 0"/></svg>
${pairs
  .filter(pair => pair.every(Number.isFinite))
  .map(([y, p]) => html`<circle class="dot c0" cx="${percentAt(scale, y)}" cy="${heightAt(scale, p, HEIGHT)}" r="3"/>`)}
</svg><p class="x-label">true value</p></div>${table}</figure>`;
}

function errorHistogram(pairs: readonly Pair[]): Html | '' {
  const bins = histogram(
    pairs.map(([y, p]) => p - y),
    Math.max(5, Math.min(25, Math.round(Math.sqrt(pairs.length)))),
  );
  if (bins.length < 2) return '';
  const x = scaleFor([bins[0].from, bins[bins.length - 1].to], { most: 6 })!;
  const y = scaleFor([0, ...bins.map(bin => bin.count)], { most: 6, whole: true })!;
  const title = 'Errors (predicted - true)';
  return html`<figure class="chart"><figcaption><h5>${title}</h5><p>How often errors of each size occur.</p></figcaption>
<div class="plot"><svg role="img" aria-label="${title}: counts in ${bins.length} intervals. The table below has every one." width="100%" height="${HEIGHT}">
${frame(x, y, HEIGHT)}${bins.map(({ from, to, count }) => {
  return html`<rect class="bar c0" x="${percentAt(x, from)}" width="${percent(x.place(to) - x.place(from))}" y="${heightAt(y, count, HEIGHT)}" height="${+(HEIGHT - heightAt(y, count, HEIGHT)).toFixed(1)}"/>`;
})}
</svg><p class="x-label">error</p></div>${dataTable({
    summary: `${title}: table`,
    head: ['from', 'to', 'examples'],
    rows: bins.map(({ from, to, count }) => ({ cells: [formatNumber(from), formatNumber(to), count] })),
  })}</figure>`;
}
