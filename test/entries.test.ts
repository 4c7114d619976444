/** Every entry of the package works alone: tensors have their methods and a backward pass runs, whichever is imported. */
import { expect, it, vi } from 'vitest';

const entries: Record<string, () => Promise<unknown>> = {
  '.': () => import('../src/index.ts'),
  './ops': () => import('../src/ops/index.ts'),
  './nn': () => import('../src/nn/index.ts'),
  './loss': () => import('../src/loss/index.ts'),
  './optim': () => import('../src/optim/index.ts'),
  './data': () => import('../src/data/index.ts'),
  './train': () => import('../src/train/index.ts'),
  './experiment': () => import('../src/experiment/index.ts'),
};

it.each(Object.entries(entries))('%s', async (_, load) => {
  vi.resetModules();
  await load();
  const { tensor } = await import('../src/tensor/create.ts');
  const x = tensor([1, 2], { requiresGrad: true });
  x.mul(x).add(x).sum().backward();
  expect(x.grad!.tolist()).toEqual([3, 5]);
});
