// From the start of a process to its first trained batch: `npm run build && node bench/cold-start.mjs [runs]`. The median of several runs.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const runs = Number(process.argv[2] ?? 15);
const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const program = `
import { crossEntropy, manualSeed, nn, optim, rand, step, tensor } from ${JSON.stringify(entry)};
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.Adam(model.parameters());
const x = rand([128, 784]);
const y = tensor(Array.from({ length: 128 }, (_, i) => i % 10));
const loss = step(() => {
  optimizer.zeroGrad();
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss.item();
});
console.log(performance.now().toFixed(1), loss.toFixed(4));`;
const times = [];
const inside = [];
for (let i = 0; i < runs; i++) {
  const began = performance.now();
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  times.push(performance.now() - began);
  inside.push(Number(out.split(' ')[0]));
}
const empty = [];
for (let i = 0; i < runs; i++) {
  const began = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  empty.push(performance.now() - began);
}
const median = list => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
console.log(`Node ${process.version}, ${runs} runs: 784-512-256-10, first batch of 128 trained`);
console.log(`  ${median(inside).toFixed(0)} ms from the start of the process to the first trained batch`);
console.log(`  ${median(times).toFixed(0)} ms for the whole process, of which an empty one takes ${median(empty).toFixed(0)} ms`);
