/** A training as a screen that is drawn anew in place: curves, layers, warnings, speed. */
import { formatDuration, formatNumber, formatPercent, formatRate } from '../../figures/format.ts';
import type { BatchEnd, EpochEnd, LayerStatistics, TrainEvent, Warning } from '../../train/events.ts';
import type { Capabilities } from './capabilities.ts';
import { lineChart, type Series } from './line-chart.ts';
import { drawBar } from './progress.ts';
import { table } from './table.ts';
import { displayWidth, printable, styled, truncate, wrap } from './text.ts';

/** What has been told so far, as much of it as a screen can show. */
export class DashboardState {
  readonly heading: string[] = [];
  epochs = 0;
  startEpoch = 0;
  batch: BatchEnd | null = null;
  epoch: EpochEnd | null = null;
  layers: readonly LayerStatistics[] = [];
  readonly warnings: Warning[] = [];
  /** Smoothed figures of batches, over epochs; and those of whole epochs. */
  readonly batches: Record<string, Curve> = {};
  readonly measured: Record<string, Curve> = {};
  /** Seconds of the epochs that are over. */
  private readonly durations: number[] = [];

  add(event: TrainEvent): void {
    switch (event.type) {
      case 'trainBegin':
        this.epochs = event.epochs;
        this.startEpoch = event.startEpoch;
        break;
      case 'batchEnd':
        this.batch = event;
        curveOf(this.batches, 'loss').smooth(event.epoch - 1 + event.step / event.stepsPerEpoch, event.loss);
        break;
      case 'epochEnd':
        this.epoch = event;
        this.durations.push(event.elapsed + event.validationElapsed);
        for (const [name, value] of Object.entries(event.logs)) curveOf(this.measured, name).push(event.epoch, value);
        break;
      case 'statistics':
        this.layers = event.layers;
        break;
      case 'warning':
        this.warnings.push(event);
        break;
    }
  }

  /** Seconds until the last epoch is done, as things go; NaN before anything is known. */
  get secondsLeft(): number {
    if (this.batch === null) return Number.NaN;
    const { epoch, samples, totalSamples, elapsed } = this.batch;
    const whole =
      this.durations.length > 0 ? this.durations.reduce((a, b) => a + b) / this.durations.length : (elapsed * totalSamples) / samples;
    const isOver = this.epoch !== null && this.epoch.epoch >= epoch;
    return whole * (this.epochs - epoch + (isOver ? 0 : 1 - samples / totalSamples));
  }
}

/** Points of a curve, thinned where they become too many to draw. */
class Curve {
  x: number[] = [];
  y: number[] = [];
  private average = Number.NaN;
  private every = 1;
  private count = 0;

  push(x: number, y: number): void {
    if (this.count++ % this.every !== 0) return;
    this.x.push(x);
    this.y.push(y);
    if (this.x.length < 1000) return;
    this.x = this.x.filter((_, i) => i % 2 === 0);
    this.y = this.y.filter((_, i) => i % 2 === 0);
    this.every *= 2;
  }

  /** An exponential average of about ten values. */
  smooth(x: number, y: number): void {
    this.average = Number.isNaN(this.average) ? y : 0.9 * this.average + 0.1 * y;
    this.push(x, this.average);
  }
}

function curveOf(curves: Record<string, Curve>, name: string): Curve {
  curves[name] ??= new Curve();
  return curves[name];
}

/** From so many columns on two charts stand side by side. */
const TWO_CHARTS = 100;
/** The lowest chart that is worth its room. */
const LOWEST_CHART = 4;

/** The screen, at most `height` lines of at most the terminal's width. */
export function drawDashboard(state: DashboardState, height: number, capabilities: Capabilities): string[] {
  const { width } = capabilities;
  const fit = (line: string): string => truncate(line, width, capabilities);
  const top = [
    ...state.heading.map(line => styled(fit(printable(line, capabilities)), 'bold', capabilities)),
    ...progressLines(state, capabilities),
  ];
  const foot = [styled(fit('Ctrl-C stops after this step and saves'), 'dim', capabilities)];
  const warnings = warningLines(state.warnings, height, capabilities);
  const layers = layerLines(state.layers, Math.max(0, Math.floor((height - top.length - warnings.length - 1) * 0.45)), capabilities);
  const room = height - top.length - warnings.length - layers.length - foot.length;
  const middle = chartLines(state, room, capabilities);
  return [...top, ...middle, ...layers, ...warnings, ...foot].slice(0, height);
}

