// The libraries that are compared, and how each is started. Where a library has settings that only the start of its process can make, each setting is
// a candidate, and the fastest stands for the library.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const installed = name => existsSync(fileURLToPath(new URL(`node_modules/${name}`, import.meta.url)));
const node = (peer, options = {}, flags = []) => [process.execPath, ...flags, 'bench/peers/child.mjs', peer, JSON.stringify(options)];
const all = availableParallelism();

/** Whether this Node can join vectors of WebAssembly into 256 bits (docs/design/wide.md); the other libraries on WebAssembly are tried with that too. */
const joins = process.arch === 'x64' && ['24', '26'].includes(process.versions.node.split('.')[0]);
const asItIsOrJoined = (peer, options) => [
  { label: 'as it is', command: node(peer, options) },
  ...(joins ? [{ label: 'vectors joined', command: node(peer, options, ['--experimental-wasm-revectorize']) }] : []),
];
const WIDE = { CHAINRULE_SIMD: 'wide' };

const threadsOf = (count, others = {}) => ({ OMP_NUM_THREADS: String(count), ...others });

/** The OpenBLAS that NumPy brings, for CHAINRULE_BLAS; null where there is none, or another is named. */
export function numpysBlas(python) {
  if (process.env.CHAINRULE_BLAS) return null;
  try {
    const ask = 'import glob, numpy; print(glob.glob(numpy.__path__[0] + ".libs/*openblas*")[0])';
    return execFileSync(python, ['-c', ask], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** id, name and the candidates of every library that can run here. */
export function libraries(python) {
  const numpys = numpysBlas(python);
  const onBlas = (blas, label, env = {}) => ({
    label,
    command: node('chainrule', { blas }),
    env: { CHAINRULE_THREADS: String(blas), ...env },
  });
  const list = [
    {
      id: 'wasm1',
      name: 'chainrule, wasm, 1 thread',
      candidates: [{}, ...(joins ? [WIDE] : [])].map(width => ({
        label: width === WIDE ? 'wide vectors' : '',
        command: node('chainrule'),
        env: { CHAINRULE_THREADS: '1', ...width },
      })),
    },
    {
      id: 'wasm',
      name: 'chainrule, wasm, best threads',
      candidates: [...new Set([1, all])].flatMap(threads =>
        [{}, ...(joins ? [WIDE] : [])].map(width => ({
          label: `${threads} threads${width === WIDE ? ', wide vectors' : ''}`,
          command: node('chainrule'),
          env: { CHAINRULE_THREADS: String(threads), ...width },
        })),
      ),
    },
    {
      id: 'blas',
      name: 'chainrule, BLAS',
      candidates: [{}, ...(joins ? [WIDE] : [])].flatMap(width => {
        const vectors = width === WIDE ? ', wide vectors' : '';
        return [
          ...[...new Set([1, all])].map(threads => onBlas(threads, `${threads} threads${vectors}`, width)),
          ...(numpys === null
            ? []
            : [onBlas(all, `${all} threads, the OpenBLAS of NumPy${vectors}`, { CHAINRULE_BLAS: numpys, ...width })]),
        ];
      }),
    },
    { id: 'pytorch', name: 'PyTorch', python: 'torch', candidates: pytorch(python) },
    {
      id: 'sklearn',
      name: 'scikit-learn',
      python: 'scikit-learn',
      candidates: [...new Set([1, all])].map(threads => ({
        label: `${threads} threads`,
        command: [python, 'bench/peers/scikit_learn.py'],
        env: threadsOf(threads, { OPENBLAS_NUM_THREADS: String(threads), MKL_NUM_THREADS: String(threads) }),
      })),
    },
    { id: 'jax', name: 'jax-js', package: '@jax-js/jax', candidates: asItIsOrJoined('jax-js') },
    { id: 'tfjs', name: 'tfjs, wasm', package: '@tensorflow/tfjs', candidates: asItIsOrJoined('tfjs') },
    {
      id: 'tfjsT',
      name: 'tfjs, wasm, transposing gradient',
      package: '@tensorflow/tfjs',
      candidates: asItIsOrJoined('tfjs', { transpose: true }),
    },
  ];
  return list.filter(one => one.package === undefined || installed(one.package));
}

/** Threads are tried within a process (see pytorch.py); how its threads wait, and that its BLAS does not multiply them, must be set before. */
function pytorch(python) {
  const command = [python, 'bench/peers/pytorch.py'];
  return [
    { label: 'as it is', command, env: threadsOf(all, { OPENBLAS_NUM_THREADS: '1' }) },
    {
      // waiting without end (OMP_WAIT_POLICY=ACTIVE) would take a processor from those whose turn it is
      label: 'threads that spin some milliseconds before they sleep, bound to processors',
      command,
      env: threadsOf(all, { OPENBLAS_NUM_THREADS: '1', GOMP_SPINCOUNT: '10000000', OMP_PROC_BIND: 'true', BENCH_COMPILE: '0' }),
    },
  ];
}
