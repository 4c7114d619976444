/** In the steady state a training step takes no memory that an earlier step has not used: whatever it makes lies where something lay before. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../src/backend/wasm/pool-testing.ts';
import { WasmBackend } from '../src/backend/wasm/wasm-backend.ts';
import { augmentImages, crossEntropy, DataLoader, digits, liveTensors, manualSeed, nn, optim, setBackend, step } from '../src/index.ts';

/** Epochs until everything has been met: the odd last batch, the other place in memory of a batch made ahead, a copy of the best weights. */
const WARM = 2;
const EPOCHS = 12;

const { train } = digits({ seed: 3, train: 2000, test: 10 });
const mlp = (norm: boolean, drop: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Flatten(),
    ...[
      [784, 512],
      [512, 256],
    ].flatMap(([from, to]) => [
      new nn.Linear(from, to),
      ...(norm ? [new nn.BatchNorm1d(to)] : []),
      new nn.ReLU(),
      ...(drop > 0 ? [new nn.Dropout(drop)] : []),
    ]),
    new nn.Linear(256, 10),
  );

interface Made {
  readonly model: nn.Module;
  readonly optimizer: optim.Optimizer;
  readonly transform?: ReturnType<typeof augmentImages>;
}

const nets: Record<string, () => Made> = {
  'ReLU, Adam': () => {
    const model = mlp(false, 0);
    return { model, optimizer: new optim.Adam(model.parameters()) };
  },
  'batch norm, dropout, Adam, images augmented': () => {
    const model = mlp(true, 0.2);
    return { model, optimizer: new optim.Adam(model.parameters()), transform: augmentImages({ shift: 2, rotate: 10 }, train) };
  },
  'a small net, SGD with momentum': () => {
    const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 16), new nn.Tanh(), new nn.Linear(16, 10));
    return { model, optimizer: new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }) };
  },
};

beforeEach(() => manualSeed(1));
afterEach(() => setBackend('wasm'));

describe.each([1, 2])('with %i threads', threads => {
  test.each(Object.keys(nets))('%s', async name => {
    const kernels = new WasmBackend({ threads });
    setBackend(kernels);
    // Work is shared out, and has room for each thread, from when they are there.
    await until(() => kernels.threadsReady().ready === threads - 1, 'the threads are there');
    const { model, optimizer, transform } = nets[name]();
    const loader = new DataLoader(train, { batchSize: 128, shuffle: true, ...(transform ? { transform } : {}) });
    let warm: unknown;
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      for (const [x, y] of loader) {
        step(() => {
          optimizer.zeroGrad();
          crossEntropy(model.forward(x), y).backward();
          optimizer.step();
        });
      }
      const now = { ...kernels.usage(), tensors: liveTensors() };
      if (epoch + 1 === WARM) warm = now;
      else if (epoch + 1 > WARM) expect(now, `after epoch ${epoch + 1}`).toEqual(warm);
    }
    expect(kernels.usage().carved).toBeGreaterThan(0);
    kernels.setThreads(1);
  });
});
