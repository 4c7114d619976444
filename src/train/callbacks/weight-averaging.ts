/** Ends training with the average of the weights seen on the way. */
import { DataLoader } from '../../data/loader.ts';
import { UserError } from '../../errors.ts';
import type { StoredTensor } from '../../io/safetensors.ts';
import { BatchNorm1d, recalibrateBatchNorm } from '../../nn/batch-norm.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { WeightAverage, type WeightAverageOptions } from '../averaging.ts';
import type { Logs } from '../events.ts';
import type { Trainer } from '../trainer.ts';
import type { Callback } from './callback.ts';

export interface WeightAveragingConfig extends WeightAverageOptions {
  /** 'swa': the first epoch whose weights count. Default 1, all. */
  readonly startEpoch?: number;
}

/** Batches from which the statistics of batch norms are gathered anew. */
const recalibrationBatches = 40;

/**
 * Averages the weights after every step ('ema') or every epoch from `startEpoch` on ('swa'), and puts the average into the model at the end, with the
 * running statistics of its batch norms measured anew. Figures during training are those of the weights themselves.
 */
export class WeightAveraging implements Callback {
  readonly name = 'weightAveraging';
  private readonly config: WeightAveragingConfig;
  private average: WeightAverage | null = null;
  private saved: { updates: number; tensors: Map<string, StoredTensor> } | null = null;

  constructor(config: WeightAveragingConfig) {
    const { startEpoch = 1 } = config;
    if (!Number.isInteger(startEpoch) || startEpoch < 1)
      throw new UserError(`WeightAveraging: startEpoch is ${startEpoch}; it must be a whole number of at least 1`);
    this.config = config;
  }

  onTrainBegin(trainer: Trainer): void {
    this.average = new WeightAverage(trainer.model, this.config);
    if (this.saved !== null) this.average.loadStateDict(this.saved);
  }

  onBatchEnd(): void {
    if (this.config.kind === 'ema') this.average?.update();
  }

  onEpochEnd(epoch: number, _logs: Logs): void {
    if (this.config.kind === 'swa' && epoch >= (this.config.startEpoch ?? 1)) this.average?.update();
  }

  onTrainEnd(trainer: Trainer): void {
    const { average } = this;
    if (average === null || average.updates === 0 || trainer.interrupted) return;
    average.apply();
    const { model } = trainer;
    if (!model.namedModules().some(([, module]) => module instanceof BatchNorm1d)) return;
    recalibrateBatchNorm(model, inputs(trainer));
  }

  state(): { updates: number } {
    return { updates: this.average?.updates ?? 0 };
  }

  tensors(): Map<string, StoredTensor> {
    const { tensors } = this.average?.stateDict() ?? { tensors: new Map() };
    return new Map([...(tensors as Map<string, Tensor>)].map(([key, t]) => [key, { shape: t.shape, values: t.toArray() }]));
  }

  restore(state: unknown, tensors: ReadonlyMap<string, StoredTensor>): void {
    this.saved = { updates: (state as { updates: number }).updates, tensors: new Map(tensors) };
    this.average?.loadStateDict(this.saved);
  }
}

/** Some batches of the training part, in its own order. */
function* inputs({ options }: Trainer): Generator<Tensor> {
  let count = 0;
  for (const [x] of new DataLoader(options.train, { batchSize: 250 })) {
    if (count++ === recalibrationBatches) return;
    yield x;
  }
}
