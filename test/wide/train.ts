/** Trains nets of odd and even sizes on digits, and prints what the kernels are and a sum of each net's bits. Run by wide.test.ts, under another Node. */
import { createHash } from 'node:crypto';
import { crossEntropy, digits, fit, manualSeed, nn, optim } from '../../src/index.ts';

const { train } = digits({ train: 1024, test: 10 });

function bits(model: nn.Module): string {
  const hash = createHash('sha256');
  for (const [, tensor] of model.stateDict()) hash.update(new Uint8Array(Float32Array.from(tensor.toArray() as ArrayLike<number>).buffer));
  return hash.digest('hex');
}

async function net(
  sizes: readonly number[],
  batchSize: number,
  normed: boolean,
  optimizer: (model: nn.Module) => optim.Optimizer,
): Promise<string> {
  manualSeed(3);
  const layers: nn.Module[] = [new nn.Flatten()];
  sizes.slice(1).forEach((out, i) => {
    layers.push(new nn.Linear(sizes[i], out));
    if (i === sizes.length - 2) return;
    if (normed) layers.push(new nn.BatchNorm1d(out));
    layers.push(new nn.ReLU());
    if (normed) layers.push(new nn.Dropout(0.2));
  });
  const model = new nn.Sequential(...layers);
  await fit(model, { train, loss: crossEntropy, optimizer: optimizer(model), epochs: 2, batchSize });
  return bits(model);
}

const weights = [
  await net([784, 512, 256, 10], 128, true, model => new optim.Adam(model.parameters())),
  await net([784, 300, 133, 10], 100, false, model => new optim.AdamW(model.parameters())),
  await net([784, 700, 650, 33, 10], 256, false, model => new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })),
];
console.log(JSON.stringify({ ...new nn.Linear(1, 1).parameters()[0].kernels.traits, weights }));
