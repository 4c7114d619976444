/** Products that leave out what is background: the bits of the plain product where that is zero, at any number of threads. */
import { afterAll, describe, expect, test } from 'vitest';
import { blasBackends } from '../blas/node/testing.ts';
import type { KernelExports } from './exports.ts';
import { loadModule } from './loading.ts';
import { noise, read, storageOf } from './testing.ts';
import { createWasmBackend, WasmBackend, type WasmOptions } from './wasm-backend.ts';

const limits = { elements: 0, costlyElements: 0, multiplications: 0 };
/** Whatever may be sparse is, and nothing is. */
const [always, never] = [1, -1];

/** Numbers of which `share` are not the background, in runs and alone. */
function mostly(background: number, share: number, n: number, seed: number): Float32Array {
  const [values, run, alone] = [noise(n, seed), noise(Math.ceil(n / 5), seed + 1), noise(n, seed + 2)];
  return values.map((value, i) => ((run[Math.floor(i / 5)] + alone[i] / 2) / 3 + 0.5 < share ? value : background));
}

/**
 * Rows, outputs and inputs of a layer: with rows and columns left over, several blocks of steps, of rows, of neither. In the last two, where vectors are wide, sums are
 * held from part to part of a strip, broad strips are multiplied in pieces, and two phases follow each other.
 */
const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [67, 101, 350],
  [128, 64, 784],
  [701, 48, 96],
  [33, 400, 33],
  [20, 48, 900],
  [203, 301, 700],
  [69, 500, 1300],
];

/** The layer's output and gradients for these inputs and seeds, from a backend of its own. */
function layer(options: WasmOptions, [m, n, k]: readonly [number, number, number], x: Float32Array, dy: Float32Array) {
  const kernels = new WasmBackend({ threads: 1, limits, ...options });
  const guard = 7; // nothing may be written behind an output
  const [input, weight, bias, seed] = [x, noise(n * k, 2), noise(n, 3), dy].map(values => storageOf(kernels, values));
  const outputs = [m * n + guard, m * k + guard, n * k + guard].map(size => storageOf(kernels, noise(size, 5)));
  const [y, dx, dw] = outputs;
  kernels.linear(input, weight, bias, y, m, n, k, 'relu');
  kernels.linearGrad(input, weight, y, seed, dx, dw, null, m, n, k, 'none');
  const found = outputs.map(storage => read(kernels, storage));
  for (const [i, size] of [m * n, m * k, n * k].entries()) expect(found[i].subarray(size)).toEqual(noise(size + guard, 5).subarray(size));
  kernels.setThreads(1);
  return found;
}

describe.each(['wide', 'relaxed', 'plain'] as const)('%s', simd => {
  describe.each(shapes)('%i rows, %i outputs, %i inputs', (...shape) => {
    const [m, n, k] = shape;

    test('zeros are left out without a trace', () => {
      const [x, dy] = [mostly(0, 0.4, m * k, 1), mostly(0, 0.5, m * n, 4)];
      expect(layer({ simd, sparseShare: always }, shape, x, dy)).toEqual(layer({ simd, sparseShare: never }, shape, x, dy));
    });

    test('another background gives the same up to rounding', () => {
      const [x, dy] = [mostly(-0.4242, 0.3, m * k, 1), noise(m * n, 4)];
      x[0] = -0.4242; // it is known by the first element
      const plain = layer({ simd, sparseShare: never }, shape, x, dy);
      layer({ simd, sparseShare: always }, shape, x, dy).forEach((values, which) => {
        const scale = Math.sqrt([k, n, m][which]);
        let most = 0;
        values.forEach((value, i) => {
          most = Math.max(most, Math.abs(value - plain[which][i]));
        });
        expect(most / scale).toBeLessThan(3e-6);
        if (which !== 1) expect(most).toBeGreaterThan(0); // it did go another way
      });
    });

    test('an operand without a background is multiplied all the same', () => {
      const [x, dy] = [noise(m * k, 1), noise(m * n, 4)];
      expect(layer({ simd, sparseShare: always }, shape, x, dy)).toEqual(layer({ simd, sparseShare: never }, shape, x, dy));
    });
  });
});

test.each([
  ['relaxed', 1901, 32, 320],
  ['wide', 1901, 32, 320],
  ['wide', 1050, 48, 650], // more than a thread holds sums of
] as const)('so many rows that they are listed block by block: %s, %i x %i x %i', (simd, m, n, k) => {
  const [x, dy] = [mostly(0, 0.4, m * k, 1), mostly(0, 0.5, m * n, 4)];
  expect(layer({ simd, sparseShare: always }, [m, n, k], x, dy)).toEqual(layer({ simd, sparseShare: never }, [m, n, k], x, dy));
});

