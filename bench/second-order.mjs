// Why second-order methods do not scale: time and memory of one step of Newton's method, of BFGS, of L-BFGS and of Adam against the number of parameters.
//
//     node bench/second-order.mjs [largest n, default 800]
//
// The net is k-k-1 with k chosen for about n parameters, on 64 examples, in double precision on the reference backend.

import { load } from './load.mjs';

const { manualSeed, mseLoss, nn, optim, randn, setBackend } = await load('src/index.ts');
const { Adam, BFGS, LBFGS, Newton } = optim;
const { Linear, Sequential, Tanh } = nn;

const largest = Number(process.argv[2] ?? 800);
setBackend('reference64');

/** Milliseconds of the fastest of some steps. */
function timeOf(n, make, rounds) {
  manualSeed(1);
  const k = Math.max(2, Math.round(Math.sqrt(n)) - 1);
  const model = new Sequential(new Linear(k, k), new Tanh(), new Linear(k, 1));
  const [x, y] = [randn([64, k]), randn([64, 1])];
  const optimizer = make(model.parameters());
  const loss = () => mseLoss(model.forward(x), y);
  let ms = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= rounds; i++) {
    const began = performance.now();
    optimizer.step(loss);
    ms = Math.min(ms, performance.now() - began);
  }
  return { parameters: model.parameterCount(), ms };
}

const methods = [
  ['Adam', p => new Adam(p), n => 2 * n],
  ['L-BFGS, 10 pairs', p => new LBFGS(p, { maxIter: 1, historySize: 10 }), n => 20 * n],
  ['BFGS', p => new BFGS(p, { maxIter: 1 }), n => n * n],
  // the Hessian, and the copy that elimination works on
  ['Newton', p => new Newton(p, { damping: 1 }), n => 2 * n * n],
];

const bytes = count => (count < 2 ** 17 ? `${(count / 128).toFixed(1)} KiB` : `${(count / 2 ** 17).toFixed(1)} MiB`);
const sizes = [50, 100, 200, 400, 800, 1600].filter(n => n <= largest);
console.log('One step: time, and numbers remembered beside the parameters.\n');
for (const [name, make, memory] of methods) {
  const rows = sizes.map(n => timeOf(n, make, name === 'Newton' ? 1 : 30));
  console.log(name);
  for (const { parameters, ms } of rows) {
    console.log(
      `  ${String(parameters).padStart(6)} parameters ${ms.toFixed(2).padStart(9)} ms   ${bytes(memory(parameters)).padStart(10)}`,
    );
  }
  const [first, last] = [rows.at(-3) ?? rows[0], rows.at(-1)];
  const power = Math.log(last.ms / first.ms) / Math.log(last.parameters / first.parameters);
  console.log(`  the last of these grow as n^${power.toFixed(1)}`);
}
const mlp = 784 * 128 + 128 + 128 * 10 + 10;
console.log(`\nAn MNIST net of 784-128-10 has ${mlp} parameters: its Hessian would take ${((mlp * mlp * 8) / 2 ** 30).toFixed(0)} GiB.`);
