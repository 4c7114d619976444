/**
 * Storage in one linear memory. Blocks come in size classes, four to each power of two, aligned to 64 bytes, with a free list each. A freed block
 * keeps its JavaScript object, so that in the steady state nothing is allocated, neither in the linear memory nor on JavaScript's heap.
 */
import { UserError } from '../../errors.ts';
import type { Storage } from '../kernels.ts';

const PAGE = 65536;
const MIB = 1048576;
/** Below lie the constants of the kernels' formulas; see scripts/build-kernels.mjs. */
const HEAP_START = 4096;
/** Left free at the very end: a kernel's last vector load may reach a few bytes past its block. */
const TAIL = 64;
/** 4 GiB, all that a 32-bit memory can have. */
export const MOST_PAGES = 65536;
const UNIT = 64;

/** A block of float32 elements. Only its allocator changes it. */
export class Block implements Storage {
  length = 0;
  readonly address: number;
  readonly sizeClass: number;
  readonly bytes: number;
  readonly home: Allocator;
  live = true;
  /** The next free block of the same class. */
  next: Block | null = null;
  /** The last view made, good while the buffer and the length are the same. */
  array: Float32Array | null = null;

  constructor(address: number, sizeClass: number, home: Allocator) {
    this.address = address;
    this.sizeClass = sizeClass;
    this.bytes = bytesOf(sizeClass);
    this.home = home;
  }
}

/** Where a block lies. */
export function address(storage: Storage): number {
  return (storage as Block).address;
}

/** The smallest class whose blocks hold so many 64-byte units: 1, 2, 3, 4, then 5, 6, 7, 8, 10, 12, 14, 16, 20, ... */
function classOf(units: number): number {
  if (units <= 4) return units;
  const exponent = 31 - Math.clz32(units - 1); // 2^exponent < units ≤ 2^(exponent + 1)
  return exponent * 4 - 4 + ((units - 1) >>> (exponent - 2)) - 3;
}

/** Bytes of a block of this class. */
function bytesOf(sizeClass: number): number {
  if (sizeClass <= 4) return sizeClass * UNIT;
  const exponent = (sizeClass + 3) >> 2;
  return UNIT * (((sizeClass + 3) % 4) + 5) * 2 ** (exponent - 2);
}

const CLASSES = classOf((MOST_PAGES / UNIT) * PAGE) + 1;

export class Allocator {
  readonly memory: WebAssembly.Memory;
  readonly #mostPages: number;
  readonly #free: (Block | null)[] = new Array<Block | null>(CLASSES).fill(null);
  #top = HEAP_START;
  #end: number;
  #live = 0;
  readonly #scratch: (Block | null)[] = [null, null, null];
  readonly #scratchBytes: number[] = [-1, -1, -1];
  #words: Uint32Array;

  /** @param mostPages the memory grows to so many pages of 64 KiB at most */
  constructor(memory: WebAssembly.Memory, mostPages: number = MOST_PAGES) {
    this.memory = memory;
    this.#mostPages = mostPages;
    this.#end = memory.buffer.byteLength - TAIL;
    this.#words = new Uint32Array(memory.buffer);
  }

  /** Room for `length` elements, holding whatever was there before. */
  alloc(length: number): Block {
    const block = this.#take(classOf(length === 0 ? 1 : Math.ceil(length / (UNIT / 4))), length);
    block.length = length;
    this.#live += block.bytes;
    return block;
  }

  free(storage: Storage): void {
    const block = storage as Block;
    if (block.home !== this) throw new Error('free: this storage belongs to another backend');
    if (!block.live) throw new Error('free: this storage was freed before; freeing it twice would hand one block to two tensors');
    block.live = false;
    block.next = this.#free[block.sizeClass];
    this.#free[block.sizeClass] = block;
    this.#live -= block.bytes;
  }