test.each([
  ['plain', 0],
  ['plain', 1],
  ['wide', 0],
  ['wide', 1],
] as const)('rows that are alike make pairs: %s, side by side: %i', (simd, transA) => {
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536 });
  const exports = new WebAssembly.Instance(loadModule(simd).module, { env: { memory } }).exports as unknown as KernelExports;
  const [a, b, c, scratch] = [1, 2, 4, 6].map(megabytes => megabytes * 2 ** 20);
  const [m, n, k] = [150, 512, 700];
  const kind = (row: number): number => (row * 7) % 5;
  const has = Array.from({ length: 5 }, (_, i) => noise(k, i + 1).map(value => (value > 0 ? 1 : 0)));
  const values = new Float32Array(memory.buffer, a, m * k);
  for (let row = 0; row < m; row++)
    for (let step = 0; step < k; step++) values[transA ? step * m + row : row * k + step] = has[kind(row)][step];
  exports.sparsePlan(a, b, c, m, n, k, transA, 1, 0, 0, 0, scratch, 1);
  exports.sparseList(scratch, 0, 0, exports.sparseListUnits(scratch, 0));
  const order = new Uint32Array(memory.buffer, scratch + 128 + exports.sparseLocal(k), m);
  expect([...order].sort((x, y) => x - y)).toEqual(Array.from({ length: m }, (_, i) => i));
  let alike = 0;
  for (let i = 0; i + 1 < m; i += 2) alike += Number(kind(order[i]) === kind(order[i + 1]));
  expect(alike).toBeGreaterThan(m / 2 - 8); // of each 64 rows, at most one of each kind is left over
});

test('strips are broad where there are many columns, and the last are divided among threads', () => {
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536 });
  const exports = new WebAssembly.Instance(loadModule('wide').module, { env: { memory } }).exports as unknown as KernelExports;
  const [a, b, c, scratch] = [1, 2, 4, 6].map(megabytes => megabytes * 2 ** 20);
  const [m, k] = [128, 700];
  new Float32Array(memory.buffer, a, m * k).set(noise(m * k, 1).map(value => (value > 0 ? value : 0)));
  const units = (n: number): number => {
    exports.sparsePlan(a, b, c, m, n, k, 0, 1, 0, 0, 0, scratch, 1);
    return exports.sparseTileUnits(scratch, 0);
  };
  const shares = m / 64;
  expect(units(1000)).toBe(21 - 2 + 2 * shares); // of 48 columns
  expect(units(256)).toBe(8 - 2 + 2 * shares); // of 32
  expect(units(128)).toBe(4 * shares);
});

test.each(['plain', 'relaxed', 'wide'] as const)('shares of a strip, in any order and however many at a time (%s)', simd => {
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 65536 });
  const exports = new WebAssembly.Instance(loadModule(simd).module, { env: { memory } }).exports as unknown as KernelExports;
  const [a, b, c, bias, scratch] = [1, 2, 3, 4, 5].map(megabytes => megabytes * 2 ** 20);
  const [m, n, k] = [200, 300, 400];
  const put = (at: number, values: Float32Array): void => new Float32Array(memory.buffer, at, values.length).set(values);
  put(b, noise(n * k, 2));
  put(bias, noise(n, 3));
  const lone = noise(m * k, 1).map(value => (value > 0 ? value : 0));
  for (const [x, transA, transC] of [
    [lone, 0, 0],
    [lone, 1, 0],
    [mostly(-0.25, 0.3, m * k, 1), 0, 0],
    [mostly(0, 0.3, m * k, 1), 1, 1],
  ] as const) {
    put(a, x);
    const run = (pieces: (units: number) => number[][]): Float32Array => {
      exports.sparsePlan(a, b, c, m, n, k, transA, 1, transC, transC ? 0 : bias, transC ? 0 : 1, scratch, 2);
      for (let phase = 0; phase < exports.sparsePhases(scratch); phase++) {
        exports.sparseList(scratch, phase, 0, exports.sparseListUnits(scratch, phase));
        for (const [first, count] of pieces(exports.sparseTileUnits(scratch, phase))) {
          exports.sparseTiles(scratch, phase, first, count, scratch + 128);
        }
      }
      return new Float32Array(memory.buffer, c, m * n).slice();
    };
    const whole = run(units => [[0, units]]);
    expect(run(units => Array.from({ length: units }, (_, i) => [units - 1 - i, 1]))).toEqual(whole);
    expect(
      run(units => [
        [3, units - 3],
        [0, 3],
      ]),
    ).toEqual(whole);
  }
});

