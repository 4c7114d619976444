// The most multiply-adds per second that one core does in WebAssembly: independent chains of sums in registers. The ceiling of any product.
import asc from 'assemblyscript/asc';

/** Milliseconds of processor time of this process: unlike the clock's, they do not count the time in which others had the core. */
export function cpuTime() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const CHAINS = 10; // a latency of four cycles times two units a cycle, and some; more than fit in registers would tell nothing
const names = Array.from({ length: CHAINS }, (_, i) => `s${i}`);

const source = fused => `
export function chains(n: i32, x: f32): f32 {
  const a = f32x4.splat(x), b = f32x4.splat(1 - x);
  let ${names.map(s => `${s} = f32x4.splat(1)`).join(', ')};
  for (; n > 0; n--) {
    ${names.map((s, i) => (fused ? `${s} = f32x4.relaxed_madd(a, b, ${s});` : `${s} = f32x4.add(f32x4.mul(a, v128.load(${i * 16})), ${s});`)).join('\n    ')}
  }
  return f32x4.extract_lane(${names.reduce((sum, s) => `f32x4.add(${sum}, ${s})`)}, 0);
}`;

/** GFLOPS of a build, the best of several runs. */
export async function peak(build) {
  const features = ['--enable', 'simd', ...(build === 'relaxed' ? ['--enable', 'relaxed-simd'] : [])];
  const { binary, error, stderr } = await asc.compileString(source(build === 'relaxed'), {
    optimizeLevel: 3,
    runtime: 'stub',
    initialMemory: 1,
    enable: features.filter(f => f !== '--enable'),
  });
  if (error) throw new Error(stderr.toString());
  const { chains } = new WebAssembly.Instance(new WebAssembly.Module(binary)).exports;
  const count = 100_000;
  let best = Infinity;
  for (let round = 0; round < 100; round++) {
    const start = cpuTime();
    chains(count, 0.5);
    best = Math.min(best, cpuTime() - start);
  }
  return (count * CHAINS * 8) / best / 1e6;
}
