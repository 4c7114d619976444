/** The same bits at any number of threads, kernel by kernel; and what becomes of threads that die. */
import threads from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '../../errors.ts';
import { type Kernels, maskLength, type RandomKey, type Storage } from '../kernels.ts';
import { until } from './pool-testing.ts';
import { noise, read, row, storageOf } from './testing.ts';
import { createWasmBackend, WasmBackend } from './wasm-backend.ts';

/** Share out whatever can be, and do not wait long for the dead. */
const always = { limits: { elements: 0, costlyElements: 0, multiplications: 0 }, patience: 200 };
const key = { key0: 12, key1: 345, counter: 4294967290 };

/** Calls one kernel on inputs of its own making, and returns all that it may have written. */
type Case = (kernels: Kernels) => readonly Storage[];

const cases: Record<string, Case> = {};
/** Numbers of elements: fewer than a piece, whole pieces, one more, and what fills no vector. */
const lengths = [1, 3, 4099, 8192, 24_577, 100_003];
const of =
  (inputs: readonly (readonly [n: number, seed: number])[], call: (kernels: Kernels, ...stores: Storage[]) => void): Case =>
  kernels => {
    const stores = inputs.map(([n, seed]) => storageOf(kernels, noise(n, seed)));
    call(kernels, ...stores);
    return stores;
  };

for (const n of lengths) {
  const [x, y, z] = [[n, 1] as const, [n, 2] as const, [n, 3] as const];
  cases[`fill ${n}`] = of([x], (k, a) => k.fill(a, n, 7));
  for (const name of ['exp', 'relu', 'tanh', 'sin'] as const) cases[`${name} ${n}`] = of([x, y], (k, a, b) => k.unary(name, a, b, n, 0));
  cases[`powScalar ${n}`] = of([x, y], (k, a, b) => k.unary('powScalar', a, b, n, 3));
  const plan = { dims: [n], aStrides: [1], bStrides: [1] };
  cases[`add ${n}`] = of([x, y, z], (k, a, b, c) => k.binary('add', a, b, c, plan));
  cases[`mul by one number ${n}`] = of([x, y, z], (k, a, b, c) => k.binary('mul', a, b, c, { ...plan, bStrides: [0] }));
  cases[`where ${n}`] = of([x, y, z, [n, 4]], (k, a, b, c, d) => k.where(a, b, c, d, n));
  cases[`axpby ${n}`] = of([x, y], (k, a, b) => k.axpby(0.3, a, 0.7, b, n));
  cases[`copy backwards ${n}`] = of([x, y], (k, a, b) =>
    k.copy(a, b, { dims: [n], from: n - 1, fromStrides: [-1], to: 0, toStrides: [1] }),
  );
  const dropped =
    (p: number, of: RandomKey): Case =>
    kernels => {
      const [a, b, c] = [1, 2, 3].map(seed => storageOf(kernels, noise(n, seed)));
      const mask = kernels.alloc(maskLength(n));
      kernels.dropout(a, b, n, p, of, mask);
      kernels.dropoutGrad(a, mask, c, n, p);
      return [b, c];
    };
  for (const p of [0.25, 1]) cases[`dropout ${p} ${n}`] = dropped(p, key);
  cases[`dropout, odd counter ${n}`] = dropped(0.5, { ...key, counter: 7 });
  cases[`gaussianNoise ${n}`] = of([x, y], (k, a, b) => k.gaussianNoise(a, b, n, 0.1, key));
  const sgd = { weightDecay: 0.01, momentum: 0.9, share: 1, alongVelocity: -0.1, alongGradient: -0.01 };
  cases[`sgd ${n}`] = of([x, y, z], (k, a, b, c) => k.sgd(row(n, a, b, c), sgd));
  cases[`sgd without momentum ${n}`] = of([x, y], (k, a, b) => k.sgd(row(n, a, b, null), sgd));
  const square: Case = of([x, y, z, [n, 4], [n, 5]], (k, a, b, c, d, e) => {
    k.unary('square', d, d, n, 0);
    k.unary('square', e, e, n, 0);
    const adam = {
      beta1: 0.9,
      beta2: 0.99,
      eps: 1e-8,
      weightDecay: 0.1,
      shrink: 0.9,
      correction2: 0.5,
      alongMoment: 0.1,
      alongGradient: 0,
    };
    k.adam(row(n, a, b, c, d, null), adam);
    k.adam(row(n, a, b, c, d, e), { ...adam, alongGradient: 0.01 });
    k.adamax(row(n, a, b, c, d), { lr: 0.1, beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0 });
    k.adagrad(row(n, a, b, d), { lr: 0.1, eps: 1e-8, weightDecay: 0 });
    const rmsprop = { lr: 0.1, alpha: 0.9, eps: 1e-3, weightDecay: 0, momentum: 0.9 };
    k.rmsprop(row(n, a, b, d, null, null), rmsprop);
    k.rmsprop(row(n, a, b, d, c, e), rmsprop);
    k.unary('square', e, e, n, 0);
    k.adadelta(row(n, a, b, d, e), { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0 });
  });
  cases[`adam and its kin ${n}`] = square;
  cases[`sgd of several tensors ${n}`] = kernels => {
    const sizes = [n, 3, 0, n >> 1, 100];
    const [theta, grad, v] = [1, 2, 3].map(salt => sizes.map((size, i) => storageOf(kernels, noise(size, 10 * i + salt))));
    kernels.sgd({ count: 5, sizes, theta, grad, state: [v] }, sgd);
    return [...theta, ...v];
  };
}

