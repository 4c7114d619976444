/** Images on their way into a batch: laid out in the linear memory with what is to become of them, and resampled there, at once or ahead of need. */
import type { ImagesAhead, ImageWarp } from '../kernels.ts';
import type { Allocator, Block } from './allocator.ts';
import type { KernelExports } from './exports.ts';
import type { Threads } from './threads.ts';

/** Working memory apart from other kernels': that of a call, and that of images made ahead, which outlasts it. */
const [AT_ONCE, AHEAD] = [1, 2] as const;
/** Images of a piece that is made ahead: few, so that little is left to wait for. */
const PIECE = 8;
/** Positions among the arguments of the kernel. */
const [COUNT, LOCAL] = [6, 14];

const whole = (bytes: number): number => Math.ceil(bytes / 64) * 64;

type Images = readonly [pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp];

export class Warping {
  readonly #heap: Allocator;
  readonly #threads: Threads;
  #busy = false;

  constructor(heap: Allocator, threads: Threads) {
    this.#heap = heap;
    this.#threads = threads;
  }

  now(out: number, ...images: Images): void {
    const { kernels } = this.#threads;
    const [, , , { height, width, field }] = images;
    const inputs = inputBytes(...images);
    const at = this.#heap.scratch(inputs + kernels.warpScratch(height, width, field?.spacing ?? 0), AT_ONCE);
    kernels.warpImages(...this.#layOut(at, out, at + inputs, images));
  }

  ahead(...images: Images): ImagesAhead | null {
    const [, index, table, { channels, height, width, maps, field }] = images;
    // Moved alone, they are there sooner than another thread could be woken and its work fetched.
    const moved = field === null && maps[0] === 1 && maps[1] === 0 && maps[2] === 0 && maps[3] === 1;
    const pool = this.#busy || moved ? null : this.#threads.ahead;
    if (pool === null) return null;
    pool.helpers(); // starts the thread if it is not there
    const size = channels * height * width;
    const inputs = inputBytes(...images);
    const outputs = whole(4 * index.length * size);
    const localBytes = whole(this.#threads.alone.warpScratch(height, width, field?.spacing ?? 0));
    const out = this.#heap.scratch(outputs + inputs + pool.places * localBytes, AHEAD);
    const values = this.#layOut(out + outputs, out, out + outputs + inputs, images);
    const steps = [table === null ? 4 * size : size, 0, 0, 4 * size, 24, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    const kernel = pool.kernelNames.indexOf('warpImages');
    const job = { kernel, total: index.length, grain: PIECE, even: true, count: COUNT, local: LOCAL, localBytes };
    this.#busy = true;
    pool.begin(job, values, steps);
    return {
      take: storage => {
        this.#busy = false;
        pool.finish(job, values, steps);
        this.#threads.kernels.copy2d(out, (storage as Block).address, 1, index.length * size, 0, 1, 0, 1);
      },
      drop: () => {
        this.#busy = false;
        pool.drop(job);
      },
    };
  }

  /** Writes the inputs to `at`, and returns the kernel's arguments. */
  #layOut(at: number, out: number, local: number, [pixels, index, table, warp]: Images): Parameters<KernelExports['warpImages']> {
    const { channels, height, width, background, maps, blocks, field } = warp;
    const [n, size] = [index.length, channels * height * width];
    const { buffer } = this.#heap.memory;
    if (table !== null) new Float32Array(buffer, at, table.length).set(table);
    const atImages = at + (table?.byteLength ?? 0);
    const rows = new (pixels instanceof Uint8Array ? Uint8Array : Float32Array)(buffer, atImages, n * size);
    gather(pixels, index, size, rows);
    const atMaps = atImages + whole(rows.byteLength);
    const atBlocks = atMaps + maps.byteLength;
    new Float32Array(buffer, atMaps, maps.length).set(maps);
    new Int32Array(buffer, atBlocks, n).set(blocks);
    const { spacing, amplitude, key0, key1 } = field ?? { spacing: 0, amplitude: 0, key0: 0, key1: 0 };
    const source = [atImages, table === null ? 0 : at, background] as const;
    return [...source, out, atMaps, atBlocks, n, channels, height, width, spacing, amplitude, key0, key1, local];
  }
}

function inputBytes(pixels: Uint8Array | Float32Array, index: Uint32Array, table: Float32Array | null, warp: ImageWarp): number {
  const size = warp.channels * warp.height * warp.width;
  return (table?.byteLength ?? 0) + whole(index.length * size * pixels.BYTES_PER_ELEMENT) + whole(28 * index.length);
}

/** Copies rows of `size` numbers from all over a large array. */
export function gather<T extends Uint8Array | Float32Array>(from: T, index: Uint32Array, size: number, to: T): void {
  // One number of each first: these loads wait for memory all at once, and what they bring along (a page's address, for one) the copies need not wait for.
  for (let i = 0; i < index.length; i++) to[i * size] = from[index[i] * size];
  for (let i = 0; i < index.length; i++) to.set(from.subarray(index[i] * size, (index[i] + 1) * size), i * size);
}