describe('threads', () => {
  const many = [2, 3].map(threads => new WasmBackend({ threads, limits, sparseShare: always }));
  const alone = new WasmBackend({ threads: 1, sparseShare: always });
  afterAll(() => {
    for (const kernels of many) kernels.setThreads(1);
  });

  test.each(shapes)('the same bits with several, %i x %i x %i', async (m, n, k) => {
    const x = mostly(-0.4242, 0.3, m * k, 1);
    x[0] = -0.4242;
    const dy = mostly(0, 0.5, m * n, 4);
    const results = [alone, ...many].map(async kernels => {
      const [a, w, bias, seed] = [x, noise(n * k, 2), noise(n, 3), dy].map(values => storageOf(kernels, values));
      const [y, dx, dw] = [m * n, m * k, n * k].map(size => kernels.alloc(size));
      const pieces = (): number => kernels.threadsReady().pieces.reduce((sum, count) => sum + count, 0);
      const before = pieces();
      let took = 0;
      for (let i = 0; i < (kernels === alone ? 1 : 500) && took === 0; i++) {
        expect(kernels.linearSparse(a, w, bias, y, m, n, k, 'tanh')).toBe(true);
        kernels.linearGrad(a, w, y, seed, dx, dw, null, m, n, k, 'tanh');
        took = pieces() - before;
        await new Promise(resolve => setTimeout(resolve, 5)); // threads start, and wake, between calls
      }
      const found = [y, dx, dw].map(storage => read(kernels, storage));
      for (const storage of [a, w, bias, seed, y, dx, dw]) kernels.free(storage);
      return { found, took };
    });
    const [one, ...others] = await Promise.all(results);
    for (const { found, took } of others) {
      expect(found).toEqual(one.found);
      expect(took).toBeGreaterThan(0);
    }
  });
});

describe('what is taken as sparse', () => {
  const kernels = createWasmBackend({ threads: 1 }) as WasmBackend;
  const taken = (x: Float32Array, m: number, n: number, k: number): boolean => {
    const [a, w, y] = [storageOf(kernels, x), storageOf(kernels, noise(n * k)), kernels.alloc(m * n)];
    const was = kernels.linearSparse(a, w, null, y, m, n, k, 'none');
    for (const storage of [a, w, y]) kernels.free(storage);
    return was;
  };

  test('pixels and what a ReLU leaves, not noise', () => {
    expect(taken(mostly(0, 0.2, 128 * 784, 1), 128, 512, 784)).toBe(true);
    expect(taken(mostly(0, 0.5, 128 * 512, 1), 128, 256, 512)).toBe(true);
    expect(taken(noise(128 * 784), 128, 512, 784)).toBe(false);
  });

  test('not what is small: one example, a narrow head, few inputs', () => {
    const zeros = new Float32Array(4096 * 64);
    expect(taken(zeros.subarray(0, 784), 1, 4096, 784)).toBe(false);
    expect(taken(zeros, 64, 10, 4096)).toBe(false);
    expect(taken(zeros, 4096, 512, 8)).toBe(false);
  });

  test('not a background that would swamp what differs from it', () => {
    const [m, n, k] = [128, 128, 128];
    for (const [background, expected] of [
      [-0.5, true],
      [-999, false],
      [Number.POSITIVE_INFINITY, false],
    ] as const) {
      const x = mostly(background, 0.2, m * k, 1);
      x[0] = background;
      expect(taken(x, m, n, k)).toBe(expected);
    }
  });

  test('numbers that are none stay, and a background that is none is none', () => {
    const x = mostly(0, 0.2, 128 * 128, 1);
    x[200] = Number.NaN;
    const [a, w, y] = [storageOf(kernels, x), storageOf(kernels, noise(128 * 128)), kernels.alloc(128 * 128)];
    expect(kernels.linearSparse(a, w, null, y, 128, 128, 128, 'none')).toBe(true);
    expect(read(kernels, y).subarray(128, 256).every(Number.isNaN)).toBe(true);
    expect(read(kernels, y).subarray(256).some(Number.isNaN)).toBe(false);
    expect(taken(new Float32Array(128 * 128).fill(Number.NaN), 128, 128, 128)).toBe(false);
  });
});

describe.each(blasBackends)('$name', ({ kernels }) => {
  test('leaves out what is background where that is faster', () => {
    const [m, n, k] = [128, 256, 512];
    for (const share of [0.1, 0.9]) {
      const x = mostly(0, share, m * k, 1);
      const w = noise(n * k, 2);
      const [a, b, y] = [storageOf(kernels, x), storageOf(kernels, w), kernels.alloc(m * n)];
      kernels.linear(a, b, null, y, m, n, k, 'none');
      const found = read(kernels, y);
      for (let i = 0; i < m * n; i += 97) {
        let [sum, size] = [0, 0];
        for (let p = 0; p < k; p++) {
          const term = x[Math.floor(i / n) * k + p] * w[(i % n) * k + p];
          sum += term;
          size += Math.abs(term);
        }
        expect(Math.abs(found[i] - sum)).toBeLessThanOrEqual(3e-6 * size);
      }
      for (const storage of [a, b, y]) kernels.free(storage);
    }
  });
});
