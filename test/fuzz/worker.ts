/** What scripts/fuzz.mjs runs in a thread of its own, so that one that does not come back can be ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

const { count, seed, names } = workerData as { readonly count: number; readonly seed: number; readonly names: readonly string[] };
const unknown = names.filter(name => !targets.some(target => target.name === name));
if (unknown.length > 0) {
  parentPort!.postMessage({
    error: `fuzz: there is no reader ${unknown.join(', ')}; there are ${targets.map(({ name }) => name).join(', ')}`,
  });
} else {
  for (const target of targets.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const began = performance.now();
    try {
      const report = await fuzz(target, count, seed, { tick: done => parentPort!.postMessage({ name: target.name, done }) });
      parentPort!.postMessage({ report: { ...report, seconds: (performance.now() - began) / 1000 } });
    } catch (error) {
      parentPort!.postMessage({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}
