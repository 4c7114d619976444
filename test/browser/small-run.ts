import { prepareImages } from '../../src/experiment/prepare.ts';
import { crossEntropy, DataLoader, digits, manualSeed, nn, optim, parseExperiment, runExperiment, step } from '../../src/index.ts';

/** What a run leaves, as it can be compared to the last bit. */
export interface SmallRun {
  /** Losses and other figures, in order. */
  readonly losses: readonly number[];
  /** State-dict keys, each with the bits of its float32 numbers. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

/** A small net trained on drawn digits, with everything random in it: drawing, initialization, shuffling, dropout. */
export function smallRun(): SmallRun {
  manualSeed(7);
  const { train } = digits({ seed: 3, train: 600, test: 10 });
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 32), new nn.GELU(), new nn.Dropout(0.2), new nn.Linear(32, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 3e-3 });
  const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    for (const [x, y] of loader) {
      const loss = step(() => {
        const value = crossEntropy(model.forward(x), y);
        model.zeroGrad();
        value.backward();
        optimizer.step();
        return value.item();
      });
      losses.push(loss);
    }
  }
  return { losses, weights: weightsOf(model) };
}

/** The same of an experiment as the command runs it, with most of what an experiment can have. */
export async function experimentRun(): Promise<SmallRun> {
  const experiment = parseExperiment({
    seed: 11,
    data: { name: 'digits', train: 500, test: 100, validation: 100 },
    model: { hidden: [24, 16], activation: 'silu', batchNorm: 'before', dropout: 0.1 },
    loss: { labelSmoothing: 0.1 },
    optimizer: { name: 'sgd', lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
    schedule: { name: 'cosine' },
    regularization: { mixup: 0.2, augment: { elastic: { alpha: 34, sigma: 4 }, probability: 0.9 } },
    training: { epochs: 3, batchSize: 32, earlyStopping: { patience: 2 } },
  });
  const { data } = experiment;
  if (data.name !== 'digits') throw new Error('digits were asked for');
  const { model, history, evaluation } = await runExperiment(experiment, { data: prepareImages(digits(data), data, experiment.seed) });
  return {
    losses: [...history.epochs.flatMap(logs => Object.values(logs)), ...Object.values(evaluation!.logs)],
    weights: weightsOf(model),
  };
}

function weightsOf(model: nn.Module): Record<string, number[]> {
  const entries = [...model.stateDict()].map(([key, tensor]) => [key, [...new Uint32Array(Float32Array.from(tensor.toArray()).buffer)]]);
  return Object.fromEntries(entries);
}