for (const [rows, cols] of [
  [1, 5],
  [3, 1001],
  [257, 10],
  [130, 127],
  [1000, 33],
]) {
  const size = rows * cols;
  const shape = `${rows}x${cols}`;
  const labels = Float32Array.from({ length: rows }, (_, i) => (i * 7) % cols);
  cases[`add a row ${shape}`] = of(
    [
      [size, 1],
      [cols, 2],
      [size, 3],
    ],
    (k, a, b, c) => k.binary('add', a, b, c, { dims: [rows, cols], aStrides: [cols, 1], bStrides: [0, 1] }),
  );
  cases[`multiply by a column ${shape}`] = of(
    [
      [rows, 1],
      [size, 2],
      [size, 3],
    ],
    (k, a, b, c) => k.binary('mul', a, b, c, { dims: [rows, cols], aStrides: [1, 0], bStrides: [cols, 1] }),
  );
  cases[`transpose ${shape}`] = of(
    [
      [size, 1],
      [size, 2],
    ],
    (k, a, b) => k.copy(a, b, { dims: [cols, rows], from: 0, fromStrides: [1, cols], to: 0, toStrides: [rows, 1] }),
  );
  cases[`softmax ${shape}`] = of(
    [
      [size, 1],
      [size, 2],
    ],
    (k, a, b) => k.softmax(a, b, rows, cols),
  );
  cases[`logSoftmax in place ${shape}`] = of([[size, 1]], (k, a) => k.logSoftmax(a, a, rows, cols));
  cases[`gatherRows ${shape}`] = of(
    [
      [size, 1],
      [size, 2],
    ],
    (k, a, b) => {
      const index = storageOf(
        k,
        Float32Array.from({ length: rows }, (_, i) => (i * 5) % rows),
      );
      k.gatherRows(a, index, b, rows, cols);
      k.free(index);
    },
  );
  cases[`mixRows ${shape}`] = of(
    [
      [size, 1],
      [size, 2],
    ],
    (k, a, b) => {
      const index = storageOf(
        k,
        Float32Array.from({ length: rows }, (_, i) => (i * 5) % rows),
      );
      k.mixRows(a, index, b, rows, cols, 0.3);
      k.free(index);
    },
  );
  cases[`softmaxCrossEntropy ${shape}`] = kernels => {
    const [x, probabilities, dx] = [1, 2, 3].map(seed => storageOf(kernels, noise(size, seed)));
    const [truth, losses, d] = [labels, noise(rows, 4), noise(rows, 5)].map(values => storageOf(kernels, values));
    kernels.softmaxCrossEntropy(x, truth, losses, probabilities, rows, cols, 0.1);
    kernels.softmaxCrossEntropyGrad(probabilities, truth, d, dx, rows, cols, 0.1, false);
    const ofMean = storageOf(kernels, noise(size, 6));
    kernels.softmaxCrossEntropyGrad(probabilities, truth, d, ofMean, rows, cols, 0, true);
    return [x, probabilities, dx, ofMean, truth, losses, d];
  };
  cases[`limitRowNorms ${shape}`] = of([[size, 1]], (k, a) => k.limitRowNorms(a, rows, cols, 1));
}

