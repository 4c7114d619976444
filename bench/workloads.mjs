// The workloads that every library is measured on: sizes, and data that is the same for all.
import { digits, IMAGES, PIXELS } from './digits.mjs';

/** A deterministic stand-in for data: what is learned does not matter for speed. */
export function numbers(n, salt = 1) {
  const out = new Float32Array(n);
  let state = salt >>> 0;
  for (let i = 0; i < n; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = state / 2 ** 32 - 0.5;
  }
  return out;
}

/**
 * Layer sizes, activation, optimizer, batch; batch norm stands before each activation and dropout after it. Where `digits` is set, step after step takes the
 * next batch of MNIST's images, normalized as this library does by default; else there is one batch of noise.
 */
export const workloads = {
  W1: {
    title: '784-512-256-10 ReLU, Adam, batch 128',
    sizes: [784, 512, 256, 10],
    activation: 'relu',
    optimizer: 'adam',
    lr: 1e-3,
    batch: 128,
    digits: true,
  },
  W2: {
    title: '784-512-256-10 ReLU, batch norm, dropout 0.2, Adam, batch 128',
    sizes: [784, 512, 256, 10],
    activation: 'relu',
    batchNorm: true,
    dropout: 0.2,
    optimizer: 'adam',
    lr: 1e-3,
    batch: 128,
    digits: true,
  },
  W3: {
    title: '784-32-10 ReLU, SGD, batch 32',
    sizes: [784, 32, 10],
    activation: 'relu',
    optimizer: 'sgd',
    lr: 0.01,
    batch: 32,
    digits: true,
  },
  W4: { title: '2-16-16-2 tanh, SGD, batch 16', sizes: [2, 16, 16, 2], activation: 'tanh', optimizer: 'sgd', lr: 0.1, batch: 16 },
  W5: {
    title: '784-2500-2000-1500-1000-500-10 ReLU, SGD with momentum 0.9, batch 256',
    sizes: [784, 2500, 2000, 1500, 1000, 500, 10],
    activation: 'relu',
    optimizer: 'sgd',
    momentum: 0.9,
    lr: 0.01,
    batch: 256,
    digits: true,
  },
};

// The same on noise: what a net gets by whose input has no background.
for (const id of ['W1', 'W2', 'W5']) {
  workloads[`${id}n`] = { ...workloads[id], title: `${workloads[id].title}, on noise`, digits: false };
}

/** Batches of inputs and labels. */
async function batchesFor({ sizes, batch, digits: real }) {
  if (real) {
    const { x, labels } = await digits();
    return Array.from({ length: Math.floor(IMAGES / batch) }, (_, i) => ({
      x: x.slice(i * batch * PIXELS, (i + 1) * batch * PIXELS),
      labels: labels.slice(i * batch, (i + 1) * batch),
    }));
  }
  const classes = sizes.at(-1);
  const labels = Uint8Array.from(numbers(batch, 11), v => Math.min(classes - 1, Math.floor((v + 0.5) * classes)));
  return [{ x: numbers(batch * sizes[0], 7), labels }];
}

/** Batches, and initial weights, [out, in] and [out] for each layer. */
export async function dataFor(workload) {
  const { sizes } = workload;
  const layers = sizes.slice(1).map((out, i) => {
    const bound = 2 / Math.sqrt(sizes[i]);
    return {
      in: sizes[i],
      out,
      weight: numbers(out * sizes[i], 100 + i).map(v => v * bound),
      bias: numbers(out, 200 + i).map(v => v * bound),
    };
  });
  return { batches: await batchesFor(workload), layers };
}
