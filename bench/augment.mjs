// Images that the loader writes into tensors a second on one core, augmented, in batches of 128 images of 28 x 28. `node bench/augment.mjs`
import { load } from './load.mjs';

const { augmentImages, digits, DataLoader, setThreads, zeros } = await load('src/index.ts');
setThreads(1, { ahead: false });
const { train } = digits({ train: 6400, test: 0 });
const [x, y] = [zeros([128, 1, 28, 28]), zeros([128])];
const cases = {
  'no augmentation': {},
  shift: { shift: 2 },
  affine: { shift: 2, rotate: 10, scale: 0.1, shear: 5 },
  elastic: { elastic: { alpha: 34, sigma: 4 } },
  'affine and elastic': { shift: 2, rotate: 10, scale: 0.1, shear: 5, elastic: { alpha: 34, sigma: 4 } },
};
for (const [name, options] of Object.entries(cases)) {
  const loader = new DataLoader(train, { batchSize: 128, shuffle: true, seed: 1, transform: augmentImages(options, train) });
  const rates = [];
  for (let round = 0; round < 7; round++) {
    const began = process.cpuUsage(); // the machine may have other work
    for (const batch of loader.batches()) batch.write(x, y);
    const { user, system } = process.cpuUsage(began);
    rates.push(train.length / ((user + system) / 1e6));
  }
  console.log(
    `${name.padEnd(20)} ${rates
      .sort((a, b) => a - b)[3]
      .toFixed(0)
      .padStart(9)} images/s`,
  );
}
