/** Loading a BLAS library through koffi, and learning what it is. */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../../errors.ts';
import type { BlasLibrary, Sgemm } from '../library.ts';

/** What is used of koffi. */
export interface Koffi {
  readonly version: string;
  load(path: string | null): LibraryHandle;
  address(value: ArrayBufferView): bigint;
  struct(members: Record<string, string>): unknown;
  pointer(type: unknown): unknown;
  out(type: unknown): unknown;
}

interface LibraryHandle {
  func(name: string, result: string, parameters: readonly unknown[]): (...values: never[]) => unknown;
  symbol(name: string): bigint;
}

/** koffi, from where this package is installed or from the folder worked in. */
export function loadKoffi(): Koffi {
  let reason = '';
  for (const load of requires()) {
    try {
      return load('koffi') as Koffi;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND') reason = `: ${message}`;
    }
  }
  throw new UserError(
    `the backend 'blas' calls the system's library through the package koffi, which ${reason === '' ? 'is not installed' : `does not load here${reason}`}`,
    'npm install koffi',
  );
}

function requires(): NodeJS.Require[] {
  return [import.meta.url, join(process.cwd(), 'package.json')].map(from => createRequire(from));
}

/** The file that `loadKoffi` loads, for threads that load it too. */
function koffiFile(): string {
  for (const load of requires()) {
    try {
      load('koffi');
      return load.resolve('koffi');
    } catch {}
  }
  return 'koffi';
}

/** Parameters of `cblas_sgemm`, where its whole numbers are of this type; the enumerations, which come first, are `int` everywhere. */
function parameters(whole: string): string[] {
  return ['int', 'int', 'int', whole, whole, whole, 'float', 'void *', whole, 'void *', whole, 'float', 'void *', whole];
}

/** How a build has named its functions: builds with whole numbers of 64 bits add to the names, and the one that NumPy and SciPy bring along does too. */
interface Naming {
  readonly before: string;
  readonly after: string;
  readonly whole: string;
}
const NAMINGS: readonly Naming[] = [
  { before: '', after: '', whole: 'int' },
  { before: 'scipy_', after: '', whole: 'int' },
  { before: '', after: '64_', whole: 'int64_t' },
  { before: 'scipy_', after: '64_', whole: 'int64_t' },
];

/** A library whose functions are asked for by their plain names. */
function named(handle: LibraryHandle, { before, after }: Naming): LibraryHandle {
  return {
    func: (name, result, types) => handle.func(`${before}${name}${after}`, result, types),
    symbol: name => handle.symbol(`${before}${name}${after}`),
  };
}

/** The C functions by which a library is known, asked what it is, and told how many threads it may take. */
interface Flavor {
  readonly kind: string;
  readonly setThreads: readonly [name: string, type: string];
  /** The number as the library takes it; by default as it is. */
  readonly asThreads?: (threads: number) => number;
  readonly version: (text: (name: string) => string, handle: LibraryHandle) => string;
  /** Whether several threads may compute products at once, each within itself once the number of threads is set to 1. */
  readonly shares?: (handle: LibraryHandle) => boolean;
}

/** openblas_get_parallel: with threads of its own. One without any may have no locks, and one on OpenMP counts its threads anew in each of ours. */
const PTHREADS = 1;

const FLAVORS: readonly Flavor[] = [
  {
    kind: 'OpenBLAS',
    setThreads: ['openblas_set_num_threads', 'int'],
    // `OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Haswell MAX_THREADS=64`
    version: text => [/\d+\.\d+[\w.]*/.exec(text('openblas_get_config'))?.[0] ?? '', text('openblas_get_corename')].join(' ').trim(),
    shares: handle =>
      has(handle, 'openblas_get_parallel') && (handle.func('openblas_get_parallel', 'int', []) as () => unknown)() === PTHREADS,
  },
  {
    kind: 'MKL',
    setThreads: ['MKL_Set_Num_Threads', 'int'],
    // `Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for Intel(R) 64 architecture applications`
    version: (_, handle) => {
      const bytes = new Uint8Array(256);
      const write = handle.func('MKL_Get_Version_String', 'void', ['void *', 'int']) as unknown as (into: Uint8Array, size: number) => void;
      write(bytes, bytes.length - 1);
      return /Version (\S+?)-?(?:Product|Build|\0)/.exec(new TextDecoder().decode(bytes))?.[1] ?? '';
    },
    shares: () => true,
  },
  {
    kind: 'BLIS',
    setThreads: ['bli_thread_set_num_threads', 'int64_t'],
    version: text => text('bli_info_get_version_str'),
  },
  // 0 lets it take as many as it likes, 1 keeps it to one; since macOS 15
  { kind: 'Accelerate', setThreads: ['BLASSetThreading', 'int'], asThreads: threads => (threads === 1 ? 1 : 0), version: () => '' },
];

/**
 * One library, or why it cannot be used. Its products have not been checked yet.
 *
 * @param threads for a library that shares products out by itself; one that several threads may call is kept to one in each call
 */
export function openLibrary(koffi: Koffi, path: string, threads: number = availableParallelism()): BlasLibrary {
  const loaded = koffi.load(path);
  const naming = NAMINGS.find(each => has(named(loaded, each), 'cblas_sgemm'));
  if (naming === undefined)
    throw new UserError(`${path} has no function cblas_sgemm; it is no BLAS library, or one without the C interface`);
  const handle = named(loaded, naming);
  const types = parameters(naming.whole);
  const flavor = FLAVORS.find(({ setThreads: [name] }) => has(handle, name));
  const shares = flavor?.shares?.(handle) ?? false;
  if (shares) threads = 1;
  if (flavor !== undefined) {
    const [name, type] = flavor.setThreads;
    const set = handle.func(name, 'void', [type]) as unknown as (threads: number) => void;
    set(flavor.asThreads?.(threads) ?? threads);
  }
  const text = (name: string): string => (has(handle, name) ? String((handle.func(name, 'str', []) as () => unknown)() ?? '') : '');
  return {
    kind: flavor?.kind ?? (path.includes('Accelerate') ? 'Accelerate' : 'BLAS'),
    version: flavor?.version(text, handle) ?? '',
    path: fileOf(koffi, handle) ?? path,
    threads: flavor === undefined ? 0 : threads,
    elsewhere: shares
      ? { koffi: koffiFile(), library: path, name: `${naming.before}cblas_sgemm${naming.after}`, result: 'void', parameters: types }
      : null,
    sgemm: handle.func('cblas_sgemm', 'void', types) as unknown as Sgemm,
    addressOf: buffer => Number(koffi.address(new Uint8Array(buffer))),
  };
}

function has(handle: LibraryHandle, name: string): boolean {
  try {
    handle.symbol(name);
    return true;
  } catch {
    return false;
  }
}

/** The file that the loader took, by its own account; null where it cannot be asked. */
function fileOf(koffi: Koffi, handle: LibraryHandle): string | null {
  if (process.platform === 'win32') return null;
  try {
    const info = koffi.struct({ file: 'str', base: 'void *', name: 'str', symbol: 'void *' });
    const dladdr = koffi.load(null).func('dladdr', 'int', ['void *', koffi.out(koffi.pointer(info))]) as unknown as (
      symbol: bigint,
      into: { file?: string },
    ) => number;
    const into: { file?: string } = {};
    return dladdr(handle.symbol('cblas_sgemm'), into) !== 0 && into.file ? into.file : null;
  } catch {
    return null;
  }
}
