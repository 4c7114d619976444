/** Training is flat in memory: tensors, bytes, and what is reserved from the platform, over a thousand steps and over ten thousand. */
import { describe, expect, it } from 'vitest';
import { backward } from '../src/autograd/backward.ts';
import { type BackendName, backend, withBackend } from '../src/backend/current.ts';
import { crossEntropy } from '../src/loss/index.ts';
import { BatchNorm1d, Dropout, Linear, ReLU, Sequential, Tanh } from '../src/nn/index.ts';
import { add, mul, sum } from '../src/ops/index.ts';
import { Adam, clipGradNorm } from '../src/optim/index.ts';
import { manualSeed, Random } from '../src/random.ts';
import { randn, tensor } from '../src/tensor/create.ts';
import { keep, liveTensors, step } from '../src/tensor/scope.ts';
import type { Tensor } from '../src/tensor/tensor.ts';

interface Net {
  readonly model: Sequential;
  readonly optimizer: Adam;
  readonly x: Tensor;
  readonly y: Tensor;
}

function net(): Net {
  manualSeed(1);
  const model = new Sequential(
    new Linear(4, 8),
    new BatchNorm1d(8),
    new Tanh(),
    new Dropout(0.2),
    new Linear(8, 8),
    new ReLU(),
    new Linear(8, 3),
  );
  return {
    model,
    optimizer: new Adam(model.parameters()),
    x: keep(randn([6, 4], { stream: new Random(1).stream('x') })),
    y: keep(tensor([0, 1, 2, 0, 1, 2])),
  };
}

const loss = ({ model, x, y }: Net): Tensor => crossEntropy(model.forward(x), y);

const ways: Record<string, (net: Net, i: number) => unknown> = {
  'one update a step': n =>
    step(() => {
      n.optimizer.zeroGrad();
      const l = loss(n);
      l.backward();
      n.optimizer.step();
      return l.item();
    }),
  'gradients added up over four steps': (n, i) => {
    step(() => mul(loss(n), 0.25).backward());
    if (i % 4 === 3) {
      step(() => {
        clipGradNorm(n.model.parameters(), 0.1);
        n.optimizer.step();
        n.optimizer.zeroGrad();
      });
    }
  },
  'a penalty on the gradient': n =>
    step(() => {
      n.optimizer.zeroGrad();
      const l = loss(n);
      backward(l, { createGraph: true });
      const gradients = n.model.parameters().map(p => p.grad!);
      n.optimizer.zeroGrad();
      const squares = gradients.map(g => sum(mul(g, g))).reduce(add);
      add(l, mul(squares, 0.01)).backward();
      n.optimizer.step();
    }),
  'createGraph without using it': n =>
    step(() => {
      n.optimizer.zeroGrad();
      backward(loss(n), { createGraph: true });
      n.optimizer.step();
    }),
  'a step that fails': n => {
    try {
      step(() => {
        n.optimizer.zeroGrad();
        loss(n).backward();
        throw new Error('on purpose');
      });
    } catch {}
  },
  'an optimizer with a closure': n => n.optimizer.step(() => loss(n)),
};

describe.each<BackendName>(['wasm', 'reference'])('on %s', name => {
  it.each(Object.entries(ways))('%s: flat over a thousand steps', (_, once) => {
    withBackend(name, () => {
      const kernels = backend(name);
      const n = net();
      let i = 0;
      for (; i < 8; i++) once(n, i);
      const before = { tensors: liveTensors(), ...kernels.usage() };
      for (; i < 1008; i++) once(n, i);
      const after = { tensors: liveTensors(), ...kernels.usage() };
      expect(after).toEqual(before);
    });
  });
});

it('ten thousand steps reserve no more than ten', () => {
  const n = net();
  for (let i = 0; i < 10; i++) ways['one update a step'](n, i);
  const before = { tensors: liveTensors(), ...backend('wasm').usage() };
  for (let i = 0; i < 10_000; i++) ways['one update a step'](n, i);
  expect({ tensors: liveTensors(), ...backend('wasm').usage() }).toEqual(before);
});
