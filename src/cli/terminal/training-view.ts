import { formatNumber } from '../../figures/format.ts';
import type { BatchEnd, Profile, TrainBegin, TrainEvent, Warning } from '../../train/events.ts';
import type { Output } from '../output.ts';
import type { Capabilities } from './capabilities.ts';
import { progressDisplay } from './progress.ts';
import { printable, styled, wrap } from './text.ts';

/** Shows the events of a training run as they come. */
export interface TrainingView {
  event(event: TrainEvent): void;
  /** A line between the others. */
  message(text: string): void;
  /** Must be called at the end, also after an error: what is being redrawn is taken away. */
  close(): void;
}

/** A view for nobody: the figures come at the end. Warnings are shown all the same. */
export function quietView(output: Output): TrainingView {
  return {
    event: event => {
      if (event.type === 'warning') output.line(printable(warningText(event), output.capabilities));
    },
    message: text => output.line(text),
    close() {},
  };
}

/** One JSON object a line; words go to another stream. */
export function jsonView(output: Output, words: Output): TrainingView {
  return {
    event: event => {
      if (isKept(event)) output.line(JSON.stringify(event));
    },
    message: text => words.line(text),
    close() {},
  };
}

/** So many lines about batches are kept of an epoch, at most: enough for a curve. */
const BATCHES_KEPT = 100;

/** Whether an event goes into JSON lines and metrics.jsonl: all but some batches of a long epoch. Which ones depends on counts alone. */
export function isKept(event: TrainEvent): boolean {
  if (event.type !== 'batchEnd') return true;
  const every = Math.ceil(event.stepsPerEpoch / BATCHES_KEPT);
  return event.step % every === 0 || event.step === event.stepsPerEpoch;
}

/** Says in a line or two what is going to be trained. */
export type Introduction = (event: TrainBegin) => readonly string[];

/** A progress bar on a terminal, plain lines elsewhere. */
export function progressView(output: Output, introduce: Introduction): TrainingView {
  const { capabilities } = output;
  const display = progressDisplay(output.stream, capabilities);
  let epochs = 0;
  let best = Number.POSITIVE_INFINITY;
  const show = (batch: BatchEnd): void => {
    const { epoch, samples, totalSamples, logs, elapsed } = batch;
    display.update({ epoch, epochs, samples, totalSamples, metrics: logs, elapsed });
  };
  return {
    event(event) {
      switch (event.type) {
        case 'trainBegin':
          epochs = event.epochs;
          for (const line of introduce(event)) output.line(line);
          break;
        case 'batchEnd':
          show(event);
          break;
        case 'epochEnd': {
          const { epoch, logs, samples, elapsed, validationElapsed } = event;
          const watched = logs.val_loss;
          const isBest = watched < best;
          if (isBest) best = watched;
          const note = isBest && epochs > 1 ? { note: 'best so far' } : {};
          display.endEpoch({ epoch, epochs, metrics: logs, samples, elapsed, totalElapsed: elapsed + validationElapsed, ...note });
          break;
        }
        case 'warning':
          for (const line of wrapped(printable(warningText(event), capabilities), capabilities))
            display.message(styled(line, 'yellow', capabilities));
          break;
        case 'trainEnd':
          display.stop();
          if (event.reason === 'earlyStopping') output.line(`Stopped early: ${printable(event.message, capabilities)}`);
          break;
      }
    },
    message: text => display.message(text),
    close: () => display.stop(),
  };
}

function warningText({ message, advice }: Warning): string {
  return `Warning: ${message}${advice === undefined ? '' : `. ${advice}`}`;
}

/** Lines that fit a terminal; elsewhere one, for programs that read lines. */
function wrapped(text: string, capabilities: Capabilities): readonly string[] {
  return capabilities.isTerminal ? wrap(text, capabilities.width, capabilities) : [text];
}

/** Keeps what is shown at the end: the losses of batches, for the curve of a run too short to have one over epochs, and the profile. */
export class LossLog {
  readonly steps: number[] = [];
  readonly losses: number[] = [];
  profile: Profile | null = null;

  event(event: TrainEvent): void {
    if (event.type === 'profile') this.profile = event;
    if (event.type !== 'batchEnd' || !isKept(event)) return;
    this.steps.push(event.globalStep);
    this.losses.push(event.loss);
  }
}

/** `wasm (relaxed SIMD)`, `blas (OpenBLAS 0.3.21 Haswell)`: the backend in words. */
export function backendName({ name, simd, blas }: TrainBegin['backend']): string {
  if (blas !== undefined) return `${name} (${blas})`;
  return simd === undefined ? String(name) : `${name} (${simd} SIMD)`;
}

/** `0.001`, `1e-5`: a learning rate. */
export function rateText(lr: number): string {
  return lr >= 1e-4 ? String(lr) : formatNumber(lr, 3);
}
