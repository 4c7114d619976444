/** A dataset: examples with what is needed to read them, train on them, and later predict as it was trained. */
import type { ImagesAhead, ImageWarp, Kernels, Storage } from '../backend/kernels.ts';
import { UserError } from '../errors.ts';
import { currentRandom, Random, type Stream } from '../random.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** How stored features become a model's input: (x scale - mean) / std. Saved with a model, so that predict does the same. */
export interface Normalization {
  readonly scale: number;
  readonly mean: number;
  readonly std: number;
}

/** Features as they are. */
export const identity: Normalization = { scale: 1, mean: 0, std: 1 };

/** What the examples are. Plain JSON, so that it can be saved beside a model. */
export interface DatasetInfo {
  /** A short name, such as `mnist`. */
  readonly name: string;
  /** Where it came from, for people: 'MNIST, from folder X, verified'. Shown with every result obtained on it. */
  readonly provenance: string;
  /** Shape of one example's features, such as [1, 28, 28]. */
  readonly featureShape: readonly number[];
  /** 'class': a target is a class number 0, 1, ...; 'value': numbers to be approximated. */
  readonly targetKind: 'class' | 'value';
  /** Shape of one example's target: [] for a class number, [n] for n values. */
  readonly targetShape: readonly number[];
  /** One name a class; empty where targets are values. */
  readonly classNames: readonly string[];
  readonly normalization: Normalization;
}

/** Where features are read from. Targets are small and always in memory; features may be made or read when asked for. */
export interface FeatureSource {
  readonly length: number;
  /** Writes the normalized features of these examples, one after another. A promise where reading takes time. */
  fill(indices: Uint32Array, out: Float32Array): void | Promise<void>;
  /** Stored features of one example, before normalization; for looking at it. */
  raw?(index: number): Uint8Array | Float32Array;
  /** Writes what `fill` writes, resampled where `warp` is given, straight into a tensor's storage, by a kernel. */
  fillStorage?(indices: Uint32Array, kernels: Kernels, out: Storage, warp?: ImageWarp): void;
  /** Begins what `fillStorage` would do, on a thread that has nothing else to do; null where there is none. */
  fillAhead?(indices: Uint32Array, kernels: Kernels, warp: ImageWarp): ImagesAhead | null;
  /** All of them, one example after another, where they are in memory. */
  readonly stored?: Uint8Array | Float32Array;
  /** Whether nobody changes what is stored. */
  readonly lasting?: boolean;
}

export interface ArraysOptions {
  /** One example after another; bytes (images) are normalized when a batch is made. */
  readonly features: Uint8Array | Float32Array;
  readonly targets: Uint8Array | Float32Array;
  readonly featureShape: readonly number[];
  readonly targetKind?: 'class' | 'value';
  readonly targetShape?: readonly number[];
  readonly classNames?: readonly string[];
  readonly normalization?: Normalization;
  readonly name?: string;
  readonly provenance?: string;
  /** @internal whether nobody else holds the features, so that they never change */
  readonly lasting?: boolean;
}

export interface SplitOptions {
  /** The share (0 < v < 1) or the count (v ≥ 1) of examples that go to the validation part. */
  readonly validation: number;
  /** Draw with this seed; otherwise from the stream `split` of `random`, or of the current generator. */
  readonly seed?: number;
  readonly random?: Random;
  /** Keep the share of every class the same in both parts. Off by default. */
  readonly stratified?: boolean;
}

/** The product of sizes: how many numbers a shape holds. */
export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Width and height of examples that are grey pictures; null for others. */
export function imageSize(featureShape: readonly number[]): { width: number; height: number } | null {
  const [height, width] = featureShape.slice(-2);
  const isPicture = featureShape.length >= 2 && featureShape.slice(0, -2).every(size => size === 1) && height > 1 && width > 1;
  return isPicture ? { width, height } : null;
}

/** Examples and their targets, or a selection of them: `subset`, `take` and `split` copy no features. */
export class Dataset implements DatasetInfo {
  readonly name: string;
  readonly provenance: string;
  readonly featureShape: readonly number[];
  readonly targetKind: 'class' | 'value';
  readonly targetShape: readonly number[];
  readonly classNames: readonly string[];
  readonly normalization: Normalization;
  readonly #source: FeatureSource;
  readonly #targets: Uint8Array | Float32Array;
  /** Which of the source's examples these are; null for all in order. */
  readonly #selection: Uint32Array | null;
  readonly #featureSize: number;
  readonly #targetSize: number;

