/** The other side of workers.ts: runs jobs in a worker thread, one after the other. An entry of its own in dist. */
import { parentPort } from 'node:worker_threads';
import '../../backend/blas/node/register.ts';
import { setThreads } from '../../backend/current.ts';
import { runJob } from './job.ts';
import { errorToMessage, type FromWorker, type ToWorker } from './messages.ts';

/** Milliseconds between two events of batches: many more could be made than anyone can look at. */
const BATCH_EVENTS = 100;

setThreads(1, { ahead: false }); // runs side by side have the processors among them
const port = parentPort!;
const tell = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
let stopping = new AbortController();

port.on('message', (message: ToWorker) => {
  if (message.type === 'stop') stopping.abort();
  else void work(message);
});

async function work({ job }: Extract<ToWorker, { type: 'run' }>): Promise<void> {
  stopping = new AbortController();
  let last = -Infinity;
  try {
    const report = await runJob(job, {
      signal: stopping.signal,
      onEvent(event) {
        if (event.type === 'batchEnd') {
          const now = performance.now();
          if (now - last < BATCH_EVENTS && event.step < event.stepsPerEpoch) return;
          last = now;
        }
        tell({ type: 'event', event });
      },
    });
    const transfer = [...(report.weights?.values() ?? [])].map(({ values }) => values.buffer as ArrayBuffer);
    tell({ type: 'done', report }, transfer);
  } catch (error) {
    tell({ type: 'failed', error: errorToMessage(error) });
  }
}
