/** Writes checkpoints as training goes. */
import { UserError } from '../../errors.ts';
import type { CheckpointStore } from '../checkpoint.ts';
import type { Logs } from '../events.ts';
import { type Every, everyWanted, parseEvery } from '../every.ts';
import { isDue } from '../step-watcher.ts';
import type { Trainer } from '../trainer.ts';
import { type Callback, improves, type Mode, monitored } from './callback.ts';

export interface ModelCheckpointConfig {
  /** The figure that decides which checkpoint is called best. Default 'val_loss'; where there is no such figure none is. */
  readonly monitor?: string;
  readonly mode?: Mode;
  /** How often: epochs as a number, or a text such as '500steps', '5min' or '1epoch'. Default 1. */
  readonly every?: number | string;
}

/**
 * Saves to `store` every so many steps, minutes or epochs, whenever an epoch was the best, and when training ends. Same as Keras' `ModelCheckpoint`, with
 * the whole training state. A checkpoint is made only after an update: with accumulated gradients at the first one due.
 */
export class ModelCheckpoint implements Callback {
  readonly name = 'modelCheckpoint';
  private readonly store: CheckpointStore;
  private readonly monitor: string;
  private readonly mode: Mode;
  private readonly every: Every;
  private best: number | null = null;
  private lastSaved = performance.now();

  constructor(store: CheckpointStore, config: ModelCheckpointConfig = {}) {
    this.store = store;
    this.monitor = config.monitor ?? 'val_loss';
    this.mode = config.mode ?? 'auto';
    const every = parseEvery(config.every ?? 1);
    if (every === null) throw new UserError(`ModelCheckpoint: every is ${config.every}; it must be ${everyWanted}`);
    this.every = every;
  }

  onTrainBegin(): void {
    this.lastSaved = performance.now();
  }

  afterBatch(trainer: Trainer): void | Promise<void> {
    const { unit, count } = this.every;
    if (unit === 'epoch' || trainer.place === null) return;
    const due = unit === 'step' ? isDue(trainer.place, count) : performance.now() - this.lastSaved >= count * 60_000;
    if (due) return this.save(trainer, false);
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): Promise<void> {
    const value = this.monitor in logs ? monitored(logs, this.monitor, 'ModelCheckpoint') : null;
    const best = value !== null && improves(value, this.best, this.monitor, this.mode, 0);
    if (best) this.best = value;
    if (best || (this.every.unit === 'epoch' && epoch % this.every.count === 0)) await this.save(trainer, best);
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
    const saved = await trainer.inPhase('checkpoint', () => this.store.save(trainer.checkpoint(), best));
    this.lastSaved = performance.now();
    trainer.emit({ type: 'checkpoint', name: saved.name, path: saved.path, epoch, globalStep });
  }
}
