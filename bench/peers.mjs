// This library beside its peers, each in its best form, in turn on the same machine: `node bench/peers.mjs [SECTION ...] [options]`
//   sections   W1 W2 W3 W4 W5, W1n W2n W5n (on noise), gemm cold memory growth; all of them by default. What a section found is kept in bench/results/ and replaced when it
//              runs again, so a long run may be done in parts; the report is written anew from all that is there, each time. `report` alone only does that.
//   --rounds N      turns of every library, or of each of its processes (default 5, and at least that)
//   --processes P   processes of every library, by turns, in the training sections (default 3): two of the same differ by where their memory lies
//   --seconds S     length of a turn (default 0.7)
//   --only A,B      of the training sections only these libraries (ids in bench/libraries.mjs); the others keep what they have
//   --python PATH   a Python with PyTorch, scikit-learn or both (default: CHAINRULE_PYTHON, else python3)
//   --out DIR       where results go (default bench/results)
// Before: npm run build && npm install --prefix bench. Variables of a BLAS library (OPENBLAS_CORETYPE and such) act on every library that uses it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { digitsFile } from './digits.mjs';
import { machine } from './machine.mjs';
import { writeReport } from './report.mjs';
import { coldStart } from './sections/cold.mjs';
import { products } from './sections/gemm.mjs';
import { growth } from './sections/growth.mjs';
import { memory } from './sections/memory.mjs';
import { training } from './sections/training.mjs';
import { workloads } from './workloads.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    processes: { type: 'string', default: '3' },
    only: { type: 'string' },
    seconds: { type: 'string', default: '0.7' },
    python: { type: 'string', default: process.env.CHAINRULE_PYTHON ?? 'python3' },
    out: { type: 'string', default: fileURLToPath(new URL('results', import.meta.url)) },
  },
});
const sections = {
  ...Object.fromEntries(Object.keys(workloads).map(id => [id, options => training(id, options)])),
  gemm: products,
  cold: coldStart,
  memory,
  growth,
};
const unknown = positionals.filter(name => sections[name] === undefined && name !== 'report');
if (unknown.length > 0) {
  console.error(`${unknown.join(', ')}: no such section; there are ${Object.keys(sections).join(', ')}, and report`);
  process.exit(2);
}
const before = name => {
  const file = join(values.out, `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null;
};
const options = {
  rounds: Math.max(5, Number(values.rounds)),
  seconds: Number(values.seconds),
  processes: Math.max(1, Number(values.processes)),
  python: values.python,
  only: values.only?.split(','),
  before,
};
const chosen = positionals.length === 0 ? Object.keys(sections) : positionals.filter(name => name !== 'report');
mkdirSync(values.out, { recursive: true });
await digitsFile();
const here = await machine(values.python);
for (const name of chosen) {
  const began = performance.now();
  console.log(`\n${name}${workloads[name] === undefined ? '' : `  ${workloads[name].title}`}`);
  const found = await sections[name](options);
  const record = { section: name, machine: here, rounds: options.rounds, seconds: options.seconds, ...found };
  writeFileSync(join(values.out, `${name}.json`), `${JSON.stringify(record, null, 1)}\n`);
  console.log(`  (${((performance.now() - began) / 1000).toFixed(0)} s)`);
}
const { files } = await writeReport(values.out);
console.log(`\nwritten: ${files.map(file => pathToFileURL(file).pathname).join(', ')}`);
process.exit(0);
