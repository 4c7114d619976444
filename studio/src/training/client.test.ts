import { expect, test } from 'vitest';
import { parseExperiment } from '../../../src/experiment/schema.ts';
import { TrainingClient, type WorkerLike } from './client.ts';
import type { FromWorker, Snapshot, ToWorker, Watch } from './protocol.ts';

const watch: Watch = { rate: 30, share: 1, grid: 0, reach: 3, units: false, weights: false, layers: false, trainSamples: 0, test: false };
const experiment = parseExperiment({ data: { name: 'points' } });
const snapshot = { step: 40, ended: null } as unknown as Snapshot;

/** A worker that says what it is told to say, and writes down what it hears. */
class ToldWorker implements WorkerLike {
  onmessage: WorkerLike['onmessage'] = null;
  onerror: WorkerLike['onerror'] = null;
  onmessageerror: WorkerLike['onmessageerror'] = null;
  readonly heard: { run: number; message: ToWorker }[] = [];
  terminated = false;
  postMessage(data: { run: number; message: ToWorker }): void {
    this.heard.push(data);
  }
  terminate(): void {
    this.terminated = true;
  }
  say(message: FromWorker, run: number = this.heard.at(-1)!.run): void {
    this.onmessage?.({ data: { run, message } } as MessageEvent);
  }
  die(message: string): void {
    this.onerror?.({ message } as ErrorEvent);
  }
}

function client() {
  const workers: ToldWorker[] = [];
  const told: unknown[] = [];
  const made = new TrainingClient(
    {
      onReady: outline => told.push(['ready', outline]),
      onReport: report => told.push(['report', report]),
      onFailure: message => told.push(['failed', message]),
      onCrash: (message, step) => told.push(['crash', message, step]),
    },
    () => {
      workers.push(new ToldWorker());
      return workers.at(-1)!;
    },
  );
  return { made, workers, told };
}

test('a worker that dies is replaced, and the run goes on from what was last kept', () => {
  const { made, workers, told } = client();
  made.start(experiment, watch);
  made.setSpeed(10);
  workers[0].say({ type: 'kept', snapshot });
  workers[0].die('out of memory');
  expect(workers[0].terminated).toBe(true);
  expect(told).toEqual([['crash', 'out of memory', 40]]);
  expect(workers[1].heard.map(({ message }) => message)).toMatchObject([
    { type: 'start', experiment, from: { step: 40 } },
    { type: 'speed', stepsPerSecond: 10 },
  ]);
});

test('one that dies again and again is given up', () => {
  const { made, workers, told } = client();
  made.start(experiment, watch);
  for (let i = 0; i < 3; i++) workers[i].die('fault');
  expect(workers).toHaveLength(3);
  expect(told.at(-1)).toEqual(['crash', 'fault', null]);
});

test('what a former run still says is not heard', () => {
  const { made, workers, told } = client();
  made.start(experiment, watch);
  const { run } = workers[0].heard.at(-1)!;
  made.start(experiment, watch);
  expect(workers).toHaveLength(1);
  workers[0].say({ type: 'failed', message: 'of the former', id: null }, run);
  workers[0].say({ type: 'failed', message: 'of this one', id: null });
  expect(told).toEqual([['failed', 'of this one']]);
});

test('a question is answered, refused, or left without an answer by a crash', async () => {
  const { made, workers } = client();
  made.start(experiment, watch);
  const idOf = (): number => (workers[0].heard.at(-1)!.message as { id: number }).id;
  const first = made.ask({ about: 'fingerprint' });
  workers[0].say({ type: 'answer', id: idOf(), answer: { about: 'fingerprint', sha256: 'ab', step: 3 } });
  expect(await first).toEqual({ about: 'fingerprint', sha256: 'ab', step: 3 });
  const second = made.ask({ about: 'snapshot' });
  workers[0].say({ type: 'failed', id: idOf(), message: 'no' });
  await expect(second).rejects.toThrow('no');
  const third = made.ask({ about: 'snapshot' });
  workers[0].die('fault');
  await expect(third).rejects.toThrow('fault');
});
