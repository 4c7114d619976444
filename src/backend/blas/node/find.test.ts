import { describe, expect, test } from 'vitest';
import { UserError } from '../../../errors.ts';
import { type Sgemm, TRANSPOSE } from '../library.ts';
import { candidates, howToInstall } from './candidates.ts';
import { findBlas } from './find.ts';
import { type Koffi, loadKoffi } from './load.ts';
import { library } from './testing.ts';

const none = (): boolean => false;

describe('where libraries are looked for', () => {
  test('by the names of each system, OpenBLAS before MKL before BLIS', () => {
    const linux = candidates('linux', {}, none);
    const first = (part: string): number => linux.findIndex(path => path.includes(part));
    expect(linux[0]).toBe('libopenblas.so.0');
    expect([first('openblas'), first('mkl_rt'), first('blis')].map((at, i, all) => i === 0 || at > all[i - 1])).not.toContain(false);
    expect(candidates('darwin', {}, none)[0]).toBe('/System/Library/Frameworks/Accelerate.framework/Accelerate');
    expect(candidates('win32', {}, none)).toEqual(expect.arrayContaining(['libopenblas.dll', 'mkl_rt.2.dll']));
  });

  test('in folders where package managers put them, if they are there', () => {
    const mkl = '/opt/intel/oneapi/mkl/latest/lib/libmkl_rt.so.2';
    expect(candidates('linux', {}, path => path === mkl)).toContain(mkl);
    expect(candidates('linux', { CONDA_PREFIX: '/conda' }, () => true)).toContain('/conda/lib/libopenblas.so.0');
    expect(candidates('darwin', {}, () => true)).toContain('/opt/homebrew/opt/openblas/lib/libopenblas.dylib');
    expect(candidates('linux', { CONDA_PREFIX: '/conda' }, none)).not.toContain('/conda/lib/libopenblas.so.0');
  });

  test('nowhere else where CHAINRULE_BLAS names one', () => {
    expect(candidates('linux', { CHAINRULE_BLAS: '/my/libblas.so' }, () => true)).toEqual(['/my/libblas.so']);
    expect(candidates('linux', { CHAINRULE_BLAS: '' }, none)).toEqual(candidates('linux', {}, none));
  });
});

/** Memory that a fake library reads and writes by address: each buffer has 2^32 addresses of its own. */
class FakeProcess implements Koffi {
  readonly version = '0';
  readonly #buffers: ArrayBufferLike[] = [];
  readonly #libraries: Readonly<Record<string, Readonly<Record<string, (...values: never[]) => unknown>>>>;
  readonly told: unknown[] = [];

  constructor(libraries: (process: FakeProcess) => Record<string, Record<string, (...values: never[]) => unknown>>) {
    this.#libraries = libraries(this);
  }

  load(path: string | null): ReturnType<Koffi['load']> {
    const functions = this.#libraries[String(path)];
    if (functions === undefined) throw new Error(`cannot open ${path}`);
    const lookUp = (name: string): ((...values: never[]) => unknown) => {
      if (functions[name] === undefined) throw new Error(`Cannot find function '${name}'`);
      return functions[name];
    };
    return { func: lookUp, symbol: name => BigInt(lookUp(name).length + 1) };
  }

  address({ buffer }: ArrayBufferView): bigint {
    if (!this.#buffers.includes(buffer)) this.#buffers.push(buffer);
    return BigInt(this.#buffers.indexOf(buffer) + 1) << 32n;
  }

  floats(address: number): Float32Array {
    return new Float32Array(this.#buffers[Math.floor(address / 2 ** 32) - 1], address % 2 ** 32);
  }

  struct(): unknown {
    return {};
  }

  pointer(): unknown {
    return {};
  }

  out(): unknown {
    return {};
  }
}

/** A textbook product; `spoil` makes it wrong. */
const sgemmOf =
  (process: FakeProcess, spoil: (c: Float32Array, call: Parameters<Sgemm>) => void = () => {}): Sgemm =>
  (...call) => {
    const [, ta, tb, m, n, k, alpha, atA, lda, atB, ldb, beta, atC, ldc] = call;
    const [a, b, c] = [atA, atB, atC].map(at => process.floats(at));
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++)
          sum += a[ta === TRANSPOSE ? p * lda + i : i * lda + p] * b[tb === TRANSPOSE ? j * ldb + p : p * ldb + j];
        c[i * ldc + j] = alpha * sum + (beta === 0 ? 0 : beta * c[i * ldc + j]);
      }
    }
    spoil(c, call);
  };

const openblas = (process: FakeProcess, sgemm: Sgemm = sgemmOf(process)): Record<string, (...values: never[]) => unknown> => ({
  cblas_sgemm: sgemm as never,
  openblas_set_num_threads: ((n: number) => process.told.push(n)) as never,
  openblas_get_config: () => 'OpenBLAS 0.3.99 DYNAMIC_ARCH Haswell MAX_THREADS=64',
  openblas_get_corename: () => 'Haswell',
});

const environment = { CHAINRULE_BLAS: 'libx.so' };

