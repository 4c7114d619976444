// TensorFlow.js on its WebAssembly backend (SIMD; in Node it has no threads). Two forms: as its users write it, and with a gradient of the product
// that transposes explicitly, because its WebAssembly product is slow where it is asked to transpose.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { dataFor } from '../workloads.mjs';

export const name = 'tfjs 4.22.0 (wasm)';

const transposed = (a, b) => tf.matMul(tf.transpose(a), b);
const transposing = tf.customGrad((a, b, save) => {
  save([a, b]);
  return { value: tf.matMul(a, b), gradFunc: (dy, [a, b]) => [tf.matMul(dy, tf.transpose(b)), transposed(a, dy)] };
});
/** The first layer's: nobody asks for the gradient of the data. */
const transposingFirst = x =>
  tf.customGrad((w, save) => {
    save([]);
    return { value: tf.matMul(x, w), gradFunc: dy => transposed(x, dy) };
  });

export async function prepare(workload, { transpose = false } = {}) {
  await tf.setBackend('wasm');
  const { sizes, batch, activation, optimizer: kind, lr, momentum = 0, batchNorm, dropout = 0 } = workload;
  const data = await dataFor(workload);
  const layers = data.layers.map((layer, i) => {
    const w = tf.tidy(() => tf.variable(tf.transpose(tf.tensor2d(layer.weight, [layer.out, layer.in]))));
    const linear = { w, b: tf.variable(tf.tensor1d(layer.bias)) };
    if (!batchNorm || i === data.layers.length - 1) return linear;
    const [mean, variance] = [tf.variable(tf.zeros([layer.out]), false), tf.variable(tf.ones([layer.out]), false)];
    return { ...linear, gamma: tf.variable(tf.ones([layer.out])), beta: tf.variable(tf.zeros([layer.out])), mean, variance };
  });
  const batches = data.batches.map(({ x, labels }) => ({
    x: tf.tensor2d(x, [batch, sizes[0]]),
    y: tf.cast(tf.oneHot(tf.tensor1d(Int32Array.from(labels), 'int32'), sizes.at(-1)), 'float32'),
  }));
  let [at, x, y] = [0, null, null];
  const product = transpose ? (h, w) => (h === x ? transposingFirst(x)(w) : transposing(h, w)) : (h, w) => tf.matMul(h, w);
  const optimizer = kind === 'adam' ? tf.train.adam(lr) : momentum > 0 ? tf.train.momentum(lr, momentum) : tf.train.sgd(lr);
  const keepStatistics = (kept, now) => kept.assign(tf.add(tf.mul(kept, 0.9), tf.mul(now, 0.1)));

  const loss = () => {
    let h = x;
    layers.forEach(({ w, b, gamma, beta, ...running }, i) => {
      h = tf.add(product(h, w), b);
      if (i === layers.length - 1) return;
      if (gamma !== undefined) {
        const { mean, variance } = tf.moments(h, 0);
        h = tf.batchNorm(h, mean, variance, beta, gamma, 1e-5);
        keepStatistics(running.mean, mean);
        keepStatistics(running.variance, variance);
      }
      h = activation === 'relu' ? tf.relu(h) : tf.tanh(h);
      if (dropout > 0) h = tf.dropout(h, dropout);
    });
    return tf.losses.softmaxCrossEntropy(y, h);
  };
  return () =>
    tf.tidy(() => {
      ({ x, y } = batches[at++ % batches.length]);
      const value = optimizer.minimize(loss, true);
      return value.dataSync()[0];
    });
}