  view(storage: Storage): Float32Array {
    const block = storage as Block;
    const { buffer } = this.#words;
    let array = block.array;
    if (array === null || array.buffer !== buffer || array.length !== block.length) {
      array = new Float32Array(buffer, block.address, block.length);
      block.array = array;
    }
    return array;
  }

  /** The whole memory as 32-bit words; good until the next block is asked for. */
  words(): Uint32Array {
    return this.#words;
  }

  /**
   * The address of working memory for one kernel call; what is in it does not outlast the call. Not counted as live.
   *
   * @param which there are three, which do not overlap
   */
  scratch(bytes: number, which: 0 | 1 | 2 = 0): number {
    let block = this.#scratch[which];
    if (block === null || bytes > this.#scratchBytes[which]) {
      if (block !== null) this.#release(block);
      this.#scratch[which] = null; // should the next line throw, the block is not in use any more
      block = this.#take(classOf(Math.ceil(bytes / UNIT)), bytes / 4);
      this.#scratch[which] = block;
      this.#scratchBytes[which] = block.bytes;
    }
    return block.address;
  }

  /** Memory that is kept until it is let go; null where there is no room. Not counted as live. */
  hold(bytes: number): Block | null {
    try {
      return this.#take(classOf(Math.ceil(bytes / UNIT)), bytes / 4);
    } catch {
      return null;
    }
  }

  letGo(block: Block): void {
    this.#release(block);
  }

  /** The address of memory that is never given back, filled with zeros. Not counted as live. */
  reserve(bytes: number): number {
    const { address } = this.#take(classOf(Math.ceil(bytes / UNIT)), bytes / 4);
    new Uint8Array(this.memory.buffer, address, bytes).fill(0);
    return address;
  }

  usage(): { live: number; reserved: number; carved: number } {
    return { live: this.#live, reserved: this.memory.buffer.byteLength, carved: this.#top - HEAP_START };
  }

  #release(block: Block): void {
    block.live = false;
    block.next = this.#free[block.sizeClass];
    this.#free[block.sizeClass] = block;
  }

  #take(sizeClass: number, length: number): Block {
    if (sizeClass >= CLASSES) throw this.#full(length);
    const block = this.#free[sizeClass];
    if (block === null) return this.#carve(sizeClass, length);
    this.#free[sizeClass] = block.next;
    block.next = null;
    block.live = true;
    return block;
  }

  #carve(sizeClass: number, length: number): Block {
    const bytes = bytesOf(sizeClass);
    if (this.#top + bytes > this.#end && !this.#grow(this.#top + bytes - this.#end)) {
      // no room for a new block: a larger one that lies free is better than none
      for (let larger = sizeClass + 1; larger < CLASSES; larger++) {
        if (this.#free[larger] !== null) return this.#take(larger, length);
      }
      throw this.#full(length);
    }
    const block = new Block(this.#top, sizeClass, this);
    this.#top += bytes;
    return block;
  }

  /** Grows by at least so many bytes: by a quarter of what there is and 4 MiB if it can be had, else by just what is needed. */
  #grow(bytes: number): boolean {
    const pages = this.memory.buffer.byteLength / PAGE;
    const needed = Math.ceil(bytes / PAGE);
    const ample = Math.min(Math.max(needed, pages >> 2, 64), this.#mostPages - pages);
    if (needed > ample) return false;
    try {
      this.memory.grow(ample);
    } catch {
      try {
        this.memory.grow(needed);
      } catch {
        return false;
      }
    }
    this.#end = this.memory.buffer.byteLength - TAIL;
    this.#words = new Uint32Array(this.memory.buffer);
    return true;
  }

  #full(length: number): UserError {
    const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
    return new UserError(
      `out of memory: ${mib(length * 4)} MiB were asked for, with ${mib(this.#live)} MiB live and ${mib(this.memory.buffer.byteLength)} MiB of at most ${mib(this.#mostPages * PAGE)} MiB reserved`,
      'Train in step(() => ...), so that what a step makes dies at its end, or take a smaller batch.',
    );
  }
}
