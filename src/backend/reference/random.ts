/** Masks from a counter: element i depends on the key and i alone, so any backend, at any number of threads, makes the same mask. */
import { threefry2x32 } from '../../random.ts';
import type { FloatArray, RandomKey } from '../kernels.ts';

/** out[i] = keep(i) ? x[i] / (1 - p) : 0, where keep(i) ⇔ word i ≥ ⌊p 2³²⌋ */
export function dropoutMasked(x: FloatArray, out: FloatArray, n: number, p: number, key: RandomKey): void {
  const threshold = Math.floor(p * 2 ** 32);
  const scale = 1 / (1 - p);
  const words = new Uint32Array(2);
  for (let i = 0; i < n; i++) {
    const at = key.counter + i;
    threefry2x32(key.key0, key.key1, at >>> 1, 0, words);
    out[i] = words[at & 1] >= threshold ? x[i] * scale : 0;
  }
}

/**
 * out[i] = x[i] + s ε[i], two ε from each block (a, b) by Box and Muller: r cos t and r sin t with r = √(-2 ln u), u from the upper 23 bits of a and
 * t from the upper 24 of b, so that float32 holds both exactly.
 */
export function addNoise(x: FloatArray, out: FloatArray, n: number, std: number, key: RandomKey): void {
  const words = new Uint32Array(2);
  for (let i = 0; i < n; i++) {
    const at = key.counter + i;
    threefry2x32(key.key0, key.key1, (at >>> 1) & 0x7fffffff, 0, words);
    const radius = Math.sqrt(-2 * Math.log(((words[0] >>> 9) + 0.5) / 2 ** 23));
    const angle = ((words[1] >>> 8) / 2 ** 24) * 2 * Math.PI;
    out[i] = x[i] + std * radius * ((at & 1) === 0 ? Math.cos(angle) : Math.sin(angle));
  }
}
