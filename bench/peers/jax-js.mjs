// jax-js on its WebAssembly backend: the whole step under jit, its fastest form.
import { init, jit, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax';
import { dataFor } from '../workloads.mjs';

export const name = 'jax-js 0.1.25 (wasm, jit)';

export async function prepare(workload) {
  await init('wasm');
  const { sizes, batch, activation, optimizer, lr, batchNorm, dropout = 0, momentum = 0 } = workload;
  const data = await dataFor(workload);
  const classes = sizes.at(-1);
  const f = activation === 'relu' ? nn.relu : np.tanh;
  // weights as [in, out], as its users write them: x W needs no transpose in the forward pass
  let params = data.layers.map((layer, i) => {
    const w = new Float32Array(layer.weight.length);
    for (let o = 0; o < layer.out; o++) for (let i = 0; i < layer.in; i++) w[i * layer.out + o] = layer.weight[o * layer.in + i];
    const linear = { w: np.array(w).reshape([layer.in, layer.out]), b: np.array(layer.bias) };
    return batchNorm && i < data.layers.length - 1 ? { ...linear, gamma: np.ones([layer.out]), beta: np.zeros([layer.out]) } : linear;
  });
  const batches = data.batches.map(({ x, labels }) => {
    const onehot = new Float32Array(batch * classes);
    labels.forEach((label, i) => {
      onehot[i * classes + label] = 1;
    });
    return { x: np.array(x).reshape([batch, sizes[0]]), y: np.array(onehot).reshape([batch, classes]) };
  });

  // running statistics are left out, which is in its favour
  const normalize = (h, gamma, beta) => {
    const centred = h.ref.sub(np.mean(h, 0));
    const deviation = np.sqrt(np.mean(np.square(centred.ref), 0).add(1e-5));
    return centred.div(deviation).mul(gamma).add(beta);
  };
  const loss = (p, key, xb, yb) => {
    let h = xb;
    const keys = dropout > 0 ? random.split(key, p.length - 1) : key;
    p.forEach(({ w, b, gamma, beta }, i) => {
      h = np.dot(h, w).add(b);
      if (i === p.length - 1) return;
      if (gamma !== undefined) h = normalize(h, gamma, beta);
      h = f(h);
      if (dropout > 0) {
        const mask = random.bernoulli(keys.ref.slice(i), 1 - dropout, [batch, sizes[i + 1]]);
        h = np.where(mask, h.mul(1 / (1 - dropout)), 0);
      }
    });
    keys.dispose();
    return np.mean(np.sum(yb.mul(nn.logSoftmax(h, -1)), 1)).neg();
  };
  const zerosLike = p => tree.map(a => np.zeros(a.shape), p);
  const [b1, b2, eps] = [0.9, 0.999, 1e-8];
  let t = 0;
  const next = () => batches[t++ % batches.length];
  if (optimizer === 'sgd' && momentum === 0) {
    const update = jit((p, key, xb, yb) => {
      const [value, g] = valueAndGrad(loss)(tree.ref(p), key, xb, yb);
      return [tree.map((a, d) => a.sub(d.mul(lr)), p, g), value];
    });
    return () => {
      const { x, y } = next();
      const [after, value] = update(params, random.key(t), x.ref, y.ref);
      params = after;
      return value.item();
    };
  }
  if (optimizer === 'sgd') {
    let v = zerosLike(params);
    const update = jit((p, velocity, key, xb, yb) => {
      const [value, g] = valueAndGrad(loss)(tree.ref(p), key, xb, yb);
      const v2 = tree.map((a, d) => a.mul(momentum).add(d), velocity, g);
      return [tree.map((a, d) => a.sub(d.mul(lr)), p, tree.ref(v2)), v2, value];
    });
    return () => {
      const { x, y } = next();
      const [after, v2, value] = update(params, v, random.key(t), x.ref, y.ref);
      params = after;
      v = v2;
      return value.item();
    };
  }
  let m = zerosLike(params);
  let v = zerosLike(params);
  const update = jit((p, ms, vs, c1, c2, key, xb, yb) => {
    const [value, g] = valueAndGrad(loss)(tree.ref(p), key, xb, yb);
    const m2 = tree.map((a, d) => a.mul(b1).add(d.mul(1 - b1)), ms, tree.ref(g));
    const v2 = tree.map((a, d) => a.mul(b2).add(np.square(d).mul(1 - b2)), vs, g);
    const p2 = tree.map((a, mm, vv) => a.sub(mm.mul(c1.ref).div(np.sqrt(vv.mul(c2.ref)).add(eps))), p, tree.ref(m2), tree.ref(v2));
    c1.dispose();
    c2.dispose();
    return [p2, m2, v2, value];
  });
  return () => {
    const { x, y } = next();
    const c1 = np.array(lr / (1 - b1 ** t));
    const c2 = np.array(1 / (1 - b2 ** t));
    const [p2, m2, v2, value] = update(params, m, v, c1, c2, random.key(t), x.ref, y.ref);
    params = p2;
    m = m2;
    v = v2;
    return value.item();
  };
}
