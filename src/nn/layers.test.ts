/** Sequential and its fused path, Linear, Dropout, the layers that only move, and the layers over activations. */
import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import * as ops from '../ops/index.ts';
import { mul, neg, sum } from '../ops/index.ts';
import { manualSeed, Random } from '../random.ts';
import { linspace, ones, randn, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import * as nn from './index.ts';

const { Dropout, Flatten, Identity, Linear, observeForward, ReLU, Sequential, Sigmoid, Tanh } = nn;

describe('Sequential', () => {
  const cases = (['wasm', 'reference', 'reference64'] as BackendName[]).flatMap(name =>
    [ReLU, Tanh, Sigmoid].map(layer => [name, layer.name, layer] as const),
  );

  it.each(cases)('on %s a fused Linear + %s is the two layers bit for bit, forward and backward', (name, _, Activation) => {
    withBackend(name, () => {
      for (const [batch, width, out, bias] of [
        [1, 1, 1, true],
        [7, 13, 9, true],
        [32, 40, 33, true],
        [5, 8, 4, false],
      ] as const) {
        manualSeed(1);
        const model = new Sequential(new Linear(width, out, { bias }), new Activation(), new Linear(out, 3), new Activation());
        const x = mul(randn([batch, width], { stream: new Random(2).stream('x') }), 3);
        x.requiresGrad = true;
        const weights = randn([batch, 3], { stream: new Random(2).stream('w') });
        const run = (fused: boolean): number[][] =>
          step(() => {
            const y = fused
              ? model.forward(x)
              : observeForward(
                  () => {},
                  () => model.forward(x),
                );
            expect(y.origin!.op.name === 'linear').toBe(fused);
            sum(mul(y, weights)).backward();
            const numbers = [y, x.grad!, ...model.parameters().map(p => p.grad!)].map(t => [...t.toArray()]);
            model.zeroGrad();
            x.zeroGrad();
            return numbers;
          });
        expect(run(true)).toEqual(run(false));
      }
    });
  });

  it('does not fuse a layer with a forward of its own', () => {
    class Doubled extends Linear {
      override forward(x: Tensor): Tensor {
        return mul(super.forward(x), 2);
      }
    }
    class Negated extends ReLU {
      override forward(x: Tensor): Tensor {
        return neg(ops.relu(x));
      }
    }
    const doubled = new Sequential(new Doubled(2, 2), new ReLU());
    const x = tensor([[1, 2]]);
    expect(doubled.forward(x).tolist()).toEqual(ops.relu(doubled.at(0)!.forward(x)).tolist());
    const negated = new Sequential(new Linear(2, 4), new Negated());
    expect(negated.forward(x).toArray()).toEqual(neg(ops.relu(negated.at(0)!.forward(x))).toArray());
  });

  it('is iterated, indexed and counted; each layer belongs to it once', () => {
    const layers = [new Linear(2, 2), new ReLU(), new Identity()];
    const model = new Sequential(...layers);
    expect([...model]).toEqual(layers);
    expect([model.length, model.at(-1), model.at(5)]).toEqual([3, layers[2], undefined]);
    expect(model.namedChildren().map(([name]) => name)).toEqual(['0', '1', '2']);
    expect(new Sequential().forward(ones([1])).tolist()).toEqual([1]);
  });

  it('refuses what is no module', () => {
    expect(() => new Sequential(new Linear(1, 1), undefined as never)).toThrow(
      new UserError('Sequential: argument 1 is undefined; every argument must be a Module'),
    );
  });
});

describe('Linear', () => {
  it('is x Wᵀ + b, with or without bias', () => {
    const layer = new Linear(2, 3);
    layer.loadStateDict(
      new Map([
        [
          'weight',
          tensor([
            [1, 2],
            [3, 4],
            [5, 6],
          ]),
        ],
        ['bias', tensor([10, 20, 30])],
      ]),
    );
    expect(
      layer
        .forward(
          tensor([
            [1, 1],
            [0, 2],
          ]),
        )
        .tolist(),
    ).toEqual([
      [13, 27, 41],
      [14, 28, 42],
    ]);
    const bare = new Linear(2, 1, { bias: false });
    expect(bare.bias).toBeNull();
    expect([...bare.stateDict().keys()]).toEqual(['weight']);
  });

  it('starts uniform in ±1/√in, by the seed', () => {
    manualSeed(9);
    const a = new Linear(100, 200);
    manualSeed(9);
    expect(new Linear(100, 200).weight.toArray()).toEqual(a.weight.toArray());
    const values = [...a.weight.toArray()];
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.1);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.0999);
    const variance = values.reduce((t, v) => t + v * v, 0) / values.length;
    expect(variance / (0.01 / 3)).toBeCloseTo(1, 1);
  });

  it('refuses sizes that are none', () => {
    expect(() => new Linear(0, 2)).toThrow(new UserError('Linear: inFeatures is 0; it must be a whole number of at least 1'));
    expect(() => new Linear(2, 1.5)).toThrow(new UserError('Linear: outFeatures is 1.5; it must be a whole number of at least 1'));
  });
});

