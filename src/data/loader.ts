/** Batches of a dataset, in an order that depends on seed and epoch alone. */
import { currentBackend } from '../backend/current.ts';
import type { ImagesAhead, ImageWarp, Kernels } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { currentRandom, Random, type Stream } from '../random.ts';
import { keep, release } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { type Dataset, sizeOfShape } from './dataset.ts';

/** One batch as plain arrays. They are used again for the batches that follow: copy what must last. */
export interface Batch {
  /** [n, ...featureShape], normalized */
  readonly x: Float32Array;
  /** [n, ...targetShape] */
  readonly y: Float32Array;
  /** Which examples these are. */
  readonly indices: Uint32Array;
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
  /** Resamples the images of the batch: on their way into a tensor, or when `x` is next read. */
  warp(warp: ImageWarp): void;
  /** Writes x and y into tensors of their sizes. Bytes that nobody has asked for as `x` go there straight, by a kernel. */
  write(x: Tensor, y: Tensor): void;
}

export interface LoaderOptions {
  /** Examples a batch. Default 1, as PyTorch has it. */
  readonly batchSize?: number;
  /** A new random order each epoch. Default false. */
  readonly shuffle?: boolean;
  /** Leave out a last batch that would be smaller. Default false. */
  readonly dropLast?: boolean;
  /** How many batches an asynchronous iteration prepares ahead. Default 2. */
  readonly prefetch?: number;
  /** Changes a batch in place (augmentation), with a stream that depends on seed, epoch and batch alone. */
  readonly transform?: (batch: Batch, stream: Stream) => void;
  /** Where the order comes from: this seed, or this generator's streams `shuffle` and `augmentation`; otherwise the current generator. */
  readonly seed?: number;
  readonly random?: Random;
}

/** Where a loader stands: the epoch, and how many of its batches have been given out. */
export interface LoaderState {
  readonly epoch: number;
  readonly position: number;
}

/**
 * Iterates a dataset in batches, once through for each `for` loop; each loop is the next epoch.
 *
 * ```ts
 * const loader = new DataLoader(train, { batchSize: 64, shuffle: true });
 * for (const [x, y] of loader) step(() => { ... }); // tensors, alive until the next batch
 * for (const { x, y } of loader.batches()) { ... }  // plain arrays
 * ```
 *
 * Same as: PyTorch's DataLoader in batchSize, shuffle, dropLast. Differs from: the order of epoch e is the same however the epochs
 * before it went, so a loader can `restore` to any batch of any epoch and go on exactly.
 */
export class DataLoader {
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly prefetch: number;
  readonly #transform: ((batch: Batch, stream: Stream) => void) | undefined;
  readonly #shuffleStream: Stream;
  readonly #augmentationStream: Stream;
  readonly #order: Order;
  #orderEpoch = -1;
  #epoch = 0;
  #position = 0;
  #begun = false; // an iteration has begun in this epoch, so the next one belongs to the epoch after
  #iteration = 0; // which iteration is going on
  readonly #buffers: BatchBuffers[] = [];

  constructor(dataset: Dataset, options: LoaderOptions = {}) {
    this.dataset = dataset;
    this.batchSize = whole('batchSize', options.batchSize ?? 1, 1);
    this.shuffle = options.shuffle ?? false;
    this.dropLast = options.dropLast ?? false;
    this.prefetch = whole('prefetch', options.prefetch ?? 2, 0);
    this.#transform = options.transform;
    const random = options.seed !== undefined ? new Random(options.seed) : (options.random ?? currentRandom());
    this.#shuffleStream = random.stream('shuffle');
    this.#augmentationStream = random.stream('augmentation');
    this.#order = new Order(dataset);
    if (dataset.length === 0) throw new UserError(`DataLoader: the dataset '${dataset.name}' is empty`);
    if (this.length === 0) {
      throw new UserError(
        `DataLoader: '${dataset.name}' has ${dataset.length} examples, fewer than one batch of ${this.batchSize}, and dropLast leaves none`,
      );
    }
  }

  /** Batches an epoch. */
  get length(): number {
    const whole = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(whole) : Math.ceil(whole);
  }

