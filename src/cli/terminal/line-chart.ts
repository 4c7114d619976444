import { formatNumber } from '../../figures/format.ts';
import { linearTicks, logTicks, type Tick } from '../../figures/ticks.ts';
import { Canvas } from './canvas.ts';
import type { Capabilities } from './capabilities.ts';
import { displayWidth, padCenter, padStart, printable, type Style, styled, truncate, wrap } from './text.ts';

/** One named curve. Values that are NaN or infinite are gaps in it. */
export interface Series {
  readonly name: string;
  readonly y: ArrayLike<number>;
  /** Where each value stands; by default 1, 2, 3, ... as epochs are counted. */
  readonly x?: ArrayLike<number>;
}

export interface LineChartOptions {
  readonly title?: string;
  readonly xLabel?: string;
  readonly yLabel?: string;
  /** Rows of the plot itself, without title, axis and legend. */
  readonly height?: number;
  /** Columns of everything; by default the terminal's, and 100 at most. */
  readonly width?: number;
  /** Logarithmic axes; values that are not above zero are gaps there. */
  readonly logY?: boolean;
  readonly logX?: boolean;
}

/** A series is known by its mark first; its colour only helps. */
const MARKS = { unicode: [...'●▲■◆○△□◇★☆'], ascii: [...'*+ox#@%&$='] } as const;
const COLORS: readonly Style[] = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'];

/** One direction of the plane: which values it shows, and where. */
interface Axis {
  readonly min: number;
  readonly max: number;
  readonly log: boolean;
  readonly whole: boolean;
}

/**
 * Draws curves: losses over epochs, a learning-rate schedule, a race of optimizers. In Unicode the lines are braille dots with a mark per series on them;
 * in ASCII each line is made of its series' mark. Where several series meet, their marks take turns.
 *
 * @returns lines, joined by line breaks, without one at the end; none is wider than the terminal
 */
export function lineChart(series: readonly Series[], options: LineChartOptions, capabilities: Capabilities): string {
  const width = Math.min(capabilities.width, options.width ?? 100);
  const lines: string[] = [];
  const heading = (text: string, style: Style): string =>
    styled(truncate(printable(text, capabilities), width, capabilities), style, capabilities);
  if (options.title) lines.push(heading(options.title, 'bold'));
  const xAxis = axisOf(series.map(xs), series.map(drawable(options)), options.logX === true, false);
  const yAxis = axisOf(
    series.map(s => Array.from(s.y)),
    series.map(drawable(options)),
    options.logY === true,
    true,
  );
  if (xAxis === undefined || yAxis === undefined) {
    lines.push(...wrap('nothing to draw: no finite value', width, capabilities));
  } else {
    if (options.yLabel) lines.push(heading(options.yLabel + (yAxis.log ? ' (log scale)' : ''), 'dim'));
    lines.push(...plot(series, xAxis, yAxis, width, options, capabilities));
  }
  lines.push(...legend(series, width, capabilities), ...gapNotes(series, options, width, capabilities));
  return lines.join('\n');
}

function xs(series: Series): number[] {
  return Array.from(series.y, (_, i) => (series.x ? series.x[i] : i + 1));
}

/** Whether a point of a series can be drawn on the axes asked for. */
function drawable(options: LineChartOptions): (series: Series) => boolean[] {
  const fits = (value: number, log: boolean | undefined): boolean => Number.isFinite(value) && (!log || value > 0);
  return series => xs(series).map((x, i) => fits(x, options.logX) && fits(series.y[i], options.logY));
}

/** The range of all values that can be drawn; undefined where there is none. */
function axisOf(values: readonly number[][], shown: readonly boolean[][], log: boolean, fromZero: boolean): Axis | undefined {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let whole = true;
  for (const [s, row] of values.entries()) {
    for (const [i, value] of row.entries()) {
      if (!shown[s][i]) continue;
      min = Math.min(min, value);
      max = Math.max(max, value);
      whole &&= Number.isInteger(value);
    }
  }
  if (min > max) return undefined;
  // A loss that falls near zero is read against zero.
  if (fromZero && !log && min > 0 && min < max / 4) min = 0;
  // A single value, or values that differ by rounding only, stand in the middle of a range of their own.
  if (max - min <= 1e-9 * Math.max(Math.abs(min), Math.abs(max)) || max === min) {
    const room = fromZero ? Math.abs(min) / 10 || 1 : 0.5;
    [min, max] = log ? [Math.max(min / 2, Number.MIN_VALUE), Math.min(max * 2, Number.MAX_VALUE)] : [min - room, max + room];
  }
  return { min, max, log, whole };
}

