/** How fast a backend multiplies matrices, in figures that a person can compare. */
import type { Kernels } from '../../backend/kernels.ts';

/** Milliseconds that are spent on a backend, and how many parts they are taken in: the middle one counts. */
const BUDGET = 250;
const PARTS = 5;

/** GFLOPS of products n by n in float32 or as the backend has it. */
export function measureGflops(kernels: Kernels, n: number, budget: number = BUDGET): number {
  const [a, b, c] = [0, 1, 2].map(() => kernels.alloc(n * n));
  kernels.fill(a, n * n, 0.5);
  kernels.fill(b, n * n, 0.25);
  const shape = { m: n, n, k: n, transA: false, transB: true };
  /** Milliseconds of one product, over at least so long. */
  const time = (atLeast: number): number => {
    const began = performance.now();
    let calls = 0;
    let took = 0;
    do {
      kernels.gemm(a, b, c, shape, false);
      calls++;
      took = performance.now() - began;
    } while (took < atLeast);
    return took / calls;
  };
  time(budget / PARTS); // until the engine has compiled for speed
  const parts = Array.from({ length: PARTS }, () => time(budget / PARTS)).sort((x, y) => x - y);
  for (const storage of [a, b, c]) kernels.free(storage);
  return (2 * n ** 3) / parts[PARTS >> 1] / 1e6;
}