  state(): LoaderState {
    return { epoch: this.#epoch, position: this.#position };
  }

  /** The next iteration goes on in this epoch, with this batch. */
  restore(state: LoaderState): void {
    const epoch = whole('the saved epoch', state.epoch, 0);
    const position = whole('the saved position', state.position, 0);
    if (position > this.length) {
      throw new UserError(
        `DataLoader: the saved position is ${position}, but an epoch here has ${this.length} batches; the dataset or the batch size is not the one of the saved run`,
      );
    }
    this.#epoch = epoch;
    this.#position = position;
    this.#begun = false;
  }

  /** One epoch of plain arrays. */
  *batches(): Generator<Batch, void, undefined> {
    const iteration = this.#begin();
    while (this.#position < this.length) {
      const position = this.#position;
      const batch = this.#take(0, position);
      if (batch.fill() !== undefined) {
        throw new UserError(`DataLoader: '${this.dataset.name}' is read lazily; iterate with 'for await'`);
      }
      this.#augment(batch, position);
      this.#position = position + 1;
      yield batch;
      this.#checkAlone(iteration);
    }
  }

  /** One epoch of plain arrays, with batches prepared ahead; for datasets whose features take time to read. */
  async *batchesAhead(): AsyncGenerator<Batch, void, undefined> {
    const iteration = this.#begin();
    const pending: { readonly batch: LoadedBatch; readonly ready: Promise<void> }[] = [];
    let next = this.#position;
    const prepare = (): void => {
      const position = next++;
      const batch = this.#take(position % (this.prefetch + 1), position);
      const read = async (): Promise<void> => {
        await batch.fill();
        this.#augment(batch, position);
      };
      const ready = read();
      ready.catch(() => undefined); // reported when its turn comes
      pending.push({ batch, ready });
    };
    try {
      while (this.#position < this.length) {
        while (next < this.length && pending.length < this.prefetch + 1) prepare();
        const { batch, ready } = pending.shift()!;
        await ready;
        this.#position++;
        batch.follower = pending.length > 0 ? pending[0].batch : null;
        yield batch;
        this.#checkAlone(iteration);
      }
    } finally {
      for (const { batch } of pending) batch.drop();
    }
  }

  /** One epoch of plain arrays, with batches prepared ahead where that can gain anything; where not, there is nothing to wait for. @internal */
  batchesInTime(): Generator<Batch, void, undefined> | AsyncGenerator<Batch, void, undefined> {
    return this.dataset.isDecoded && this.#transform === undefined ? this.batches() : this.batchesAhead();
  }

  /** One epoch of tensors [x, y]. Both live until the next batch is asked for, or the loop ends. */
  *[Symbol.iterator](): Generator<[Tensor, Tensor], void, undefined> {
    for (const batch of this.batches()) yield* lend(batch);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<[Tensor, Tensor], void, undefined> {
    for await (const batch of this.batchesAhead()) yield* lend(batch);
  }

  #begin(): number {
    const iteration = ++this.#iteration;
    if (this.#begun) {
      this.#epoch++;
      this.#position = 0;
    }
    this.#begun = true;
    if (this.shuffle && this.#orderEpoch !== this.#epoch) {
      this.#order.shuffle(this.#shuffleStream.split(`epoch ${this.#epoch}`));
      this.#orderEpoch = this.#epoch;
    }
    this.#order.lookUp();
    return iteration;
  }

  #checkAlone(iteration: number): void {
    if (iteration !== this.#iteration) {
      throw new UserError('DataLoader: another iteration began before this one ended; give each its own DataLoader over the same dataset');
    }
  }

  /** The batch at a position of this epoch, in the arrays number `i`; its features are not there yet. */
  #take(i: number, position: number): LoadedBatch {
    const first = position * this.batchSize;
    const batch = this.#buffer(i).of(Math.min(this.batchSize, this.dataset.length - first));
    batch.take(this.#order, first);
    return batch;
  }

  #augment(batch: Batch, position: number): void {
    this.#transform?.(batch, this.#augmentationStream.split(`epoch ${this.#epoch} batch ${position}`));
  }

  #buffer(i: number): BatchBuffers {
    this.#buffers[i] ??= new BatchBuffers(this.dataset);
    return this.#buffers[i];
  }
}

function* lend(batch: Batch): Generator<[Tensor, Tensor], void, undefined> {
  const x = keep(emptyTensor(batch.xShape));
  const y = keep(emptyTensor(batch.yShape));
  batch.write(x, y);
  try {
    yield [x, y];
  } finally {
    release(x);
    release(y);
  }
}

/** Numbers of an example's target up to which those of an epoch are put in order. */
const FEW_TARGETS = 16;

/**
 * The examples of an epoch in their order, with their targets and where the dataset has their features: looked up once an epoch, all together, as in the midst of training
 * every look at a place of its own waits for memory.
 */
class Order {
  readonly indices: Uint32Array;
  readonly places: Uint32Array;
  /** Null where an example has many; each batch then looks up its own. */
  readonly targets: Float32Array | null;
  readonly #dataset: Dataset;

  constructor(dataset: Dataset) {
    const { length } = dataset;
    const size = sizeOfShape(dataset.targetShape);
    this.#dataset = dataset;
    this.indices = Uint32Array.from({ length }, (_, i) => i);
    this.places = new Uint32Array(length);
    this.targets = size <= FEW_TARGETS ? new Float32Array(length * size) : null;
  }

  shuffle(stream: Stream): void {
    const { indices } = this;
    for (let i = 0; i < indices.length; i++) indices[i] = i;
    stream.shuffle(indices);
  }

  lookUp(): void {
    if (this.targets !== null) this.#dataset.lookUp(this.indices, this.targets, this.places);
  }
}

