// A thread of calm.mjs: a short loop in registers whenever it is asked for one.
import { parentPort, workerData } from 'node:worker_threads';
import { loop } from './calm-loop.mjs';

const control = new Int32Array(workerData.control);

parentPort.postMessage('ready');
for (let seen = 0; ; seen++) {
  Atomics.wait(control, 0, seen);
  loop();
  Atomics.add(control, 1, 1);
  Atomics.notify(control, 1);
}
