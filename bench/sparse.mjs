// What leaving out the background of a product's left operand brings: a layer forward, and both its gradients, with the plain product, the sparse one, and the
// system's BLAS where it is, by what share of the numbers is not background. Microseconds, the least of many calls in turn.
// `node bench/sparse.mjs [threads] [rounds]`
import { digits } from './digits.mjs';
import { load } from './load.mjs';
import { numbers } from './workloads.mjs';

const threads = Number(process.argv[2] ?? 1);
const rounds = Number(process.argv[3] ?? 80);
const { createWasmBackend } = await load('src/backend/wasm/wasm-backend.ts');
const { BlasBackend, findBlas } = await load('bench/surface.ts');
const backends = { plain: createWasmBackend({ threads, sparseShare: -1 }), sparse: createWasmBackend({ threads, sparseShare: 1 }) };
try {
  backends.blas = new BlasBackend(findBlas({ threads }), { threads, sparseShare: -1 });
} catch {
  console.log('no BLAS here');
}

const keepShare = (n, share, salt) => numbers(n, salt).map((v, i, all) => (all[(i * 7919) % n] + 0.5 < share ? v : 0));
/** What ReLU layers of these sizes with weights by He make of the images: half of it is zero, at about the same places for images that are alike. */
function outputs(rows, ...sizes) {
  const kernels = backends.plain;
  let x = images.slice(0, rows * sizes[0]);
  for (const [i, n] of sizes.slice(1).entries()) {
    const k = sizes[i];
    const deviation = Math.sqrt(2 / k) * Math.sqrt(12); // of numbers that are even between -0.5 and 0.5
    const [a, w, y] = [x.length, n * k, rows * n].map(size => kernels.alloc(size));
    kernels.view(a).set(x);
    kernels.view(w).set(numbers(n * k, i + 1).map(v => v * deviation));
    kernels.linear(a, w, null, y, rows, n, k, 'relu');
    x = kernels.view(y).slice();
    for (const storage of [a, w, y]) kernels.free(storage);
  }
  return x;
}
const { x: images } = await digits();
const cases = [
  ['MNIST, normalized', 128, 512, 784, () => images.slice(0, 128 * 784), 1],
  ['MNIST, normalized', 32, 32, 784, () => images.slice(0, 32 * 784), 1],
  ['MNIST, normalized', 256, 2500, 784, () => images.slice(0, 256 * 784), 1],
];
for (const share of [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1])
  cases.push([`${100 * share} % of all`, 128, 256, 512, n => keepShare(n, share, 3), share]);
for (const share of [0.3, 0.5, 0.7]) cases.push([`${100 * share} % of all`, 256, 2000, 2500, n => keepShare(n, share, 3), share]);
const [first, second] = [outputs(256, 784, 2500), outputs(256, 784, 2500, 2000)];
cases.push(['outputs of a ReLU', 256, 2000, 2500, () => first, 0.5, numbers(second.length, 5).map((v, i) => (second[i] > 0 ? v : 0))]);

console.log(`${threads} thread${threads === 1 ? '' : 's'}; ${Object.keys(backends).join(', ')}`);
for (const [what, m, n, k, xs, share, gradient] of cases) {
  const inputs = { x: xs(m * k), w: numbers(n * k, 1), bias: numbers(n, 2), dy: gradient ?? keepShare(m * n, share, 5) };
  const runs = Object.values(backends).map(kernels => {
    const at = Object.fromEntries(
      Object.entries({ ...inputs, y: m * n, dx: m * k, dw: n * k }).map(([name, of]) => [name, kernels.alloc(of.length ?? of)]),
    );
    for (const [name, values] of Object.entries(inputs)) kernels.view(at[name]).set(values);
    return {
      calls: {
        forward: () => kernels.linear(at.x, at.w, at.bias, at.y, m, n, k, 'relu'),
        'of weights': () => kernels.linearGrad(at.x, at.w, at.y, at.dy, null, at.dw, null, m, n, k, 'none'),
        'of inputs': () => kernels.linearGrad(at.x, at.w, at.y, at.dy, at.dx, null, null, m, n, k, 'none'),
      },
      free: () => {
        for (const one of Object.values(at)) kernels.free(one);
      },
    };
  });
  const cells = [];
  for (const call of ['forward', 'of weights', 'of inputs']) {
    const least = runs.map(() => Infinity);
    for (let round = 0; round < Math.max(5, rounds / (1 + (m * n * k) / 5e7)); round++) {
      for (const [i, { calls }] of runs.entries()) {
        calls[call](); // awake, and the operands in its caches
        const began = performance.now();
        calls[call]();
        least[i] = Math.min(least[i], 1000 * (performance.now() - began));
      }
      await new Promise(resolve => setTimeout(resolve, 1));
    }
    cells.push(`${call} ${least.map(us => us.toFixed(0).padStart(6)).join('')}`);
  }
  for (const { free } of runs) free();
  console.log(`${`${m}x${n}x${k}`.padEnd(14)} ${what.padEnd(18)} ${cells.join('   ')}`);
}
process.exit(0);
