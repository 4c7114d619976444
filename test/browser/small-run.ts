import { crossEntropy, DataLoader, digits, manualSeed, nn, optim, step } from '../../src/index.ts';

/** What a run leaves, as it can be compared to the last bit. */
export interface SmallRun {
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
  const weights: Record<string, number[]> = {};
  for (const [key, tensor] of model.stateDict()) weights[key] = [...new Uint32Array(Float32Array.from(tensor.toArray()).buffer)];
  return { losses, weights };
}
