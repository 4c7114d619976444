// The products of a step, dropout, batch norm and what comes before a layer's gradients, of this checkout beside another's, in turn in one process: `node bench/against.mjs DIR [threads] [rounds]`. DIR is a checkout with kernels
// built (`git worktree add DIR COMMIT`, then `npm ci` there). Before each product half of the second cache is filled with something else, as the rest of a step does.
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { load } from './load.mjs';
import { median } from './processes.mjs';

const [directory, threads = availableParallelism(), rounds = 41] = process.argv.slice(2);
if (directory === undefined) {
  console.error('Name the folder of another checkout: node bench/against.mjs DIR [threads] [rounds]');
  process.exit(2);
}
const other = await import(pathToFileURL(`${directory}/bench/load.mjs`));
const make = async loader => (await loader('src/backend/wasm/wasm-backend.ts')).createWasmBackend({ threads: Number(threads) });
const sides = { other: await make(other.load), this: await make(load) };
const KEY = { key0: 1, key1: 2, counter: 0 };
const COLD = 1 << 17; // elements

/** A pass forward and a pass back of dropout over n elements. A checkout from before masks were kept draws them twice. */
function dropout(kernels, [x, y, mask], n) {
  kernels.dropout(x, y, n, 0.2, KEY, mask);
  if (kernels.dropoutGrad === undefined) kernels.dropout(y, x, n, 0.2, KEY);
  else kernels.dropoutGrad(y, mask, x, n, 0.2);
}

/** Batch norm, ReLU and dropout over [rows, n], there and back; one after the other in a checkout from before they were one. */
function normalize(kernels, [x, y, dy, dx, g, mask, weight, bias, mean, rest, variance, dweight, dbias], rows, n) {
  const statistics = { mean, rest, variance };
  if (kernels.batchNormRelu !== undefined) {
    kernels.batchNormRelu(x, weight, bias, y, statistics, rows, n, 1e-5, { p: 0.2, key: KEY });
    kernels.batchNormReluGrad(x, y, dy, weight, statistics, dx, dweight, dbias, rows, n, 1e-5, 0.2);
    return;
  }
  const size = rows * n;
  kernels.batchNorm(x, weight, bias, dx, statistics, { outer: rows, n, inner: 1 }, 1e-5);
  kernels.unary('relu', dx, g, size, 0);
  kernels.dropout(g, y, size, 0.2, KEY, mask);
  if (kernels.dropoutGrad === undefined) kernels.dropout(dy, g, size, 0.2, KEY);
  else kernels.dropoutGrad(dy, mask, g, size, 0.2);
  kernels.binary('reluGrad', g, y, g, { dims: [size], aStrides: [1], bStrides: [1] });
  kernels.batchNormGrad(x, g, weight, statistics, dx, dweight, dbias, { outer: rows, n, inner: 1 }, 1e-5);
}

const product = (m, n, k, transA, transB) => ({
  name: `${m}x${n}x${k}${transA ? ' Aᵀ' : ''}${transB ? ' Bᵀ' : ''}`,
  sizes: [m * k, k * n, m * n],
  run: (kernels, [a, b, c]) => kernels.gemm(a, b, c, { m, n, k, transA, transB }, false),
  calls: Math.max(3, Math.round(2e8 / (m * n * k))),
});
const cases = [
  product(128, 512, 784, false, true),
  product(512, 784, 128, true, false),
  product(128, 512, 256, false, false),
  product(128, 256, 512, false, true),
  product(256, 2500, 784, false, true),
  { name: 'dropout of 128x512', sizes: [65536, 65536, 4096], run: (kernels, stores) => dropout(kernels, stores, 65536), calls: 30 },
  {
    name: 'batch norm, ReLU, dropout of 128x512',
    sizes: [...new Array(5).fill(65536), 4096, ...new Array(7).fill(512)],
    run: (kernels, stores) => normalize(kernels, stores, 128, 512),
    calls: 20,
  },
  {
    name: 'ReLU and bias, back, of 128x512',
    sizes: [65536, 65536, 512],
    run: (kernels, [y, dy, bias]) => kernels.linearGrad(y, y, y, dy, null, null, bias, 128, 512, 784, 'relu'),
    calls: 50,
  },
];

console.log(`${threads} threads; microseconds, the median and the least of ${rounds} rounds`);
for (const { name, sizes, run, calls } of cases) {
  const took = { other: [], this: [] };
  const stores = Object.fromEntries(
    Object.entries(sides).map(([side, kernels]) => [
      side,
      [...sizes, COLD].map(size => {
        const store = kernels.alloc(size);
        kernels.fill(store, size, 0.5);
        return store;
      }),
    ]),
  );
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 ? ['this', 'other'] : ['other', 'this']) {
      const kernels = sides[side];
      let total = 0;
      for (let i = 0; i < calls; i++) {
        kernels.fill(stores[side].at(-1), COLD, i);
        const began = performance.now();
        run(kernels, stores[side]);
        total += performance.now() - began;
      }
      took[side].push((1000 * total) / calls);
    }
    await new Promise(resolve => setImmediate(resolve));
  }
  const shown = side =>
    `${median(took[side]).toFixed(0).padStart(7)} ${Math.min(...took[side])
      .toFixed(0)
      .padStart(7)}`;
  const ratio = (median(took.other) / median(took.this)).toFixed(2);
  console.log(`${name.padEnd(36)} other ${shown('other')}   this ${shown('this')}   ${ratio} times as fast`);
  for (const [side, list] of Object.entries(stores)) for (const store of list) sides[side].free(store);
}
process.exit();
