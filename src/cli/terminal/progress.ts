import cliProgress from 'cli-progress';
import { formatDuration, formatNumber, formatPercent, formatRate } from '../../figures/format.ts';
import type { Capabilities, OutputStream } from './capabilities.ts';
import { displayWidth, printable, styled, truncate } from './text.ts';

/** How far an epoch has come. Times are in seconds and are given by who measures them. */
export interface EpochProgress {
  /** Counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Samples done in this epoch, of how many. */
  readonly samples: number;
  readonly totalSamples: number;
  /** Means over the epoch so far, by name: `loss`, `accuracy`, ... in the order in which they are shown. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Seconds since the epoch began. */
  readonly elapsed: number;
}

/** An epoch that is over: validation figures and all. */
export interface EpochSummary {
  readonly epoch: number;
  readonly epochs: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** Samples trained on. */
  readonly samples: number;
  /** Seconds spent on training, and on all of the epoch where that is more (validation). */
  readonly elapsed: number;
  readonly totalElapsed?: number;
  /** A short remark at the end: `best so far`. */
  readonly note?: string;
}

/** Shows progress until it is stopped. `stop` must be called, also after an error: a bar keeps a timer. */
export interface ProgressDisplay {
  /** The epoch has come so far; drawn now, later or never, as often as is good for a reader. */
  update(progress: EpochProgress): void;
  /** The epoch is over: its line stays. */
  endEpoch(summary: EpochSummary): void;
  /** A line of its own, over the bar. */
  message(text: string): void;
  /** Takes the bar away. Nothing is left to repair in the terminal. */
  stop(): void;
}

export interface ProgressOptions {
  /** Without a terminal, seconds between two lines inside an epoch. */
  readonly secondsBetweenLines?: number;
}

/** A bar that is redrawn on a terminal, lines elsewhere. */
export function progressDisplay(stream: OutputStream, capabilities: Capabilities, options: ProgressOptions = {}): ProgressDisplay {
  return capabilities.isTerminal ? barDisplay(stream, capabilities) : lineDisplay(stream, capabilities, options.secondsBetweenLines ?? 5);
}

/** Without room for this much of it, there is no bar. */
const NARROWEST_BAR = 8;

/** Samples a second so far, NaN before anything is known. */
export function samplesPerSecond(progress: EpochProgress): number {
  return progress.elapsed > 0 && progress.samples > 0 ? progress.samples / progress.elapsed : Number.NaN;
}

/** Seconds until the last epoch ends at the speed so far, validation not counted. */
export function secondsLeft(progress: EpochProgress): number {
  const samplesLeft = progress.totalSamples - progress.samples + (progress.epochs - progress.epoch) * progress.totalSamples;
  return samplesLeft / samplesPerSecond(progress);
}

/**
 * The line of a running epoch: `epoch 3/10 ━━━━━━─── 64 %  loss 0.1234  accuracy 96.12 %  12.3k samples/s  1m 05s left`. Where the width does not suffice, the
 * percentage goes first (the bar says it), then names are shortened, then the speed goes, the time left, the metrics from the last, and at last the bar.
 */
export function progressLine(progress: EpochProgress, capabilities: Capabilities): string {
  const fraction = progress.totalSamples > 0 ? Math.min(1, progress.samples / progress.totalSamples) : 1;
  const head = epochName(progress);
  const percent = `${String(Math.floor(fraction * 100)).padStart(3)} %`;
  const rate = samplesPerSecond(progress);
  const speed = Number.isNaN(rate) ? [] : [formatRate(rate)];
  const left = Number.isNaN(rate) ? [] : [`${formatDuration(secondsLeft(progress))} left`];
  const metrics = metricTexts(progress.metrics, false, capabilities);
  const short = metricTexts(progress.metrics, true, capabilities);
  const candidates = [
    [percent, ...metrics, ...speed, ...left],
    [...metrics, ...speed, ...left],
    [...short, ...speed, ...left],
    [...short, ...left],
    ...short.map((_, i) => short.slice(0, short.length - i)),
  ];
  // One column stays free: a full line makes some terminals wrap.
  const room = capabilities.width - 1;
  for (const parts of candidates) {
    const rest = parts.join('  ');
    const barRoom = Math.min(30, room - displayWidth(head) - displayWidth(rest) - 2);
    if (barRoom >= NARROWEST_BAR) return `${head} ${drawBar(fraction, barRoom, capabilities)} ${rest}`;
  }
  return truncate([head, percent, ...short].join('  '), room, capabilities);
}

/** A bar of exactly `width` columns. */
export function drawBar(fraction: number, width: number, capabilities: Capabilities): string {
  const inner = capabilities.unicode ? width : width - 2;
  const filled = Math.min(inner, Math.floor(fraction * inner));
  if (capabilities.unicode) {
    return styled('━'.repeat(filled), 'green', capabilities) + styled('─'.repeat(inner - filled), 'dim', capabilities);
  }
  return `[${styled('#'.repeat(filled), 'green', capabilities)}${'-'.repeat(inner - filled)}]`;
}

