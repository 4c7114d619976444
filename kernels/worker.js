// One thread of a pool. The other side, and what the words of the control block mean, is src/backend/wasm/pool.ts. This file is carried as text in the
// package and started from there, in Node and in browsers alike, so it imports nothing.

function serve({ module, memory, control, seat, names, foreign, layout, spin, idle }) {
  const { EPOCH, NEXT, KERNEL, TOTAL, GRAIN, COUNT, LOCAL, LOCAL_BYTES, ARGUMENTS, FAILED, TWO_ENDED, PART, SEATS, SEAT_WORDS, LEAVE, PIECES, VALUES, MOST_ARGUMENTS } = layout;
  const { READY, WORKING, ASLEEP, GONE } = layout;
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  // Only where there is a `require`: a library of the system is called in Node.
  const called = foreign && require(foreign.koffi).load(foreign.library).func(foreign.name, foreign.result, foreign.parameters);
  const kernels = names.map(name => exports[name] ?? called);
  const words = new Int32Array(memory.buffer, control, SEATS + SEAT_WORDS * (seat + 1));
  const values = new Float64Array(memory.buffer, control + 4 * VALUES, 2 * MOST_ARGUMENTS);
  const state = SEATS + SEAT_WORDS * seat;
  const givenBy = new Array(MOST_ARGUMENTS + 1).fill(null); // of a piece, by how many there are
  const pause = Atomics.pause ?? (() => {});

  function work() {
    const kernel = kernels[words[KERNEL]];
    const total = words[TOTAL];
    const grain = words[GRAIN];
    const count = words[COUNT];
    const local = words[LOCAL];
    const given = (givenBy[words[ARGUMENTS]] ??= new Array(words[ARGUMENTS]).fill(null));
    const part = words[PART];
    const twoEnded = words[TWO_ENDED] === 1;
    if (twoEnded && seat > 0) return; // it was told to leave: the two ends are others'
    const blocks = Math.ceil(total / grain);
    let left = blocks;
    let known = 0;
    let last = blocks;
    for (;;) {
      const taken = Atomics.add(words, NEXT, 1);
      for (; known < taken && left > 0; known++) left -= Math.ceil(left / part);
      if (left <= 0) return;
      const size = Math.ceil(left / part);
      last -= size;
      const from = (twoEnded ? last : blocks - left) * grain;
      for (let j = 0; j < given.length; j++) given[j] = values[j] + from * values[MOST_ARGUMENTS + j];
      given[count] = Math.min(size * grain, total - from);
      if (local >= 0) given[local] += (seat + 1) * words[LOCAL_BYTES];
      kernel(...given);
      Atomics.add(words, state + PIECES, 1);
    }
  }

  let seen = 0;
  let since = performance.now();
  Atomics.store(words, state, READY);
  for (let turns = 1; Atomics.load(words, state + LEAVE) === 0; turns++) {
    const epoch = Atomics.load(words, EPOCH);
    if ((epoch & 1) === 1 && epoch !== seen) {
      // Only once it is known to be at work may a thread read what there is to do: until then that may be another job, or none.
      Atomics.store(words, state, WORKING);
      const now = Atomics.load(words, EPOCH);
      if ((now & 1) === 1) {
        seen = now;
        try {
          work();
        } catch {
          Atomics.store(words, FAILED, 1);
        }
      }
      Atomics.store(words, state, READY);
      since = performance.now();
    } else if ((turns & 127) === 0 && performance.now() - since > spin) {
      Atomics.store(words, state, ASLEEP);
      const woken = Atomics.wait(words, EPOCH, epoch, idle);
      Atomics.store(words, state, READY);
      since = performance.now();
      if (woken === 'timed-out') break;
    } else {
      pause();
    }
  }
  Atomics.store(words, state, GONE);
}

if (typeof require === 'function') {
  serve(require('node:worker_threads').workerData);
} else {
  onmessage = ({ data }) => {
    serve(data);
    close();
  };
}
