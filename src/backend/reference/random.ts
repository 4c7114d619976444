/** Masks from a counter: element i depends on the key and i alone, so any backend, at any number of threads, makes the same mask. */
import { threefry2x32 } from '../../random.ts';
import type { FloatArray, RandomKey } from '../kernels.ts';

/** out[i] = keep(i) ? x[i] / (1 - p) : 0, where keep(i) ⇔ word i ≥ ⌊p 2³²⌋. Element j of the mask is a number whose 16 bits are what was kept from 16 j on. */
export function dropoutMasked(x: FloatArray, out: FloatArray, n: number, p: number, key: RandomKey, mask: FloatArray): void {
  const threshold = Math.floor(p * 2 ** 32);
  const scale = 1 / (1 - p);
  const words = new Uint32Array(2);
  for (let i = 0; i < n; i++) {
    const at = key.counter + i;
    threefry2x32(key.key0, key.key1, at >>> 1, 0, words);
    const keep = words[at & 1] >= threshold;
    out[i] = keep ? x[i] * scale : 0;
    if ((i & 15) === 0) mask[i >> 4] = 0;
    if (keep) mask[i >> 4] += 1 << (i & 15);
  }
}

/** dx[i] = keep(i) ? dy[i] / (1 - p) : 0, by the mask that `dropoutMasked` wrote */
export function dropoutMaskedGrad(dy: FloatArray, mask: FloatArray, dx: FloatArray, n: number, p: number): void {
  const scale = 1 / (1 - p);
  for (let i = 0; i < n; i++) dx[i] = (mask[i >> 4] >> (i & 15)) & 1 ? dy[i] * scale : 0;
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
