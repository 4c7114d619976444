// What more threads bring: training steps and a large product with 1 and with N threads, in turn in one process. `node bench/scaling.mjs [threads] [rounds] [seconds]`
import { availableParallelism } from 'node:os';
import { load } from './load.mjs';
import { prepare, setThreads } from './peers/chainrule.mjs';
import { workloads } from './workloads.mjs';

const [most, rounds, seconds] = [2, 3, 4].map((at, i) => Number(process.argv[at] ?? [Math.max(2, availableParallelism()), 5, 1][i]));
const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');
const counts = [1, most];
const turn = () => new Promise(resolve => setTimeout(resolve, 1));

/** The median rate a second of `call` with each count of threads. */
async function rates(call, choose) {
  const all = counts.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, threads] of counts.entries()) {
      const run = choose(threads, call);
      // Threads start, and wake, with the first calls.
      for (let warm = 0; warm < 3; warm++) {
        run();
        await turn();
      }
      const began = performance.now();
      let times = 0;
      for (; performance.now() - began < seconds * 1000; times++) run();
      all[i].push((times / (performance.now() - began)) * 1000);
    }
  }
  return all.map(list => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]);
}

const show = (what, [one, several], unit, scale = 1) =>
  console.log(
    `${what.padEnd(20)} 1 thread ${(one * scale).toFixed(1).padStart(9)} ${unit}   ${most} threads ${(several * scale).toFixed(1).padStart(9)} ${unit}   ratio ${(several / one).toFixed(2)}`,
  );

const [m, n, k] = [256, 2500, 2000];
const products = counts.map(threads => {
  const kernels = createWasmBackend({ threads });
  const [a, b, c] = [m * k, k * n, m * n].map(size => kernels.alloc(size));
  kernels.fill(a, m * k, 0.5);
  kernels.fill(b, k * n, 0.25);
  return () => kernels.gemm(a, b, c, { m, n, k, transA: false, transB: false }, false);
});
show(`sgemm ${m}x${n}x${k}`, await rates(null, threads => products[counts.indexOf(threads)]), 'GFLOPS', (2 * m * n * k) / 1e9);
for (const id of ['W1', 'W5']) {
  const step = await prepare(workloads[id]);
  const rate = await rates(step, (threads, call) => {
    setThreads(threads);
    return call;
  });
  show(id, rate, 'steps/s');
}
