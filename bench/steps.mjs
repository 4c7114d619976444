// Training steps a second, every library in turn on the same workloads. `node bench/steps.mjs [W1 W4 ...] [--rounds 7] [--seconds 1] [--alone]`; --alone leaves out the others
// Libraries take turns in every round, so that a change of the machine's speed hits all alike; the median round counts.
import { cpus } from 'node:os';
import { workloads } from './workloads.mjs';

const args = process.argv.slice(2);
const value = (flag, fallback) => (args.includes(flag) ? Number(args[args.indexOf(flag) + 1]) : fallback);
const rounds = value('--rounds', 7);
const seconds = value('--seconds', 1);
const chosen = Object.keys(workloads).filter(id => !args.some(a => a in workloads) || args.includes(id));
const names = args.includes('--alone') ? ['chainrule'] : ['chainrule', 'jax-js'];

console.log(`${cpus()[0].model}, Node ${process.version}, V8 ${process.versions.v8}; median of ${rounds} rounds of ${seconds} s`);
for (const id of chosen) {
  const workload = workloads[id];
  const runners = [];
  for (const name of names) {
    const peer = await import(`./peers/${name}.mjs`);
    const step = await peer.prepare(workload);
    if (step === null) continue;
    const first = step();
    for (let i = 0; i < 20; i++) step();
    runners.push({ name: peer.name, step, first, rates: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      const began = performance.now();
      let steps = 0;
      while (performance.now() - began < seconds * 1000) {
        for (let i = 0; i < (workload.batch < 64 ? 20 : 1); i++) runner.step();
        steps += workload.batch < 64 ? 20 : 1;
      }
      runner.rates.push(steps / ((performance.now() - began) / 1000));
      await new Promise(resolve => setImmediate(resolve));
    }
  }
  console.log(`\n${id}  ${workload.title}`);
  const rate = r => [...r.rates].sort((a, b) => a - b)[Math.floor(r.rates.length / 2)];
  for (const r of runners) {
    const spread = `${Math.min(...r.rates).toFixed(0)} to ${Math.max(...r.rates).toFixed(0)}`;
    console.log(
      `  ${r.name.padEnd(30)} ${rate(r).toFixed(0).padStart(8)} steps/s ${(rate(r) * workload.batch).toFixed(0).padStart(9)} samples/s  (${spread})  ratio ${(rate(r) / rate(runners.at(-1))).toFixed(2)}  first loss ${r.first.toFixed(5)}`,
    );
  }
}
