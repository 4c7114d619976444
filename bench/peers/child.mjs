// A library in a process of its own, told what to do by lines of JSON: `node bench/peers/child.mjs chainrule '{"blas":2}'`. See bench/processes.mjs.
import { createInterface } from 'node:readline';

const [, , peerName, options = '{}'] = process.argv;
const peer = await import(`./${peerName}.mjs`);
let step = null;

const commands = {
  async prepare({ workload }) {
    step = await peer.prepare(workload, JSON.parse(options));
    return { losses: [step(), step(), step()] };
  },
  /** One step and no more, for the time from the start of the process to its end. */
  async first({ workload }) {
    step = await peer.prepare(workload, JSON.parse(options));
    return { loss: step() };
  },
  run({ seconds, burst }) {
    const start = performance.now();
    let steps = 0;
    let took = 0;
    while (took < seconds * 1000) {
      for (let i = 0; i < burst; i++) step();
      steps += burst;
      took = performance.now() - start;
    }
    return { rate: steps / (took / 1000) };
  },
  async steps({ count }) {
    for (let i = 0; i < count; i++) {
      step();
      if (i % 100 === 0) await new Promise(resolve => setImmediate(resolve));
    }
    return { rss: process.memoryUsage.rss() };
  },
};

const tell = answer => process.stdout.write(`${JSON.stringify(answer)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    tell(await commands[command.do](command));
  } catch (error) {
    tell({ error: String(error?.message ?? error).split('\n')[0] });
  }
}
process.exit(0);