/** The batches of one size, kept from batch to batch: most are of the full size, one an epoch of the rest. */
class BatchBuffers {
  readonly #dataset: Dataset;
  readonly #bySize = new Map<number, LoadedBatch>();

  constructor(dataset: Dataset) {
    this.#dataset = dataset;
  }

  of(n: number): LoadedBatch {
    let batch = this.#bySize.get(n);
    if (batch === undefined) {
      batch = new LoadedBatch(this.#dataset, n);
      this.#bySize.set(n, batch);
    }
    return batch;
  }
}

/** A batch whose features, where they are bytes in memory, become numbers when `x` is first read, or in the tensor they are written to. */
class LoadedBatch implements Batch {
  readonly y: Float32Array;
  readonly indices: Uint32Array;
  readonly xShape: readonly number[];
  readonly yShape: readonly number[];
  readonly #dataset: Dataset;
  /** Where the dataset has the examples. */
  readonly #places: Uint32Array;
  #x: Float32Array | null = null;
  #filled = false;
  /** What is still to be done to the images, and where another thread is at it. */
  #warp: ImageWarp | undefined;
  #ahead: { readonly images: ImagesAhead; readonly kernels: Kernels } | null = null;
  /** The batch after this one: begun as soon as this one has been written. */
  follower: LoadedBatch | null = null;

  constructor(dataset: Dataset, n: number) {
    this.#dataset = dataset;
    this.xShape = [n, ...dataset.featureShape];
    this.yShape = [n, ...dataset.targetShape];
    this.y = new Float32Array(sizeOfShape(this.yShape));
    this.indices = new Uint32Array(n);
    this.#places = new Uint32Array(n);
  }

  get x(): Float32Array {
    this.drop();
    if (!this.#filled) void this.#fillFeatures();
    const x = this.#x!;
    if (this.#warp !== undefined) {
      const kernels = currentBackend();
      const warped = kernels.alloc(x.length);
      kernels.warpImages(x, this.#inOrder(), null, this.#warp, warped);
      x.set(kernels.view(warped));
      kernels.free(warped);
      this.#warp = undefined;
    }
    return x;
  }

  /** Becomes the batch of the examples from number `first` of an order on. */
  take(order: Order, first: number): void {
    const { indices, y } = this;
    const { targets } = order;
    const n = indices.length;
    for (let i = 0; i < n; i++) indices[i] = order.indices[first + i];
    if (targets === null) {
      this.#dataset.lookUp(indices, y, this.#places);
      return;
    }
    const from = (first * y.length) / n;
    for (let i = 0; i < n; i++) this.#places[i] = order.places[first + i];
    for (let i = 0; i < y.length; i++) y[i] = targets[from + i];
  }

  /** Reads the features; a promise where that takes time. */
  fill(): void | Promise<void> {
    this.drop();
    this.follower = null;
    this.#filled = false;
    this.#warp = undefined;
    if (!this.#dataset.isDecoded) return this.#fillFeatures();
  }

  warp(warp: ImageWarp): void {
    if (this.#warp !== undefined) void this.x;
    this.#warp = warp;
  }

  write(x: Tensor, y: Tensor): void {
    const ahead = this.#ahead;
    if (ahead !== null && ahead.kernels === x.kernels && x.size === sizeOfShape(this.xShape)) {
      this.#ahead = null;
      ahead.images.take(x.storage);
      y.set(this.y);
      this.follower?.begin(x.kernels);
      return;
    }
    this.drop();
    if (this.#filled || !this.#dataset.fillTensor(this.#places, x, this.#warp)) {
      if (this.#warp === undefined) x.set(this.x);
      else x.kernels.warpImages(this.#x!, this.#inOrder(), null, this.#warp, x.storage);
    }
    y.set(this.y);
    this.follower?.begin(x.kernels);
  }

  /** Has another thread begin with the images, where there are any to resample and one has nothing else to do. */
  begin(kernels: Kernels): void {
    if (this.#warp === undefined || this.#filled || this.#ahead !== null) return;
    const images = this.#dataset.fillAhead(this.#places, kernels, this.#warp);
    if (images !== null) this.#ahead = { images, kernels };
  }

  /** Gives up what another thread has begun. */
  drop(): void {
    const ahead = this.#ahead;
    this.#ahead = null;
    ahead?.images.drop();
  }

  #inOrder(): Uint32Array {
    return Uint32Array.from(this.indices, (_, i) => i);
  }

  #fillFeatures(): void | Promise<void> {
    this.#x ??= new Float32Array(sizeOfShape(this.xShape));
    this.#filled = true;
    return this.#dataset.fillFeatures(this.#places, this.#x);
  }
}

function whole(what: string, value: number, least: number): number {
  if (!(Number.isInteger(value) && value >= least))
    throw new UserError(`DataLoader: ${what} is ${value}, expected a whole number from ${least}`);
  return value;
}