/**
 * The line of an epoch that is over: `epoch 3/10  loss 0.1234  accuracy 96.12 %  val_loss 0.1402  12.3k samples/s  5.3s`. On a terminal it is shortened where
 * that makes it fit; figures are never left out, and elsewhere a log keeps all of it.
 */
export function epochLine(summary: EpochSummary, capabilities: Capabilities): string {
  const head = epochName(summary);
  const metrics = (short: boolean): string[] => metricTexts(summary.metrics, short, capabilities);
  const rate = summary.elapsed > 0 ? [formatRate(summary.samples / summary.elapsed)] : [];
  const tail = [formatDuration(summary.totalElapsed ?? summary.elapsed), ...(summary.note ? [printable(summary.note, capabilities)] : [])];
  const full = [head, ...metrics(false), ...rate, ...tail].join('  ');
  if (!capabilities.isTerminal) return full;
  const candidates = [full, [head, ...metrics(false), ...tail].join('  '), [head, ...metrics(true), ...tail].join('  ')];
  return candidates.find(line => displayWidth(line) < capabilities.width) ?? full;
}

function epochName({ epoch, epochs }: { readonly epoch: number; readonly epochs: number }): string {
  return `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;
}

/** Each metric's name and value; accuracies in percent, and `acc 96.1 %` in short. */
function metricTexts(metrics: Readonly<Record<string, number>>, short: boolean, capabilities: Capabilities): string[] {
  return Object.entries(metrics).map(([name, value]) => {
    const shown = printable(short ? name.replace(/accuracy$/, 'acc') : name, capabilities);
    return `${shown} ${name.endsWith('accuracy') ? formatPercent(value, short ? 1 : 2) : formatNumber(value)}`;
  });
}

/** A bar, drawn by cli-progress over itself and replaced by a line when its epoch ends. */
function barDisplay(stream: OutputStream, capabilities: Capabilities): ProgressDisplay {
  let latest: EpochProgress | undefined;
  let bar: cliProgress.SingleBar | undefined;
  // The terminal may be made wider or narrower while the bar stands.
  const current = (): Capabilities => ({ ...capabilities, width: stream.columns ?? capabilities.width });
  const start = (total: number): cliProgress.SingleBar => {
    const started = new cliProgress.SingleBar({
      stream: barStream(stream),
      format: () => (latest ? progressLine(latest, current()) : ''),
      clearOnComplete: true,
      // The cursor is never hidden, wrapping never switched off and no signal taken: whatever ends the program, the terminal is as it was.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
      fps: 10,
    });
    started.start(total, 0);
    return started;
  };
  const clear = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    update(progress) {
      latest = progress;
      bar ??= start(progress.totalSamples);
      bar.update(progress.samples);
    },
    endEpoch(summary) {
      clear();
      stream.write(`${epochLine(summary, capabilities)}\n`);
    },
    message(text) {
      clear();
      stream.write(`${text}\n`);
    },
    stop: clear,
  };
}

/** The stream as cli-progress needs it: a terminal without an end, since the line already fits and must not be cut inside an escape sequence. */
function barStream(stream: OutputStream): NodeJS.WritableStream {
  const endless = { isTTY: true, columns: 10_000, write: (text: string) => stream.write(text) };
  return endless as unknown as NodeJS.WritableStream;
}

/** One line an epoch, and inside a long epoch one every few seconds. */
function lineDisplay(stream: OutputStream, capabilities: Capabilities, secondsBetweenLines: number): ProgressDisplay {
  let epoch = Number.NaN;
  let lastLine = 0;
  return {
    update(progress) {
      if (progress.epoch !== epoch) lastLine = 0;
      epoch = progress.epoch;
      // The end of the epoch has a line of its own.
      if (progress.elapsed - lastLine < secondsBetweenLines || progress.samples >= progress.totalSamples) return;
      lastLine = progress.elapsed;
      stream.write(`${logLine(progress, capabilities)}\n`);
    },
    endEpoch(summary) {
      stream.write(`${epochLine(summary, capabilities)}\n`);
    },
    message(text) {
      stream.write(`${text}\n`);
    },
    stop() {},
  };
}

/** As `progressLine`, without a bar and of any length. */
function logLine(progress: EpochProgress, capabilities: Capabilities): string {
  const percent = progress.totalSamples > 0 ? Math.floor((100 * progress.samples) / progress.totalSamples) : 100;
  return [
    epochName(progress),
    `${String(percent).padStart(2)} %`,
    ...metricTexts(progress.metrics, false, capabilities),
    formatRate(samplesPerSecond(progress)),
    `${formatDuration(secondsLeft(progress))} left`,
  ].join('  ');
}
