/**
 * What it costs to watch a training. A look (for the warnings that every run has) and a set of statistics are timed by taking one at every step; what they cost
 * at their usual intervals follows. --profile is timed as it is. The variants take turns; of each the quickest round counts, since all that disturbs makes slower.
 *
 *     node bench/diagnosis.mjs
 */
import { crossEntropy, Dataset, fit, nn, optim, Random, withRandom } from '../dist/index.js';

const rounds = 7;
const workloads = [
  { name: '784-512-256-10, Adam, batches of 128', widths: [784, 512, 256, 10], batchSize: 128, steps: 100, Optimizer: optim.Adam },
  { name: '784-32-10, SGD, batches of 32', widths: [784, 32, 10], batchSize: 32, steps: 1000, Optimizer: optim.SGD },
  { name: '2-16-16-2, SGD, batches of 16', widths: [2, 16, 16, 2], batchSize: 16, steps: 5000, Optimizer: optim.SGD },
];
const variants = { nothing: {}, look: { diagnosis: { every: 1 } }, statistics: { statistics: { by: 'step' } }, profile: { profile: true } };

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
  const least = Object.fromEntries(Object.entries(times).map(([key, list]) => [key, 1000 * Math.min(...list)]));
  const extra = key => least[key] - least.nothing;
  const share = (microseconds, every) => `${((100 * microseconds) / every / least.nothing).toFixed(2)} %`;
  const small = parametersOf(widths) * batchSize < 5_000_000;
  const every = small ? 500 : 50;
  console.log(`${name}: ${least.nothing.toFixed(1)} µs a step`);
  console.log(`  a look ${extra('look').toFixed(0)} µs; every ${every} steps, as is the default, ${share(extra('look'), every)}`);
  console.log(`  statistics ${extra('statistics').toFixed(0)} µs; once an epoch of 430 steps ${share(extra('statistics'), 430)}`);
  console.log(`  --profile ${extra('profile').toFixed(1)} µs a step, ${share(extra('profile'), 1)}`);
}

function parametersOf(widths) {
  return widths.slice(1).reduce((sum, width, i) => sum + (widths[i] + 1) * width, 0);
}
