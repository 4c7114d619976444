/** Whether ops are recorded for a backward pass, and who is watching them. */
import type { Origin, Tensor } from '../tensor/tensor.ts';

/** Told of every op applied, with its output: for the graph that `explain` draws, and for finding where a NaN arose. */
export type OpObserver = (output: Tensor, origin: Origin) => void;

let recording = true;
let watcher: OpObserver | null = null;

export function isRecording(): boolean {
  return recording;
}

/** Runs `work` without recording: nothing made inside has a gradient. For inference and for updates of parameters. */
export function noGrad<T>(work: () => T): T {
  return withRecording(false, work);
}

/** Runs `work` with recording on, also inside `noGrad`. */
export function enableGrad<T>(work: () => T): T {
  return withRecording(true, work);
}

export function withRecording<T>(on: boolean, work: () => T): T {
  const before = recording;
  recording = on;
  try {
    return work();
  } finally {
    recording = before;
  }
}

/** @internal `withRecording` without a closure: gives what was before, to be set again in a `finally` */
export function setRecording(on: boolean): boolean {
  const before = recording;
  recording = on;
  return before;
}

export function observer(): OpObserver | null {
  return watcher;
}

/** Runs `work` while `watch` is told of every op applied, in order. */
export function observeOps<T>(watch: OpObserver, work: () => T): T {
  const before = watcher;
  watcher = watch;
  try {
    return work();
  } finally {
    watcher = before;
  }
}