  constructor(info: DatasetInfo, source: FeatureSource, targets: Uint8Array | Float32Array, selection: Uint32Array | null = null) {
    this.name = info.name;
    this.provenance = info.provenance;
    this.featureShape = info.featureShape;
    this.targetKind = info.targetKind;
    this.targetShape = info.targetShape;
    this.classNames = info.classNames;
    this.normalization = info.normalization;
    this.#source = source;
    this.#targets = targets;
    this.#selection = selection;
    this.#featureSize = sizeOfShape(info.featureShape);
    this.#targetSize = sizeOfShape(info.targetShape);
    if (targets.length !== source.length * this.#targetSize) {
      throw new UserError(
        `dataset '${info.name}': ${source.length} examples need ${source.length * this.#targetSize} target numbers ` +
          `(targetShape [${info.targetShape.join(', ')}]), ${targets.length} were given`,
      );
    }
  }

  /** A dataset from arrays in memory. Classes are checked against `classNames`, which default to '0', '1', ... */
  static from(options: ArraysOptions): Dataset {
    const { features, targets, featureShape } = options;
    const name = options.name ?? 'data';
    const targetKind = options.targetKind ?? 'class';
    const targetShape = options.targetShape ?? [];
    const count = targets.length / sizeOfShape(targetShape);
    const expected = count * sizeOfShape(featureShape);
    if (features.length !== expected) {
      throw new UserError(
        `dataset '${name}': ${count} targets with features of shape [${featureShape.join(', ')}] need ${expected} feature numbers, ${features.length} were given`,
      );
    }
    let classNames = options.classNames ?? [];
    if (targetKind === 'class') {
      let largest = -1;
      for (const target of targets) largest = Math.max(largest, target);
      if (options.classNames === undefined) classNames = Array.from({ length: largest + 1 }, (_, i) => String(i));
      const wrong = targets.findIndex(t => !Number.isInteger(t) || t < 0 || t >= classNames.length);
      if (wrong >= 0) {
        throw new UserError(
          `dataset '${name}': the target of example ${wrong} is ${targets[wrong]}, expected a class number from 0 to ${classNames.length - 1}`,
        );
      }
    }
    const normalization = options.normalization ?? identity;
    const info = { name, provenance: options.provenance ?? name, featureShape, targetKind, targetShape, classNames, normalization };
    return new Dataset(info, memorySource(features, sizeOfShape(featureShape), normalization, options.lasting), targets);
  }

  get length(): number {
    return this.#selection === null ? this.#source.length : this.#selection.length;
  }

  /** The metadata alone, as plain JSON. */
  info(): DatasetInfo {
    const { name, provenance, featureShape, targetKind, targetShape, classNames, normalization } = this;
    return { name, provenance, featureShape, targetKind, targetShape, classNames, normalization };
  }

