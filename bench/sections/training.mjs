// Training steps a second of one workload, every library in turn in every round, so that a change of the machine's speed hits all alike.
import { Calm } from '../calm.mjs';
import { libraries } from '../libraries.mjs';
import { median, Peer } from '../processes.mjs';
import { workloads } from '../workloads.mjs';

/** Steps between two looks at the clock. */
export const burstOf = ({ batch, sizes }) => (batch <= 64 && sizes.length * Math.max(...sizes) < 10_000 ? 20 : 1);

/** How far the first losses may be from ours: all compute the same in float32. */
const SAME = 2e-3;

const pause = ms => new Promise(resolve => setTimeout(resolve, ms)); // threads of the last one fall asleep

/** Seconds of steps before any count: whatever the library compiles for speed is compiled then. */
const COMPILING = 0.4;

/** More processes of a library as it is: two of the same differ by as much as a fifth, by where their memory lies. */
async function startAgain({ name, candidate }, workload, count) {
  const peers = [];
  for (let i = 0; i < count; i++) {
    const peer = new Peer({ name, ...candidate });
    await peer.ask({ do: 'prepare', workload, burst: burstOf(workload) });
    await peer.ask({ do: 'run', seconds: COMPILING, burst: burstOf(workload) });
    peers.push(peer);
    await pause(20);
  }
  return peers;
}

/** Turns to choose a candidate by, and seconds of each; and milliseconds after which three are enough: some libraries take seconds for a step. */
const [TURNS, TURN, CHOOSING] = [15, 0.15, 30_000];

/**
 * Starts every candidate, and keeps the fastest, ready to run: by the median of turns that they take one after the other, since whoever else has the
 * machine for a moment must not choose.
 */
export async function start(library, workload) {
  const burst = burstOf(workload);
  const ready = [];
  const problems = [];
  for (const candidate of library.candidates) {
    const peer = new Peer({ name: library.name, ...candidate });
    try {
      // without dropout, whose masks differ between libraries, the losses of the first three steps must not
      const check = await peer.ask({ do: 'prepare', workload: { ...workload, dropout: 0 }, burst, quick: workload.dropout > 0 });
      const { form, version } = workload.dropout ? await peer.ask({ do: 'prepare', workload, burst }) : check;
      await peer.ask({ do: 'run', seconds: COMPILING, burst });
      ready.push({ candidate, peer, form, version, losses: check.losses, rates: [] });
    } catch (error) {
      problems.push(error.message);
      await peer.end();
    }
    await pause(20);
  }
  const began = performance.now();
  for (let turn = 0; ready.length > 1 && turn < TURNS && (turn < 3 || performance.now() - began < CHOOSING); turn++) {
    for (const { peer, rates } of ready) {
      rates.push((await peer.ask({ do: 'run', seconds: TURN, burst })).rate);
      await pause(20);
    }
  }
  const { id, name } = library;
  if (ready.length === 0) return { id, name, problem: problems[0] };
  const [best, ...others] = ready.length === 1 ? ready : ready.sort((one, other) => median(other.rates) - median(one.rates));
  for (const { peer } of others) await peer.end();
  const form = [library.candidates.length > 1 ? best.candidate.label : '', best.form ?? ''].filter(Boolean).join('; ');
  return { id, name, candidate: best.candidate, peer: best.peer, form, losses: best.losses, version: best.version };
}

export async function training(id, { rounds, seconds, processes, python, only, before }) {
  const workload = workloads[id];
  const burst = burstOf(workload);
  const started = [];
  const every = libraries(python);
  const kept = only === undefined ? [] : (before(id)?.results ?? []).filter(one => !only.includes(one.id));
  for (const library of every.filter(one => only?.includes(one.id) ?? true)) started.push(await start(library, workload));
  const running = started.filter(one => one.peer !== undefined);
  const rates = new Map(running.map(one => [one, []]));
  for (const one of running) one.peers = [one.peer, ...(await startAgain(one, workload, processes - 1))];
  const calm = await Calm.open();
  for (let turn = 0; turn < rounds * processes; turn++) {
    for (const one of running) {
      const peer = one.peers[turn % processes];
      const { rate } = await calm.take(async () => {
        await peer.ask({ do: 'run', seconds: Math.min(0.1, seconds / 2), burst }); // its threads are awake then, each on a core of its own
        return await peer.ask({ do: 'run', seconds, burst });
      });
      rates.get(one).push(rate);
      await pause(20);
    }
  }
  await Promise.all([calm.close(), ...running.flatMap(one => one.peers.map(peer => peer.end()))]);
  const ours = [...running, ...kept].find(one => one.losses?.length === 3).losses;
  const results = started.map(({ id, name, form, losses, version, problem, ...one }) => {
    if (problem !== undefined) return { id, name, problem };
    const turns = rates.get(started.find(other => other.id === id));
    const wrong = losses === null ? null : losses.findIndex((loss, i) => !(Math.abs(loss - ours[i]) <= SAME * Math.abs(ours[i])));
    if (wrong !== null && wrong >= 0)
      throw new Error(`${id}: ${name} has the losses ${losses}, this library ${ours}: it is not the same training`);
    return { id, name, form, version, processes, stepsPerSecond: median(turns), turns, losses, ...(one.note ? { note: one.note } : {}) };
  });
  for (const { name, stepsPerSecond, turns, form, problem } of results) {
    if (problem !== undefined) console.log(`  ${name.padEnd(34)} not run: ${problem}`);
    else {
      const spread = `${Math.min(...turns).toPrecision(3)} to ${Math.max(...turns).toPrecision(3)}`;
      console.log(`  ${name.padEnd(34)} ${stepsPerSecond.toPrecision(4).padStart(8)} steps/s  (${spread})  ${form}`);
    }
  }
  const order = every.map(library => library.id);
  results.push(...kept.map(one => ({ ...one, earlier: true })));
  results.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
  return { workload, calm: calm.summary(), results };
}
