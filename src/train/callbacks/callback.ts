/** What can be hung into training. One callback, one file. */
import { UserError } from '../../errors.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import type { Logs } from '../events.ts';
import type { Trainer } from '../trainer.ts';

/** Called by the trainer at the places named. All methods are optional; they may be asynchronous. */
export interface Callback {
  /** A name under which its state is saved; needed only with `state`. */
  readonly name?: string;
  onTrainBegin?(trainer: Trainer): void | Promise<void>;
  /** After each step, before it is told of; never asynchronous, since it stands in the loop's way. */
  onBatchEnd?(trainer: Trainer): void;
  /** After each step and all that was told of it: for checkpoints. A promise is waited for; give none where there is nothing to wait for. */
  afterBatch?(trainer: Trainer): void | Promise<void>;
  /** After an epoch and its validation. `logs` may be added to. */
  onEpochEnd?(epoch: number, logs: Logs, trainer: Trainer): void | Promise<void>;
  /** After training, whichever way it ended. */
  onTrainEnd?(trainer: Trainer): void | Promise<void>;
  /** What a resumed run needs: plain JSON, and tensors by name. */
  state?(): unknown;
  tensors?(): Map<string, StoredTensor>;
  /** Takes up what `state` and `tensors` gave. */
  restore?(state: unknown, tensors: ReadonlyMap<string, StoredTensor>): void;
}

/** The figure to watch, or an error that lists those there are. */
export function monitored(logs: Logs, monitor: string, who: string): number {
  const value = logs[monitor];
  if (value === undefined)
    throw new UserError(`${who}: there is no figure '${monitor}' to watch; there are ${Object.keys(logs).join(', ')}`);
  return value;
}

/** 'auto': accuracy grows, everything else falls. */
export type Mode = 'auto' | 'min' | 'max';

/** Whether `value` beats `best` by more than minDelta. */
export function improves(value: number, best: number | null, monitor: string, mode: Mode, minDelta: number): boolean {
  if (Number.isNaN(value)) return false;
  if (best === null) return true;
  const grows = mode === 'max' || (mode === 'auto' && monitor.includes('accuracy'));
  return grows ? value > best + minDelta : value < best - minDelta;
}
