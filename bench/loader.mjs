// What the loader adds to an epoch of W1 on MNIST: some steps on batches that it prepares, then as many on batches made beforehand as tensors, and so on in turn, so
// that whatever else the machine does meets both; with one thread, and with as many as there are processors.
// `node bench/loader.mjs [--data DIR] [--epochs 6] [--batches 150] [--threads N] [--only loader]`
import { availableParallelism } from 'node:os';
import { load } from './load.mjs';

const args = process.argv.slice(2);
const value = (flag, fallback) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : fallback);
const epochs = Number(value('--epochs', 6));
const batches = Number(value('--batches', 150));
const { step, nn, optim, crossEntropy, emptyTensor, keep, DataLoader, augmentImages, mixup, mnist, setThreads, currentBackend } =
  await load('bench/surface.ts');
const { train } = await mnist(args.includes('--data') ? { data: value('--data') } : {});
const batchSize = 128;
/** Steps of a turn. */
const TURN = 10;
const kernels = currentBackend();
const subset = train.take(batches * batchSize);

const model = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.Adam(model.parameters());
const pair = () => [keep(emptyTensor([batchSize, 784])), keep(emptyTensor([batchSize]))];
const mix = mixup({ alpha: 0.2, classes: 10 });
const options = { batchSize, shuffle: true, seed: 1 };
const made = [];
for (const batch of new DataLoader(subset, options).batches()) {
  made.push(pair());
  batch.write(...made.at(-1));
}

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

const moved = { shift: 2 };
const bent = { shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 } };
const loaderOf = augment => new DataLoader(subset, augment ? { ...options, transform: augmentImages(augment, train) } : options);

const sorted = list => [...list].sort((a, b) => a - b);
const median = list => sorted(list)[list.length >> 1];
/** An interval that holds the median of what was drawn from with 95 % certainty, by the binomial distribution. */
const interval = list => {
  const half = (1.96 * Math.sqrt(list.length)) / 2;
  const at = i => sorted(list)[Math.min(list.length - 1, Math.max(0, Math.round(i)))];
  return [at(list.length / 2 - half), at(list.length / 2 + half)];
};

/**
 * Turns of steps on the loader's batches and on tensors made before. `times` are milliseconds a step: with the loader, of that between steps, with tensors. `starts` are
 * what an epoch's first batch takes, for which all examples are put in order.
 */
async function compare({ loader, mixed = false }) {
  const [x, y] = pair();
  const times = [];
  const starts = [];
  let at = 0;
  let [began, count] = [performance.now(), 0];
  inSteps = 0;
  for (let epoch = -1; epoch < epochs; epoch++) {
    // as `Trainer` does it
    const taken = loader.batchesInTime();
    for (let isFirst = true; ; isFirst = false) {
      const asked = performance.now();
      const next = taken.next();
      const { value: batch } = next instanceof Promise ? await next : next;
      if (batch === undefined) break;
      if (isFirst) {
        const start = performance.now() - asked;
        began += start; // it is not the turn's
        if (epoch >= 0) starts.push(start);
      }
      batch.write(x, y);
      update(mixed, x, y);
      if (++count < TURN) continue;
      const loaded = performance.now() - began;
      const between = loaded - inSteps;
      began = performance.now();
      for (let i = 0; i < TURN; i++) update(false, ...made[at++ % made.length]);
      const plain = performance.now() - began;
      if (epoch >= 0) times.push({ loaded: loaded / TURN, between: between / TURN, plain: plain / TURN }); // the first epoch warms up
      [began, count, inSteps] = [performance.now(), 0, 0];
    }
  }
  return { times, starts };
}

async function report(threads) {
  const cases = { loader: { loader: loaderOf() }, 'loader, shift': { loader: loaderOf(moved) } };
  const ahead = threads < availableParallelism();
  cases[`affine and elastic${ahead ? ', in line' : ''}`] = { loader: loaderOf(bent), ahead: false };
  if (ahead) cases['affine and elastic, ahead'] = { loader: loaderOf(bent) };
  cases['loader, mixup'] = { loader: loaderOf(), mixed: true };
  setThreads(threads);
  console.log(
    `\n${threads} thread${threads === 1 ? '' : 's'}: 784-512-256-10, Adam, batch ${batchSize}, ${epochs} epochs of ${batches} batches; median, and in brackets its 95 % interval`,
  );
  console.log(`${''.padEnd(28)}   a step on tensors   more with the loader     of that between steps`);
  const chosen = Object.entries(cases).filter(([name]) => !args.includes('--only') || value('--only').split(',').includes(name));
  for (const [name, { ahead = true, ...one }] of chosen) {
    // the thread that works ahead stays, so that it need not be started again and again
    if (ahead) delete kernels.warpAhead;
    else kernels.warpAhead = () => null;
    const { times, starts } = await compare(one);
    const plain = median(times.map(one => one.plain));
    const start = median(starts) / batches;
    const more = times.map(({ loaded, plain }) => 100 * (loaded / plain - 1 + start / plain));
    const [low, high] = interval(more);
    const between = median(times.map(one => one.between)) + start;
    const step = `${name.padEnd(28)}   ${plain.toFixed(2).padStart(8)} ms`;
    const added = `${median(more).toFixed(1).padStart(5)} % (${low.toFixed(1)} to ${high.toFixed(1)})`;
    console.log(
      `${step}        ${added.padEnd(24)} ${(1000 * between).toFixed(0).padStart(6)} µs, ${((100 * between) / plain).toFixed(1)} %`,
    );
  }
}

for (const threads of args.includes('--threads') ? [Number(value('--threads'))] : [...new Set([1, availableParallelism()])])
  await report(threads);
process.exit(0);
