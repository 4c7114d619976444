import { describe, expect, it } from 'vitest';
import { Dataset } from '../data/dataset.ts';
import { digits } from '../data/digits/digits.ts';
import { DataLoader } from '../data/loader.ts';
import { relabel } from '../data/relabel.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { multiTaskLoss } from '../loss/multi-task.ts';
import { mseLoss } from '../loss/regression.ts';
import { ReLU } from '../nn/activations.ts';
import { Linear } from '../nn/linear.ts';
import { MultiHead } from '../nn/multi-head.ts';
import { Sequential } from '../nn/sequential.ts';
import { Flatten } from '../nn/shape-layers.ts';
import { Adam } from '../optim/adam.ts';
import { Random, withRandom } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { evaluate } from './evaluate.ts';
import { multiTaskMetrics } from './multi-task-metrics.ts';
import { Trainer } from './trainer.ts';

const tasks = [
  { name: 'digit', size: 10, loss: crossEntropy },
  { name: 'even', size: 2, loss: crossEntropy, weight: 0.5 },
];
const net = (seed = 1): MultiHead =>
  withRandom(
    new Random(seed),
    () =>
      new MultiHead(new Sequential(new Flatten(), new Linear(784, 32), new ReLU()), { digit: new Linear(32, 10), even: new Linear(32, 2) }),
  );

describe('several tasks', () => {
  it('puts the outputs of the heads side by side, under PyTorch names', () => {
    const model = net();
    expect([...model.stateDict().keys()]).toEqual([
      'trunk.1.weight',
      'trunk.1.bias',
      'heads.digit.weight',
      'heads.digit.bias',
      'heads.even.weight',
      'heads.even.bias',
    ]);
    step(() => {
      const x = tensor(
        Array.from({ length: 2 * 784 }, (_, i) => Math.sin(i)),
        { shape: [2, 1, 28, 28] },
      );
      const y = model.forward(x).tolist() as number[][];
      const z = model.trunk.forward(x);
      const digit = model.heads.digit.forward(z).tolist() as number[][];
      const even = model.heads.even.forward(z).tolist() as number[][];
      expect(y).toEqual(digit.map((row, i) => [...row, ...even[i]]));
    });
  });

  it('weighs the losses, each on its own columns, and their gradients', () => {
    const loss = multiTaskLoss([
      { name: 'class', size: 3, loss: crossEntropy, weight: 2 },
      { name: 'value', size: 2, loss: mseLoss, weight: 0.25, values: 2 },
    ]);
    step(() => {
      const output = tensor(
        [
          [1, 2, 3, 0.5, -1],
          [0, -1, 1, 2, 4],
        ],
        { requiresGrad: true },
      );
      const target = tensor([
        [2, 1, 1],
        [0, 0, 0],
      ]);
      const logits = tensor(
        [
          [1, 2, 3],
          [0, -1, 1],
        ],
        { requiresGrad: true },
      );
      const first = crossEntropy(logits, tensor([2, 0]));
      const second = (0.25 + 4 + 4 + 16) / 4;
      const total = loss(output, target);
      expect(total.item()).toBeCloseTo(2 * first.item() + 0.25 * second, 5);
      total.backward();
      first.backward();
      const gradient = output.grad!.tolist() as number[][];
      const own = logits.grad!.tolist() as number[][];
      for (const i of [0, 1]) for (const c of [0, 1, 2]) expect(gradient[i][c]).toBeCloseTo(2 * own[i][c], 5);
      expect(gradient[1][3]).toBeCloseTo((0.25 * 2 * 2) / 4, 5);
    });
  });

  it('learns both tasks at once, with figures of each', async () => {
    const data = digits({ train: 1500, test: 300 });
    const both = (part: Dataset): Dataset => relabel(part, 2, digit => [digit, digit % 2]);
    const model = net();
    const metrics = multiTaskMetrics(tasks);
    const loss = multiTaskLoss(tasks);
    const optimizer = new Adam(model.parameters(), { lr: 3e-3 });
    const options = { train: both(data.train), loss, optimizer, metrics, epochs: 3, batchSize: 50, random: new Random(1) };
    const history = await new Trainer(model, options).run();
    expect(Object.keys(history.epochs[0])).toEqual(['loss', 'digit_loss', 'digit_accuracy', 'even_loss', 'even_accuracy']);
    const { logs } = await evaluate(model, both(data.test), { loss, metrics });
    expect(logs.digit_accuracy).toBeGreaterThan(0.6);
    expect(logs.even_accuracy).toBeGreaterThan(0.75);
    expect(logs.loss).toBeCloseTo(logs.digit_loss + 0.5 * logs.even_loss, 4);
  });

  it('relabels without touching the features, through subsets and lazily', async () => {
    const { train } = digits({ train: 30, test: 0 });
    const part = relabel(train.subset([3, 14, 25]), 2, (digit, i) => [digit, i]).subset([2, 0]);
    const [batch] = new DataLoader(part, { batchSize: 2 }).batches();
    const [plain] = new DataLoader(train.subset([25, 3]), { batchSize: 2 }).batches();
    expect(batch.x).toEqual(plain.x);
    expect(Array.from(batch.y)).toEqual([5, 2, 3, 0]);
    expect(part.raw(1)).toEqual(train.raw(3));
    const info = { ...train.info(), featureShape: [1] };
    const fill = async (indices: Uint32Array, out: Float32Array): Promise<void> => {
      await Promise.resolve();
      out.set(indices);
    };
    const lazy = relabel(new Dataset(info, { length: 3, fill }, Uint8Array.of(7, 8, 9)), 1, digit => [-digit]).subset([2, 1, 0]);
    const read: number[][] = [];
    for await (const { x, y } of new DataLoader(lazy, { batchSize: 1 }).batchesAhead()) read.push([x[0], y[0]]);
    expect(read).toEqual([
      [2, -9],
      [1, -8],
      [0, -7],
    ]);
  });

  it('refuses what makes no sense', () => {
    expect(() => multiTaskLoss([])).toThrow('multiTaskLoss: there are no tasks');
    expect(() => multiTaskLoss([tasks[0], tasks[0]])).toThrow("there are two tasks called 'digit'");
    expect(() => multiTaskLoss([{ ...tasks[0], weight: -1 }])).toThrow("weight of 'digit' is -1; it must be at least 0");
    expect(() => multiTaskLoss([{ ...tasks[0], weight: 0 }])).toThrow('every weight is 0');
    expect(() => multiTaskLoss([{ ...tasks[0], size: 0 }])).toThrow("size of 'digit' is 0; it must be a whole number of at least 1");
    expect(() => step(() => multiTaskLoss(tasks)(tensor([[1, 2]]), tensor([[1, 2]])))).toThrow(
      'the tasks digit, even need an output [n, 12] and a target [n, 2]; the output is [1, 2] and the target [1, 2]',
    );
    expect(() => new MultiHead(new Flatten(), {})).toThrow('MultiHead: there are no heads');
    const { train } = digits({ train: 10, test: 0 });
    expect(() => relabel(train, 2, digit => [digit])).toThrow('relabel: example 0 was given 1 targets; 2 were said');
  });
});
