/**
 * Randomness from one seed. The seed is split into named streams (`init`, `shuffle`, `dropout`, `augmentation`, ...), so that drawing more from
 * one never shifts another. Each stream is a counter-based sequence: number i depends on the stream's key and on i alone, so a stream's whole
 * state is two counters, and the same seed gives the same bits on every engine.
 */
import type { RandomKey } from './backend/kernels.ts';
import { UserError } from './errors.ts';
import { cos, log, sin } from './math.ts';

const PARITY = 0x1bd11bda;
const TWO_PI = 6.283185307179586;

/**
 * Threefry-2x32 with 20 rounds: the block of two unsigned 32-bit words that belongs to counter (c0, c1) under key (key0, key1), written to
 * `out[0]` and `out[1]`. All arguments are taken modulo 2^32.
 *
 * Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 */
export function threefry2x32(key0: number, key1: number, c0: number, c1: number, out: Uint32Array): void {
  key0 |= 0; // engines then compute with integers throughout, in half the time
  key1 |= 0;
  const key2 = key0 ^ key1 ^ PARITY;
  let a = ((c0 | 0) + key0) | 0;
  let b = ((c1 | 0) + key1) | 0;
  for (let five = 1; ; five += 2) {
    a = (a + b) | 0;
    b = ((b << 13) | (b >>> 19)) ^ a;
    a = (a + b) | 0;
    b = ((b << 15) | (b >>> 17)) ^ a;
    a = (a + b) | 0;
    b = ((b << 26) | (b >>> 6)) ^ a;
    a = (a + b) | 0;
    b = ((b << 6) | (b >>> 26)) ^ a;
    // after every four rounds one key of the three is added, in turn, and the number of the addition
    a = (a + (five === 1 ? key1 : five === 3 ? key0 : key2)) | 0;
    b = (b + (five === 1 ? key2 : five === 3 ? key1 : key0) + five) | 0;
    if (five === 5) break;
    a = (a + b) | 0;
    b = ((b << 17) | (b >>> 15)) ^ a;
    a = (a + b) | 0;
    b = ((b << 29) | (b >>> 3)) ^ a;
    a = (a + b) | 0;
    b = ((b << 16) | (b >>> 16)) ^ a;
    a = (a + b) | 0;
    b = ((b << 24) | (b >>> 8)) ^ a;
    a = (a + (five === 1 ? key2 : key1)) | 0;
    b = (b + (five === 1 ? key0 : key2) + five + 1) | 0;
  }
  out[0] = a;
  out[1] = b;
}

const block = new Uint32Array(2);

/** Word i of a kernel's sequence: block[j & 1] of counter (j >>> 1, 0), with j = key.counter + i modulo 2^32. */
export function randomWord(key: RandomKey, i: number): number {
  const j = (key.counter + i) >>> 0;
  threefry2x32(key.key0, key.key1, j >>> 1, 0, block);
  return block[j & 1];
}

/** Where a stream stands: blocks drawn, and keys given out by `key()`. */
export interface StreamState {
  readonly position: number;
  readonly keys: number;
}

/** A whole generator as plain JSON: the seed, and each named stream that has been used. */
export interface RandomState {
  readonly seed: number;
  readonly streams: Readonly<Record<string, StreamState>>;
}

// The second counter word tells apart what is drawn (below 2^21), keys for kernels, and child streams.
const KEYS = 0x80000000;
const CHILDREN = 0xc0000000;
const TWO_32 = 4294967296;

