// Test accuracy of a recipe on real MNIST over several seeds, through the command itself: `npm run build && node bench/accuracy.mjs [--seeds 5] [train flags]`
// Needs MNIST in CHAINRULE_DATA (or --data DIR). The test part is measured once a run, at its end.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const args = process.argv.slice(2);
const at = args.indexOf('--seeds');
const seeds = at < 0 ? 5 : Number(args.splice(at, 2)[1]);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'chainrule-accuracy-'));
const found = [];
try {
  for (let seed = 1; seed <= seeds; seed++) {
    const out = join(folder, String(seed));
    const began = performance.now();
    const lines = execFileSync(process.execPath, [cli, 'train', 'mnist', ...args, '--seed', String(seed), '--json', '--out', out], {
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const events = lines
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    const test = events.findLast(event => event.type === 'evaluation');
    const last = events.findLast(event => event.type === 'epochEnd');
    const begin = events.find(event => event.type === 'trainBegin');
    if (seed === 1) {
      console.log(`${begin.data}\n${cpus()[0].model}, Node ${process.version}, backend ${JSON.stringify(begin.backend)}`);
      const { data: _, ...experiment } = JSON.parse(readFileSync(join(out, 'experiment.json'), 'utf8'));
      console.log(JSON.stringify(experiment));
    }
    found.push(test.logs.accuracy);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(
      `seed ${seed}: test accuracy ${(100 * test.logs.accuracy).toFixed(2)} %, validation ${(100 * last.logs.val_accuracy).toFixed(2)} %, ${last.epoch} epochs, ${seconds} s`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const mean = found.reduce((a, b) => a + b, 0) / found.length;
const sd = Math.sqrt(found.reduce((sum, a) => sum + (a - mean) ** 2, 0) / Math.max(1, found.length - 1));
console.log(
  `test accuracy over ${found.length} seeds: mean ${(100 * mean).toFixed(2)} %, standard deviation ${(100 * sd).toFixed(2)}, lowest ${(100 * Math.min(...found)).toFixed(2)} %`,
);
