/** A run taken up from a checkpoint after any step, and after any epoch, ends with the same files byte for byte: whatever it is made of. */
import { beforeAll, describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { WasmBackend } from '../backend/wasm/wasm-backend.ts';
import { augmentImages } from '../data/augment.ts';
import { Dataset } from '../data/dataset.ts';
import { crossEntropy } from '../loss/index.ts';
import {
  BatchNorm1d,
  DropConnect,
  Dropout,
  Flatten,
  GaussianNoise,
  Linear,
  l2Penalty,
  type Module,
  MultiHead,
  maxNorm,
  ReLU,
  Sequential,
  Tanh,
  weightsOf,
} from '../nn/index.ts';
import { narrow } from '../ops/movement.ts';
import * as optim from '../optim/index.ts';
import { Random, withRandom } from '../random.ts';
import { makeSchedule, type ScheduleOptions, Scheduler } from '../schedule/index.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Callback } from './callbacks/callback.ts';
import { EarlyStopping } from './callbacks/early-stopping.ts';
import { SnapshotEnsemble } from './callbacks/snapshot-ensemble.ts';
import { WeightAveraging } from './callbacks/weight-averaging.ts';
import { accuracy } from './metrics.ts';
import { mixup } from './mixup.ts';
import { checkpointFiles, decodeCheckpoint } from './node/checkpoint-files.ts';
import { blobs } from './testing.ts';
import { type FitOptions, Trainer } from './trainer.ts';

type Files = Record<string, string | Uint8Array>;

const train = blobs(70); // batches of 16: four, and one of six
const validation = blobs(30, 2);
const images = Dataset.from({
  features: Uint8Array.from({ length: 70 * 64 }, (_, i) => (i * 37) & 0xff),
  targets: Uint8Array.from({ length: 70 }, (_, i) => i % 3),
  featureShape: [1, 8, 8],
});
const withProcessorLeft = new WasmBackend({ threads: 1, processors: 2 });
const epochs = 3;

/** Keeps a checkpoint wherever one can be made: after each update, each epoch, and at the end. */
class Everywhere implements Callback {
  readonly kept: Files[] = [];
  afterBatch(trainer: Trainer): void {
    if (trainer.place !== null) this.keep(trainer);
  }
  onEpochEnd(_epoch: number, _logs: unknown, trainer: Trainer): void {
    this.keep(trainer);
  }
  onTrainEnd(trainer: Trainer): void {
    this.keep(trainer);
  }
  private keep(trainer: Trainer): void {
    this.kept.push(checkpointFiles(trainer.checkpoint()));
  }
}

/** One way to train. Everything is made anew for each run. */
interface Recipe {
  readonly model?: () => Module;
  readonly optimizer?: (model: Module) => object;
  readonly schedule?: ScheduleOptions;
  readonly callbacks?: () => Callback[];
  readonly more?: (model: Module) => Partial<FitOptions>;
}

const net = (): Module => new Sequential(new Linear(2, 6), new BatchNorm1d(6), new ReLU(), new Dropout(0.3), new Linear(6, 3));
const plain = (): Module => new Sequential(new Linear(2, 4), new Tanh(), new Linear(4, 3));

function trainerOf(recipe: Recipe, seed: number): { trainer: Trainer; everywhere: Everywhere } {
  const model = withRandom(new Random(seed), recipe.model ?? net);
  const optimizer = (recipe.optimizer?.(model) ?? new optim.Adam(model.parameters(), { lr: 0.02 })) as FitOptions['optimizer'];
  const everywhere = new Everywhere();
  const trainer = new Trainer(model, {
    train,
    validation,
    loss: crossEntropy,
    optimizer,
    scheduler: new Scheduler(
      optimizer,
      makeSchedule(recipe.schedule ?? { name: 'cosine' }, { totalSteps: 5 * epochs, totalEpochs: epochs }),
    ),
    epochs,
    batchSize: 16,
    random: new Random(seed),
    ...recipe.more?.(model),
    callbacks: [...(recipe.callbacks?.() ?? []), everywhere],
  });
  return { trainer, everywhere };
}

const sgd =
  (options: Partial<optim.SGDOptions>) =>
  (model: Module): object =>
    new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, ...options });
const of =
  (Class: new (params: never, options: never) => object, options: object = {}) =>
  (model: Module): object =>
    new Class(model.parameters() as never, options as never);
/** Each looks at the whole set at once, as these methods want it. */
const whole = (optimizer: (model: Module) => object): Recipe => ({ model: plain, optimizer, more: () => ({ batchSize: 70 }) });