for (const [outer, n, inner] of [
  [128, 512, 1],
  [33, 501, 1],
  [3, 7, 1],
  [9, 67, 30],
  [2, 40, 784],
]) {
  const shape = { outer, n, inner };
  const size = outer * n * inner;
  for (const isWhole of [true, false]) {
    cases[`batch norm ${isWhole ? '' : 'without weights '}of ${outer}x${n}x${inner}`] = kernels => {
      const [x, dy, y, dx] = [1, 2, 3, 4].map(seed => storageOf(kernels, noise(size, seed)));
      const [weight, bias, mean, rest, variance, dweight, dbias] = [5, 6, 7, 8, 9, 10, 11].map(seed => storageOf(kernels, noise(n, seed)));
      const statistics = { mean, rest, variance };
      kernels.batchNorm(x, isWhole ? weight : null, isWhole ? bias : null, y, statistics, shape, 1e-5);
      const [ofWeight, ofBias] = isWhole ? [dweight, dbias] : [null, null];
      kernels.batchNormGrad(x, dy, isWhole ? weight : null, statistics, dx, ofWeight, ofBias, shape, 1e-5);
      return [y, mean, rest, variance, dx, dweight, dbias];
    };
  }
}

for (const [rows, n] of [
  [128, 512],
  [33, 501],
  [3, 7],
]) {
  for (const p of [0, 0.25]) {
    for (const counter of [0, 4294967289]) {
      cases[`batch norm with ReLU and dropout ${p} of ${rows}x${n} from ${counter}`] = kernels => {
        const [x, dy, y, dx] = [1, 2, 3, 4].map(seed => storageOf(kernels, noise(rows * n, seed)));
        const [weight, bias, mean, rest, variance, dweight, dbias] = [5, 6, 7, 8, 9, 10, 11].map(seed =>
          storageOf(kernels, noise(n, seed)),
        );
        const statistics = { mean, rest, variance };
        kernels.batchNormRelu(x, weight, bias, y, statistics, rows, n, 1e-5, { p, key: { ...key, counter } });
        kernels.batchNormReluGrad(x, y, dy, weight, statistics, dx, dweight, dbias, rows, n, 1e-5, p);
        return [y, mean, rest, variance, dx, dweight, dbias];
      };
    }
  }
}

for (const [m, n, k, activation] of [
  [16, 16, 2, 'tanh'],
  [130, 65, 70, 'tanh'],
  [100, 129, 30, 'relu'],
  [300, 100, 30, 'none'],
] as const) {
  cases[`the gradients of a layer ${m}x${n}x${k} ${activation}`] = kernels => {
    const [x, w, y, dy] = [m * k, n * k, m * n, m * n].map((size, i) => storageOf(kernels, noise(size, i + 1)));
    const [dx, dw, db] = [m * k, n * k, n].map(size => storageOf(kernels, new Float32Array(size)));
    kernels.linearGrad(x, w, y, dy, dx, dw, db, m, n, k, activation);
    return [dx, dw, db];
  };
}

for (const [m, n, k] of [
  [4, 8, 1000],
  [5, 1031, 70],
  [130, 37, 333],
  [131, 129, 641],
  [1029, 21, 17],
  [1100, 1030, 25],
  [262, 13, 333],
  [4, 3, 2],
]) {
  for (const [transA, transB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ]) {
    const shape = { m, n, k, transA, transB, aOffset: 1, bOffset: 2, cOffset: 3 };
    const inputs = [[m * k + 1, 1] as const, [k * n + 2, 2] as const, [m * n + 9, 3] as const];
    const name = `${m}x${n}x${k}${transA ? ' Aᵀ' : ''}${transB ? ' Bᵀ' : ''}`;
    cases[`gemm ${name}`] = of(inputs, (kernels, a, b, c) => kernels.gemm(a, b, c, shape, false));
    cases[`gemm, adding ${name}`] = of(inputs, (kernels, a, b, c) => kernels.gemm(a, b, c, shape, true));
  }
  cases[`linear, tanh ${m}x${n}x${k}`] = of(
    [
      [m * k, 1],
      [k * n, 2],
      [n, 3],
      [m * n, 4],
    ],
    (kernels, x, w, bias, y) => kernels.linear(x, w, bias, y, m, n, k, 'tanh'),
  );
}

