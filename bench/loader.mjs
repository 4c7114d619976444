// What the loader adds to an epoch of W1 on MNIST: the same steps on batches that it prepares, and on the same batches made beforehand as tensors, in turn; with
// one thread, and with as many as there are processors. `node bench/loader.mjs [--data DIR] [--rounds 5] [--batches 150] [--threads N]`
import { availableParallelism } from 'node:os';
import { load } from './load.mjs';

const args = process.argv.slice(2);
const value = (flag, fallback) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : fallback);
const rounds = Number(value('--rounds', 5));
const batches = Number(value('--batches', 150));
const { step, nn, optim, crossEntropy, emptyTensor, keep, DataLoader, augmentImages, mixup, mnist, setThreads, currentBackend } =
  await load('bench/surface.ts');
const { train } = await mnist(args.includes('--data') ? { data: value('--data') } : {});
const batchSize = 128;
const kernels = currentBackend();
const subset = train.take(batches * batchSize);

const model = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.Adam(model.parameters());
const x = keep(emptyTensor([batchSize, 784]));
const y = keep(emptyTensor([batchSize]));
const made = [];
for (const batch of new DataLoader(subset, { batchSize, shuffle: true, seed: 1 }).batches()) {
  made.push([keep(emptyTensor([batchSize, 784])), keep(emptyTensor([batchSize]))]);
  batch.write(...made.at(-1));
}
const mix = mixup({ alpha: 0.2, classes: 10 });
let inSteps = 0;
const update = (mixed, x, y) => {
  const began = performance.now();
  step(() => {
    optimizer.zeroGrad();
    const batch = mixed ? mix(x, y) : { x, y };
    const loss = crossEntropy(model.forward(batch.x), batch.y);
    loss.backward();
    optimizer.step();
    return loss.item();
  });
  inSteps += performance.now() - began;
};

const options = { batchSize, shuffle: true, seed: 1 };
const moved = { shift: 2 };
const bent = { shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 } };
const loaderOf = augment => new DataLoader(subset, augment ? { ...options, transform: augmentImages(augment, train) } : options);

const median = list => [...list].sort((a, b) => a - b)[list.length >> 1];

/** Runs an epoch of each in turn, and prints what each takes more than the first: in all, and of that between the steps, where the loader has its turn. */
async function compare(threads) {
  const cases = { 'tensors made before': {}, loader: { loader: loaderOf() }, 'loader, shift': { loader: loaderOf(moved) } };
  const ahead = threads < availableParallelism();
  cases[`affine and elastic${ahead ? ', in line' : ''}`] = { loader: loaderOf(bent), ahead: false };
  if (ahead) cases['affine and elastic, ahead'] = { loader: loaderOf(bent) };
  cases['loader, mixup'] = { loader: loaderOf(), mixed: true };
  setThreads(threads);
  const times = Object.fromEntries(Object.keys(cases).map(name => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, { loader, ahead = true, mixed = false }] of Object.entries(cases)) {
      // the thread that works ahead stays, so that it need not be started again and again
      if (ahead) delete kernels.warpAhead;
      else kernels.warpAhead = () => null;
      inSteps = 0;
      const began = performance.now();
      if (loader === undefined) for (const [x, y] of made) update(false, x, y);
      else
        for await (const batch of loader.batchesInTime()) {
          batch.write(x, y);
          update(mixed, x, y);
        }
      const all = performance.now() - began;
      if (round >= 0) times[name].push({ all, between: all - inSteps }); // the first warms up
    }
  }
  const fixed = times['tensors made before'];
  const step = median(fixed.map(({ all }) => all)) / batches;
  console.log(
    `\n${threads} thread${threads === 1 ? '' : 's'}: ${batches} steps of 784-512-256-10, Adam, batch ${batchSize}; a step takes ${step.toFixed(2)} ms`,
  );
  console.log(`${''.padEnd(28)}   epoch      more  between steps, a batch`);
  for (const [name, list] of Object.entries(times)) {
    const more = median(list.map(({ all }, i) => all / fixed[i].all - 1)) * 100;
    const between = median(list.map(({ between }) => between)) / batches;
    console.log(
      `${name.padEnd(28)} ${median(list.map(({ all }) => all))
        .toFixed(0)
        .padStart(4)} ms ${more.toFixed(1).padStart(7)} % ` +
        `${(1000 * between).toFixed(0).padStart(7)} µs ${((between / step) * 100).toFixed(1).padStart(5)} %`,
    );
  }
}

for (const threads of args.includes('--threads') ? [Number(value('--threads'))] : [...new Set([1, availableParallelism()])])
  await compare(threads);
