// From which size on a product is faster by the system's BLAS than by the WebAssembly kernels: `node bench/blas.mjs [rounds] [threads]`. One thread each, in turn.
import { load } from './load.mjs';
import { median } from './processes.mjs';

const rounds = Number(process.argv[2] ?? 9);
const threads = Number(process.argv[3] ?? 1);
const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');
const { findBlas } = await load('src/backend/blas/node/find.ts');
const { BlasBackend } = await load('src/backend/blas/blas-backend.ts');

const library = findBlas({ threads });
const backends = [createWasmBackend({ threads }), new BlasBackend(library, { smallest: 1, threads })];
console.log(`${library.kind} ${library.version}; microseconds a call, the median of ${rounds} turns`);

// layers of small nets: forward, gradient of the weights, gradient of the input
const sizes = [4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64];
const shapes = [
  ...sizes.map(n => ({ m: n, n, k: n, transA: false, transB: true })),
  { m: 16, n: 16, k: 2, transA: false, transB: true },
  { m: 16, n: 2, k: 16, transA: false, transB: true },
  { m: 2, n: 16, k: 16, transA: true, transB: false },
  { m: 32, n: 10, k: 32, transA: false, transB: true },
  { m: 10, n: 32, k: 32, transA: true, transB: false },
  { m: 32, n: 32, k: 10, transA: false, transB: false },
  { m: 1, n: 32, k: 784, transA: false, transB: true },
  { m: 32, n: 32, k: 784, transA: false, transB: true },
  { m: 32, n: 784, k: 32, transA: true, transB: false },
  { m: 128, n: 10, k: 256, transA: false, transB: true },
  { m: 10, n: 256, k: 128, transA: true, transB: false },
  ...[
    [128, 256, 512],
    [128, 512, 784],
    [256, 1000, 1500],
    [256, 2000, 2500],
  ].flatMap(([m, n, k]) => [
    { m, n, k, transA: false, transB: true },
    { m: n, n: k, k: m, transA: true, transB: false },
    { m, n: k, k: n, transA: false, transB: false },
  ]),
];
console.log(`${'product'.padEnd(22)} ${'multiplications'.padStart(15)} ${'wasm'.padStart(9)} ${'BLAS'.padStart(9)}`);
for (const shape of shapes.sort((a, b) => a.m * a.n * a.k - b.m * b.n * b.k)) {
  const { m, n, k, transA, transB } = shape;
  const calls = Math.max(1, Math.round(4e6 / (m * n * k + 3000)));
  const turns = backends.map(() => []);
  const stores = backends.map(kernels => [m * k, k * n, m * n].map(size => kernels.alloc(size)));
  for (let round = -2; round < rounds; round++) {
    backends.forEach((kernels, i) => {
      const began = performance.now();
      for (let call = 0; call < calls; call++) kernels.gemm(...stores[i], shape, false);
      if (round >= 0) turns[i].push(((performance.now() - began) / calls) * 1000);
    });
  }
  const [wasm, blas] = turns.map(median);
  const name = `${m}x${n}x${k}${transA ? ' Aᵀ' : ''}${transB ? ' Bᵀ' : ''}`;
  console.log(
    `${name.padEnd(22)} ${String(m * n * k).padStart(15)} ${wasm.toFixed(2).padStart(9)} ${blas.toFixed(2).padStart(9)}  ${blas < wasm ? 'BLAS' : 'wasm'}`,
  );
}
process.exit(0);
