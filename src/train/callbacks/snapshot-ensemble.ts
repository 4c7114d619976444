/** An ensemble for the price of one training: the weights at the end of every cycle of a cyclic learning rate. */
import { UserError } from '../../errors.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import { Ensemble } from '../../nn/ensemble.ts';
import type { Module } from '../../nn/module.ts';
import type { ScheduleOptions } from '../../schedule/options.ts';
import type { Logs } from '../events.ts';
import type { Trainer } from '../trainer.ts';
import type { Callback } from './callback.ts';

export interface SnapshotEnsembleConfig {
  /** Epochs of one cycle: weights are kept after epochs `cycle`, 2 `cycle`, ... */
  readonly cycle: number;
  /** Keep only so many, the newest: early snapshots are the weakest. Default: all. */
  readonly keep?: number;
}

/**
 * Keeps the weights at the end of every cycle; each is a minimum of its own once the high rate at a cycle's begin has left the one before.
 * Train with `snapshotSchedule`, then ask them together:
 *
 *     const snapshots = new SnapshotEnsemble({ cycle: 5 });
 *     await fit(model, { ..., epochs: 20, callbacks: [snapshots] });
 *     await evaluate(snapshots.ensemble(() => makeModel()), test, { loss: crossEntropy });
 *
 * Source: Huang et al. 2017, "Snapshot ensembles: train 1, get M for free".
 */
export class SnapshotEnsemble implements Callback {
  readonly name = 'snapshotEnsemble';
  readonly cycle: number;
  readonly keep: number;
  /** Weights by state-dict key, oldest first. */
  readonly snapshots: ReadonlyMap<string, StoredTensor>[] = [];
  /** The epoch after which each was taken. */
  readonly epochs: number[] = [];

  constructor({ cycle, keep = Infinity }: SnapshotEnsembleConfig) {
    for (const [name, value] of [['cycle', cycle] as const, ['keep', keep] as const]) {
      if (!(value >= 1 && (Number.isInteger(value) || (name === 'keep' && value === Infinity))))
        throw new UserError(`SnapshotEnsemble: ${name} is ${value}; it must be a whole number of at least 1`);
    }
    this.cycle = cycle;
    this.keep = keep;
  }

  onEpochEnd(epoch: number, _logs: Logs, trainer: Trainer): void {
    if (epoch % this.cycle !== 0) return;
    this.snapshots.push(
      new Map([...trainer.model.stateDict()].map(([key, tensor]) => [key, { shape: tensor.shape, values: tensor.toArray() }])),
    );
    this.epochs.push(epoch);
    if (this.snapshots.length > this.keep) {
      this.snapshots.shift();
      this.epochs.shift();
    }
  }

  /** The snapshots as one model in inference mode, averaged by probability. `makeModel` makes a model like the one trained. */
  ensemble(makeModel: () => Module): Ensemble {
    if (this.snapshots.length === 0)
      throw new UserError(`SnapshotEnsemble: there is no snapshot yet; the first is taken after epoch ${this.cycle}`);
    const members = this.snapshots.map(weights => {
      const model = makeModel();
      model.loadStateDict(weights);
      return model;
    });
    return new Ensemble(members).eval();
  }

  state(): { epochs: number[] } {
    return { epochs: [...this.epochs] };
  }

  tensors(): Map<string, StoredTensor> {
    return new Map(this.snapshots.flatMap((weights, i) => [...weights].map(([key, tensor]) => [`${i}.${key}`, tensor] as const)));
  }

  restore(state: unknown, tensors: ReadonlyMap<string, StoredTensor>): void {
    const { epochs } = state as { epochs: number[] };
    this.epochs.splice(0, Infinity, ...epochs);
    const snapshots = epochs.map(() => new Map<string, StoredTensor>());
    for (const [path, tensor] of tensors) {
      const dot = path.indexOf('.');
      snapshots[Number(path.slice(0, dot))].set(path.slice(dot + 1), tensor);
    }
    this.snapshots.splice(0, Infinity, ...snapshots);
  }
}

/**
 * A half cosine from the full rate down to 0 in every cycle: α_t = α (1 + cos(π (t mod length) / length)) / 2, eq. 2 of Huang et al. 2017.
 *
 * @param cycles at least 1
 * @param length steps of one cycle: its epochs times the batches of an epoch
 */
export function snapshotSchedule(cycles: number, length: number): ScheduleOptions {
  for (const [name, value] of Object.entries({ cycles, length })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new UserError(`snapshotSchedule: ${name} is ${value}; it must be a whole number of at least 1`);
  }
  const parts = Array.from({ length: cycles }, () => ({ name: 'cosine', length }) as const);
  return cycles === 1 ? parts[0] : { name: 'sequence', parts, milestones: parts.slice(1).map((_, i) => (i + 1) * length) };
}
