import { describe, expect, it } from 'vitest';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { Linear } from '../nn/linear.ts';
import { SGD } from '../optim/sgd.ts';
import { Random, withRandom } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import { mixup } from './mixup.ts';
import { Trainer } from './trainer.ts';

const data = Dataset.from({
  features: Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * i)),
  targets: Uint8Array.from({ length: 20 }, (_, i) => i % 3),
  featureShape: [3],
});

function mixed(x: number[][], y: number[], seed: number, alpha = 0.4): { x: number[][]; y: number[][] } {
  return withRandom(new Random(seed), () =>
    step(() => {
      const out = mixup({ alpha, classes: 3 })(tensor(x), tensor(y));
      return { x: out.x.tolist() as number[][], y: out.y.tolist() as number[][] };
    }),
  );
}

describe('mixup', () => {
  it('gives λ a + (1 - λ) b for inputs and targets alike', () => {
    // the inputs say who was mixed with whom: they are the one-hot targets themselves
    const labels = [0, 1, 2, 1, 0, 2];
    const oneHot = labels.map(c => [0, 1, 2].map(k => Number(k === c)));
    for (let seed = 0; seed < 20; seed++) {
      const { x, y } = mixed(oneHot, labels, seed);
      expect(x).toEqual(y);
      const weights = new Set<string>();
      for (const [i, row] of y.entries()) {
        expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
        expect(row.filter(p => p > 0).length).toBeLessThanOrEqual(2);
        if (row[labels[i]] < 0.999999) weights.add(row[labels[i]].toFixed(5));
      }
      expect(weights.size).toBeLessThanOrEqual(1); // one λ a batch
    }
  });

  it('draws another λ and order for each batch, and keeps the means of the batch', () => {
    const x = [[1], [2], [4], [8]];
    const seen = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const out = mixed(x, [0, 1, 2, 0], seed).x.map(row => row[0]);
      expect(out.reduce((a, b) => a + b)).toBeCloseTo(15, 4);
      seen.add(out.join());
    }
    expect(seen.size).toBeGreaterThan(7);
  });

  it('mixes images and values', () => {
    const out = withRandom(new Random(3), () =>
      step(() => {
        const x = tensor(
          Array.from({ length: 8 }, (_, i) => i),
          { shape: [2, 1, 2, 2] },
        );
        const { x: mx, y } = mixup({ alpha: 1, classes: null })(x, tensor([[10], [20]]));
        return { shape: mx.shape, x: mx.toArray(), y: y.toArray() };
      }),
    );
    expect(out.shape).toEqual([2, 1, 2, 2]);
    expect(out.x[0] / 4).toBeCloseTo((out.y[0] - 10) / 10, 5);
  });

  it('trains: the loss at λ equals the mixture of the losses', () => {
    withRandom(new Random(1), () =>
      step(() => {
        const logits = tensor([[0.3, -1, 2]]);
        const target = tensor([[0.7, 0, 0.3]]);
        const expected = 0.7 * crossEntropy(logits, tensor([0])).item() + 0.3 * crossEntropy(logits, tensor([2])).item();
        expect(crossEntropy(logits, target).item()).toBeCloseTo(expected, 5);
      }),
    );
  });

  it('goes on exactly after a restore, and leaves no tensors behind', async () => {
    const live: number[] = [];
    const make = (epochs: number): Trainer => {
      const random = new Random(7);
      const model = withRandom(random, () => new Linear(3, 3));
      const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
      const mixBatch = mixup({ alpha: 0.3, classes: 3 });
      const onEvent = (): void => void live.push(liveTensors());
      return new Trainer(model, { train: data, loss: crossEntropy, optimizer, epochs, batchSize: 5, random, mixBatch, onEvent });
    };
    const whole = make(4);
    await whole.run();
    expect(live.at(-3)).toBe(live[8]);
    const half = make(2);
    await half.run();
    const saved = structuredClone(half.checkpoint().state);
    const resumed = make(4);
    resumed.restore({ ...half.checkpoint(), state: saved });
    await resumed.run();
    expect(resumed.model.stateDict().get('weight')!.toArray()).toEqual(whole.model.stateDict().get('weight')!.toArray());
    expect(resumed.history).toEqual(whole.history);
    expect(saved.random.streams.mixup.position).toBeGreaterThan(0);
  });

  it('refuses what makes no sense', () => {
    expect(() => mixup({ alpha: 0, classes: 10 })).toThrow(new UserError('mixup: alpha is 0; it must be above 0'));
    expect(() => mixup({ alpha: 0.2, classes: 1 })).toThrow('classes is 1; it must be a whole number of at least 2');
  });
});
