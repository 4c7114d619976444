// The most multiply-adds per second that one core does in WebAssembly: independent chains of sums in registers, one operand loaded as products do. The ceiling of any product.
// And what all cores do at once, in WebAssembly or native code: often less than as many times one, where processors are shared or a core is two of them.
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';
import { median } from './processes.mjs';

/**
 * Milliseconds that `work` takes: by the clock or in processor time, whichever is less. The clock counts the time in which others had the core;
 * processor time counts what the engine's own compiler does meanwhile. A machine that is shared has both.
 */
export function time(work) {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const clock = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return Math.min(clock, (user + system) / 1000);
}

/** Until the engine has compiled for speed what ran for a while. */
export const settle = () => new Promise(resolve => setTimeout(resolve, 500));

const CHAINS = 10; // a latency of four cycles times two units a cycle, and some; more than fit in registers would tell nothing
const COUNT = 200_000;
const names = Array.from({ length: CHAINS }, (_, i) => `s${i}`);

const source = fused => `
export function chains(n: i32, x: f32): f32 {
  const a = f32x4.splat(x);
  let ${names.map(s => `${s} = f32x4.splat(1)`).join(', ')};
  for (; n > 0; n--) {
    ${names.map((s, i) => (fused ? `${s} = f32x4.relaxed_madd(a, v128.load(${i * 16}), ${s});` : `${s} = f32x4.add(f32x4.mul(a, v128.load(${i * 16})), ${s});`)).join('\n    ')}
  }
  return f32x4.extract_lane(${names.reduce((sum, s) => `f32x4.add(${sum}, ${s})`)}, 0);
}`;

/** The loop as a module, for a build. */
export async function compile(build) {
  const { binary, error, stderr } = await asc.compileString(source(build === 'relaxed'), {
    optimizeLevel: 3,
    runtime: 'stub',
    noAssert: true,
    initialMemory: 1,
    enable: ['simd', ...(build === 'relaxed' ? ['relaxed-simd'] : [])],
  });
  if (error) throw new Error(stderr.toString());
  if (!WebAssembly.validate(binary)) setFlagsFromString('--experimental-wasm-relaxed-simd'); // Node 20
  return binary;
}

/** A module's loop as a function of nothing, and the floating-point operations of one call. */
export function wasmLoop(binary) {
  const { chains } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  return { work: () => chains(COUNT, 0.5), flops: COUNT * CHAINS * 8 };
}

/** GFLOPS of a build on one core, the best of several runs. */
export async function peak(build) {
  const { work, flops } = wasmLoop(await compile(build));
  let best = Infinity;
  for (let round = 0; round < 200; round++) {
    if (round === 50) await settle();
    best = Math.min(best, time(work));
  }
  return flops / best / 1e6;
}

/**
 * GFLOPS of `cores` cores that begin each run together: the best and the median of several, of a build or of the native loop (`native`). The median is
 * below the best where others have the cores at times. Null where there is no such loop.
 */
export async function peakTogether(build, cores = availableParallelism()) {
  const binary = build === 'native' ? null : await compile(build);
  const shared = new SharedArrayBuffer(8);
  const workers = Array.from(
    { length: cores },
    () => new Worker(new URL('./peak-worker.mjs', import.meta.url), { workerData: { binary, shared, cores } }),
  );
  const told = await Promise.all(
    workers.map(worker => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))),
  );
  if (told.some(one => one === null)) return null;
  const slowest = told[0].took.map((_, round) => Math.max(...told.map(({ took }) => took[round]))).slice(100); // compiled for speed by then
  const gflops = ms => (cores * told[0].flops) / ms / 1e6;
  return { best: gflops(Math.min(...slowest)), median: gflops(median(slowest)) };
}
