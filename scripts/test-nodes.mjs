// Trains with the built package on several versions of Node, on one thread and on two, and holds their weights to one another bit for bit.
// `npm run build && node scripts/test-nodes.mjs [20 24 26]`. Each version comes from the npm package `node`, into a temporary folder.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '24', '26'];
const entry = new URL('../dist/index.js', import.meta.url).href;
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const program = `
import { crossEntropy, digits, evaluate, fit, manualSeed, nn, optim } from ${JSON.stringify(entry)};
const { train, test } = digits({ train: 1000, test: 200 });
manualSeed(1);
const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(784, 512), new nn.BatchNorm1d(512), new nn.ReLU(), new nn.Dropout(0.1), new nn.Linear(512, 10));
await fit(model, { train, loss: crossEntropy, optimizer: new optim.Adam(model.parameters()), epochs: 3, batchSize: 50 });
const { logs } = await evaluate(model, test, { loss: crossEntropy });
let hash = 2166136261;
for (const [, tensor] of model.stateDict()) {
  const { buffer } = Float32Array.from(tensor.toArray());
  for (const byte of new Uint8Array(buffer)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
}
console.log(JSON.stringify({ node: process.version, v8: process.versions.v8, ...model.parameters()[0].kernels.traits, accuracy: logs.accuracy, weights: hash.toString(16) }));`;

const results = [];
for (const version of versions) {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-node-'));
  try {
    let node = process.execPath;
    if (process.versions.node.split('.')[0] !== version) {
      execFileSync('npm', ['install', '--no-save', '--prefix', folder, `node@${version}`], { stdio: 'ignore' });
      node = join(folder, 'node_modules', '.bin', 'node');
    }
    const shown = execFileSync(node, [cli, '--version'], { encoding: 'utf8' }).trim();
    for (const threads of ['1', '2']) {
      const env = { ...process.env, CHAINRULE_THREADS: threads };
      const line = execFileSync(node, ['--input-type=module', '-e', program], { encoding: 'utf8', cwd: folder, env });
      console.log(`${line.trim()}  cli ${shown}`);
      results.push({ ...JSON.parse(line), asked: Number(threads) });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
const accurate = results.every(r => r.accuracy > 0.6);
const same = new Set(results.filter(r => r.simd === results[0].simd).map(r => r.weights)).size === 1;
const threaded = results.every(r => r.threads === r.asked);
if (!accurate || !same || !threaded) {
  console.error(
    !accurate ? 'a version did not learn' : !same ? 'the same build ended in different weights' : 'not as many threads as asked for',
  );
  process.exit(1);
}
console.log(`${versions.length} versions trained, on one thread and on two; the same weights to the bit wherever the same kernels ran`);