/** FNV-1a over the UTF-16 units of a name, finished by a mixing step. */
function hash32(name: string, basis: number): number {
  let h = basis;
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i);
    h = Math.imul(h ^ (unit & 0xff), 0x01000193);
    h = Math.imul(h ^ (unit >>> 8), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One sequence of random numbers. Make it with `random.stream(name)` or `stream.split(name)`. */
export class Stream {
  #key0: number;
  #key1: number;
  #position = 0; // blocks drawn so far
  #keys = 0;

  constructor(key0: number, key1: number) {
    this.#key0 = key0;
    this.#key1 = key1;
  }

  #next(): void {
    const position = this.#position++;
    threefry2x32(this.#key0, this.#key1, position >>> 0, Math.floor(position / TWO_32), block);
  }

  /** A number in [0, 1), uniform, with 53 bits. */
  uniform(): number {
    this.#next();
    return ((block[0] >>> 5) * 67108864 + (block[1] >>> 6)) / 9007199254740992;
  }

  /** A number from the normal distribution with mean 0 and variance 1 (Box-Muller, one block each; never beyond ±6.8). */
  normal(): number {
    this.#next();
    return Math.sqrt(-2 * log((block[0] + 0.5) / TWO_32)) * cos((block[1] / TWO_32) * TWO_PI);
  }

  /** A whole number in [0, n), every one equally likely (no modulo bias). n is a whole number from 1 to 2^53. */
  int(n: number): number {
    if (!(Number.isInteger(n) && n >= 1 && n <= 2 ** 53)) {
      throw new UserError(`int(${n}): expected a whole number from 1 to 2^53, the count of values to choose from`);
    }
    if (n <= TWO_32) {
      const size = n >>> 0; // as an unsigned integer, and so everything below: engines are twice as fast then
      const certain = -size >>> 0; // 2^32 - n: words from 2^32 - 2^32 mod n on would make the small values likelier, and are left out
      for (;;) {
        this.#next();
        if (size === 0) return block[0]; // n is 2^32
        if (block[0] < certain || block[0] < TWO_32 - (certain % size)) return (block[0] % size) >>> 0;
        if (block[1] < certain || block[1] < TWO_32 - (certain % size)) return (block[1] % size) >>> 0;
      }
    }
    const end = 2 ** 53 - (2 ** 53 % n);
    for (;;) {
      const value = this.uniform() * 2 ** 53;
      if (value < end) return value % n;
    }
  }

  /** The whole numbers 0 to n - 1 in random order, every order equally likely (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    return this.shuffle(order);
  }

  /** Shuffles in place (Fisher-Yates) and returns what it was given. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }

  /**
   * Fills with low + u (high - low), u uniform in [0, 1) with 24 bits, the precision of float32. Two values a block. With bounds other than
   * 0 and 1, rounding to float32 may give `high` itself.
   */
  fillUniform(array: Float32Array | Float64Array, low = 0, high = 1): void {
    const width = (high - low) / 16777216;
    const n = array.length;
    for (let i = 0; i < n; i += 2) {
      this.#next();
      array[i] = low + (block[0] >>> 8) * width;
      if (i + 1 < n) array[i + 1] = low + (block[1] >>> 8) * width;
    }
  }

  /** Fills with numbers from the normal distribution of this mean and standard deviation (Box-Muller, two values a block). */
  fillNormal(array: Float32Array | Float64Array, mean = 0, std = 1): void {
    const n = array.length;
    for (let i = 0; i < n; i += 2) {
      this.#next();
      const radius = std * Math.sqrt(-2 * log((block[0] + 0.5) / TWO_32));
      const angle = (block[1] / TWO_32) * TWO_PI;
      array[i] = mean + radius * cos(angle);
      if (i + 1 < n) array[i + 1] = mean + radius * sin(angle);
    }
  }

  /**
   * Passes over so many blocks, which a kernel draws by itself: it makes block i from `key` and counter `first + i`.
   *
   * @internal
   */
  leave(blocks: number): { readonly key0: number; readonly key1: number; readonly first: number } {
    const first = this.#position;
    this.#position += blocks;
    if (this.#position > 0x7fffffff)
      throw new UserError(`random stream: a kernel draws from the first 2^31 blocks, not from number ${first}`);
    return { key0: this.#key0, key1: this.#key1, first };
  }

  /** A child stream with a key of its own. The same name gives the same child, however much was drawn here; nothing is drawn by it. */
  split(name: string): Stream {
    threefry2x32(this.#key0, this.#key1, hash32(name, 0x811c9dc5), CHILDREN | (hash32(name, 0x9747b28c) >>> 2), block);
    return new Stream(block[0], block[1]);
  }

  /** A fresh key for one kernel call, which makes its own sequence from it: element i is `randomWord(key, i)`. */
  key(): RandomKey {
    const count = this.#keys++;
    threefry2x32(this.#key0, this.#key1, count >>> 0, KEYS + Math.floor(count / TWO_32), block);
    return { key0: block[0], key1: block[1], counter: 0 };
  }

  /** Where the stream stands, as plain JSON. The key is not part of it: that follows from seed and name. */
  state(): StreamState {
    return { position: this.#position, keys: this.#keys };
  }

  /** Goes to where a stream with the same seed and name stood. */
  restore(state: StreamState): void {
    for (const [name, count] of [
      ['position', state.position],
      ['keys', state.keys],
    ] as const) {
      if (!(Number.isSafeInteger(count) && count >= 0)) {
        throw new UserError(`random stream state: ${name} is ${String(count)}, expected a whole number from 0; the saved state is damaged`);
      }
    }
    this.#position = state.position;
    this.#keys = state.keys;
  }

  /** Takes over another stream's key, so that whoever holds this one goes on under a restored seed. @internal */
  adopt(other: Stream): void {
    this.#key0 = other.#key0;
    this.#key1 = other.#key1;
  }
}

/**
 * One seed and its named streams.
 *
 * ```ts
 * const random = new Random(7);
 * random.stream('init').uniform();
 * const saved = random.state(); // plain JSON
 * random.restore(saved); // every stream goes on from there
 * ```
 */
export class Random {
  #seed: number;
  readonly #streams = new Map<string, Stream>();

  /** @param seed a whole number from 0 to 2^53 - 1 */
  constructor(seed: number) {
    this.#seed = checkSeed(seed);
  }

  get seed(): number {
    return this.#seed;
  }

  /** The stream of this name; the same object each time. Its numbers depend on the seed, the name and the count drawn from it before. */
  stream(name: string): Stream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = this.#derive(name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #derive(name: string): Stream {
    return new Stream(this.#seed >>> 0, Math.floor(this.#seed / TWO_32)).split(name);
  }

  /** Seed and streams as plain JSON. Children made by `split` are not in it: they follow from their parent and name. */
  state(): RandomState {
    const streams: Record<string, StreamState> = {};
    for (const [name, stream] of this.#streams) streams[name] = stream.state();
    return { seed: this.#seed, streams };
  }

  /** Goes back to a saved state, its seed included. Streams already handed out go on under it; those not in the state start anew. */
  restore(state: RandomState): void {
    this.#seed = checkSeed(state.seed);
    for (const name of Object.keys(state.streams)) this.stream(name);
    for (const [name, stream] of this.#streams) {
      stream.adopt(this.#derive(name));
      stream.restore(state.streams[name] ?? { position: 0, keys: 0 });
    }
  }
}

function checkSeed(seed: number): number {
  if (!(typeof seed === 'number' && Number.isSafeInteger(seed) && seed >= 0)) {
    throw new UserError(`seed is ${typeof seed === 'string' ? `'${seed}'` : String(seed)}, expected a whole number from 0 to 2^53 - 1`);
  }
  return seed;
}

let current = new Random(0);

/** Starts the current generator anew from this seed, and returns it. Without a call the seed is 0. */
export function manualSeed(seed: number): Random {
  current = new Random(seed);
  return current;
}

/** The generator from which layers, loaders and dropout draw unless they are given one. */
export function currentRandom(): Random {
  return current;
}

/** Runs `fn` with `random` as the current generator, and puts the former one back, also when `fn` throws. `fn` is synchronous. */
export function withRandom<T>(random: Random, fn: () => T): T {
  const former = current;
  current = random;
  let result: T;
  try {
    result = fn();
  } finally {
    current = former;
  }
  if (result !== null && typeof result === 'object' && 'then' in result && typeof result.then === 'function') {
    throw new UserError(
      'withRandom was given a function that returns a promise; what it does after its first await would draw from another generator. Give it a synchronous function.',
    );
  }
  return result;
}
