// From the start of a process to the end of its first training step (W1), the libraries in turn. This library as it is published: dist/.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { libraries } from '../libraries.mjs';
import { median, Peer } from '../processes.mjs';
import { workloads } from '../workloads.mjs';

const entry = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
const program = `
import { crossEntropy, manualSeed, nn, optim, rand, step, tensor } from ${JSON.stringify(entry)};
manualSeed(1);
const model = new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));
const optimizer = new optim.Adam(model.parameters());
const [x, y] = [rand([128, 784]), tensor(Array.from({ length: 128 }, (_, i) => i % 10))];
const loss = step(() => {
  const loss = crossEntropy(model.forward(x), y);
  loss.backward();
  optimizer.step();
  return loss.item();
});
process.exit(loss > 0 ? 0 : 1);`;

export async function coldStart({ rounds, python }) {
  if (!existsSync(entry)) throw new Error('dist/ is missing: npm run build');
  const others = libraries(python).filter(one => ['pytorch', 'jax', 'tfjs', 'sklearn'].includes(one.id));
  const found = new Map();
  const keep = (name, ms) => found.set(name, [...(found.get(name) ?? []), ms]);
  const time = async args => {
    const began = performance.now();
    await promisify(execFile)(process.execPath, args);
    return performance.now() - began;
  };
  for (let round = 0; round < rounds; round++) {
    keep('chainrule', await time(['--input-type=module', '-e', program]));
    keep('an empty Node process', await time(['-e', '0']));
    for (const { name, candidates } of others) {
      const peer = new Peer({ name, ...candidates[0] });
      try {
        await peer.ask({ do: 'first', workload: { ...workloads.W1, digits: false } });
        keep(name, performance.now() - peer.started);
      } catch {
        // it is not here
      }
      await peer.end();
    }
  }
  const results = [...found].map(([name, times]) => ({ name, ms: median(times), turns: times }));
  for (const { name, ms } of results) console.log(`  ${name.padEnd(34)} ${ms.toFixed(0).padStart(6)} ms`);
  return { results };
}
