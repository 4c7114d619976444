/** Lets the event loop breathe during a long computation, so that a page stays alive and Ctrl-C is heard. */

export interface Breather {
  /** Whether it is time. */
  due(): boolean;
  /** Lets everything that waits run once. */
  now(): Promise<void>;
}

/** Breathes at most every `interval` milliseconds. The clock decides only when to pause, never what is computed. */
export function breather(interval = 16): Breather {
  let last = performance.now();
  return {
    due: () => performance.now() - last >= interval,
    now: async () => {
      await nextTask();
      last = performance.now();
    },
  };
}

/** A task of its own: `setImmediate` where there is one, else a message, which browsers do not slow down as they do timers. */
function nextTask(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (f: () => void) => void };
  if (setImmediate !== undefined) return new Promise(resolve => setImmediate(resolve));
  return new Promise(resolve => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