for (const [n, channels, height, width] of [
  [1, 1, 28, 28],
  [130, 1, 28, 28],
  [37, 3, 19, 21],
  [300, 1, 2, 3],
]) {
  const size = channels * height * width;
  const pixels = Uint8Array.from(noise(n * size, 3), value => (value > 0 ? 255 * value : 0));
  const index = Uint32Array.from({ length: n }, (_, i) => (i * 7) % n);
  const table = noise(256, 4);
  const maps = noise(6 * n, 5).map((value, i) => (i % 6 < 4 ? [1, 0, 0, 1][i % 6] + value / 5 : 3 * value));
  const blocks = Int32Array.from(index, (_, i) => (i % 6 === 2 ? -1 : 100 * i));
  const field = { spacing: 3.5, amplitude: 4, key0: key.key0, key1: key.key1 };
  const shape = `${n} of ${channels}x${height}x${width}`;
  const warp = { channels, height, width, background: table[0], maps, blocks };
  cases[`decodeRows ${shape}`] = of([[n * size, 1]], (k, out) => k.decodeRows(pixels, index, table, out, size));
  cases[`warpImages ${shape}`] = of([[n * size, 1]], (k, out) => k.warpImages(pixels, index, table, { ...warp, field: null }, out));
  cases[`warpImages, a field ${shape}`] = of([[n * size, 1]], (k, out) => k.warpImages(pixels, index, table, { ...warp, field }, out));
  const floats = Float32Array.from(pixels, byte => table[byte]);
  cases[`warpImages, floats ${shape}`] = of([[n * size, 1]], (k, out) => k.warpImages(floats, index, null, { ...warp, field }, out));
}

/** What a case writes. */
function written(run: Case, kernels: Kernels): readonly Float32Array[] {
  const stores = run(kernels);
  const values = stores.map(store => read(kernels, store));
  for (const store of stores) kernels.free(store);
  return values;
}

/** Where two lists of numbers first differ in a bit, or null. A matcher would take a hundred times as long. */
function difference(a: readonly Float32Array[], b: readonly Float32Array[]): string | null {
  for (const [i, values] of a.entries()) {
    const [x, y] = [values, b[i]].map(floats => new Uint32Array(floats.buffer));
    const at = x.findIndex((bits, j) => bits !== y[j]);
    if (at >= 0 || x.length !== y.length) return `storage ${i} at ${at}: ${values[at]}, not ${b[i][at]}`;
  }
  return null;
}

describe.each(['wide', 'relaxed', 'plain'] as const)('%s', simd => {
  const alone = createWasmBackend({ simd, threads: 1 });
  const several = [2, 3, 4].map(count => new WasmBackend({ simd, threads: count, ...always }));

  beforeAll(() => until(() => several.every((kernels, i) => kernels.threadsReady().ready === i + 1), 'all threads are ready'));
  afterAll(() => several.forEach(kernels => void kernels.setThreads(1)));

  test.each(Object.keys(cases))('%s: the same bits with 1, 2, 3 and 4 threads', name => {
    const right = written(cases[name], alone);
    for (const kernels of several) expect(difference(written(cases[name], kernels), right), `${kernels.traits.threads} threads`).toBeNull();
  });

  test('every thread has done its share of that', () => {
    several.forEach((kernels, i) => {
      const { pieces } = kernels.threadsReady();
      expect(pieces).toHaveLength(i + 1);
      for (const done of pieces) expect(done).toBeGreaterThan(50);
    });
  });
});

