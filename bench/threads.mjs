// From which size on a second thread pays, kernel by kernel: microseconds of one thread and of two that share all sizes. `node bench/threads.mjs [rounds]`
import { load } from './load.mjs';

const rounds = Number(process.argv[2] ?? 40);
const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');
const always = { elements: 0, costlyElements: 0, multiplications: 0 };
const backends = [createWasmBackend({ threads: 1 }), createWasmBackend({ threads: 2, limits: always })];

const adam = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, shrink: 1, correction2: 0.5, alongMoment: 1e-3, alongGradient: 0 };
const sgd = { weightDecay: 0, momentum: 0.9, share: 1, alongVelocity: -0.01, alongGradient: 0 };
const flat = n => ({ dims: [n], aStrides: [1], bStrides: [1] });
const key = { key0: 1, key1: 2, counter: 0 };
const sizes = [2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 1048576];
const square = count => Math.round(Math.cbrt(count) / 4) * 4;

/** Of each kernel: what its size counts, and a call on storage a, b, c, d of n elements. */
const kernels = {
  'add, elements': (k, n, [a, b, c]) => k.binary('add', a, b, c, flat(n)),
  'relu, elements': (k, n, [a, b]) => k.unary('relu', a, b, n, 0),
  'exp, elements': (k, n, [a, b]) => k.unary('exp', a, b, n, 0),
  'sgd, elements': (k, n, [a, b, c]) => k.sgd({ count: 1, sizes: [n], theta: [a], grad: [b], state: [[c]] }, sgd),
  'adam, elements': (k, n, [a, b, c, d]) => k.adam({ count: 1, sizes: [n], theta: [a], grad: [b], state: [[c], [d], null] }, adam),
  'dropout, elements': (k, n, [a, b, mask]) => k.dropout(a, b, n, 0.5, key, mask),
  'softmax over rows of 64, elements': (k, n, [a, b]) => k.softmax(a, b, n / 64, 64),
  'product, multiplications': (k, n, [a, b, c]) => {
    const m = square(16 * n);
    k.gemm(a, b, c, { m, n: m, k: m, transA: false, transB: true }, false);
  },
};

for (const [what, call] of Object.entries(kernels)) {
  const cells = [];
  for (const size of sizes) {
    const best = [Infinity, Infinity];
    const stores = backends.map(k => [1, 2, 3, 4].map(() => k.alloc(Math.max(size, square(16 * size) ** 2))));
    backends.forEach((k, i) => {
      for (const store of stores[i]) k.fill(store, store.length, 0.1);
    });
    const calls = Math.max(4, Math.round(2e5 / size));
    for (let round = 0; round < rounds; round++) {
      backends.forEach((k, i) => {
        call(k, size, stores[i]);
        const began = performance.now();
        for (let j = 0; j < calls; j++) call(k, size, stores[i]);
        best[i] = Math.min(best[i], (performance.now() - began) / calls);
      });
      await new Promise(resolve => setImmediate(resolve));
    }
    backends.forEach((k, i) => {
      for (const store of stores[i]) k.free(store);
    });
    const [one, two] = best.map(ms => ms * 1000);
    cells.push(
      `${(what.startsWith('product') ? square(16 * size) ** 3 : size).toString().padStart(9)} ${one.toFixed(1).padStart(8)} ${two.toFixed(1).padStart(8)} ${(one / two).toFixed(2).padStart(6)}`,
    );
  }
  console.log(`${what}\n     size     one µs   two µs  ratio\n${cells.join('\n')}`);
}
