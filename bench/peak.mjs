// The most multiply-adds per second that one core does in WebAssembly: independent chains of sums in registers, one operand loaded as products do. The ceiling of any product.
import { setFlagsFromString } from 'node:v8';
import asc from 'assemblyscript/asc';

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

/** GFLOPS of a build, the best of several runs. */
export async function peak(build) {
  const features = ['--enable', 'simd', ...(build === 'relaxed' ? ['--enable', 'relaxed-simd'] : [])];
  const { binary, error, stderr } = await asc.compileString(source(build === 'relaxed'), {
    optimizeLevel: 3,
    runtime: 'stub',
    noAssert: true,
    initialMemory: 1,
    enable: features.filter(f => f !== '--enable'),
  });
  if (error) throw new Error(stderr.toString());
  if (!WebAssembly.validate(binary)) setFlagsFromString('--experimental-wasm-relaxed-simd'); // Node 20
  const { chains } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  const count = 200_000;
  let best = Infinity;
  for (let round = 0; round < 200; round++) {
    if (round === 50) await settle();
    best = Math.min(
      best,
      time(() => chains(count, 0.5)),
    );
  }
  return (count * CHAINS * 8) / best / 1e6;
}
