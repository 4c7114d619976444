// Memory over many steps: live tensors, bytes of kernel memory, and the process's own; then what a step of each workload leaves to the engine's collector.
// `node --expose-gc bench/memory.mjs [steps]`
import { load } from './load.mjs';
import { prepare } from './peers/chainrule.mjs';
import { median } from './processes.mjs';
import { dataFor, workloads } from './workloads.mjs';

const steps = Number(process.argv[2] ?? 10_000);
const { step, nn, optim, crossEntropy, tensor, keep, liveTensors } = await load('bench/surface.ts');
const workload = workloads.W3;
const { batches } = await dataFor(workload);
const [data] = batches;
const model = new nn.Sequential(new nn.Linear(784, 32), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(32, 10));
const optimizer = new optim.Adam(model.parameters());
const x = keep(tensor(data.x, { shape: [workload.batch, 784] }));
const y = keep(tensor(data.labels));
console.log(
  `${'step'.padStart(7)} ${'live tensors'.padStart(13)} ${'live bytes'.padStart(12)} ${'reserved'.padStart(12)} ${'heap used'.padStart(12)} ${'rss'.padStart(12)}`,
);
const mib = bytes => `${(bytes / 2 ** 20).toFixed(2)} MiB`.padStart(12);
let first = null;
for (let i = 1; i <= steps; i++) {
  step(() => {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(x), y);
    loss.backward();
    optimizer.step();
  });
  if (i === 100 || i % (steps / 5) === 0) {
    globalThis.gc?.();
    const { live, reserved } = x.kernels.usage();
    const { heapUsed, rss } = process.memoryUsage();
    const now = { tensors: liveTensors(), live, reserved };
    first ??= now;
    console.log(`${String(i).padStart(7)} ${String(now.tensors).padStart(13)} ${mib(live)} ${mib(reserved)} ${mib(heapUsed)} ${mib(rss)}`);
    if (JSON.stringify(now) !== JSON.stringify(first)) {
      console.error('memory grew');
      process.exitCode = 1;
    }
  }
}

console.log('\nbytes of JavaScript objects that a step makes, and by which the kernel memory grew over 200 steps after 100');
for (const [id, workload] of Object.entries(workloads)) {
  if (id.startsWith('W5')) continue; // the same operations as W1, at length
  const one = await prepare(workload);
  for (let i = 0; i < 100; i++) one();
  const { carved } = x.kernels.usage();
  const made = [];
  for (let window = 0; window < 20; window++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 10; i++) one();
    made.push((process.memoryUsage().heapUsed - before) / 10); // negative where the collector ran, so the median counts
  }
  const grew = x.kernels.usage().carved - carved;
  console.log(`${id}  ${Math.round(median(made)).toLocaleString('en').padStart(8)} bytes a step, ${grew} bytes  ${workload.title}`);
  if (grew > 0) process.exitCode = 1;
}
process.exit();
