// GFLOPS of the product kernels on one core, both builds, beside the ceiling. `node bench/gemm.mjs [rounds] [build]`
import { load } from './load.mjs';
import { peak, settle, time } from './peak.mjs';

const rounds = Number(process.argv[2] ?? 15);
const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');

// m, n, k, op(a), op(b)
const shapes = [
  ['forward  X Wᵀ', 128, 512, 784, false, true],
  ['dW = dYᵀ X', 512, 784, 128, true, false],
  ['dX = dY W', 128, 784, 512, false, false],
  ['square', 1024, 1024, 1024, false, false],
  ['square, Bᵀ', 1024, 1024, 1024, false, true],
  ['hidden', 128, 512, 512, false, true],
  ['head', 128, 10, 512, false, true],
  ['head dW', 10, 512, 128, true, false],
  ['head dX', 128, 512, 10, false, false],
  ['tiny', 16, 16, 2, false, true],
  ['tiny', 16, 16, 16, false, true],
  ['small', 32, 32, 32, false, true],
  ['small', 64, 64, 64, false, true],
  ['small', 32, 100, 50, true, false],
  ['one row', 1, 512, 784, false, true],
  ['one row', 1, 512, 784, false, false],
];

const builds = process.argv[3] ? process.argv[3].split(',') : ['relaxed', 'plain'];
const backends = builds.map(simd => createWasmBackend({ simd, threads: 1 }));
const ceilings = [];
for (const build of builds) ceilings.push(await peak(build === 'wide' ? 'relaxed' : build));

console.log(`${''.padEnd(36)}${builds.map(b => b.padStart(18)).join('')}`);
console.log(`${'ceiling, GFLOPS'.padEnd(36)}${ceilings.map(c => c.toFixed(1).padStart(18)).join('')}`);
for (const kernels of backends) {
  const stores = [1, 2, 3].map(() => kernels.alloc(4096));
  for (const s of stores) kernels.fill(s, 4096, 0.5);
  for (let i = 0; i < 2000; i++) kernels.gemm(...stores, { m: 64, n: 64, k: 64, transA: i % 2 > 0, transB: i % 4 > 1 }, false);
  for (let i = 0; i < 500; i++) kernels.gemm(...stores, { m: 16, n: 16, k: 256, transA: i % 2 > 0, transB: i % 4 > 1 }, false);
}
await settle();
for (const [what, m, n, k, transA, transB] of shapes) {
  const cells = backends.map(kernels => {
    const [a, b, c] = [m * k, k * n, m * n].map(size => kernels.alloc(size));
    for (const s of [a, b])
      kernels.view(s).forEach((_, i, v) => {
        v[i] = ((i * 7919) % 1000) / 1000 - 0.5;
      });
    const shape = { m, n, k, transA, transB };
    const flops = 2 * m * n * k;
    const calls = Math.max(1, Math.round(1e8 / (flops + 3000)));
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const took = time(() => {
        for (let i = 0; i < calls; i++) kernels.gemm(a, b, c, shape, false);
      });
      best = Math.min(best, took / calls);
    }
    for (const s of [a, b, c]) kernels.free(s);
    return `${(flops / best / 1e6).toFixed(1)} ${`${(best * 1e3).toFixed(best < 0.01 ? 2 : 0)}`.padStart(7)} µs`;
  });
  const label = `${what} ${m}x${n}x${k}${transA ? ' Aᵀ' : ''}${transB ? ' Bᵀ' : ''}`;
  console.log(`${label.padEnd(36)}${cells.map(c => c.padStart(18)).join('')}`);
}
