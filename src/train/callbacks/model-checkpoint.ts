/** Writes checkpoints as training goes. */
import { UserError } from '../../errors.ts';
import type { CheckpointStore } from '../checkpoint.ts';
import type { Logs } from '../events.ts';
import type { Trainer } from '../trainer.ts';
import { type Callback, improves, type Mode, monitored } from './callback.ts';

export interface ModelCheckpointConfig {
  /** The figure that decides which checkpoint is called best. Default 'val_loss'; where there is no such figure none is. */
  readonly monitor?: string;
  readonly mode?: Mode;
  /** Epochs between checkpoints. Default 1. */
  readonly every?: number;
}

/** Saves to `store` every few epochs and when training ends, and marks the best. Same as Keras' `ModelCheckpoint`, with the whole training state. */
export class ModelCheckpoint implements Callback {
  readonly name = 'modelCheckpoint';
  private readonly store: CheckpointStore;
  private readonly monitor: string;
  private readonly mode: Mode;
  private readonly every: number;
  private best: number | null = null;

  constructor(store: CheckpointStore, config: ModelCheckpointConfig = {}) {
    this.store = store;
    this.monitor = config.monitor ?? 'val_loss';
    this.mode = config.mode ?? 'auto';
    this.every = config.every ?? 1;
    if (!Number.isInteger(this.every) || this.every < 1)
      throw new UserError(`ModelCheckpoint: every is ${this.every}; it must be a whole number of at least 1`);
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): Promise<void> {
    const value = this.monitor in logs ? monitored(logs, this.monitor, 'ModelCheckpoint') : null;
    const best = value !== null && improves(value, this.best, this.monitor, this.mode, 0);
    if (best) this.best = value;
    if (best || epoch % this.every === 0) await this.save(trainer, best);
  }

  async onTrainEnd(trainer: Trainer): Promise<void> {
    await this.save(trainer, false);
  }

  state(): { best: number | null } {
    return { best: this.best };
  }

  restore(state: unknown): void {
    this.best = (state as { best: number | null }).best;
  }

  private async save(trainer: Trainer, best: boolean): Promise<void> {
    const { epoch, globalStep } = trainer;
    const saved = await this.store.save(trainer.checkpoint(), best);
    trainer.emit({ type: 'checkpoint', name: saved.name, path: saved.path, epoch, globalStep });
  }
}
