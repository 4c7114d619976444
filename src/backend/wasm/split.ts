/**
 * Kernels that share large ranges out among threads, with the signatures of those that do not. A piece is the same kernel at other addresses, so an
 * element's arithmetic, and the order of every sum, is that of one thread.
 */
import type { KernelExports } from './exports.ts';
import type { Job, Pool } from './pool.ts';

/** From which size on work is shared out: below, one thread is done before another has begun. `node bench/threads.mjs` measures it. */
export interface Limits {
  /** Elements of a range. */
  readonly elements: number;
  /** The same where an element costs some ten times as much: exponentials, random numbers. */
  readonly costlyElements: number;
  /** Multiplications of a product. */
  readonly multiplications: number;
}

export const LIMITS: Limits = { elements: 65536, costlyElements: 16384, multiplications: 1_000_000 };

/** Elements of a piece at least; pieces begin at whole cache lines, and at whole blocks of random numbers. */
const PIECE = 8192;
/** Multiplications of a piece at least, about ten microseconds' worth. */
const PIECE_OF_PRODUCT = 250_000;
/** The same of a sparse product, as if it were done in full. */
const PIECE_OF_SPARSE = 750_000;
/** Bytes of working memory that `dropout` asks for; others need less, beside a row. */
export const DROPOUT_BYTES = 640;
/** Two products of which two threads do one each are shared from where each has one in so many multiplications of those that are divided. */
const SHARED_WHOLE = 5;
/** Elements packed in a piece at least. */
const PIECE_OF_PACKING = 8192;

/**
 * How each argument changes from unit to unit: `x` is an address of elements and `r` one of rows (0 is none, and stays), `i` counts the units, `n` is
 * how many units there are, `d` is an address that moves by the last argument, `m` one of a byte for every four units, `l` is local memory, and a dot stays.
 */
const FORMS = {
  fill: 'xn.',
  unary: '.xxn.',
  where: 'xxxxn',
  axpby: '.x.xn',
  decodeRows: '.x.rn.',
  gatherRows: '.xrn.',
  mixRows: 'r.xrn...',
  softmax: 'rrn.',
  logSoftmax: 'rrn.l',
  softmaxCrossEntropy: 'rxxrn..',
  softmaxCrossEntropyGrad: 'rxdrn....',
  limitRowNorms: 'rn..',
  dropout: 'xxn....iml',
  dropoutGrad: 'xmxn.',
  gaussianNoise: 'xxn...il',
  sgd: '..in......',
  adam: '..in...........',
  adamax: '..in.......',
  adagrad: '..in....',
  rmsprop: '..in.......',
  adadelta: '..in......',
} as const satisfies Partial<Record<keyof KernelExports, string>>;

type Splittable = keyof typeof FORMS;

/**
 * The same of kernels over features: `x` is an address of values, `f` one of a number for each feature; before `n` stands how many slabs of values there
 * are, and `w` is how many each feature has in a slab, where that is not one.
 */
const FEATURE_FORMS = {
  activationGrad: 'xxxf.n..l',
  batchNorm: 'xffxfff.nw..l',
  batchNormGrad: 'xxffffxff.nw..l',
  batchNormRelu: 'xffxfff.n......il',
  batchNormReluGrad: 'xxxffffxff.n...l',
} as const;
/** Elements of a cache line. */
const LINE = 16;

/** Bytes of working memory, in whole cache lines, to normalize n features over [outer, n, inner]: what kernels/normalize-rows.ts and normalize.ts ask for. */
export function normBytes(outer: number, n: number, inner: number): number {
  return inner === 1 ? 1216 + 160 * outer : 128 * Math.ceil(n / 4) + 64;
}

/** The same to sum n columns: what kernels/reduce.ts asks for. */
export function sumBytes(n: number): number {
  return 64 * (Math.ceil((12 * n) / 64) + 1);
}

