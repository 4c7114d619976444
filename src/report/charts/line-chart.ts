/**
 * Line charts as SVG that fits any width without a script: places along x are percentages, heights and letters are pixels, and the lines alone are
 * stretched, in an inner picture whose strokes keep their width.
 */
import { formatNumber } from '../../figures/format.ts';
import { type Content, type Html, html, trusted } from '../html.ts';
import { dataTable } from '../table.ts';
import { frame, heightAt, percentAt } from './frame.ts';
import { type Scale, scaleFor, spreadLabels } from './layout.ts';
import { colorClass, letterOf, lineSample } from './marks.ts';

export interface Line {
  /** Which run it belongs to, from 0. */
  readonly run: number;
  /** What it shows: heads its column of the table. */
  readonly name: string;
  readonly color: number;
  /** Which pattern, from 0, unbroken, to 3. */
  readonly dash: number;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** A letter at its end. */
  readonly lettered: boolean;
  /** Points that carry a ring, by their x. */
  readonly ringed?: number;
}

export interface LineChartOptions {
  readonly title: string;
  readonly xLabel: string;
  /** Of its heading. Default 3. */
  readonly level?: 3 | 5;
  /** In words, after the title of the axis. */
  readonly note?: Content;
  /** Where x counts: no tick between two numbers. */
  readonly whole?: boolean;
  readonly mayBeLog?: boolean;
  /** A value in a table or a hint. */
  readonly format?: (value: number) => string;
  /** After each number of the vertical axis. */
  readonly unit?: string;
  /** What the kinds of line mean; default: each line by its name. */
  readonly legend?: readonly { readonly name: string; readonly color: number; readonly dash: number }[];
}

const HEIGHT = 220;
/** The inner picture is so many units wide, whatever its width on the page. */
const WIDTH = 1000;
const LETTER_GAP = 15;

/** A chart with its legend and its table; nothing but a sentence where there is no finite value. */
export function lineChart(lines: readonly Line[], options: LineChartOptions): Html {
  const { title, xLabel, note, whole = false, mayBeLog = false, format = formatNumber, unit = '' } = options;
  const points = lines.flatMap(line => line.points);
  const x = scaleFor(
    points.map(([x]) => x),
    { most: 6, whole },
  );
  const y = scaleFor(
    points.map(([, y]) => y),
    { most: 7, mayBeLog, margin: 0.05 },
  );
  const level = options.level === 5 ? 'h5' : 'h3';
  const scaleNote = y?.log ? html` <small>logarithmic</small>` : '';
  const heading = html`<${trusted(level)}>${title}${scaleNote}</${trusted(level)}>`;
  if (x === null || y === null)
    return html`<figure class="chart"><figcaption>${heading}</figcaption><p>There are no finite values to draw.</p></figure>`;
  const legend = options.legend ?? lines.map(({ name, color, dash }) => ({ name, color, dash }));
  return html`<figure class="chart">
<figcaption>${heading}${note === undefined ? '' : html`<p>${note}</p>`}</figcaption>
${legend.length < 2 ? '' : html`<ul class="legend">${legend.map(one => html`<li>${lineSample(one.color, one.dash)}${one.name}</li>`)}</ul>`}
<div class="plot"><svg role="img" aria-label="${describe(title, xLabel, lines, format)}" width="100%" height="${HEIGHT}" data-x0="${x.min}" data-x1="${x.max}">
${frame(x, y, HEIGHT, unit)}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" width="100%" height="${HEIGHT}">${lines.map(line => html`<path class="line ${kindOf(line)} dash-${line.dash}" d="${pathOf(line, x, y)}"/>`)}</svg>
${lines.map(line => marksOf(line, x, y))}
${letters(lines, x, y)}
</svg><p class="x-label">${xLabel}</p></div>
${valuesTable(title, xLabel, lines, format)}
</figure>`;
}

