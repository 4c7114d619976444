// How fast the products of a training step alone allow it to be: their multiply-adds at the measured peak of a core. `node bench/roofline.mjs [cores]`
import { availableParallelism } from 'node:os';
import { peak } from './peak.mjs';
import { workloads } from './workloads.mjs';

/** Floating-point operations of the products of one step: forward and ∂L/∂W for each layer, and ∂L/∂x for each but the first. */
export function productFlops({ sizes, batch }) {
  return sizes.slice(1).reduce((sum, out, i) => sum + 2 * batch * sizes[i] * out * (i === 0 ? 2 : 3), 0);
}

const cores = Number(process.argv[2] ?? availableParallelism());
const gflops = await peak('relaxed');
console.log(`${gflops.toFixed(1)} GFLOPS a core in 128-bit multiply-adds, ${cores} cores`);
for (const [id, workload] of Object.entries(workloads)) {
  const flops = productFlops(workload);
  const ms = flops / (gflops * cores * 1e6);
  const rate = ((workload.batch / ms) * 1000).toFixed(0);
  console.log(
    `${id}  ${(flops / 1e6).toFixed(1).padStart(8)} MFLOP a step, at least ${ms.toFixed(3)} ms, at most ${rate} samples/s  ${workload.title}`,
  );
}