describe('threads', () => {
  const original = threads.Worker;
  let started: threads.Worker[] = [];
  /** What to make of the worker's script before it is started. */
  let sabotage = (script: string): string => script;

  beforeAll(() => {
    threads.Worker = class extends original {
      constructor(script: string | URL, options?: threads.WorkerOptions) {
        super(sabotage(String(script)), options);
        started.push(this);
      }
    };
  });
  afterEach(() => {
    sabotage = script => script;
    started = [];
  });
  afterAll(() => {
    threads.Worker = original;
  });

  const shape = { m: 64, n: 512, k: 64, transA: false, transB: false };
  const [a, b] = [noise(64 * 64, 1), noise(64 * 512, 2)];
  function product(kernels: Kernels): Float32Array {
    const stores = [a, b, noise(64 * 512, 3)].map(values => storageOf(kernels, values));
    try {
      kernels.gemm(stores[0], stores[1], stores[2], shape, false);
      return read(kernels, stores[2]);
    } finally {
      for (const store of stores) kernels.free(store);
    }
  }
  const right = product(createWasmBackend({ threads: 1 }));
  const ready = (kernels: WasmBackend, count: number): Promise<void> =>
    until(() => kernels.threadsReady().ready === count, `${count} ready`);
  /** Products until the first thread has taken a piece of one. */
  async function atWork(kernels: WasmBackend): Promise<void> {
    const before = kernels.threadsReady().pieces[0];
    await until(() => {
      product(kernels);
      return kernels.threadsReady().pieces[0] > before;
    }, 'a thread takes a piece');
  }

  test('start with the first large operation, which does not wait for them, and end when they are no longer wanted', async () => {
    const kernels = new WasmBackend({ threads: 3, ...always });
    expect(started).toHaveLength(0);
    expect(product(kernels)).toEqual(right);
    expect(started).toHaveLength(2);
    await ready(kernels, 2);
    await atWork(kernels);
    const ended = started.map(worker => new Promise(resolve => worker.once('exit', resolve)));
    kernels.setThreads(2);
    expect(await ended[1]).toBe(0);
    expect(product(kernels)).toEqual(right);
    kernels.setThreads(1);
    expect(await ended[0]).toBe(0);
    expect(product(kernels)).toEqual(right);
    expect(kernels.traits).not.toHaveProperty('threadsDied');
    kernels.setThreads(2);
    await ready(kernels, 1);
    expect(product(kernels)).toEqual(right);
    kernels.setThreads(1);
  });

  test('a thread that dies between two operations is replaced, and named in the metadata', async () => {
    const kernels = new WasmBackend({ threads: 2, ...always });
    await ready(kernels, 1);
    await started[0].terminate();
    expect(kernels.traits).toMatchObject({ threads: 2, threadsDied: 1 });
    expect(product(kernels)).toEqual(right);
    expect(started).toHaveLength(2);
    await ready(kernels, 1);
    await atWork(kernels);
    kernels.setThreads(1);
  });

  test.each([
    ['dies', 'process.exit(1);'],
    ['hangs', 'for (;;);'],
  ])('a thread that %s in the middle of its work is an error, and then replaced', async (_, instead) => {
    sabotage = script => script.replace('kernel(...given);', instead);
    const kernels = new WasmBackend({ threads: 2, ...always });
    await ready(kernels, 1);
    sabotage = script => script;
    await expect(atWork(kernels)).rejects.toThrow(
      new UserError(
        'a worker thread has died, or hangs, in the middle of a computation, and its part of the result is missing',
        'Go on from the last checkpoint. With one thread (--threads 1, setThreads(1)) no worker is needed.',
      ),
    );
    expect(product(kernels)).toEqual(right); // without it
    await until(() => kernels.threadsReady().ready === 1, 'another has taken its place');
    expect(started).toHaveLength(2);
    await atWork(kernels);
    expect(product(kernels)).toEqual(right);
    kernels.setThreads(1);
  });

  test('a kernel that fails in a thread is an error here', async () => {
    sabotage = script => script.replace('kernel(...given);', 'null.fails;');
    const kernels = new WasmBackend({ threads: 2, ...always });
    await ready(kernels, 1);
    await expect(atWork(kernels)).rejects.toThrow(/^gemm(Pack|Tiles) failed in a worker thread$/);
    kernels.setThreads(1);
  });

  test('where none starts, one does all the work, and the metadata says why', async () => {
    sabotage = () => 'throw new Error("on purpose")';
    const kernels = new WasmBackend({ threads: 2, ...always });
    await until(() => {
      expect(product(kernels)).toEqual(right);
      return kernels.traits.threads === 1;
    }, 'no more are started');
    expect(kernels.traits.threadsMissing).toBe('a worker thread did not start: on purpose');
    await new Promise(resolve => setTimeout(resolve, 20));
    product(kernels);
    expect(started).toHaveLength(3);
  });

  test.each([0, 1.5, 65, Number.NaN])('%s is refused as a number of them', count => {
    const expected = new UserError(`threads is ${count}; it must be a whole number from 1 to 64`);
    expect(() => createWasmBackend({ threads: count })).toThrow(expected);
    expect(() => createWasmBackend().setThreads(count)).toThrow(expected);
  });
});
