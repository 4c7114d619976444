// How the time of a step grows with width, depth and batch.
import { Calm } from '../calm.mjs';
import { libraries } from '../libraries.mjs';
import { median } from '../processes.mjs';
import { burstOf, start } from './training.mjs';

const net = (sizes, batch) => ({ sizes, batch, activation: 'relu', optimizer: 'adam', lr: 1e-3 });
const series = {
  width: [32, 64, 128, 256, 512, 1024, 2048].map(width => ({ at: width, workload: net([784, width, width, 10], 128) })),
  depth: [1, 2, 4, 8, 16].map(depth => ({ at: depth, workload: net([784, ...Array(depth).fill(256), 10], 128) })),
  batch: [1, 8, 32, 128, 512, 1024].map(batch => ({ at: batch, workload: net([784, 512, 256, 10], batch) })),
};
const shown = ['wasm', 'blas', 'pytorch', 'jax'];

export async function growth({ python }) {
  const results = [];
  const calm = await Calm.open();
  for (const library of libraries(python).filter(one => shown.includes(one.id))) {
    const first = await start(library, series.width[3].workload);
    if (first.peer === undefined) continue;
    const found = { id: library.id, name: library.name };
    for (const [name, points] of Object.entries(series)) {
      found[name] = [];
      for (const { at, workload } of points) {
        const burst = burstOf(workload);
        await first.peer.ask({ do: 'prepare', workload, burst, quick: true });
        const rates = [];
        for (let i = 0; i < 5; i++) {
          const { rate } = await calm.take(async () => {
            await first.peer.ask({ do: 'run', seconds: 0.1, burst });
            return await first.peer.ask({ do: 'run', seconds: 0.1, burst });
          });
          rates.push(rate);
        }
        found[name].push({ at, ms: 1000 / median(rates) });
      }
      console.log(
        `  ${library.name.padEnd(32)} ${name.padEnd(6)} ${found[name].map(({ at, ms }) => `${at}: ${ms.toPrecision(3)}`).join('  ')} ms`,
      );
    }
    results.push(found);
    await first.peer.end();
  }
  await calm.close();
  return { calm: calm.summary(), results };
}
