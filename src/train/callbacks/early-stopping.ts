/** Stops training when a figure no longer improves. */
import { UserError } from '../../errors.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import type { Module } from '../../nn/module.ts';
import type { Logs } from '../events.ts';
import type { Trainer } from '../trainer.ts';
import { type Callback, improves, type Mode, monitored } from './callback.ts';

export interface EarlyStoppingConfig {
  /** The figure to watch. Default 'val_loss'. */
  readonly monitor?: string;
  /** A smaller change is no improvement. Default 0. */
  readonly minDelta?: number;
  /** Epochs in a row without improvement after which training stops; 0 is as 1. Default 5: validation can stall for long and still fall again. */
  readonly patience?: number;
  /** Which way is better. Default 'auto': up for accuracy, down for all else. */
  readonly mode?: Mode;
  /** Goes back to the best epoch's weights at the end, also when training ends by itself. Default true. */
  readonly restoreBestWeights?: boolean;
}

interface State {
  readonly best: number | null;
  readonly bestEpoch: number;
  readonly waited: number;
}

/**
 * Ends training after `patience` epochs in a row in which `monitor` did not improve on its best by more than `minDelta`.
 * Same as Keras' `EarlyStopping`. Differs: best weights are restored by default, and also when all epochs ran.
 */
export class EarlyStopping implements Callback {
  readonly name = 'earlyStopping';
  readonly monitor: string;
  readonly minDelta: number;
  readonly patience: number;
  readonly mode: Mode;
  readonly restoreBestWeights: boolean;
  /** The best value so far and its epoch. */
  best: number | null = null;
  bestEpoch = 0;
  private waited = 0;
  private bestWeights: Map<string, StoredTensor> | null = null;

  constructor(config: EarlyStoppingConfig = {}) {
    this.monitor = config.monitor ?? 'val_loss';
    this.minDelta = config.minDelta ?? 0;
    this.patience = config.patience ?? 5;
    this.mode = config.mode ?? 'auto';
    this.restoreBestWeights = config.restoreBestWeights ?? true;
    if (!Number.isInteger(this.patience) || this.patience < 0)
      throw new UserError(`EarlyStopping: patience is ${this.patience}; it must be a whole number of at least 0`);
    if (!['auto', 'min', 'max'].includes(this.mode))
      throw new UserError(`EarlyStopping: mode is '${this.mode}'; allowed are 'auto', 'min' and 'max'`);
    if (!(this.minDelta >= 0)) throw new UserError(`EarlyStopping: minDelta is ${this.minDelta}; it must be at least 0`);
  }

  onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): void {
    const value = monitored(logs, this.monitor, 'EarlyStopping');
    if (improves(value, this.best, this.monitor, this.mode, this.minDelta)) {
      this.best = value;
      this.bestEpoch = epoch;
      this.waited = 0;
      if (this.restoreBestWeights) this.bestWeights = copyOf(trainer.model);
      return;
    }
    this.waited++;
    if (this.waited >= this.patience) {
      const best = this.best === null ? 'it was never a number' : `its best was ${this.best.toPrecision(5)} after epoch ${this.bestEpoch}`;
      trainer.stop('earlyStopping', `${this.monitor} has not improved for ${this.waited} epoch${this.waited === 1 ? '' : 's'}; ${best}`);
    }
  }

  onTrainEnd(trainer: Trainer): void {
    if (this.bestWeights === null || trainer.interrupted) return;
    trainer.model.loadStateDict(this.bestWeights);
  }

  state(): State {
    return { best: this.best, bestEpoch: this.bestEpoch, waited: this.waited };
  }

  tensors(): Map<string, StoredTensor> {
    return this.bestWeights ?? new Map();
  }

  restore(state: unknown, tensors: ReadonlyMap<string, StoredTensor>): void {
    ({ best: this.best, bestEpoch: this.bestEpoch, waited: this.waited } = state as State);
    this.bestWeights = tensors.size > 0 ? new Map(tensors) : null;
  }
}

function copyOf(model: Module): Map<string, StoredTensor> {
  return new Map([...model.stateDict()].map(([key, tensor]) => [key, { shape: tensor.shape, values: tensor.toArray() }]));
}
