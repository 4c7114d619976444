/** Rows of bytes, such as images, on their way into a batch: decoded from where the kernels find them. */
import type { Allocator, Block } from './allocator.ts';
import type { Threads } from './threads.ts';
import { gather } from './warp.ts';

/** Bytes of which no copy is kept: fewer are in the caches anyway, and more would leave too little of the memory. */
const [FEWEST, MOST] = [2 ** 16, 2 ** 29];

export class ByteRows {
  readonly #heap: Allocator;
  readonly #threads: Threads;
  /** Copies of what does not change, for as long as that is there. */
  readonly #copies = new WeakMap<Uint8Array, Block>();
  readonly #gone: FinalizationRegistry<Block>;
  /** Where a table of 256 values lies, and which one was last. */
  readonly #table: number;
  #last: Float32Array | null = null;

  constructor(heap: Allocator, threads: Threads) {
    this.#heap = heap;
    this.#threads = threads;
    this.#table = heap.reserve(1024);
    this.#gone = new FinalizationRegistry(block => heap.letGo(block));
  }

  /** As `Kernels.decodeRows`. */
  decode(bytes: Uint8Array, index: Uint32Array, table: Float32Array, out: number, cols: number, lasting: boolean): void {
    const rows = index.length;
    const copy = lasting ? this.#copyOf(bytes) : null;
    const indexBytes = 64 * Math.ceil(rows / 16);
    const scratch = this.#heap.scratch(indexBytes + (copy === null ? rows * cols : 0));
    if (this.#last !== table) {
      new Float32Array(this.#heap.memory.buffer, this.#table, 256).set(table);
      this.#last = table;
    }
    const words = this.#heap.words();
    if (copy === null) {
      gather(bytes, index, cols, new Uint8Array(words.buffer, scratch + indexBytes, rows * cols));
      for (let i = 0; i < rows; i++) words[scratch / 4 + i] = i;
      this.#threads.alone.decodeRows(scratch + indexBytes, scratch, this.#table, out, rows, cols);
      return;
    }
    words.set(index, scratch / 4);
    this.#threads.kernels.decodeRows(copy.address, scratch, this.#table, out, rows, cols);
  }

  #copyOf(bytes: Uint8Array): Block | null {
    const known = this.#copies.get(bytes);
    if (known !== undefined) return known;
    if (bytes.length < FEWEST || bytes.length > MOST) return null;
    const block = this.#heap.hold(bytes.length);
    if (block === null) return null;
    new Uint8Array(this.#heap.memory.buffer, block.address, bytes.length).set(bytes);
    this.#copies.set(bytes, block);
    this.#gone.register(bytes, block);
    return block;
  }
}
