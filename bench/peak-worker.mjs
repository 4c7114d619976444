// One of the threads of peakTogether and updateFloor: the same loop, begun together with the others, many times.
import { parentPort, workerData } from 'node:worker_threads';
import { nativeLoop } from './native-peak.mjs';
import { wasmLoop } from './peak.mjs';
import { passLoop } from './update-floor.mjs';

const ROUNDS = 300;
const { binary, pass, shared, cores } = workerData;
const loop = pass ? passLoop(pass.binary, pass.arrays, pass.elements) : binary === null ? nativeLoop() : wasmLoop(binary);
const arrived = new Int32Array(shared);

/** Waits, awake, until all have come this far. */
function together(round) {
  Atomics.add(arrived, 0, 1);
  const until = performance.now() + 10_000;
  while (Atomics.load(arrived, 0) < (round + 1) * cores) if (performance.now() > until) throw new Error('the other threads did not come');
}

if (loop === null) parentPort.postMessage(null);
else {
  const took = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round === 50) await new Promise(resolve => setTimeout(resolve, 500)); // until the engine has compiled for speed
    together(round);
    const began = performance.now();
    loop.work();
    took.push(performance.now() - began);
  }
  parentPort.postMessage({ flops: loop.flops, took });
}
