// How fast a training step can be at most: its products at the measured peak of all cores, and then the optimizer's pass over its arrays at the measured
// speed of memory or caches. `node bench/roofline.mjs [cores]`
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import { peak } from './peak.mjs';
import { updateFloor } from './update-floor.mjs';
import { workloads } from './workloads.mjs';

/** Floating-point operations of the products of one step: forward and ∂L/∂W for each layer, and ∂L/∂x for each but the first. */
export function productFlops({ sizes, batch }) {
  return sizes.slice(1).reduce((sum, out, i) => sum + 2 * batch * sizes[i] * out * (i === 0 ? 2 : 3), 0);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const cores = Number(process.argv[2] ?? availableParallelism());
  const gflops = await peak('relaxed');
  console.log(`${gflops.toFixed(1)} GFLOPS a core in 128-bit multiply-adds, ${cores} cores`);
  for (const [id, workload] of Object.entries(workloads)) {
    const flops = productFlops(workload);
    const products = flops / (gflops * cores * 1e6);
    const update = await updateFloor(workload, cores);
    const rate = (1000 / (products + update)).toPrecision(3);
    console.log(
      `${id}  products ${(flops / 1e6).toFixed(1).padStart(8)} MFLOP, ${products.toFixed(3).padStart(7)} ms; update ${update.toFixed(3).padStart(7)} ms; at most ${rate.padStart(6)} steps/s  ${workload.title}`,
    );
  }
}
