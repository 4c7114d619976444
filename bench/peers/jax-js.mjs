// jax-js on its WebAssembly backend: the whole step under jit, its fastest form.
import { init, jit, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { dataFor } from '../workloads.mjs';

export const name = 'jax-js 0.1.25 (wasm, jit)';

/** Gives null for a workload that is not written for this library. */
export async function prepare(workload) {
  if (workload.batchNorm || workload.momentum) return null;
  await init('wasm');
  const { sizes, batch, activation, optimizer, lr } = workload;
  const data = dataFor(workload);
  const classes = sizes.at(-1);
  const f = activation === 'relu' ? nn.relu : np.tanh;
  // weights as [in, out], as its users write them: x W needs no transpose in the forward pass
  let params = data.layers.map(layer => {
    const w = new Float32Array(layer.weight.length);
    for (let o = 0; o < layer.out; o++) for (let i = 0; i < layer.in; i++) w[i * layer.out + o] = layer.weight[o * layer.in + i];
    return { w: np.array(w).reshape([layer.in, layer.out]), b: np.array(layer.bias) };
  });
  const onehot = new Float32Array(batch * classes);
  data.labels.forEach((label, i) => {
    onehot[i * classes + label] = 1;
  });
  const x = np.array(data.x).reshape([batch, sizes[0]]);
  const y = np.array(onehot).reshape([batch, classes]);

  const loss = (p, xb, yb) => {
    let h = xb;
    p.forEach(({ w, b }, i) => {
      h = np.dot(h, w).add(b);
      if (i < p.length - 1) h = f(h);
    });
    return np.mean(np.sum(yb.mul(nn.logSoftmax(h, -1)), 1)).neg();
  };
  const [b1, b2, eps] = [0.9, 0.999, 1e-8];
  if (optimizer === 'sgd') {
    const update = jit((p, xb, yb) => {
      const [value, g] = valueAndGrad(loss)(tree.ref(p), xb, yb);
      return [tree.map((a, d) => a.sub(d.mul(lr)), p, g), value];
    });
    return () => {
      const [next, value] = update(params, x.ref, y.ref);
      params = next;
      return value.item();
    };
  }
  let m = params.map(({ w, b }) => ({ w: np.zeros(w.shape), b: np.zeros(b.shape) }));
  let v = params.map(({ w, b }) => ({ w: np.zeros(w.shape), b: np.zeros(b.shape) }));
  let t = 0;
  const update = jit((p, ms, vs, c1, c2, xb, yb) => {
    const [value, g] = valueAndGrad(loss)(tree.ref(p), xb, yb);
    const m2 = tree.map((a, d) => a.mul(b1).add(d.mul(1 - b1)), ms, tree.ref(g));
    const v2 = tree.map((a, d) => a.mul(b2).add(np.square(d).mul(1 - b2)), vs, g);
    const p2 = tree.map((a, mm, vv) => a.sub(mm.mul(c1.ref).div(np.sqrt(vv.mul(c2.ref)).add(eps))), p, tree.ref(m2), tree.ref(v2));
    c1.dispose();
    c2.dispose();
    return [p2, m2, v2, value];
  });
  return () => {
    t++;
    const c1 = np.array(lr / (1 - b1 ** t));
    const c2 = np.array(1 / (1 - b2 ** t));
    const [p2, m2, v2, value] = update(params, m, v, c1, c2, x.ref, y.ref);
    params = p2;
    m = m2;
    v = v2;
    return value.item();
  };
}
