// Fuzzes every reader: `node scripts/fuzz.mjs [--count 100000] [--seed 1] [NAME...]`. Ends with code 1 where a reader does not survive an input, which is
// shown. A reader that does not come back within five minutes is ended, and its last inputs are named.
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const [count, seed] = [Number(values.count), Number(values.seed)];
if (!Number.isInteger(count) || count < 1 || !Number.isInteger(seed) || seed < 0) {
  console.error('fuzz: --count and --seed take whole numbers');
  process.exit(2);
}

// The sources are TypeScript: bundled into a folder beside the tests, from where they find the golden files.
const folder = mkdtempSync(`${root}test/.fuzz-`);
const build = await rolldown({ cwd: root, input: { run: 'test/fuzz/worker.ts' }, platform: 'node', external: [/^node:/] });
await build.write({ dir: folder, format: 'esm', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
await build.close();

let failed = false;
const worker = new Worker(`${folder}/run.mjs`, { workerData: { count, seed, names: positionals } });
let alive = setTimeout(() => {}, 0);
let last = 'nothing yet';
const watch = () => {
  clearTimeout(alive);
  alive = setTimeout(() => {
    console.error(`fuzz: nothing was heard for 5 minutes; the last was ${last}. An input among the thousand after it does not end`);
    failed = true;
    void worker.terminate();
  }, 300_000);
};
watch();
worker.on('message', message => {
  watch();
  if (message.error !== undefined) {
    console.error(message.error);
    failed = true;
  } else if (message.done !== undefined) {
    last = `${message.name}, ${message.done} inputs`;
  } else {
    const { name, count, accepted, refused, slowest, most, seconds } = message.report;
    console.log(
      `${name.padEnd(12)} ${count} inputs: ${refused} refused, ${accepted} read; ${seconds.toFixed(1)} s, the slowest ${Math.round(slowest)} ms, the most memory ${Math.round(most / 1024)} kB`,
    );
  }
});
worker.on('error', error => {
  console.error(error);
  failed = true;
});
worker.on('exit', () => {
  clearTimeout(alive);
  rmSync(folder, { recursive: true, force: true });
  process.exit(failed ? 1 : 0);
});