function progressLines(state: DashboardState, capabilities: Capabilities): string[] {
  const { batch, epoch, epochs } = state;
  if (batch === null) return [truncate('The first batch is under way.', capabilities.width, capabilities)];
  const fraction = batch.samples / batch.totalSamples;
  const head = `epoch ${String(batch.epoch).padStart(String(epochs).length)}/${epochs}`;
  const rate = batch.elapsed > 0 ? formatRate(batch.samples / batch.elapsed) : '';
  const left = Number.isFinite(state.secondsLeft) ? `${formatDuration(state.secondsLeft)} left` : '';
  const rest = [`${String(Math.floor(100 * fraction)).padStart(3)} %`, rate, left, `lr ${formatNumber(batch.lr)}`]
    .filter(Boolean)
    .join('  ');
  const room = capabilities.width - displayWidth(head) - displayWidth(rest) - 2;
  const bar = room >= 8 ? ` ${drawBar(fraction, Math.min(40, room), capabilities)} ` : '  ';
  const figure = ([name, value]: [string, number]): string =>
    `${name} ${name.endsWith('accuracy') ? formatPercent(value, 2) : formatNumber(value)}`;
  const validated = Object.entries(epoch?.logs ?? {}).filter(([name]) => name.startsWith('val_'));
  const figures = [...Object.entries(batch.logs), ...validated].map(figure).join('  ');
  return [`${head}${bar}${rest}`, figures].map(line => truncate(line, capabilities.width, capabilities));
}

function chartLines(state: DashboardState, room: number, capabilities: Capabilities): string[] {
  const series = (name: string): Series[] => {
    const train = name === 'loss' ? state.batches.loss : state.measured[name];
    const validation = state.measured[`val_${name}`];
    return [
      ...(train === undefined ? [] : [{ name: 'training', x: train.x, y: train.y }]),
      ...(validation === undefined ? [] : [{ name: 'validation', x: validation.x, y: validation.y }]),
    ];
  };
  const draw = (name: string, width: number): string[] => {
    const own = series(name);
    if (own.length === 0) return [];
    const options = { title: name, xLabel: 'epoch', width };
    const drawn = (height: number): string[] => lineChart(own, { ...options, height }, capabilities).split('\n');
    const around = drawn(LOWEST_CHART).length - LOWEST_CHART;
    return room - around < LOWEST_CHART ? [] : drawn(room - around).slice(0, room);
  };
  const { width } = capabilities;
  if (width < TWO_CHARTS || state.measured.accuracy === undefined) return draw('loss', width);
  const half = Math.floor((width - 2) / 2);
  const [left, right] = [draw('loss', half), draw('accuracy', half)];
  return left.map((line, i) => `${line}${' '.repeat(Math.max(0, half - displayWidth(line)) + 2)}${right[i] ?? ''}`);
}

const COLUMNS = ['layer', 'kind', 'weights', 'gradient', 'mean', 'std', 'zeros', 'update'].map(header => ({
  header,
  align: header === 'layer' || header === 'kind' ? ('left' as const) : ('right' as const),
}));

/** Deviation of weights and gradients, mean, deviation and zeros of what comes out, and by how much of their size a step changed the weights. */
function layerLines(all: readonly LayerStatistics[], room: number, capabilities: Capabilities): string[] {
  const layers = all.filter(({ kind }) => !['Flatten', 'Identity', 'Dropout'].includes(kind));
  if (layers.length === 0 || room < 4) return [];
  const number = (value: number | undefined): string => (value === undefined ? '' : formatNumber(value));
  const rows = layers.map(({ name, kind, weight, gradient, activation, updateRatio }) => [
    name,
    kind,
    number(weight?.std),
    number(gradient?.std),
    number(activation?.mean),
    number(activation?.std),
    activation === undefined ? '' : formatPercent(activation.zeros, 0),
    number(updateRatio),
  ]);
  const lines = table(COLUMNS, rows, capabilities).split('\n');
  return lines.length <= room ? lines : [...lines.slice(0, room - 1), `... and ${lines.length - room + 1} layers more`];
}

/** The latest warnings, each with its advice, as far as there is room. */
function warningLines(warnings: readonly Warning[], height: number, capabilities: Capabilities): string[] {
  const room = Math.max(2, Math.floor(height / 5));
  const lines = warnings.flatMap(({ message, advice }) =>
    wrap(printable(`Warning: ${message}${advice === undefined ? '' : `. ${advice}`}`, capabilities), capabilities.width, capabilities),
  );
  const shown = lines.length <= room ? lines : lines.slice(-room);
  return shown.map(line => styled(line, 'yellow', capabilities));
}