const COSTLY: readonly Splittable[] = ['decodeRows', 'softmax', 'logSoftmax', 'softmaxCrossEntropy', 'dropout', 'gaussianNoise'];
/** The argument that is a row's length, of kernels over rows. */
const COLUMNS: Partial<Record<Splittable, number>> = {
  decodeRows: 5,
  gatherRows: 4,
  mixRows: 5,
  softmax: 3,
  logSoftmax: 3,
  softmaxCrossEntropy: 5,
  softmaxCrossEntropyGrad: 5,
  limitRowNorms: 2,
};

/** A job of one kernel, described anew each time in the same object and arrays: what is done in every step of training is not to leave garbage. */
class Repeated {
  private readonly job: { -readonly [Key in keyof Job]: Job[Key] };
  private readonly pool: Pool;
  /** What each unit adds to an argument. */
  readonly steps: number[];

  /** @param count the argument that is the number of units @param local that which is local memory, or -1 */
  constructor(pool: Pool, name: keyof KernelExports, count: number, local: number, steps: readonly number[]) {
    this.pool = pool;
    this.job = { kernel: pool.kernelNames.indexOf(name), total: 0, grain: 0, count, local, localBytes: 0 };
    this.steps = [...steps];
  }

  /** Runs `total` units in pieces of at least `least`, with so many bytes of local memory for each thread. */
  run(total: number, least: number, values: readonly number[], localBytes = 0): void {
    this.job.total = total;
    this.job.grain = least;
    this.job.localBytes = localBytes;
    this.pool.run(this.job, values, this.steps);
  }
}

/** What a unit adds to an argument of such a form. */
function stepOf(form: string, width: number, values: readonly number[]): number {
  if (form === 'd') return values[values.length - 1];
  if (form === 'm') return 0.25;
  return form === 'x' ? 4 : form === 'r' ? 4 * width : 0;
}

