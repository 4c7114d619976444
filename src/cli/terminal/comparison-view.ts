/** Draws a comparison of experiments: one table, one plot. */
import type { ComparedRun, Comparison, ComparisonRow, Spreads } from '../../experiment/compare.ts';
import type { EnsembleFigure } from '../../experiment/ensemble.ts';
import type { Spread } from '../../experiment/statistics.ts';
import { formatDuration, formatNumber, formatPercent } from '../../figures/format.ts';
import type { Capabilities } from './capabilities.ts';
import { lineChart } from './line-chart.ts';
import { type Cell, table } from './table.ts';
import { printable, wrap } from './text.ts';

/** `97.8 ± 0.2 %`, `0.0712 ± 0.0031`; without a spread where there is one run. */
export function spreadText(name: string, spread: Spread | undefined, capabilities: Capabilities): string {
  if (spread === undefined) return '';
  const sign = capabilities.unicode ? '±' : '+-';
  if (name.includes('accuracy')) {
    return spread.sd === null
      ? formatPercent(spread.mean, 2)
      : `${(100 * spread.mean).toFixed(2)} ${sign} ${(100 * spread.sd).toFixed(2)} %`;
  }
  return spread.sd === null ? formatNumber(spread.mean) : `${formatNumber(spread.mean)} ${sign} ${formatNumber(spread.sd, 2)}`;
}

/** The table and the plot, with a line for every run that failed. */
export function drawComparison({ rows, seeds }: Comparison, capabilities: Capabilities): string {
  const part = rows.some(row => Object.keys(row.test).length > 0) ? 'test' : 'validation';
  const figures = [...new Set(rows.flatMap(row => Object.keys(row[part])))].sort(); // accuracy before loss
  const columns = ['', ...figures.map(name => ({ header: `${part} ${name}`, align: 'right' as const })), 'time', 'runs'];
  const lines = rows.map((row): Cell[] => [
    row.name,
    ...figures.map(name => spreadText(name, (row[part] as Spreads)[name], capabilities)),
    row.seconds === null ? '' : formatDuration(row.seconds.mean),
    `${row.seconds?.n ?? 0}/${row.runs.length}`,
  ]);
  const note = seeds.length > 1 ? `mean and sample standard deviation over seeds ${seeds.join(', ')}` : `seed ${seeds[0]}`;
  const failed = rows.flatMap(row => row.runs.filter(run => run.reason === 'failed').map(run => failure(row, run)));
  const notes = [note, ...failed].flatMap(text => wrap(printable(text, capabilities), capabilities.width, capabilities));
  return [table(columns, lines, capabilities), ...notes, '', plot(rows, capabilities)].join('\n');
}

function failure(row: ComparisonRow, { seed, message }: ComparedRun): string {
  return `${row.name}, seed ${seed}: ${message?.split('\n')[0] ?? 'failed'}`;
}

function plot(rows: readonly ComparisonRow[], capabilities: Capabilities): string {
  const key = rows.some(row => row.curves.val_loss !== undefined) ? 'val_loss' : 'loss';
  const yLabel = key === 'val_loss' ? 'validation loss, mean over seeds' : 'training loss, mean over seeds';
  const series = rows.map(row => ({ name: row.name, y: row.curves[key] ?? [] }));
  return lineChart(series, { yLabel, xLabel: 'epoch', height: 14, logY: true }, capabilities);
}

/** The members of an ensemble beside their average. `called` is what each is called: member, snapshot. */
export function drawEnsemble(
  members: readonly { readonly figures: Readonly<Record<string, number>> }[],
  gains: Readonly<Record<string, EnsembleFigure>>,
  part: string,
  capabilities: Capabilities,
  called = 'member',
): string {
  const figures = Object.keys(gains).sort();
  const shown = (name: string, value: number): string => (name.includes('accuracy') ? formatPercent(value, 2) : formatNumber(value));
  const signed = (name: string, value: number): string =>
    name.includes('accuracy') ? `${value < 0 ? '-' : '+'}${Math.abs(100 * value).toFixed(2)} %` : formatNumber(value);
  const rows: Cell[][] = [
    ...members.map((member, i) => [`${called} ${i + 1}`, ...figures.map(name => shown(name, member.figures[name]))]),
    [`mean ${called}`, ...figures.map(name => spreadText(name, gains[name].members, capabilities))],
    ['ensemble', ...figures.map(name => shown(name, gains[name].ensemble))],
    ['gain', ...figures.map(name => signed(name, gains[name].gain))],
  ];
  return table(['', ...figures.map(name => ({ header: `${part} ${name}`, align: 'right' as const }))], rows, capabilities);
}
