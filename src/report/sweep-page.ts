/** The report of a sweep: ranking, parallel coordinates, and what mattered. */
import { importance, rank, type Sweep, type Trial } from '../experiment/sweep.ts';
import type { Dimension } from '../experiment/sweep-space.ts';
import { formatDuration, formatNumber, formatPercent } from '../figures/format.ts';
import { percent } from './charts/frame.ts';
import { scaleFor } from './charts/layout.ts';
import { type Content, type Html, html } from './html.ts';
import { htmlPage } from './page.ts';
import { shellWord } from './shell.ts';
import { styleFor } from './style.ts';
import { dataTable, facts } from './table.ts';

/** Lines of so many of the best trials stand out. */
const BEST = 3;
const HEIGHT = 280;

/** The page of a sweep in `folder`. */
export async function sweepPage(sweep: Sweep, folder: string, title: string = `Sweep ${folder}`): Promise<string> {
  const ranked = rank(sweep.trials).filter(({ results }) => results.length > 0);
  const parts = [ranking(sweep, ranked, folder), parallel(sweep, ranked), mattered(sweep), making(sweep, folder)];
  const links = [
    ['ranking', 'Ranking'],
    ['parallel', 'Parallel coordinates'],
    ['importance', 'Importance'],
    ['making', 'How it was made'],
  ] as const;
  return htmlPage(title, links, parts, styleFor(1));
}

function scoreName(ranked: readonly Trial[]): 'accuracy' | 'loss' {
  return ranked.some(({ results }) => results.at(-1)?.validation?.accuracy !== undefined) ? 'accuracy' : 'loss';
}

function scoreText(name: 'accuracy' | 'loss', value: number): string {
  return name === 'accuracy' ? formatPercent(value, 2) : formatNumber(value);
}

function ranking({ plan, trials, complete }: Sweep, ranked: readonly Trial[], folder: string): Html {
  const flags = plan.dimensions.map(({ flag }) => flag);
  const name = scoreName(ranked);
  const rows = ranked.map(({ index, choice, results }, i) => {
    const { validation, failure, epochs } = results[results.length - 1];
    const seconds = results.reduce((sum, one) => sum + one.seconds, 0);
    const figures =
      validation === null
        ? [`failed: ${failure}`, '']
        : [scoreText(name, validation[name]), name === 'loss' ? '' : formatNumber(validation.loss)];
    return { cells: [i + 1, index, ...flags.map(flag => choice[flag]), epochs, ...figures, formatDuration(seconds)] };
  });
  const head = ['rank', 'trial', ...flags, 'epochs', `validation ${name}`, ...(name === 'loss' ? [''] : ['validation loss']), 'time'];
  const best = ranked[0]?.results.at(-1)?.validation == null ? null : ranked[0];
  return html`<section id="ranking" aria-labelledby="ranking-title"><h2 id="ranking-title">Ranking</h2>
${complete ? '' : html`<div class="notices"><h3>To note</h3><p>The sweep has not ended. To go on: chainrule sweep --resume ${shellWord(folder)}</p></div>`}
<p>${ranked.length} of ${trials.length} trials, ranked by the validation part: those that were trained further first, then by ${name}, failed ones last, equals by their number. The test part was not read for this.</p>
${best === null ? '' : html`<p>The best again:</p><pre class="scroll" tabindex="0">chainrule train --config ${shellWord(`${folder}/trials/${String(best.index).padStart(3, '0')}/experiment.json`)}</pre>`}
${dataTable({ caption: 'All trials that ended', head, rows, words: flags.map((_, i) => i + 2) })}</section>`;
}

interface Axis {
  readonly name: string;
  /** Where a trial crosses it, 0 below to 1 above; null where it does not. */
  readonly place: (trial: Trial) => number | null;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

function axisOf(dimension: Dimension): Axis {
  const { flag } = dimension;
  if ('values' in dimension) {
    const { values } = dimension;
    const at = (i: number): number => (values.length === 1 ? 0.5 : i / (values.length - 1));
    return { name: flag, place: ({ choice }) => at(values.indexOf(choice[flag])), ticks: values.map((label, i) => ({ at: at(i), label })) };
  }
  const { low, high, log } = dimension;
  const at = (value: number): number => (log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low));
  return {
    name: log ? `${flag} (log)` : flag,
    place: ({ choice }) => at(Number(choice[flag])),
    ticks: [low, high].map(value => ({ at: at(value), label: formatNumber(value, 2) })),
  };
}

function scoreAxis(ranked: readonly Trial[], name: 'accuracy' | 'loss'): Axis {
  const of = ({ results }: Trial): number => results.at(-1)?.validation?.[name] ?? Number.NaN;
  const scale = scaleFor(ranked.map(of), { most: 5, mayBeLog: name === 'loss' });
  const place = (trial: Trial): number | null => {
    const at = scale?.place(of(trial)) ?? Number.NaN;
    return Number.isFinite(at) ? at : null;
  };
  const ticks = scale === null ? [] : [scale.min, scale.max].map(value => ({ at: scale.place(value), label: scoreText(name, value) }));
  return { name: `validation ${name}`, place, ticks };
}