describe('a library', () => {
  test('says what it is, and is told its threads', () => {
    const koffi = new FakeProcess(process => ({ 'libx.so': openblas(process) }));
    const found = findBlas({ koffi, environment, threads: 5 });
    expect(found).toMatchObject({ kind: 'OpenBLAS', version: '0.3.99 Haswell', path: 'libx.so', threads: 5 });
    expect(koffi.told).toEqual([5]);
  });

  test.each([
    ['scipy_', '', 'int'],
    ['', '64_', 'int64_t'],
    ['scipy_', '64_', 'int64_t'],
  ])('is known by its names with %j before and %j after them, and then takes whole numbers as %s', (before, after, whole) => {
    const koffi = new FakeProcess(process => ({
      'libx.so': Object.fromEntries(Object.entries(openblas(process)).map(([name, call]) => [`${before}${name}${after}`, call])),
    }));
    const types: unknown[] = [];
    const { load } = koffi;
    koffi.load = path => {
      const library = load.call(koffi, path);
      return {
        ...library,
        func: (name, result, parameters) => {
          types.push([name, ...parameters]);
          return library.func(name, result, parameters);
        },
      };
    };
    expect(findBlas({ koffi, environment, threads: 5 })).toMatchObject({ kind: 'OpenBLAS', version: '0.3.99 Haswell', threads: 5 });
    expect(koffi.told).toEqual([5]);
    const pointer = 'void *';
    expect(types).toContainEqual([
      `${before}cblas_sgemm${after}`,
      ...['int', 'int', 'int', whole, whole, whole, 'float', pointer, whole, pointer, whole, 'float', pointer, whole],
    ]);
  });

  type Spoil = (c: Float32Array, call: Parameters<Sgemm>) => void;
  /** Adds 1 to element `at` of c, where `when` the call is such. */
  const add1 =
    (at: number, when: (m: number, n: number, transB: boolean, beta: number) => boolean = () => true): Spoil =>
    (c, [, , transB, m, n, , , , , , , beta]) => {
      if (when(m, n, transB === TRANSPOSE, beta)) c[at] += 1;
    };
  const slightly: Spoil = c => {
    c[0] *= 1.0001;
  };
  const wrong: [string, Spoil, RegExp][] = [
    ['one element is off by a ten-thousandth', slightly, /of the product a b of 3x7 by 7x5 it has \S+ at \[0, 0\], where \S+ is right$/],
    ['wrong only where there are many rows', add1(0, m => m > 60), /of 70x65 by 65x1 /],
    ['wrong only where b is transposed', add1(0, (_m, _n, transB) => transB), /of the product a bᵀ/],
    ['wrong only where it adds to c', add1(0, (_m, _n, _t, beta) => beta === 1), /of the product a b \+ c/],
    ['it writes beside c', add1(5, (_m, n) => n === 5), /at \[0, 5\]/],
  ];
  test.each(wrong)('is refused by name: %s', (_, spoil, where) => {
    const koffi = new FakeProcess(process => ({ 'libx.so': openblas(process, sgemmOf(process, spoil)) }));
    const search = (): unknown => findBlas({ koffi, environment });
    expect(search).toThrow(UserError);
    expect(search).toThrow('no BLAS library here can be used:\nOpenBLAS 0.3.99 Haswell (libx.so) computes wrong products: ');
    expect(search).toThrow(where);
  });

  test.runIf(process.platform === 'linux')('that is wrong is passed over for one that is right', () => {
    const koffi = new FakeProcess(process => ({
      'libopenblas.so.0': openblas(
        process,
        sgemmOf(process, c => (c[0] += 1)),
      ),
      'libblis.so.4': {
        cblas_sgemm: sgemmOf(process) as never,
        bli_thread_set_num_threads: () => {},
        bli_info_get_version_str: () => '0.9.0',
      },
    }));
    expect(findBlas({ koffi, environment: {} })).toMatchObject({ kind: 'BLIS', version: '0.9.0' });
  });

  test('that is none is said to be none', () => {
    const koffi = new FakeProcess(() => ({ 'libx.so': {} }));
    expect(() => findBlas({ koffi, environment })).toThrow(
      'CHAINRULE_BLAS=libx.so has no function cblas_sgemm; it is no BLAS library, or one without the C interface',
    );
  });

  test('that is missing is asked for, with how to get one', () => {
    const koffi = new FakeProcess(() => ({}));
    expect(() => findBlas({ koffi, environment })).toThrow('CHAINRULE_BLAS=libx.so does not load: cannot open libx.so');
    let error: unknown;
    try {
      findBlas({ koffi, environment: {} });
    } catch (thrown) {
      error = thrown;
    }
    expect((error as UserError).message).toMatch(/^no BLAS library was found; looked for /);
    expect((error as UserError).hint).toBe(`${howToInstall(process.platform)}. If you have one elsewhere: CHAINRULE_BLAS=FILE`);
  });
});

test('koffi, which calls it, is found beside the package', () => {
  expect(loadKoffi().load).toBeTypeOf('function');
});

test.skipIf(library === null)('the system’s library is what it says', () => {
  expect(library!.kind).toMatch(/^(OpenBLAS|MKL|BLIS|Accelerate|BLAS)$/);
  expect(library!.path).not.toBe('');
});
