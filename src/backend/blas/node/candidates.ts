/** Under which names and in which places BLAS libraries are looked for. */
import { join } from 'node:path';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The library that is to be used in place of any found. */
export const LIBRARY_VARIABLE = 'CHAINRULE_BLAS';

/** In the order in which they are taken: the fastest for products of the size of a layer first. */
const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: [
    'libopenblas.so.0', // Debian, Ubuntu, Arch, Alpine, conda
    'libopenblasp.so.0', // Fedora: with threads
    'libopenblaso.so.0', // Fedora: with OpenMP
    'libopenblas.so',
    'libopenblas64.so.0', // with whole numbers of 64 bits
    'libopenblas64_.so.0',
    'libmkl_rt.so.3',
    'libmkl_rt.so.2',
    'libmkl_rt.so.1',
    'libmkl_rt.so',
    'libblis-mt.so.5', // AMD's
    'libblis-mt.so.4',
    'libblis.so.4',
    'libblis.so.3',
    'libblis.so',
  ],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate', // part of macOS, and the only one that uses its matrix unit
    'libopenblas.dylib',
    'libopenblas.0.dylib',
    'libblis.dylib',
  ],
  win32: ['libopenblas.dll', 'openblas.dll', 'mkl_rt.3.dll', 'mkl_rt.2.dll', 'mkl_rt.1.dll', 'AOCL-LibBlis-Win-MT-dll.dll', 'libblis.dll'],
};

/** Folders that the system's own search does not know. */
function folders(platform: string, { CONDA_PREFIX, MKLROOT, HOMEBREW_PREFIX, VCPKG_ROOT, ProgramFiles }: Environment): string[] {
  const under = (root: string | undefined, ...path: string[]): string[] => (root ? [join(root, ...path)] : []);
  if (platform === 'darwin') {
    const brew = [HOMEBREW_PREFIX, '/opt/homebrew', '/usr/local'].filter(one => one !== undefined && one !== '') as string[];
    return [
      ...new Set([
        ...brew.flatMap(root => [join(root, 'opt/openblas/lib'), join(root, 'opt/blis/lib')]),
        '/opt/local/lib',
        ...under(CONDA_PREFIX, 'lib'),
      ]),
    ];
  }
  if (platform === 'win32') {
    return [
      ...under(CONDA_PREFIX, 'Library', 'bin'),
      ...under(MKLROOT, 'bin'),
      ...under(MKLROOT, 'redist', 'intel64'),
      ...under(ProgramFiles, 'OpenBLAS', 'bin'),
      ...under(VCPKG_ROOT, 'installed', 'x64-windows', 'bin'),
    ];
  }
  return [
    ...under(CONDA_PREFIX, 'lib'),
    ...under(MKLROOT, 'lib'),
    ...under(MKLROOT, 'lib', 'intel64'),
    '/opt/intel/oneapi/mkl/latest/lib',
    '/opt/intel/mkl/lib/intel64',
    ...under(HOMEBREW_PREFIX, 'opt', 'openblas', 'lib'),
    '/opt/OpenBLAS/lib',
  ];
}

/** What to hand to the loader, one after the other: by each name as the system finds it, then in the folders. Only the variable's library where it is set. */
export function candidates(platform: string, environment: Environment, exists: (path: string) => boolean): string[] {
  const given = environment[LIBRARY_VARIABLE];
  if (given !== undefined && given !== '') return [given];
  const names = NAMES[platform] ?? NAMES.linux;
  const places = folders(platform, environment);
  return names.flatMap(name => [name, ...places.map(folder => join(folder, name)).filter(exists)]);
}

/** How to get a library, for a platform. */
export function howToInstall(platform: string): string {
  if (platform === 'darwin') return 'macOS has Accelerate; for another: brew install openblas';
  if (platform === 'win32') return 'conda install openblas (or unpack a release of OpenBLAS), and put the folder of its DLL on PATH';
  return 'apt-get install libopenblas0-pthread (Debian, Ubuntu), dnf install openblas-threads (Fedora), pacman -S openblas (Arch), or conda install openblas; NumPy brings one too: CHAINRULE_BLAS=.../site-packages/numpy.libs/libscipy_openblas64_-....so';
}
