// Pools of threads up and down, with threads that are ended at random moments: `node bench/pools.mjs [1000] [seed]`. Fails at a wrong bit, an unexpected error, or
// if a thread is left over; and of itself it ends.
import { load } from './load.mjs';

const [pools, seed] = [Number(process.argv[2] ?? 1000), Number(process.argv[3] ?? 1)];
const { stressPools } = await load('src/backend/wasm/pool-stress-testing.ts');
const began = performance.now();
const { started, killed, right, lost, pieces } = await stressPools(pools, seed);
console.log(
  `${pools} pools in ${((performance.now() - began) / 1000).toFixed(0)} s: ${started} threads started, ${killed} ended at random; ` +
    `${right} products to the right bits, ${lost} with the error that a thread had died in the middle; ${pieces} pieces done by other threads`,
);