/** @param scratch the address of so many bytes of working memory, as the allocator has it */
export function splitKernels(kernels: KernelExports, pool: Pool, scratch: (bytes: number) => number, limits: Limits): KernelExports {
  function split<K extends Splittable>(name: K): KernelExports[K] {
    const form: string = FORMS[name];
    const kernel = kernels[name] as (...values: number[]) => void;
    const count = form.indexOf('n');
    const local = form.indexOf('l');
    const columns = COLUMNS[name] ?? -1;
    const from = COSTLY.includes(name) ? limits.costlyElements : limits.elements;
    const job = new Repeated(pool, name, count, local, new Array<number>(form.length).fill(0));
    const { steps } = job;
    const shared = (...values: number[]): void => {
      const total = values[count];
      const width = columns < 0 ? 1 : values[columns];
      if (total * width < from || pool.helpers() === 0) {
        kernel(...values);
        return;
      }
      for (let j = 0; j < steps.length; j++) steps[j] = form[j] === 'i' ? 1 : values[j] === 0 ? 0 : stepOf(form[j], width, values);
      const least = columns < 0 ? PIECE : Math.ceil(PIECE / 4 / width);
      const bytes = local < 0 ? 0 : 64 * Math.ceil(width / 16) + DROPOUT_BYTES;
      if (local >= 0) values[local] = scratch(bytes * pool.places);
      job.run(total, least, values, bytes);
    };
    return shared as unknown as KernelExports[K];
  }

  const names = Object.keys(FORMS) as Splittable[];
  const out = { ...kernels, ...Object.fromEntries(names.map(name => [name, split(name)])) };

  const [binaryRows, binaryCols] = [4, 5].map(count => new Repeated(pool, 'binary', count, 10, new Array<number>(11).fill(0)));
  out.binary = (op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, memory) => {
    if (rows * cols < limits.elements || pool.helpers() === 0) {
      kernels.binary(op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, memory);
      return;
    }
    const { steps } = rows === 1 ? binaryCols : binaryRows;
    steps[1] = rows === 1 ? aStep / 4 : aRow;
    steps[2] = rows === 1 ? bStep / 4 : bRow;
    steps[3] = rows === 1 ? 4 : 4 * cols;
    const values = [op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, scratch(64 * pool.places)];
    if (rows === 1) binaryCols.run(cols, PIECE, values, 64);
    else binaryRows.run(rows, Math.ceil(PIECE / cols), values, 64);
  };

  const [copiedRows, copiedCols] = [2, 3].map(count => new Repeated(pool, 'copy2d', count, -1, new Array<number>(8).fill(0)));
  out.copy2d = (from, to, rows, cols, fromRow, fromCol, toRow, toCol) => {
    if (rows * cols < limits.elements || pool.helpers() === 0) {
      kernels.copy2d(from, to, rows, cols, fromRow, fromCol, toRow, toCol);
      return;
    }
    const { steps } = rows === 1 ? copiedCols : copiedRows;
    steps[0] = 4 * (rows === 1 ? fromCol : fromRow);
    steps[1] = 4 * (rows === 1 ? toCol : toRow);
    const values = [from, to, rows, cols, fromRow, fromCol, toRow, toCol];
    if (rows === 1) copiedCols.run(cols, PIECE, values);
    else copiedRows.run(rows, Math.ceil(PIECE / cols / 4) * 4, values);
  };

  /** Features that lie side by side, each with sums of its own. */
  function splitFeatures<K extends keyof typeof FEATURE_FORMS>(name: K, bytes: typeof normBytes): KernelExports[K] {
    const form: string = FEATURE_FORMS[name];
    const kernel = kernels[name] as (...values: number[]) => void;
    const count = form.indexOf('n');
    const local = form.indexOf('l');
    const job = new Repeated(pool, name, count, local, new Array<number>(form.length).fill(0));
    const { steps } = job;
    const shared = (...values: number[]): void => {
      const n = values[count];
      const inner = form[count + 1] === 'w' ? values[count + 1] : 1;
      if (values[count - 1] * n * inner < limits.costlyElements || pool.helpers() === 0) {
        kernel(...values);
        return;
      }
      for (let j = 0; j < steps.length; j++) {
        if (form[j] === 'i') steps[j] = 1;
        else steps[j] = values[j] === 0 ? 0 : form[j] === 'x' ? 4 * inner : form[j] === 'f' ? 4 : 0;
      }
      const localBytes = bytes(values[count - 1], pool.largest(n, LINE), inner);
      values[local] = scratch(localBytes * pool.places);
      job.run(n, LINE, values, localBytes);
    };
    return shared as unknown as KernelExports[K];
  }
  out.activationGrad = splitFeatures('activationGrad', (_, n) => sumBytes(n));
  out.batchNorm = splitFeatures('batchNorm', normBytes);
  out.batchNormGrad = splitFeatures('batchNormGrad', normBytes);
  out.batchNormRelu = splitFeatures('batchNormRelu', normBytes);
  out.batchNormReluGrad = splitFeatures('batchNormReluGrad', normBytes);

  const warp = new Repeated(pool, 'warpImages', 6, 14, [0, 0, 0, 0, 24, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  const warpLocal = (height: number, width: number, spacing: number): number =>
    Math.ceil(kernels.warpScratch(height, width, spacing) / 64) * 64;
  // each thread has working memory of its own, behind that of the one before
  out.warpScratch = (height, width, spacing) => pool.places * warpLocal(height, width, spacing);
  out.warpImages = (source, table, background, to, maps, blocks, n, channels, height, width, spacing, amplitude, key0, key1, memory) => {
    const values = [
      source,
      table,
      background,
      to,
      maps,
      blocks,
      n,
      channels,
      height,
      width,
      spacing,
      amplitude,
      key0,
      key1,
      memory,
    ] as const;
    const size = channels * height * width;
    if (n * size < limits.costlyElements || pool.helpers() === 0) {
      kernels.warpImages(...values);
      return;
    }
    const grain = Math.ceil(PIECE / 4 / size);
    warp.steps[0] = table === 0 ? 4 * size : size;
    warp.steps[3] = 4 * size;
    warp.run(n, grain, values, warpLocal(height, width, spacing));
  };

  // kernels of phases: `values` are the product, the phase, the first unit, how many, and local memory
  const ofUnits = [0, 0, 1, 0];
  const [pack, list] = (['gemmPack', 'sparseList'] as const).map(name => new Repeated(pool, name, 3, -1, ofUnits));
  const [tiles, sparseTiles] = (['gemmTiles', 'sparseTiles'] as const).map(name => new Repeated(pool, name, 3, 4, [...ofUnits, 0]));
  const prepare = [0, 0, 0, 0];
  const multiply = [0, 0, 0, 0, 0];

  const narrow = new Repeated(pool, 'gemmNarrow', 3, -1, new Array<number>(9).fill(0));
  out.gemm = (a, b, c, m, n, k, transA, transB, accumulate, bias, activation, memory) => {
    if (m < 4 || m * n * k < limits.multiplications || pool.helpers() === 0) {
      kernels.gemm(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, memory);
      return;
    }
    if (kernels.isNarrow(n, k, transA, transB) === 1) {
      const rows = Math.ceil(PIECE_OF_PRODUCT / 4 / (n * k)) * 4;
      narrow.steps[0] = 4 * k;
      narrow.steps[2] = 4 * n;
      narrow.run(m, rows, [a, b, c, m, n, k, accumulate, bias, activation]);
      return;
    }
    const product = scratch(kernels.gemmScratch(m, n, k, pool.places));
    const phases = kernels.gemmPlan(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, product, pool.places);
    const packed = Math.ceil(PIECE_OF_PACKING / (16 * Math.ceil(k / Math.ceil(k / 320))));
    const localBytes = kernels.gemmLocal(m, k);
    prepare[0] = multiply[0] = product;
    multiply[4] = product + 128;
    for (let phase = 0; phase < phases; phase++) {
      prepare[1] = multiply[1] = phase;
      pack.run(kernels.gemmPackUnits(product, phase), packed, prepare);
      const total = kernels.gemmTileUnits(product, phase);
      tiles.run(total, Math.ceil((PIECE_OF_PRODUCT * total * phases) / (m * n * k)), multiply, localBytes);
    }
  };

  const halves = new Repeated(pool, 'linearProducts', 9, 10, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
  out.linearGrad = (x, w, y, dy, dx, dw, dbias, m, n, k, activation, memory) => {
    if (dx === 0 || dw === 0 || m * n * k < limits.multiplications / SHARED_WHOLE || pool.helpers() === 0) {
      kernels.linearGrad(x, w, y, dy, dx, dw, dbias, m, n, k, activation, memory);
      return;
    }
    const bytes = 64 * Math.ceil(kernels.linearGradScratch(m, n, k) / 64); // also has room for dz, and the sums of its columns
    const own = scratch(bytes * (pool.places + 2));
    const dz = activation === 0 ? dy : own;
    kernels.activationGrad(dy, y, dz, dbias, m, n, n, activation, own + bytes);
    halves.run(2, 1, [x, w, dz, dx, dw, m, n, k, 0, 0, own + 2 * bytes], bytes);
  };

  out.sparseScratch = (m, k) => kernels.sparseScratch(m, k, pool.places);
  out.sparsePlan = (a, b, c, m, n, k, transA, transB, transC, bias, activation, memory) =>
    kernels.sparsePlan(a, b, c, m, n, k, transA, transB, transC, bias, activation, memory, pool.places);
  out.sparseGemm = (product, m, n, k) => {
    if (m * n * k < limits.multiplications || pool.helpers() === 0) {
      kernels.sparseGemm(product, m, n, k);
      return;
    }
    const localBytes = kernels.sparseLocal(k);
    const phases = kernels.sparsePhases(product);
    const groups = Math.max(1, Math.floor(PIECE_OF_PACKING / (64 * k))); // of 64 rows
    const strips = Math.max(1, Math.floor(PIECE_OF_SPARSE / (16 * Math.min(m, 320) * Math.min(k, 320))));
    prepare[0] = multiply[0] = product;
    multiply[4] = product + 128;
    for (let phase = 0; phase < phases; phase++) {
      prepare[1] = multiply[1] = phase;
      list.run(kernels.sparseListUnits(product, phase), groups, prepare);
      sparseTiles.run(kernels.sparseTileUnits(product, phase), strips, multiply, localBytes);
    }
  };
  return out;
}
