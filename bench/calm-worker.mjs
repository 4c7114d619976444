// A thread of calm.mjs: a short loop whenever it is asked for one.
import { parentPort, workerData } from 'node:worker_threads';
import { ENDED, ROUNDS } from './calm.mjs';
import { wasmLoop } from './peak.mjs';

const control = new Int32Array(workerData.control);
const { work } = wasmLoop(workerData.binary, ROUNDS);
for (let i = 0; i < 100; i++) work();

parentPort.postMessage('ready');
for (let seen = 0; ; seen++) {
  Atomics.wait(control, 0, seen);
  if (Atomics.load(control, 0) === ENDED) break;
  work();
  Atomics.add(control, 1, 1);
  Atomics.notify(control, 1);
}