/** Where a value stands on an axis of `dots` dots: 0 to dots - 1. */
function position(value: number, axis: Axis, dots: number): number {
  const at = (v: number): number => (axis.log ? Math.log10(v) : v);
  // Halved before subtracting, so that the range of the largest floats does not overflow.
  const part = (at(value) / 2 - at(axis.min) / 2) / (at(axis.max) / 2 - at(axis.min) / 2);
  return Math.min(dots - 1, Math.max(0, Math.round(part * (dots - 1))));
}

function plot(
  series: readonly Series[],
  xAxis: Axis,
  yAxis: Axis,
  width: number,
  options: LineChartOptions,
  capabilities: Capabilities,
): string[] {
  const height = Math.max(2, options.height ?? 12);
  const mostY = Math.max(2, Math.floor(height / 2));
  const yTicks = yAxis.log ? logTicks(yAxis.min, yAxis.max, mostY) : linearTicks(yAxis.min, yAxis.max, mostY);
  const gutter = Math.max(...yTicks.map(tick => displayWidth(tick.label)), 1) + 2;
  const canvas = new Canvas(Math.max(4, width - gutter), height, capabilities.unicode);
  for (const [index, one] of series.entries()) drawSeries(canvas, one, index, series.length, xAxis, yAxis, options);

  const rowLabels = new Map<number, string>();
  for (const tick of yTicks) rowLabels.set(canvas.rowOf(canvas.height - 1 - position(tick.value, yAxis, canvas.height)), tick.label);
  const [bar, tee] = capabilities.unicode ? ['│', '┤'] : ['|', '+'];
  const lines: string[] = [];
  const turns = { count: 0 };
  for (let row = 0; row < height; row++) {
    const label = rowLabels.get(row);
    const axis = styled(`${padStart(label ?? '', gutter - 1)}${label === undefined ? bar : tee}`, 'dim', capabilities);
    lines.push((axis + canvasRow(canvas, row, turns, capabilities)).trimEnd());
  }
  lines.push(...xAxisLines(canvas, xAxis, gutter, options.xLabel, capabilities));
  return lines;
}

function drawSeries(
  canvas: Canvas,
  series: Series,
  index: number,
  count: number,
  xAxis: Axis,
  yAxis: Axis,
  options: LineChartOptions,
): void {
  const x = xs(series);
  const shown = drawable(options)(series);
  const points = x.length;
  const dotX = (i: number): number => position(x[i], xAxis, canvas.width);
  const dotY = (i: number): number => canvas.height - 1 - position(series.y[i], yAxis, canvas.height);
  // Few points: a mark on each. Many: a mark now and then, those of different series at different places.
  const sparse = points * 4 <= canvas.columns;
  const spacing = Math.max(8, Math.floor(canvas.columns / 6));
  let nextMark = Math.floor(((index + 0.5) * spacing) / count);
  for (let i = 0; i < points; i++) {
    if (!shown[i]) continue;
    const before = i > 0 && shown[i - 1];
    const after = i + 1 < points && shown[i + 1];
    if (before) canvas.line(dotX(i - 1), dotY(i - 1), dotX(i), dotY(i), index);
    const due = canvas.columnOf(dotX(i)) >= nextMark;
    if (sparse || (due && count > 1) || (!before && !after)) {
      canvas.mark(dotX(i), dotY(i), index);
      while (canvas.columnOf(dotX(i)) >= nextMark) nextMark += spacing;
    }
  }
}

