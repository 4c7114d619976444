/** Asks the worker. A worker that dies is started again, and what it was asked is answered with an error. */
import type { Kind, Questions, Reply, Request, Trouble } from './protocol.ts';

export class ExplainTrouble extends Error {
  readonly at: number | null;

  constructor({ message, at }: Trouble) {
    super(message);
    this.at = at;
  }
}

export class ExplainClient {
  #worker: Worker | null = null;
  #next = 0;
  readonly #waiting = new Map<number, { resolve(answer: never): void; reject(error: Error): void }>();

  ask<K extends Kind>(kind: K, ask: Questions[K]['ask']): Promise<Questions[K]['answer']> {
    return new Promise((resolve, reject) => {
      const request: Request<K> = { id: this.#next++, kind, ask };
      this.#waiting.set(request.id, { resolve: resolve as (answer: never) => void, reject });
      this.#worker ??= this.#start();
      this.#worker.postMessage(request);
    });
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#waiting.clear();
  }

  #start(): Worker {
    const worker = new Worker(new URL('./explain.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => {
      const waiting = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      if ('trouble' in data) waiting?.reject(new ExplainTrouble(data.trouble));
      else waiting?.resolve(data.answer as never);
    });
    worker.addEventListener('error', event => {
      worker.terminate();
      if (this.#worker === worker) this.#worker = null;
      const waiting = [...this.#waiting.values()];
      this.#waiting.clear();
      for (const { reject } of waiting) reject(new ExplainTrouble({ message: event.message || 'the worker ended', at: null }));
    });
    return worker;
  }
}
