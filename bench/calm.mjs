// Whether the machine gives all of its cores just now. A virtual machine's cores are other machines' at times, or two of them are the halves of one core,
// and then two threads are worth one: figures of that moment would say nothing about any library. So every turn of every library is taken again, for a while, when a short loop on all
// cores before or after it was slower than it can be (whole-core.mjs). What is looked at is that loop alone, never the library's own time.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { time } from './peak.mjs';
import { median } from './processes.mjs';
import { busyLoop, compileBusy } from './whole-core.mjs';

const ENOUGH = 0.88;
const IN_ROW = 8;
/** Loops of a look at most, before a turn, where it may become calm meanwhile, and after. */
const [BEFORE, AFTER] = [80, 25];
/** Milliseconds for which a turn is tried again. */
const PATIENCE = 5_000;
/** In place of the number of a look: there will be no other. */
export const ENDED = -1;

export class Calm {
  #workers;
  #loop;
  #control = new Int32Array(new SharedArrayBuffer(8)); // the number of the look, and how many have ended it
  #alone = Infinity; // milliseconds of the loop on one core, the others idle
  /** Of each look beside a turn that counts: the least time of the loop on one core, over that on all at once just then, in the median. */
  #given = [];
  #now = 1;
  /** Turns taken, and those that count although all tries were disturbed, and tries thrown away. */
  turns = 0;
  disturbed = 0;
  dropped = 0;

  static async open(cores = availableParallelism()) {
    const calm = new Calm();
    const binary = await compileBusy();
    calm.#loop = busyLoop(binary);
    calm.#workers = Array.from(
      { length: cores - 1 },
      () => new Worker(new URL('./calm-worker.mjs', import.meta.url), { workerData: { control: calm.#control.buffer, binary } }),
    );
    await Promise.all(calm.#workers.map(worker => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))));
    for (let i = 0; i < 5; i++) calm.#alone = Math.min(calm.#alone, median(Array.from({ length: 21 }, () => time(calm.#loop))));
    return calm;
  }

  /**
   * Whether a loop on all cores at once, this thread among them, is soon as fast as on one. Threads that slept may share a core for some
   * hundredths of a second until the system has moved one of them; that is over when a few loops in a row are fast.
   */
  #look(most) {
    const times = [];
    for (let i = 0, inRow = 0; i < most; i++) {
      const began = performance.now();
      Atomics.store(this.#control, 1, 0);
      Atomics.add(this.#control, 0, 1);
      Atomics.notify(this.#control, 0);
      this.#loop();
      while (Atomics.load(this.#control, 1) < this.#workers.length && performance.now() - began < 1000);
      const took = performance.now() - began;
      times.push(took);
      const lately = median(times.slice(-IN_ROW));
      if (times.length >= IN_ROW) this.#alone = Math.min(this.#alone, lately); // it was not calm when this began
      this.#now = Math.min(1, this.#alone / lately);
      inRow = took * ENOUGH <= this.#alone ? inRow + 1 : 0;
      if (inRow === IN_ROW) return true;
    }
    this.#now = Math.min(1, this.#alone / median(times));
    return false;
  }

  /** What `turn` gives, taken while the machine was calm before and after, or the last of some tries. */
  async take(turn) {
    this.turns++;
    for (const began = performance.now(); ; ) {
      const isLast = performance.now() - began > PATIENCE;
      const before = this.#look(BEFORE);
      const given = [this.#now];
      const found = before || isLast ? await turn() : undefined;
      const after = (before || isLast) && this.#look(AFTER);
      given.push(this.#now);
      if ((before && after) || isLast) {
        this.#given.push(...given);
        if (!(before && after)) this.disturbed++;
        return found;
      }
      this.dropped++;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }

  /** @returns what to keep beside the figures */
  summary() {
    const { turns, dropped, disturbed } = this;
    return { turns, dropped, disturbed, given: this.#given.length === 0 ? 1 : median(this.#given) };
  }

  /** The workers end by themselves: Node 24 and 26 do not survive that one is terminated in the midst of its module. */
  async close() {
    const ended = this.#workers.map(worker => new Promise(resolve => worker.once('exit', resolve)));
    Atomics.store(this.#control, 0, ENDED);
    Atomics.notify(this.#control, 0);
    await Promise.all(ended);
  }
}