describe.each<BackendName>(['wasm', 'reference'])('Dropout on %s', name => {
  it('drops a share p, scales the rest by 1/(1 - p), and gives the gradient the same mask', () => {
    withBackend(name, () => {
      manualSeed(2);
      const n = 40_000;
      for (const p of [0.1, 0.5, 0.9]) {
        const x = ones([n]);
        x.requiresGrad = true;
        const y = new Dropout(p).forward(x);
        const values = y.toArray();
        const dropped = values.filter(v => v === 0).length;
        expect(Math.abs(dropped - p * n)).toBeLessThan(5 * Math.sqrt(n * p * (1 - p)));
        const kept = [...new Set(values)].filter(v => v !== 0);
        expect(kept.length).toBe(1);
        expect(Math.abs(kept[0] * (1 - p) - 1)).toBeLessThan(2e-7);
        y.backward({ gradient: ones([n]) });
        expect(x.grad!.toArray()).toEqual(values);
      }
    });
  });

  it('makes a fresh mask at each pass, the same ones from the same seed, and none in inference', () => {
    withBackend(name, () => {
      const layer = new Dropout(0.5);
      const x = ones([64]);
      const pass = () => [...layer.forward(x).toArray()];
      manualSeed(4);
      const [first, second] = [pass(), pass()];
      expect(first).not.toEqual(second);
      manualSeed(4);
      expect([pass(), pass()]).toEqual([first, second]);
      manualSeed(5);
      expect(pass()).not.toEqual(first);
      layer.eval();
      expect(layer.forward(x)).toBe(x);
    });
  });
});

it('Dropout refuses a p that is no probability below 1', () => {
  for (const p of [1, -0.1, Number.NaN]) {
    expect(() => new Dropout(p)).toThrow(
      new UserError(`Dropout: p is ${p}; it is the probability of dropping an element, at least 0 and below 1`),
    );
  }
  expect(() => ops.dropout(ones([1]), 1)).toThrow('dropout: p is 1; it is the probability of dropping an element, at least 0 and below 1');
  expect(new Dropout(0).forward(ones([3])).tolist()).toEqual([1, 1, 1]);
});

it('Flatten keeps the batch, Identity everything', () => {
  expect(new Flatten().forward(zeros([5, 2, 3])).shape).toEqual([5, 6]);
  const x = zeros([2]);
  expect(new Identity().forward(x)).toBe(x);
});

it('the layers over activations are the functions, options included', () => {
  const x = linspace(-4, 4, 17).reshape([1, 17]);
  const pairs: [nn.Module, (x: Tensor) => Tensor][] = [
    [new nn.ReLU(), ops.relu],
    [new nn.Sigmoid(), ops.sigmoid],
    [new nn.Tanh(), ops.tanh],
    [new nn.ReLU6(), ops.relu6],
    [new nn.SELU(), ops.selu],
    [new nn.SiLU(), ops.silu],
    [new nn.Mish(), ops.mish],
    [new nn.Softsign(), ops.softsign],
    [new nn.LogSigmoid(), ops.logSigmoid],
    [new nn.Hardsigmoid(), ops.hardsigmoid],
    [new nn.Hardswish(), ops.hardswish],
    [new nn.LeakyReLU({ negativeSlope: 0.3 }), t => ops.leakyRelu(t, 0.3)],
    [new nn.ELU({ alpha: 2 }), t => ops.elu(t, 2)],
    [new nn.GELU({ approximate: 'tanh' }), t => ops.gelu(t, 'tanh')],
    [new nn.Softplus({ beta: 2 }), t => ops.softplus(t, 2)],
    [new nn.Hardtanh({ minVal: -2, maxVal: 0.5 }), t => ops.hardtanh(t, -2, 0.5)],
    [new nn.PReLU({ numParameters: 17, init: 0.1 }), t => ops.prelu(t, tensor(new Float32Array(17).fill(0.1)))],
    [new nn.Softmax({ dim: 0 }), t => ops.softmax(t, 0)],
    [new nn.LogSoftmax(), t => ops.logSoftmax(t)],
  ];
  for (const [layer, f] of pairs)
    expect([layer.constructor.name, layer.forward(x).toArray()]).toEqual([layer.constructor.name, f(x).toArray()]);
});