  /** The same examples, normalized otherwise. Only where stored features are in memory; they are not copied. */
  withNormalization(normalization: Normalization): Dataset {
    const features = this.#source.stored;
    if (features === undefined) throw new UserError(`dataset '${this.name}' is read lazily; what it is normalized by cannot be changed`);
    const source = memorySource(features, this.#featureSize, normalization, this.#source.lasting);
    return new Dataset({ ...this.info(), normalization }, source, this.#targets, this.#selection);
  }

  /**
   * Writes examples `indices` as a batch: x [n, ...featureShape] normalized, y [n, ...targetShape].
   *
   * @returns a promise where the features have to be read first, nothing otherwise
   */
  fillBatch(indices: Uint32Array, x: Float32Array, y: Float32Array | null = null): void | Promise<void> {
    const n = indices.length;
    if (x.length !== n * this.#featureSize || (y !== null && y.length !== n * this.#targetSize)) {
      throw new UserError(
        `fillBatch: ${n} examples need x of ${n * this.#featureSize} and y of ${n * this.#targetSize} numbers; x has ${x.length}${y === null ? '' : `, y ${y.length}`}`,
      );
    }
    const places = new Uint32Array(n); // its own, since a source may read later
    this.lookUp(indices, y ?? new Float32Array(n * this.#targetSize), places);
    return this.#source.fill(places, x);
  }

  /** Writes the targets of examples `indices`: y [n, ...targetShape]. */
  fillTargets(indices: Uint32Array, y: Float32Array): void {
    this.lookUp(indices, y, new Uint32Array(indices.length));
  }

  /** @internal what a batch of examples `indices` begins with: their targets, and `places`, which say where their features are read from */
  lookUp(indices: Uint32Array, y: Float32Array, places: Uint32Array): void {
    const { length } = this;
    const selection = this.#selection;
    const targets = this.#targets;
    const size = this.#targetSize;
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i];
      if (index >= length) throw this.#missing(index);
      const place = selection === null ? index : selection[index];
      places[i] = place;
      for (let j = 0; j < size; j++) y[i * size + j] = targets[place * size + j];
    }
  }

  /** @internal writes the features at `places`, normalized: x [n, ...featureShape]; a promise where they have to be read first */
  fillFeatures(places: Uint32Array, x: Float32Array): void | Promise<void> {
    return this.#source.fill(places, x);
  }

  /** Whether features are bytes that `fillTensor` decodes. */
  get isDecoded(): boolean {
    return this.#source.fillStorage !== undefined;
  }

  /**
   * Writes the features at `places`, normalized, and as images resampled where `warp` is given, straight into a tensor: x [n, ...featureShape].
   * False where the source cannot.
   *
   * @internal
   */
  fillTensor(places: Uint32Array, x: Tensor, warp?: ImageWarp): boolean {
    if (this.#source.fillStorage === undefined) return false;
    if (x.size !== places.length * this.#featureSize) {
      throw new UserError(`fillTensor: ${places.length} examples need ${places.length * this.#featureSize} numbers; x has ${x.size}`);
    }
    this.#source.fillStorage(places, x.kernels, x.storage, warp);
    return true;
  }

  /** @internal begins what `fillTensor` would do on another thread; null where that cannot be */
  fillAhead(places: Uint32Array, kernels: Kernels, warp: ImageWarp): ImagesAhead | null {
    return this.#source.fillAhead?.(places, kernels, warp) ?? null;
  }

  #missing(index: number): UserError {
    return new UserError(`dataset '${this.name}': there is no example ${index}; it has ${this.length}`);
  }

  /** The target of example i, a class number or its first value. */
  target(i: number): number {
    return this.#targets[(this.#selection === null ? i : this.#selection[i]) * this.#targetSize];
  }

  /** Stored features of example i before normalization, such as the 784 bytes of an image; to be read, not to be written to. */
  raw(i: number): Uint8Array | Float32Array {
    if (!(Number.isInteger(i) && i >= 0 && i < this.length)) {
      throw this.#missing(i);
    }
    if (this.#source.raw === undefined) throw new UserError(`dataset '${this.name}' is read lazily and keeps no stored features`);
    return this.#source.raw(this.#selection === null ? i : this.#selection[i]);
  }

  /** How many examples each class has. */
  classCounts(): number[] {
    const counts = new Array<number>(this.classNames.length).fill(0);
    for (let i = 0; i < this.length; i++) counts[this.target(i)]++;
    return counts;
  }

  /** These examples, in this order. */
  subset(indices: ArrayLike<number>): Dataset {
    const chosen = Uint32Array.from(indices);
    for (let i = 0; i < chosen.length; i++) {
      if (indices[i] !== chosen[i] || chosen[i] >= this.length) {
        throw new UserError(`subset of '${this.name}': there is no example ${indices[i]}; it has ${this.length}`);
      }
      if (this.#selection !== null) chosen[i] = this.#selection[chosen[i]];
    }
    return new Dataset(this.info(), this.#source, this.#targets, chosen);
  }

  /** The first n examples, or all where there are fewer. */
  take(n: number): Dataset {
    if (!(Number.isInteger(n) && n >= 0)) throw new UserError(`take(${n}): expected a whole number of examples from 0`);
    return this.subset(Array.from({ length: Math.min(n, this.length) }, (_, i) => i));
  }

  /**
   * Parts the examples at random into training and validation.
   *
   * ```ts
   * const { train, validation } = mnist.split({ validation: 0.1, seed: 1, stratified: true });
   * ```
   */
  split(options: SplitOptions): { train: Dataset; validation: Dataset } {
    const { validation: asked } = options;
    const count = asked < 1 ? Math.round(asked * this.length) : asked;
    if (!(asked > 0 && Number.isInteger(count) && count >= 1 && count < this.length)) {
      throw new UserError(
        `split: validation is ${asked}; expected a share between 0 and 1, or a count from 1 to ${this.length - 1}, of the ${this.length} examples of '${this.name}' (both parts need one)`,
      );
    }
    const random = options.seed !== undefined ? new Random(options.seed) : (options.random ?? currentRandom());
    const stream = random.stream('split');
    const chosen = options.stratified ? this.#drawStratified(count, stream) : stream.permutation(this.length).subarray(0, count);
    const isChosen = new Uint8Array(this.length);
    for (const i of chosen) isChosen[i] = 1;
    const train = new Uint32Array(this.length - count);
    const validation = new Uint32Array(count);
    let t = 0;
    let v = 0;
    for (let i = 0; i < this.length; i++) {
      if (isChosen[i] === 1) validation[v++] = i;
      else train[t++] = i;
    }
    return { train: this.subset(train), validation: this.subset(validation) };
  }

  /** `count` examples, each class by its share; what rounding leaves goes to the largest remainders. */
  #drawStratified(count: number, stream: Stream): number[] {
    if (this.targetKind !== 'class') throw new UserError(`split: stratified needs classes; the targets of '${this.name}' are values`);
    const members = this.classNames.map((): number[] => []);
    for (let i = 0; i < this.length; i++) members[this.target(i)].push(i);
    const quota = members.map(m => (m.length * count) / this.length);
    const sizes = quota.map(q => Math.floor(q));
    const missing = count - sizes.reduce((a, b) => a + b, 0);
    const byRemainder = quota.map((q, c) => [q - Math.floor(q), c] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
    for (let i = 0; i < missing; i++) sizes[byRemainder[i][1]]++;
    return members.flatMap((m, c) => stream.shuffle(m).slice(0, sizes[c]));
  }
}

/** @internal features in memory; bytes go through a table of their 256 normalized values. `lasting` says that nobody changes them. */
export function memorySource(
  features: Uint8Array | Float32Array,
  size: number,
  { scale, mean, std }: Normalization,
  lasting = false,
): FeatureSource {
  const raw = (i: number): Uint8Array | Float32Array => features.subarray(i * size, (i + 1) * size);
  const length = size === 0 ? 0 : features.length / size;
  if (features instanceof Uint8Array) {
    const table = Float32Array.from({ length: 256 }, (_, byte) => (byte * scale - mean) / std);
    const fill = (indices: Uint32Array, out: Float32Array): void => {
      for (let i = 0, at = 0; i < indices.length; i++) {
        const start = indices[i] * size;
        for (let j = 0; j < size; j++) out[at++] = table[features[start + j]];
      }
    };
    const fillStorage = (indices: Uint32Array, kernels: Kernels, out: Storage, warp?: ImageWarp): void => {
      if (warp === undefined) kernels.decodeRows(features, indices, table, out, size, lasting);
      else kernels.warpImages(features, indices, table, warp, out);
    };
    const fillAhead = (indices: Uint32Array, kernels: Kernels, warp: ImageWarp): ImagesAhead | null =>
      kernels.warpAhead?.(features, indices, table, warp) ?? null;
    return { length, fill, raw, stored: features, lasting, fillStorage, fillAhead };
  }
  const plain = scale === 1 && mean === 0 && std === 1;
  const fill = (indices: Uint32Array, out: Float32Array): void => {
    for (let i = 0, at = 0; i < indices.length; i++) {
      const start = indices[i] * size;
      if (plain) for (let j = 0; j < size; j++) out[at++] = features[start + j];
      else for (let j = 0; j < size; j++) out[at++] = (features[start + j] * scale - mean) / std;
    }
  };
  return { length, fill, raw, stored: features };
}
