/** How training went: every figure over the epochs, the learning rate, the loss of single batches. */
import { formatNumber, formatPercent } from '../../figures/format.ts';
import { thinned } from '../charts/layout.ts';
import { type Line, lineChart } from '../charts/line-chart.ts';
import { letterOf } from '../charts/marks.ts';
import { bestEpoch, figureKeys, figureName, figureText } from '../figures-of.ts';
import { type Content, type Html, html } from '../html.ts';
import type { ReportRun } from '../run-data.ts';

/** So many batches a run are drawn. */
const BATCHES = 200;

export function curves(runs: readonly ReportRun[]): Html {
  const charts: Content[] = figureKeys(runs).map(key => figureChart(runs, key));
  const brief = runs.every(run => run.course.epochs.length < 3);
  return html`<section id="curves" aria-labelledby="curves-title"><h2 id="curves-title">Learning curves</h2>
<div class="charts">${charts}${runs.length === 1 || brief ? batchChart(runs) : ''}${rateChart(runs)}</div></section>`;
}

/** A column's name: with the run's letter where there are several. */
function named(runs: readonly ReportRun[], run: number, what: string): string {
  return runs.length === 1 ? what : `${letterOf(run)} ${what}`;
}

function figureChart(runs: readonly ReportRun[], key: string): Html | '' {
  const isShare = key.endsWith('accuracy');
  const factor = isShare ? 100 : 1;
  const single = runs.length === 1;
  const lines = runs.flatMap((run, i): Line[] => {
    const { epochs } = run.course;
    const best = bestEpoch(run);
    const parts = [key, `val_${key}`].filter(part => epochs.some(({ logs }) => part in logs));
    return parts.map((part, j) => ({
      run: i,
      name: named(runs, i, part.startsWith('val_') ? 'validation' : 'training'),
      color: single ? j : i,
      dash: part.startsWith('val_') ? 1 : 0,
      points: epochs.map(({ epoch, logs }) => [epoch, (logs[part] ?? Number.NaN) * factor] as const),
      lettered: !single && j === parts.length - 1,
      ...(key === 'loss' && part === best?.key && epochs.length > 1 ? { ringed: best.epoch.epoch } : {}),
    }));
  });
  if (lines.length === 0) return '';
  return lineChart(lines, {
    title: key === 'loss' ? 'Loss' : capital(key.replaceAll('_', ' ')),
    xLabel: 'epoch',
    whole: true,
    mayBeLog: !isShare,
    format: isShare ? value => formatPercent(value / 100, 2) : formatNumber,
    unit: isShare ? ' %' : '',
    ...(key === 'loss' ? { note: bestNote(runs) } : {}),
    ...(single ? {} : { legend: partLegend(lines) }),
  });
}

function partLegend(lines: readonly Line[]): { name: string; color: number; dash: number }[] {
  const kinds = [...new Set(lines.map(line => line.dash))].sort();
  return kinds.map(dash => ({ name: dash === 1 ? 'validation' : 'training', color: -1, dash }));
}

/** The best epoch in words. */
function bestNote(runs: readonly ReportRun[]): string {
  const told = runs.flatMap((run, i) => {
    const best = bestEpoch(run);
    if (best === null) return [];
    const name = runs.length === 1 ? '' : `${letterOf(i)}: `;
    return [`${name}${figureText('loss', best.epoch.logs[best.key])} in epoch ${best.epoch.epoch}`];
  });
  const key = runs.map(bestEpoch).find(best => best !== null)?.key ?? 'loss';
  return told.length === 0 ? 'No epoch has ended.' : `Least ${figureName(key)} (ringed): ${told.join(', ')}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where a batch stands, in epochs. */
function timeOf({ epoch, step, stepsPerEpoch }: { epoch: number; step: number; stepsPerEpoch: number }): number {
  return +(epoch - 1 + step / stepsPerEpoch).toFixed(4);
}

function batchChart(runs: readonly ReportRun[]): Html | '' {
  const lines = runs.flatMap((run, i): Line[] => {
    const batches = thinned(run.course.batches, BATCHES);
    if (batches.length < 2) return [];
    const points = batches.map(batch => [timeOf(batch), batch.loss] as const);
    return [{ run: i, name: named(runs, i, 'loss of the batch'), color: i, dash: 0, points, lettered: runs.length > 1 }];
  });
  if (lines.length === 0) return '';
  const note = 'Of the batches that were kept, at most 200, evenly spaced.';
  return lineChart(lines, { title: 'Loss of single batches', xLabel: 'epochs done', mayBeLog: true, note, legend: [] });
}

function rateChart(runs: readonly ReportRun[]): Html | '' {
  const lines = runs.flatMap((run, i): Line[] => {
    const points = thinned(run.course.batches, BATCHES).map(batch => [timeOf(batch), batch.lr] as const);
    if (points.length < 2) return [];
    return [{ run: i, name: named(runs, i, 'learning rate'), color: i, dash: 0, points, lettered: runs.length > 1 }];
  });
  if (lines.length === 0) return '';
  return lineChart(lines, { title: 'Learning rate', xLabel: 'epochs done', format: value => formatNumber(value, 3), legend: [] });
}
