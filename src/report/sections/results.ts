/** What a finished model does on the test part: which classes it confuses, which examples it got most wrong, how far its values are off. */
import { imageSize } from '../../data/dataset.ts';
import type { EvaluationEvent, StoredMistake } from '../../experiment/evaluation-event.ts';
import { type ConfusionSummary, summarizeConfusion } from '../../figures/confusion.ts';
import { formatNumber, formatPercent, grouped, percentDigits } from '../../figures/format.ts';
import { figureText } from '../figures-of.ts';
import { type Content, type Html, html } from '../html.ts';
import { pngAddress } from '../png.ts';
import type { ReportRun } from '../run-data.ts';
import { dataTable } from '../table.ts';
import { residuals } from './residuals.ts';

/** With more classes than this, the matrix says less than the list of what is confused. */
const MOST_CLASSES = 30;
/** So many of the most frequent confusions are told in words. */
const TOLD = 3;

export function results(run: ReportRun): Html {
  const { test } = run.course;
  if (test === null) return html`<h3>Test</h3><p>${whyUntested(run)}</p>`;
  const figures = Object.entries(test.logs).map(([name, value]) => `${name.replaceAll('_', ' ')} ${figureText(name, value)}`);
  return html`<h3>Test</h3><p>On ${grouped(test.samples)} examples that training never saw: ${figures.join(', ')}.</p>
${test.confusion === null ? '' : classes(test.confusion, run.info.classNames)}
${gallery(test, run)}
${test.pairs === undefined || test.pairs.length === 0 ? '' : residuals(test.pairs, test.samples)}`;
}

function whyUntested({ experiment, course, record }: ReportRun): string {
  if ('test' in experiment.data && experiment.data.test === 0)
    return 'The run kept no examples apart for a test (--test 0), so there are only the figures of the curves.';
  if (record.outcome === 'failed' || course.end?.reason === 'interrupted' || course.end === null)
    return 'The model is tested once, when training has ended. It has not, so there are no figures of the test part.';
  return 'The model was not tested: the data has no test part.';
}

function classes(counts: readonly (readonly number[])[], names: readonly string[]): Content {
  const summary = summarizeConfusion(counts);
  const parts = [perClass(summary, names), counts.length <= MOST_CLASSES ? matrix(counts, summary, names) : ''];
  return [html`<div class="beside">${parts}</div>`, confusions(summary, names)];
}

function share(value: number): string {
  return Number.isNaN(value) ? 'none' : percentDigits(value, 1);
}

function perClass(summary: ConfusionSummary, names: readonly string[]): Html {
  const lowest = summary.f1.reduce((least, f1, i) => (f1 < (summary.f1[least] ?? Number.POSITIVE_INFINITY) ? i : least), -1);
  const rows = names.map((name, i) => ({
    cells: [
      name,
      share(summary.precision[i]),
      share(summary.recall[i]),
      html`${share(summary.f1[i])}${i === lowest && names.length > 2 ? html` <span class="mark" title="the lowest">▾</span>` : ''}`,
      grouped(summary.support[i]),
    ],
  }));
  return html`<div class="per-class"><h4>By class</h4>${dataTable({
    caption:
      'In percent. Precision: of those called a class, how many are of it; recall: of a class, how many are called so; F1: their harmonic mean, the lowest marked ▾.',
    head: ['class', 'precision', 'recall', 'F1', 'examples'],
    rows,
    words: [0],
  })}</div>`;
}

/** Shades from 0 to 6, by the share of the largest: on the diagonal of the class, elsewhere of the most frequent mistake. */
function shade(part: number): number {
  return part === 0 ? 0 : Math.max(1, Math.round(6 * Math.sqrt(part)));
}

function matrix(counts: readonly (readonly number[])[], summary: ConfusionSummary, names: readonly string[]): Html {
  const most = summary.mistakes[0]?.count ?? 1;
  const rows = counts.map(
    (row, i) => html`<tr><th scope="row">${names[i]}</th>${row.map((count, j) => {
      const kind = i === j ? `right s${shade(summary.recall[i] || 0)}` : `wrong s${shade(count / most)}`;
      return html`<td class="${kind}">${count}</td>`;
    })}</tr>
`,
  );
  return html`<div class="matrix"><h4>Confusion matrix</h4>
<div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix"><table class="confusion"><caption>Rows: the true class; columns: what the model said. The diagonal is right; elsewhere, the darker the more frequent the mistake.</caption>
<thead><tr><th scope="col">true</th>${names.map(name => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></div>`;
}

function confusions({ mistakes, total, correct }: ConfusionSummary, names: readonly string[]): Html {
  if (mistakes.length === 0) return html`<p>Every one of ${grouped(total)} examples was classified rightly.</p>`;
  const told = mistakes
    .slice(0, TOLD)
    .map(
      ({ truth, predicted, count }) =>
        `${names[truth]} taken for ${names[predicted]} (${grouped(count)} ${count === 1 ? 'time' : 'times'})`,
    );
  return html`<p>${grouped(total - correct)} of ${grouped(total)} wrong. Most frequent: ${told.join(', ')}.</p>`;
}

function gallery({ mistakes }: EvaluationEvent, { info }: ReportRun): Html | '' {
  if (mistakes.length === 0) return '';
  const size = imageSize(info.featureShape);
  const drawn = mistakes.filter(one => one.pixels !== undefined);
  const head = html`<h4>Most mistaken</h4><p>The examples for whose true class the model gave the least probability. Under each: the probability of what was said, and its number in the test part.</p>`;
  if (size === null || drawn.length === 0) return html`${head}${mistakeTable(mistakes, info.classNames)}`;
  return html`${head}<ul class="gallery">${drawn.map(one => {
    const [truth, said] = [info.classNames[one.truth], info.classNames[one.predicted]];
    const data = Uint8Array.from(atob(one.pixels!), unit => unit.charCodeAt(0));
    if (data.length !== size.width * size.height) return '';
    return html`<li><figure><img class="ink" width="84" height="${Math.round((84 * size.height) / size.width)}" alt="Test example ${one.index}: true ${truth}, said ${said}" src="${pngAddress({ ...size, data, channels: 1 })}"/><figcaption>true <b>${truth}</b>, said <b>${said}</b><br/><small>${formatPercent(one.probability)}, no. ${one.index}</small></figcaption></figure></li>`;
  })}</ul>`;
}

function mistakeTable(mistakes: readonly StoredMistake[], names: readonly string[]): Html {
  return dataTable({
    caption: 'By their number in the test part, from 0.',
    head: ['example', 'true', 'said', 'probability of what was said', 'of the truth'],
    rows: mistakes.map(({ index, truth, predicted, probability, truthProbability }) => ({
      cells: [index, names[truth], names[predicted], formatPercent(probability), formatNumber(truthProbability, 3)],
    })),
    words: [1, 2],
  });
}
