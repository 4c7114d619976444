// Products of float32 matrices as a share of the measured peak of a core: of 128-bit multiply-adds in WebAssembly, of 256-bit ones in native code.
import { availableParallelism } from 'node:os';
import { Calm } from '../calm.mjs';
import { numpysBlas } from '../libraries.mjs';
import { load } from '../load.mjs';
import { nativePeak } from '../native-peak.mjs';
import { peak, peakTogether } from '../peak.mjs';
import { median, Peer } from '../processes.mjs';
import { updateFloor } from '../update-floor.mjs';
import { workloads } from '../workloads.mjs';

// m, n, k, and which operand is stored transposed
export const shapes = [
  { what: 'X Wᵀ', m: 128, n: 512, k: 784, transA: false, transB: true },
  { what: 'dYᵀ X', m: 512, n: 784, k: 128, transA: true, transB: false },
  { what: 'dY W', m: 128, n: 784, k: 512, transA: false, transB: false },
  { what: 'square', m: 1024, n: 1024, k: 1024, transA: false, transB: false },
  { what: 'wide layer', m: 256, n: 2500, k: 2000, transA: false, transB: true },
];

const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

/** A peak is what can be reached: the highest of several, each while the machine is calm. */
async function highest(calm, measure, of = measured => measured ?? 0) {
  const found = [];
  for (let i = 0; i < 5; i++) found.push(await calm.take(measure));
  return found.reduce((best, one) => (of(one) > of(best) ? one : best));
}

/** GFLOPS of one turn. */
function turn(kernels, stores, shape, seconds) {
  const flops = 2 * shape.m * shape.n * shape.k;
  const calls = Math.max(1, Math.round(5e7 / flops));
  const began = performance.now();
  let done = 0;
  let took = 0;
  while (took < seconds * 1000) {
    for (let i = 0; i < calls; i++) kernels.gemm(...stores, shape, false);
    done += calls;
    took = performance.now() - began;
  }
  return (done * flops) / took / 1e6;
}

export async function products({ rounds, seconds, python }) {
  const all = availableParallelism();
  const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');
  const { wideMissing } = await load('src/backend/wasm/engine.ts');
  const { createBlasBackend } = await load('src/backend/blas/node/find.ts');
  const { simd } = createWasmBackend({ threads: 1, simd: 'relaxed' }).traits; // asks for relaxed SIMD where the engine hides it
  const calm = await Calm.open();
  const peaks = { wasm: await highest(calm, () => peak(simd)), native: await highest(calm, nativePeak) };
  const whole = measured => measured?.best ?? 0;
  const together = {
    wasm: await highest(calm, () => peakTogether(simd), whole),
    native: await highest(calm, () => peakTogether('native'), whole),
  };
  for (const [kind, bits] of [
    ['wasm', 128],
    ['native', 256],
  ]) {
    const both =
      together[kind] === null
        ? ''
        : `; ${all} together ${together[kind].best.toFixed(1)}, in the median ${together[kind].median.toFixed(1)}`;
    console.log(`  peak with ${bits}-bit multiply-adds, GFLOPS: ${peaks[kind]?.toFixed(1)} a core${both}`);
  }
  const updates = {}; // milliseconds, for the rooflines
  for (const [id, workload] of Object.entries(workloads)) updates[id] = await updateFloor(workload);
  const makers = [];
  const last = [];
  const numpys = numpysBlas(python);
  for (const threads of new Set([1, all])) {
    makers.push({
      id: `wasm${threads}`,
      name: `wasm, ${threads} threads`,
      threads,
      peak: 'wasm',
      make: () => createWasmBackend({ threads, simd: 'relaxed' }),
    });
    // measured last: in this process the engine joins vectors from then on
    if (wideMissing() === null) {
      last.push({
        id: `wasmWide${threads}`,
        name: `wasm of 256 bits, ${threads} threads`,
        threads,
        peak: 'native',
        make: () => createWasmBackend({ threads, simd: 'wide' }),
      });
    }
    makers.push({
      id: `blas${threads}`,
      name: `BLAS, ${threads} threads`,
      threads,
      peak: 'native',
      make: () => createBlasBackend({ threads }),
    });
    if (numpys === null) continue;
    makers.push({
      id: `blasOfNumpy${threads}`,
      name: `BLAS of NumPy, ${threads} threads`,
      threads,
      peak: 'native',
      make: () => createBlasBackend({ threads, environment: { CHAINRULE_BLAS: numpys } }),
    });
  }
  makers.push(...last);
  const torch = new Peer({ name: 'PyTorch', command: [python, 'bench/peers/pytorch.py'] });
  const withTorch = await torch.ask({ do: 'gemm', ...shapes[0], threads: 1, seconds: 0.05 }).then(
    () => true,
    () => false,
  );
  const results = [];
  for (const { id, name, threads, peak: kind, make } of makers) {
    const kernels = make();
    if (kernels.traits.threads !== threads) continue; // no threads here
    for (const shape of shapes) {
      const stores = [shape.m * shape.k, shape.k * shape.n, shape.m * shape.n].map(size => kernels.alloc(size));
      for (const s of stores) kernels.view(s).fill(0.5);
      for (let i = 0; i < 3; i++) turn(kernels, stores, shape, 0.05); // until the engine has compiled for speed
      await pause(200);
      const turns = [];
      for (let round = 0; round < rounds; round++) {
        turns.push(
          await calm.take(async () => {
            turn(kernels, stores, shape, 0.1); // its threads are awake then, each on a core of its own
            return turn(kernels, stores, shape, seconds / 4);
          }),
        );
      }
      for (const s of stores) kernels.free(s);
      const gflops = median(turns);
      results.push({
        id,
        name,
        shape,
        gflops,
        best: Math.max(...turns),
        share: gflops / (peaks[kind] * threads),
        library: kernels.traits.blas,
      });
    }
    await pause(300);
  }
  if (withTorch) {
    for (const threads of new Set([1, all])) {
      for (const shape of shapes) {
        const turns = [];
        for (let round = 0; round < rounds; round++) {
          const one = { do: 'gemm', ...shape, threads };
          const { gflops } = await calm.take(async () => {
            await torch.ask({ ...one, seconds: 0.1 });
            return await torch.ask({ ...one, seconds: seconds / 4 });
          });
          turns.push(gflops);
        }
        const gflops = median(turns);
        const share = gflops / (peaks.native * threads);
        results.push({ id: `pytorch${threads}`, name: `PyTorch, ${threads} threads`, shape, gflops, best: Math.max(...turns), share });
      }
    }
  }
  await Promise.all([torch.end(), calm.close()]);
  for (const { name, shape, gflops, share } of results) {
    console.log(
      `  ${name.padEnd(20)} ${`${shape.m}x${shape.n}x${shape.k}`.padEnd(16)} ${shape.what.padEnd(12)} ${gflops.toFixed(1).padStart(7)} GFLOPS  ${(100 * share).toFixed(0)} %`,
    );
  }
  return { peaks, together, updates, calm: calm.summary(), results };
}
