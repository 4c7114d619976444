// A thread of calm.mjs: a short loop whenever it is asked for one.
import { parentPort, workerData } from 'node:worker_threads';
import { ENDED } from './calm.mjs';
import { busyLoop } from './whole-core.mjs';

const control = new Int32Array(workerData.control);
const loop = busyLoop(workerData.binary);

parentPort.postMessage('ready');
for (let seen = 0; ; seen++) {
  Atomics.wait(control, 0, seen);
  if (Atomics.load(control, 0) === ENDED) break;
  loop();
  Atomics.add(control, 1, 1);
  Atomics.notify(control, 1);
}