/** One line a trial, crossing an axis for each flag at its value: those of the best are drawn last, strong and numbered. */
function parallel({ plan }: Sweep, ranked: readonly Trial[]): Html {
  const axes = [...plan.dimensions.map(axisOf), scoreAxis(ranked, scoreName(ranked))];
  const x = (i: number): number => i / (axes.length - 1);
  const y = (at: number): number => +(HEIGHT * (1 - at)).toFixed(1);
  const lines = ranked.map((trial, rankOf) => {
    const points = axes.flatMap((axis, i) => {
      const at = axis.place(trial);
      return at === null ? [] : [`${+(1000 * x(i)).toFixed(1)} ${y(at)}`];
    });
    const kind = rankOf < BEST ? `line c${rankOf} dash-${rankOf}` : 'line reference';
    return html`<path class="${kind}" d="M${points.join('L')}"/>`;
  });
  const drawn = axes.map((axis, i) => {
    const at = percent(x(i));
    const anchor = i === 0 ? 'start' : i === axes.length - 1 ? 'end' : 'middle';
    return html`<line class="axis" x1="${at}" x2="${at}" y1="0" y2="${HEIGHT}"/><text class="tick" x="${at}" y="${HEIGHT + 20}" text-anchor="${anchor}">${axis.name}</text>
${axis.ticks.map(tick => html`<text class="tick" x="${at}" dx="${i === axes.length - 1 ? -5 : 5}" y="${y(tick.at)}" dy="${tick.at < 0.5 ? -3 : 10}" text-anchor="${i === axes.length - 1 ? 'end' : 'start'}">${tick.label}</text>`)}`;
  });
  const legend = ranked
    .slice(0, BEST)
    .map(
      (trial, i): Content =>
        html`<li><svg class="sample" width="26" height="10" aria-hidden="true"><line class="line c${i} dash-${i}" x1="1" x2="25" y1="5" y2="5"/></svg>rank ${i + 1}, trial ${trial.index}</li>`,
    );
  return html`<section id="parallel" aria-labelledby="parallel-title"><h2 id="parallel-title">Parallel coordinates</h2>
<figure class="chart"><figcaption><p>Each line a trial. The table of the ranking has every value.</p></figcaption><ul class="legend">${legend}</ul>
<div class="scroll" tabindex="0" role="group" aria-label="Parallel coordinates"><div class="plot coordinates"><svg role="img" aria-label="Parallel coordinates of ${ranked.length} trials over ${axes.map(({ name }) => name).join(', ')}; the table of the ranking has every value" width="100%" height="${HEIGHT}">
<svg viewBox="0 0 1000 ${HEIGHT}" preserveAspectRatio="none" width="100%" height="${HEIGHT}">${lines.toReversed()}</svg>${drawn}</svg></div></div></figure></section>`;
}

function mattered({ plan, trials }: Sweep): Html {
  const found = importance(plan.dimensions, trials).toSorted((a, b) => (b.share ?? -1) - (a.share ?? -1));
  const bars = found.map(({ flag, share }) => ({
    cells: [
      flag,
      share === null ? 'not known' : formatPercent(share),
      html`<svg class="share" aria-hidden="true" width="160" height="12"><rect class="bar c0" width="${percent(share ?? 0)}" height="12"/></svg>`,
    ],
  }));
  const name = scoreName(trials);
  const groups = found.flatMap(({ flag, groups }) =>
    groups.map(group => ({ cells: [flag, group.name, group.n, scoreText(name, group.mean)] })),
  );
  return html`<section id="importance" aria-labelledby="importance-title"><h2 id="importance-title">Importance</h2>
<p>The share of the variance of validation ${name} that the values of each flag account for by themselves (η² of a one-way analysis of variance; ranges in three groups of equal size). Taken after the first rung, where all trials were trained equally long; failed trials are left out.</p>
${dataTable({ caption: 'Importance of each flag', head: ['flag', 'share', ''], rows: bars, words: [0, 2] })}
${dataTable({ summary: 'Means by value: table', head: ['flag', 'value', 'trials', `mean ${name}`], rows: groups, words: [0, 1] })}
<p>It has limits: what two flags do together is not seen, chance alone gives k groups of n trials a share of about (k - 1) / (n - 1), and it says nothing of values that were not tried.</p></section>`;
}

function making({ plan, trials }: Sweep, folder: string): Html {
  return html`<section id="making" aria-labelledby="making-title"><h2 id="making-title">How it was made</h2>${facts([
    ['method', plan.method === 'halving' ? `successive halving, eta ${plan.eta}` : plan.method],
    ['trials', trials.length],
    ['seed', plan.seed],
    ['epochs', plan.base.training.epochs],
    ['varied', plan.dimensions.map(({ flag }) => flag).join(', ')],
    ['folder', folder],
  ])}<details><summary>The whole plan as JSON</summary><pre class="scroll" tabindex="0">${JSON.stringify(plan, null, 2)}</pre></details></section>`;
}
