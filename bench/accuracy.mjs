// Test accuracy of a recipe on real MNIST over several seeds, through the command itself: `npm run build && node bench/accuracy.mjs [--seeds 5] [--threads 1] [train flags]`
// Needs MNIST in CHAINRULE_DATA (or --data DIR). The test part is measured once a run, at its end.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const args = process.argv.slice(2);
const take = (flag, fallback) => (args.includes(flag) ? Number(args.splice(args.indexOf(flag), 2)[1]) : fallback);
const seeds = take('--seeds', 5);
const threads = take('--threads', 1);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'chainrule-accuracy-'));
const found = [];

async function runSeed(seed) {
  const out = join(folder, String(seed));
  const began = performance.now();
  const command = [cli, 'train', 'mnist', ...args, '--seed', String(seed), '--json', '--out', out];
  const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 2 ** 28 });
  const events = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  const last = type => events.findLast(event => event.type === type);
  if (found.length === 0) {
    const { data, backend } = last('trainBegin');
    console.log(
      `${data.replace(/folder \S+/, 'a folder')}; ${cpus()[0].model}, Node ${process.version}, backend ${JSON.stringify(backend)}`,
    );
    const { data: _, ...experiment } = JSON.parse(readFileSync(join(out, 'experiment.json'), 'utf8'));
    console.log(JSON.stringify(experiment));
  }
  const test = last('evaluation').logs.accuracy;
  const { epoch, logs } = last('epochEnd');
  found.push(test);
  const validation = logs.val_accuracy === undefined ? '' : `, validation ${(100 * logs.val_accuracy).toFixed(2)} %`;
  console.log(
    `seed ${seed}: test accuracy ${(100 * test).toFixed(2)} %${validation}, ${epoch} epochs, ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
}

try {
  const queue = Array.from({ length: seeds }, (_, i) => i + 1);
  const worker = async () => {
    for (let seed = queue.shift(); seed !== undefined; seed = queue.shift()) await runSeed(seed);
  };
  await Promise.all(Array.from({ length: threads }, worker));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const mean = found.reduce((a, b) => a + b, 0) / found.length;
const sd = Math.sqrt(found.reduce((sum, a) => sum + (a - mean) ** 2, 0) / Math.max(1, found.length - 1));
console.log(
  `test accuracy over ${found.length} seeds: mean ${(100 * mean).toFixed(2)} %, standard deviation ${(100 * sd).toFixed(2)}, lowest ${(100 * Math.min(...found)).toFixed(2)} %`,
);
