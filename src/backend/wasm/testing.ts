/** What the tests of this folder share. */
import type { Kernels, Storage, Updates } from '../kernels.ts';
import { createWasmBackend } from './wasm-backend.ts';

/** Every build of the kernels. */
export const backends: readonly { readonly name: string; readonly kernels: Kernels }[] = [
  { name: 'wide', kernels: createWasmBackend({ simd: 'wide' }) },
  { name: 'relaxed', kernels: createWasmBackend({ simd: 'relaxed' }) },
  { name: 'plain', kernels: createWasmBackend({ simd: 'plain' }) },
];

/** Storage that holds these numbers. */
export function storageOf(kernels: Kernels, values: ArrayLike<number>): Storage {
  const storage = kernels.alloc(values.length);
  kernels.view(storage).set(values);
  return storage;
}

/** A copy of what the storage holds. */
export function read(kernels: Kernels, storage: Storage): Float32Array {
  return Float32Array.from(kernels.view(storage));
}

/** Numbers in [-1, 1) that look random and are the same each time. */
export function noise(n: number, seed = 1): Float32Array {
  const out = new Float32Array(n);
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = (state >>> 8) / 8388608 - 1;
  }
  return out;
}

/** A table of one row for an optimizer's kernel. */
export function row(n: number, theta: Storage, grad: Storage, ...state: (Storage | null)[]): Updates {
  return { count: 1, sizes: [n], theta: [theta], grad: [grad], state: state.map(tensor => tensor && [tensor]) };
}
