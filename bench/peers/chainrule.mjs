// This library, as a user writes a step. On WebAssembly CHAINRULE_THREADS says how many threads there are.
import { load } from '../load.mjs';
import { dataFor } from '../workloads.mjs';

export const name = 'chainrule (wasm)';

let surface;

/** From the first `prepare` on. */
export const setThreads = count => surface.setThreads(count);
export const kernelsNow = () => surface.currentBackend();

/** @param {{ blas?: number }} options threads of the system's BLAS, where that is to compute the products */
export async function prepare(workload, { blas } = {}) {
  surface ??= await load('bench/surface.ts');
  const { step, nn, optim, crossEntropy, tensor, keep } = surface;
  if (blas !== undefined) surface.setBackend(surface.createBlasBackend({ threads: blas }));
  const data = await dataFor(workload);
  const { sizes, batch, activation, batchNorm, dropout, optimizer: kind, lr, momentum = 0 } = workload;
  const layers = data.layers.flatMap((layer, i) => {
    const linear = new nn.Linear(layer.in, layer.out);
    linear.weight.set(layer.weight);
    linear.bias.set(layer.bias);
    if (i === data.layers.length - 1) return [linear];
    const after = [activation === 'relu' ? new nn.ReLU() : new nn.Tanh()];
    if (batchNorm) after.unshift(new nn.BatchNorm1d(layer.out));
    if (dropout) after.push(new nn.Dropout(dropout));
    return [linear, ...after];
  });
  const model = new nn.Sequential(...layers);
  const optimizer = kind === 'adam' ? new optim.Adam(model.parameters(), { lr }) : new optim.SGD(model.parameters(), { lr, momentum });
  const batches = data.batches.map(({ x, labels }) => [keep(tensor(x, { shape: [batch, sizes[0]] })), keep(tensor(labels))]);
  let at = 0;
  return () =>
    step(() => {
      const [x, y] = batches[at++ % batches.length];
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss.item();
    });
}
