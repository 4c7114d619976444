/**
 * Kernels that share large ranges out among threads, with the signatures of those that do not. A piece is the same kernel at other addresses, so an
 * element's arithmetic, and the order of every sum, is that of one thread.
 */
import type { KernelExports } from './exports.ts';
import type { Pool } from './pool.ts';

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
  return inner === 1 ? 576 + 128 * outer : 128 * Math.ceil(n / 4) + 64;
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

/** @param scratch the address of so many bytes of working memory, as the allocator has it */
export function splitKernels(kernels: KernelExports, pool: Pool, scratch: (bytes: number) => number, limits: Limits): KernelExports {
  const numberOf = (name: keyof KernelExports): number => pool.kernelNames.indexOf(name);

  /** Runs `total` units in pieces of at least `least`; `local` names the argument that is local memory. */
  function share(
    name: number,
    total: number,
    least: number,
    count: number,
    values: number[],
    steps: number[],
    local = -1,
    localBytes = 0,
  ): void {
    if (local >= 0) values[local] = scratch(localBytes * pool.places);
    pool.run({ kernel: name, total, grain: least, count, local, localBytes }, values, steps);
  }

  function split<K extends Splittable>(name: K): KernelExports[K] {
    const form: string = FORMS[name];
    const kernel = kernels[name] as (...values: number[]) => void;
    const number = numberOf(name);
    const count = form.indexOf('n');
    const local = form.indexOf('l');
    const columns = COLUMNS[name];
    const from = COSTLY.includes(name) ? limits.costlyElements : limits.elements;
    const shared = (...values: number[]): void => {
      const total = values[count];
      const width = columns === undefined ? 1 : values[columns];
      if (total * width < from || pool.helpers() === 0) {
        kernel(...values);
        return;
      }
      const steps = values.map((value, j) => {
        if (form[j] === 'i') return 1;
        if (value === 0) return 0;
        if (form[j] === 'd') return values[values.length - 1];
        if (form[j] === 'm') return 0.25;
        return form[j] === 'x' ? 4 : form[j] === 'r' ? 4 * width : 0;
      });
      const least = columns === undefined ? PIECE : Math.ceil(PIECE / 4 / width);
      share(number, total, least, count, values, steps, local, local < 0 ? 0 : 64 * Math.ceil(width / 16) + 128);
    };
    return shared as unknown as KernelExports[K];
  }

  const names = Object.keys(FORMS) as Splittable[];
  const out = { ...kernels, ...Object.fromEntries(names.map(name => [name, split(name)])) };

  const binary = numberOf('binary');
  out.binary = (op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, memory) => {
    if (rows * cols < limits.elements || pool.helpers() === 0) {
      kernels.binary(op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, memory);
      return;
    }
    const values = [op, a, b, to, rows, cols, aRow, aStep, bRow, bStep, memory];
    if (rows === 1) share(binary, cols, PIECE, 5, values, [0, aStep / 4, bStep / 4, 4, 0, 0, 0, 0, 0, 0, 0], 10, 64);
    else share(binary, rows, Math.ceil(PIECE / cols), 4, values, [0, aRow, bRow, 4 * cols, 0, 0, 0, 0, 0, 0, 0], 10, 64);
  };

  const copy2d = numberOf('copy2d');
  out.copy2d = (from, to, rows, cols, fromRow, fromCol, toRow, toCol) => {
    if (rows * cols < limits.elements || pool.helpers() === 0) {
      kernels.copy2d(from, to, rows, cols, fromRow, fromCol, toRow, toCol);
      return;
    }
    const values = [from, to, rows, cols, fromRow, fromCol, toRow, toCol];
    if (rows === 1) share(copy2d, cols, PIECE, 3, values, [4 * fromCol, 4 * toCol, 0, 0, 0, 0, 0, 0]);
    else share(copy2d, rows, Math.ceil(PIECE / cols / 4) * 4, 2, values, [4 * fromRow, 4 * toRow, 0, 0, 0, 0, 0, 0]);
  };

  /** Features that lie side by side, each with sums of its own. */
  function splitFeatures<K extends keyof typeof FEATURE_FORMS>(name: K, bytes: typeof normBytes): KernelExports[K] {
    const form: string = FEATURE_FORMS[name];
    const kernel = kernels[name] as (...values: number[]) => void;
    const number = numberOf(name);
    const count = form.indexOf('n');
    const local = form.indexOf('l');
    const shared = (...values: number[]): void => {
      const n = values[count];
      const inner = form[count + 1] === 'w' ? values[count + 1] : 1;
      if (values[count - 1] * n * inner < limits.costlyElements || pool.helpers() === 0) {
        kernel(...values);
        return;
      }
      const steps = values.map((value, j) => {
        if (form[j] === 'i') return 1;
        return value === 0 ? 0 : form[j] === 'x' ? 4 * inner : form[j] === 'f' ? 4 : 0;
      });
      share(number, n, LINE, count, values, steps, local, bytes(values[count - 1], pool.largest(n, LINE), inner));
    };
    return shared as unknown as KernelExports[K];
  }
  out.activationGrad = splitFeatures('activationGrad', (_, n) => sumBytes(n));
  out.batchNorm = splitFeatures('batchNorm', normBytes);
  out.batchNormGrad = splitFeatures('batchNormGrad', normBytes);
  out.batchNormRelu = splitFeatures('batchNormRelu', normBytes);
  out.batchNormReluGrad = splitFeatures('batchNormReluGrad', normBytes);

  const warp = numberOf('warpImages');
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
    const job = { kernel: warp, total: n, grain, count: 6, local: 14, localBytes: warpLocal(height, width, spacing) };
    pool.run(job, values, [table === 0 ? 4 * size : size, 0, 0, 4 * size, 24, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  };

  const narrow = numberOf('gemmNarrow');
  const [pack, tiles] = [numberOf('gemmPack'), numberOf('gemmTiles')];
  out.gemm = (a, b, c, m, n, k, transA, transB, accumulate, bias, activation, memory) => {
    if (m < 4 || m * n * k < limits.multiplications || pool.helpers() === 0) {
      kernels.gemm(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, memory);
      return;
    }
    if (kernels.isNarrow(n, k, transA, transB) === 1) {
      const rows = Math.ceil(PIECE_OF_PRODUCT / 4 / (n * k)) * 4;
      share(narrow, m, rows, 3, [a, b, c, m, n, k, accumulate, bias, activation], [4 * k, 0, 4 * n, 0, 0, 0, 0, 0, 0]);
      return;
    }
    const product = scratch(kernels.gemmScratch(m, n, k, pool.places));
    const phases = kernels.gemmPlan(a, b, c, m, n, k, transA, transB, accumulate, bias, activation, product, pool.places);
    const steps = Math.ceil(k / Math.ceil(k / 320));
    const packed = Math.ceil(PIECE_OF_PACKING / (16 * steps));
    const localBytes = kernels.gemmLocal(m, k);
    for (let phase = 0; phase < phases; phase++) {
      const packing = { kernel: pack, total: kernels.gemmPackUnits(product, phase), grain: packed, count: 3, local: -1, localBytes: 0 };
      pool.run(packing, [product, phase, 0, 0], [0, 0, 1, 0]);
      const total = kernels.gemmTileUnits(product, phase);
      const grain = Math.ceil((PIECE_OF_PRODUCT * total * phases) / (m * n * k));
      const multiplying = { kernel: tiles, total, grain, count: 3, local: 4, localBytes };
      pool.run(multiplying, [product, phase, 0, 0, product + 128], [0, 0, 1, 0, 0]);
    }
  };

  const [list, sparseTiles] = [numberOf('sparseList'), numberOf('sparseTiles')];
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
    for (let phase = 0; phase < phases; phase++) {
      const listing = {
        kernel: list,
        total: kernels.sparseListUnits(product, phase),
        grain: Math.max(1, Math.floor(PIECE_OF_PACKING / (64 * k))), // groups of 64 rows
        count: 3,
        local: -1,
        localBytes: 0,
      };
      pool.run(listing, [product, phase, 0, 0], [0, 0, 1, 0]);
      const grain = Math.max(1, Math.floor(PIECE_OF_SPARSE / (16 * Math.min(m, 320) * Math.min(k, 320))));
      const multiplying = { kernel: sparseTiles, total: kernels.sparseTileUnits(product, phase), grain, count: 3, local: 4, localBytes };
      pool.run(multiplying, [product, phase, 0, 0, product + 128], [0, 0, 1, 0, 0]);
    }
  };
  return out;
}