/** One row of characters; `turns` counts the characters that several series claim, so that each is seen. */
function canvasRow(canvas: Canvas, row: number, turns: { count: number }, capabilities: Capabilities): string {
  const take = (claims: readonly number[]): number => (claims.length === 1 ? claims[0] : claims[turns.count++ % claims.length]);
  let text = '';
  let run = '';
  let runColor: Style | undefined;
  const flush = (): void => {
    text += runColor === undefined ? run : styled(run, runColor, capabilities);
    run = '';
  };
  for (let column = 0; column < canvas.columns; column++) {
    const marks = canvas.marksAt(column, row);
    const claims = marks.length > 0 ? marks : canvas.linesAt(column, row);
    const series = claims.length > 0 ? take(claims) : undefined;
    const color = series === undefined ? undefined : colorOf(series);
    if (color !== runColor) flush();
    runColor = color;
    if (series === undefined) run += ' ';
    else run += marks.length > 0 || !capabilities.unicode ? markOf(series, capabilities) : canvas.braille(column, row);
  }
  if (run.trim() !== '') flush();
  return text;
}

function xAxisLines(canvas: Canvas, axis: Axis, gutter: number, label: string | undefined, capabilities: Capabilities): string[] {
  const most = Math.max(2, Math.floor(canvas.columns / 9));
  const ticks: Tick[] = axis.log ? logTicks(axis.min, axis.max, most) : linearTicks(axis.min, axis.max, most, axis.whole);
  const [corner, dash, tee] = capabilities.unicode ? ['└', '─', '┬'] : ['+', '-', '+'];
  const rule = Array.from({ length: canvas.columns }, () => dash);
  let labels = '';
  for (const tick of ticks) {
    const column = canvas.columnOf(position(tick.value, axis, canvas.width));
    const width = displayWidth(tick.label);
    // In the middle under its tick, but never past the right edge.
    const start = Math.min(gutter + column - Math.floor((width - 1) / 2), gutter + canvas.columns - width);
    if (start <= labels.length && labels !== '') continue;
    rule[column] = tee;
    labels = labels.padEnd(start) + tick.label;
  }
  const lines = [styled(padStart(corner, gutter) + rule.join(''), 'dim', capabilities), styled(labels, 'dim', capabilities)];
  if (label) {
    const text = printable(label, capabilities) + (axis.log ? ' (log scale)' : '');
    const centred = padCenter(truncate(text, canvas.columns, capabilities), canvas.columns).trimEnd();
    lines.push(styled(' '.repeat(gutter) + centred, 'dim', capabilities));
  }
  return lines;
}

/** Each series' mark, name and last value. */
function legend(series: readonly Series[], width: number, capabilities: Capabilities): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [index, one] of series.entries()) {
    const last = Array.from(one.y).findLast(Number.isFinite);
    const value = last === undefined ? '' : ` ${formatNumber(last)}`;
    const name = truncate(printable(one.name, capabilities), Math.max(4, width - 5 - value.length), capabilities);
    const entry = `${styled(markOf(index, capabilities), colorOf(index), capabilities)} ${name}${value}`;
    const joined = line === '' ? `  ${entry}` : `${line}   ${entry}`;
    if (line !== '' && displayWidth(joined) > width) {
      lines.push(line);
      line = `  ${entry}`;
    } else {
      line = joined;
    }
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** What could not be drawn, and why: a NaN is never passed over in silence. */
function gapNotes(series: readonly Series[], options: LineChartOptions, width: number, capabilities: Capabilities): string[] {
  const notes: string[] = [];
  for (const one of series) {
    const values = Array.from(one.y);
    const infinite = values.filter(value => !Number.isFinite(value)).length;
    const negative = options.logY ? values.filter(value => Number.isFinite(value) && value <= 0).length : 0;
    const name = printable(one.name, capabilities);
    if (infinite > 0) notes.push(`  ${name}: ${infinite} of ${values.length} values NaN or infinite, left out`);
    if (negative > 0) notes.push(`  ${name}: ${negative} of ${values.length} values not above zero, left out on a log scale`);
  }
  return notes.flatMap(note => wrap(note.trimStart(), width - 2, capabilities).map(text => `  ${text}`));
}

function markOf(series: number, capabilities: Capabilities): string {
  const marks = capabilities.unicode ? MARKS.unicode : MARKS.ascii;
  // Past the marks come the capital letters, none of which is a mark.
  return series < marks.length ? marks[series] : String.fromCharCode(65 + ((series - marks.length) % 26));
}

function colorOf(series: number): Style {
  return COLORS[series % COLORS.length];
}
