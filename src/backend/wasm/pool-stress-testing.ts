/** Pools of threads up and down, with threads that die at random moments: no hang, no wrong bit, a clear error where a piece of work is lost. */
import threads from 'node:worker_threads';
import { createWasmBackend, WasmBackend } from './wasm-backend.ts';

/** What became of so many pools. */
export interface StressReport {
  readonly pools: number;
  /** Threads started, and ended at random moments. */
  readonly started: number;
  readonly killed: number;
  /** Products whose bits were right, and those that ended with the error that a thread had died in the middle. */
  readonly right: number;
  readonly lost: number;
  /** Pieces of work that other threads than the calling one have done. */
  readonly pieces: number;
}

const [M, N, K] = [96, 520, 96];

/**
 * Takes `pools` pools of 2 to 4 threads up and down, one after the other, each with some products during which threads are ended at random.
 *
 * @throws Error at the first wrong bit, or error of another kind
 */
export async function stressPools(pools: number, seed = 1): Promise<StressReport> {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const values = (n: number): Float32Array => Float32Array.from({ length: n }, () => random(2000) / 1000 - 1);
  const [a, b] = [values(M * K), values(K * N)];
  const product = (kernels: WasmBackend): Float32Array => {
    const stores = [a, b, new Float32Array(M * N)].map(from => {
      const store = kernels.alloc(from.length);
      kernels.view(store).set(from);
      return store;
    });
    try {
      kernels.gemm(stores[0], stores[1], stores[2], { m: M, n: N, k: K, transA: false, transB: false }, false);
      return Float32Array.from(kernels.view(stores[2]));
    } finally {
      for (const store of stores) kernels.free(store);
    }
  };
  const expected = new Uint32Array(product(createWasmBackend({ threads: 1 }) as WasmBackend).buffer);

  const original = threads.Worker;
  const alive = new Set<threads.Worker>();
  let [started, killed, right, lost, pieces] = [0, 0, 0, 0, 0];
  threads.Worker = class extends original {
    constructor(script: string | URL, options?: threads.WorkerOptions) {
      super(script, options);
      started++;
      alive.add(this);
      this.once('exit', () => alive.delete(this));
    }
  };
  try {
    for (let pool = 0; pool < pools; pool++) {
      const kernels = new WasmBackend({
        threads: 2 + random(3),
        limits: { elements: 0, costlyElements: 0, multiplications: 0 },
        patience: 100,
      });
      const rounds = 2 + random(5);
      for (let round = 0; round < rounds; round++) {
        for (let i = random(20); i >= 0; i--) {
          try {
            const bits = new Uint32Array(product(kernels).buffer);
            if (bits.some((word, j) => word !== expected[j])) throw new Error(`pool ${pool}, round ${round}: wrong bits`);
            right++;
          } catch (error) {
            if (!(error as Error).message.startsWith('a worker thread has died, or hangs, in the middle')) throw error;
            lost++;
          }
          const victim = [...alive][random(8)];
          if (random(6) === 0 && victim !== undefined) {
            // not awaited: the thread is at work, spins or sleeps when its end reaches it
            void victim.terminate();
            killed++;
          }
        }
        await new Promise(resolve => setTimeout(resolve, random(25)));
      }
      pieces += kernels.threadsReady().pieces.reduce((sum, done) => sum + done, 0);
      kernels.setThreads(1);
    }
    for (let turns = 0; alive.size > 0; turns++) {
      if (turns > 1000) throw new Error(`${alive.size} threads have not ended`);
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  } finally {
    threads.Worker = original;
  }
  return { pools, started, killed, right, lost, pieces };
}
