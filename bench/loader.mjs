// What the loader adds to an epoch of W1 on MNIST: the same steps on batches that it prepares, and on one fixed batch, in turn.
// `node bench/loader.mjs [--data DIR] [--rounds 5] [--batches 150]`
import { load } from './load.mjs';

const args = process.argv.slice(2);
const value = (flag, fallback) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : fallback);
const rounds = Number(value('--rounds', 5));
const batches = Number(value('--batches', 150));
const { step, nn, optim, crossEntropy, emptyTensor, keep, DataLoader, augmentImages, mnist } = await load('bench/surface.ts');
const { train } = await mnist(args.includes('--data') ? { data: value('--data') } : {});
const batchSize = 128;
const subset = train.take(batches * batchSize);

const model = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.Adam(model.parameters());
const x = keep(emptyTensor([batchSize, 784]));
const y = keep(emptyTensor([batchSize]));
const update = () =>
  step(() => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss.item();
  });

const options = { batchSize, shuffle: true, seed: 1 };
const epochs = {
  'one fixed batch': async () => {
    for (let i = 0; i < batches; i++) update();
  },
  loader: fromLoader(new DataLoader(subset, options)),
  'loader, shift': fromLoader(new DataLoader(subset, { ...options, transform: augmentImages({ shift: 2 }, train) })),
  'loader, affine and elastic': fromLoader(
    new DataLoader(subset, {
      ...options,
      transform: augmentImages({ shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 } }, train),
    }),
  ),
};

function fromLoader(loader) {
  return async () => {
    for await (const batch of loader.batchesAhead()) {
      batch.write(x, y);
      update();
    }
  };
}

const times = Object.fromEntries(Object.keys(epochs).map(name => [name, []]));
await epochs.loader(); // warm
for (let round = 0; round < rounds; round++) {
  for (const [name, epoch] of Object.entries(epochs)) {
    const began = performance.now();
    await epoch();
    times[name].push(performance.now() - began);
  }
}
const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];
const fixed = median(times['one fixed batch']);
console.log(`${batches} steps of 784-512-256-10, Adam, batch ${batchSize}; median of ${rounds} rounds`);
for (const [name, list] of Object.entries(times)) {
  const more = ((median(list) / fixed - 1) * 100).toFixed(1);
  console.log(
    `${name.padEnd(28)} ${median(list).toFixed(0).padStart(6)} ms  ${more.padStart(6)} %  (${Math.min(...list).toFixed(0)} to ${Math.max(...list).toFixed(0)})`,
  );
}
