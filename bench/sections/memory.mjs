// Memory of the process over 10,000 steps of W3.
import { libraries } from '../libraries.mjs';
import { Peer } from '../processes.mjs';
import { workloads } from '../workloads.mjs';
import { burstOf } from './training.mjs';

const MARKS = [100, 1000, 2500, 5000, 10_000];

export async function memory({ python }) {
  const results = [];
  for (const { id, name, candidates } of libraries(python).filter(one => one.id !== 'wasm')) {
    const peer = new Peer({ name, ...candidates[0] });
    try {
      await peer.ask({ do: 'prepare', workload: workloads.W3, burst: burstOf(workloads.W3), quick: true });
      const mebibytes = [];
      let done = 0;
      for (const mark of MARKS) {
        const { rss } = await peer.ask({ do: 'steps', count: mark - done });
        mebibytes.push(rss / 2 ** 20);
        done = mark;
      }
      results.push({ id, name, mebibytes });
      console.log(`  ${name.padEnd(34)} ${mebibytes.map(mib => mib.toFixed(0).padStart(7)).join('')} MiB`);
    } catch (error) {
      results.push({ id, name, problem: error.message });
      console.log(`  ${name.padEnd(34)} not run: ${error.message}`);
    }
    await peer.end();
  }
  return { marks: MARKS, results };
}
