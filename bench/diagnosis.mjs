/**
 * What it costs to watch a training: steps a second without, with the warnings that every run has, with statistics at each epoch's end, and with --profile.
 * The variants take turns, so that a slower moment of the machine meets them all; medians of the rounds.
 *
 *     node bench/diagnosis.mjs
 */
import { crossEntropy, Dataset, fit, nn, optim, Random, withRandom } from '../dist/index.js';

const rounds = 9;
const workloads = [
  { name: '784-512-256-10, Adam, batches of 128', widths: [784, 512, 256, 10], batchSize: 128, steps: 100, Optimizer: optim.Adam },
  { name: '784-32-10, SGD, batches of 32', widths: [784, 32, 10], batchSize: 32, steps: 2000, Optimizer: optim.SGD },
  { name: '2-16-16-2, SGD, batches of 16', widths: [2, 16, 16, 2], batchSize: 16, steps: 20_000, Optimizer: optim.SGD },
];
const variants = {
  nothing: {},
  warnings: { diagnosis: {} },
  'statistics each epoch': { statistics: {} },
  profile: { profile: true },
};

for (const { name, widths, batchSize, steps, Optimizer } of workloads) {
  const [inputs, outputs] = [widths[0], widths.at(-1)];
  const stream = new Random(1).stream('bench');
  const count = batchSize * 100;
  const features = new Float32Array(count * inputs);
  stream.fillNormal(features);
  const targets = Uint8Array.from({ length: count }, () => stream.int(outputs));
  const train = Dataset.from({
    features,
    targets,
    featureShape: [inputs],
    classNames: Array.from({ length: outputs }, (_, i) => String(i)),
  });
  const time = async options => {
    const layers = widths
      .slice(1)
      .flatMap((width, i) => [new nn.Linear(widths[i], width), ...(i < widths.length - 2 ? [new nn.ReLU()] : [])]);
    const model = withRandom(new Random(1), () => new nn.Sequential(...layers));
    const optimizer = new Optimizer(model.parameters(), { lr: 1e-3 });
    const began = performance.now();
    await fit(model, {
      train,
      loss: crossEntropy,
      optimizer,
      batchSize,
      epochs: steps / 100,
      onEvent: () => {},
      random: new Random(1),
      ...options,
    });
    return (performance.now() - began) / steps;
  };
  const times = Object.fromEntries(Object.keys(variants).map(key => [key, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [key, options] of Object.entries(variants)) {
      const one = await time(options);
      if (round > 0) times[key].push(one); // the first warms up
    }
  }
  console.log(`${name}: ${(1000 * median(times.nothing)).toFixed(1)} µs a step`);
  for (const key of Object.keys(variants).slice(1)) {
    const ratios = times[key].map((one, i) => one / times.nothing[i]);
    console.log(`  ${key}: ${(100 * (median(ratios) - 1)).toFixed(1)} % more`);
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
