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
