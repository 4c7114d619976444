// How long an optimizer's update takes at least: one pass over its arrays, some read, some written too, by all cores at once with almost no arithmetic.
// Small nets have them in the caches, large ones wait for memory. The time is measured, at the net's own size.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';
import { median } from './processes.mjs';

/** Arrays besides θ and the gradient that an optimizer reads and writes. */
const stateOf = ({ optimizer, momentum }) => (optimizer === 'adam' ? 2 : momentum ? 1 : 0);
const parametersOf = ({ sizes }) => sizes.slice(1).reduce((sum, out, i) => sum + out * (sizes[i] + 1), 0);

/** Each element of `written` arrays is changed by the gradient, the first of the arrays. */
const source = written => `
export function pass(n: i32, bytes: usize): void {
  for (let at: usize = 1024, end = at + <usize>n * 4; at < end; at += 16) {
    const g = v128.load(at);
    ${Array.from({ length: written }, (_, i) => `v128.store(at + ${i + 1} * bytes, f32x4.add(v128.load(at + ${i + 1} * bytes), g));`).join('\n    ')}
  }
}`;

async function compile(written) {
  const { binary, error, stderr } = await asc.compileString(source(written), {
    optimizeLevel: 3,
    runtime: 'stub',
    noAssert: true,
    importMemory: true,
    enable: ['simd'],
  });
  if (error) throw new Error(stderr.toString());
  return binary;
}

/** The pass over arrays of `elements` as a function of nothing. */
export function passLoop(binary, arrays, elements) {
  const bytes = Math.ceil(elements / 16) * 64 + 64 * 17; // not a whole power of two apart, as the allocator's are not
  const memory = new WebAssembly.Memory({ initial: Math.ceil((1024 + arrays * bytes) / 65536) });
  const { pass } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } }).exports;
  return { work: () => pass(Math.ceil(elements / 4) * 4, bytes) };
}

/** Milliseconds of the update of a workload's parameters, in the median of many passes; the cores begin each together. */
export async function updateFloor(workload, cores = availableParallelism()) {
  const arrays = 2 + stateOf(workload);
  const pass = { binary: await compile(arrays - 1), arrays, elements: Math.ceil(parametersOf(workload) / cores) };
  const shared = new SharedArrayBuffer(8);
  const told = await Promise.all(
    Array.from(
      { length: cores },
      () =>
        new Promise((resolve, reject) =>
          new Worker(new URL('./peak-worker.mjs', import.meta.url), { workerData: { pass, shared, cores } })
            .once('message', resolve)
            .once('error', reject),
        ),
    ),
  );
  return median(told[0].took.map((_, round) => Math.max(...told.map(({ took }) => took[round]))).slice(100));
}