const recipes: Record<string, Recipe> = {
  'SGD with momentum': { optimizer: sgd({}) },
  'SGD with momentum, the rate inside the velocity': { optimizer: sgd({ lrInVelocity: true }) },
  'SGD with Nesterov': { optimizer: sgd({ nesterov: true, weightDecay: 0.01 }) },
  'Nesterov looking ahead': { optimizer: sgd({ nesterov: 'lookAhead' }) },
  Adam: {},
  AMSGrad: { optimizer: of(optim.Adam, { amsgrad: true }) },
  AdamW: { optimizer: of(optim.AdamW) },
  NAdam: { optimizer: of(optim.NAdam) },
  Adamax: { optimizer: of(optim.Adamax) },
  Adagrad: { optimizer: of(optim.Adagrad) },
  RMSprop: { optimizer: of(optim.RMSprop, { momentum: 0.5, centered: true }) },
  Adadelta: { optimizer: of(optim.Adadelta) },
  'L-BFGS': whole(of(optim.LBFGS, { maxIter: 2 })),
  'L-BFGS with steps of its own': whole(of(optim.LBFGS, { maxIter: 2, lr: 0.1, lineSearchFn: null })),
  BFGS: whole(of(optim.BFGS, { maxIter: 2 })),
  Newton: whole(of(optim.Newton, { damping: 1 })),
  'Newton-CG': whole(of(optim.NewtonCG, { maxProducts: 5 })),
  'accumulated gradients': { more: () => ({ accumulate: 2 }) },
  'early stopping that fires, and goes back to the best weights': {
    callbacks: () => [new EarlyStopping({ monitor: 'loss', mode: 'max', patience: 1 })],
    more: () => ({ epochs: 9 }),
  },
  'early stopping that waits': { callbacks: () => [new EarlyStopping({ monitor: 'loss', mode: 'max', patience: 9 })] },
  'a moving average of the weights': { callbacks: () => [new WeightAveraging({ kind: 'ema', decay: 0.9, warmup: true })] },
  'stochastic weight averaging': { callbacks: () => [new WeightAveraging({ kind: 'swa', startEpoch: 2 })] },
  'early stopping and averaging at once': {
    callbacks: () => [new EarlyStopping({ monitor: 'loss', patience: 2 }), new WeightAveraging({ kind: 'ema' })],
  },
  snapshots: { callbacks: () => [new SnapshotEnsemble({ cycle: 1 })] },
  mixup: { more: () => ({ mixBatch: mixup({ alpha: 0.4, classes: 3 }) }) },
  augmentation: {
    more: () => ({
      transform: (batch, stream) => {
        for (let i = 0; i < batch.x.length; i++) batch.x[i] += 0.1 * stream.normal();
      },
    }),
  },
  'images augmented ahead of training': {
    model: () => withBackend(withProcessorLeft, () => new Sequential(new Flatten(), new Linear(64, 3))),
    more: () => ({
      train: images,
      validation: images,
      transform: augmentImages({ shift: 1, rotate: 10, elastic: { alpha: 8, sigma: 2 } }, images),
    }),
  },
  'noise and DropConnect': { model: () => new Sequential(new GaussianNoise(0.1), new DropConnect(2, 6), new ReLU(), new Linear(6, 3)) },
  'penalties, clipping and a largest norm': {
    more: model => {
      const weights = weightsOf(model);
      return {
        penalty: () => l2Penalty(weights).mul(0.01),
        beforeUpdate: () => optim.clipGradNorm(model.parameters(), 0.5),
        afterUpdate: () => maxNorm(weights, 1),
      };
    },
  },
  'several tasks': {
    model: () =>
      new MultiHead(new Sequential(new Linear(2, 6), new ReLU(), new Dropout(0.2)), { class: new Linear(6, 3), again: new Linear(6, 3) }),
    more: () => {
      const own = (output: Tensor, task: number) => narrow(output, 1, 3 * task, 3);
      return {
        loss: (output, y) => crossEntropy(own(output, 0), y).add(crossEntropy(own(output, 1), y)),
        metrics: { first: (output, y) => accuracy(own(output, 0), y), second: (output, y) => accuracy(own(output, 1), y) },
      };
    },
  },
  'a plateau that has reacted': { schedule: { name: 'plateau', mode: 'max', patience: 0, cooldown: 9, factor: 0.5 } },
  'a rate by epoch': { schedule: { name: 'step', by: 'epoch', every: 1, gamma: 0.5 } },
  'the last batch left out': { more: () => ({ dropLast: true }) },
  float64: { model: () => withBackend('reference64', net) },
};

describe.each(Object.entries(recipes))('with %s', (_, recipe) => {
  let kept: Files[] = [];
  beforeAll(async () => {
    const { trainer, everywhere } = trainerOf(recipe, 5);
    await trainer.run();
    kept = everywhere.kept;
  });

  it('it ends the same from each of its checkpoints', async () => {
    expect(kept.length).toBeGreaterThan(epochs);
    for (const [i, files] of kept.entries()) {
      const bytes = Object.entries(files).map(
        ([name, content]) => [name, typeof content === 'string' ? Buffer.from(content) : content] as const,
      );
      const { trainer, everywhere } = trainerOf(recipe, 99); // another seed: all must come from the checkpoint
      trainer.restore(decodeCheckpoint(new Map(bytes), 'kept'));
      await trainer.run();
      // The sums are those of every file: weights, optimizer, callbacks, streams, history.
      expect(everywhere.kept.at(-1)!.SHA256SUMS, `from checkpoint ${i + 1} of ${kept.length}`).toBe(kept.at(-1)!.SHA256SUMS);
    }
  });
});