/** Coloured as it is to be, and hidden with its run. */
function kindOf({ run, color }: Line): string {
  return `${colorClass(color)} run-${run}`;
}

/** A line through its finite points; what is not finite breaks it. */
function pathOf({ points }: Line, x: Scale, y: Scale): string {
  let pen = 'M';
  const parts: string[] = [];
  for (const [px, py] of points) {
    if (!Number.isFinite(y.place(py))) {
      pen = 'M';
      continue;
    }
    parts.push(`${pen}${+(WIDTH * x.place(px)).toFixed(1)} ${heightAt(y, py, HEIGHT)}`);
    pen = 'L';
  }
  return parts.join('');
}

/** Dots where they can be told apart, and the ring. */
function marksOf(line: Line, x: Scale, y: Scale): Content {
  const drawn = line.points.filter(([, py]) => Number.isFinite(y.place(py)));
  const kind = kindOf(line);
  const dots = drawn.length > 40 ? [] : drawn;
  const ring = drawn.find(([px]) => px === line.ringed);
  return [
    ...dots.map(([px, py]) => html`<circle class="dot ${kind}" cx="${percentAt(x, px)}" cy="${heightAt(y, py, HEIGHT)}" r="2.5"/>`),
    ring !== undefined && html`<circle class="ring ${kind}" cx="${percentAt(x, ring[0])}" cy="${heightAt(y, ring[1], HEIGHT)}" r="6"/>`,
  ];
}

/** Letters beside the plot, at the height of each line's end, joined to it by a fine line. */
function letters(lines: readonly Line[], x: Scale, y: Scale): Content {
  const ends = lines.flatMap(line => {
    const end = line.lettered ? line.points.findLast(([, py]) => Number.isFinite(y.place(py))) : undefined;
    return end === undefined ? [] : [{ line, at: end[0], height: heightAt(y, end[1], HEIGHT) }];
  });
  const places = spreadLabels(
    ends.map(end => end.height),
    LETTER_GAP,
    4,
    HEIGHT - 4,
  );
  return ends.map(({ line, at, height }, i) => {
    const place = +places[i].toFixed(1);
    return html`<g class="${kindOf(line)}"><line class="leader" x1="${percentAt(x, at)}" x2="100%" y1="${height}" y2="${place}"/><text class="letter" x="100%" dx="7" y="${place}" dy="0.35em">${letterOf(line.run)}</text></g>`;
  });
}

/** What a reader hears in place of the picture. */
function describe(title: string, xLabel: string, lines: readonly Line[], format: (value: number) => string): string {
  const told = lines.map(({ name, points }) => {
    const finite = points.filter(([, y]) => Number.isFinite(y));
    if (finite.length === 0) return `${name}: no finite value`;
    const [first, last] = [finite[0], finite[finite.length - 1]];
    return finite.length === 1
      ? `${name}: ${format(first[1])} at ${xLabel} ${first[0]}`
      : `${name}: from ${format(first[1])} at ${xLabel} ${first[0]} to ${format(last[1])} at ${xLabel} ${last[0]}`;
  });
  return `${title} by ${xLabel}. ${told.join('; ')}. The table below has every value.`;
}

function valuesTable(title: string, xLabel: string, lines: readonly Line[], format: (value: number) => string): Html {
  const byX = new Map<number, (number | undefined)[]>();
  for (const [i, line] of lines.entries()) {
    for (const [x, y] of line.points) {
      const row = byX.get(x) ?? new Array<number | undefined>(lines.length).fill(undefined);
      row[i] = y;
      byX.set(x, row);
    }
  }
  const rows = [...byX].sort(([a], [b]) => a - b);
  return dataTable({
    summary: `${title}: table`,
    head: [xLabel, ...lines.map(line => line.name)],
    rows: rows.map(([x, values]) => ({ x, cells: [formatNumber(x), ...values.map(value => (value === undefined ? '' : format(value)))] })),
  });
}
