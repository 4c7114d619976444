import { describe, expect, it } from 'vitest';
import { gradientError } from '../autograd/check.ts';
import { withBackend } from '../backend/current.ts';
import '../ops/index.ts';
import { SGD } from '../optim/index.ts';
import { manualSeed, Random } from '../random.ts';
import { randn, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { ReLU } from './activations.ts';
import { BatchNorm1d } from './batch-norm.ts';
import { DropConnect } from './drop-connect.ts';
import { GaussianNoise } from './gaussian-noise.ts';
import { Linear } from './linear.ts';
import { l1Penalty, l2Penalty, maxNorm } from './penalties.ts';
import { Sequential } from './sequential.ts';

describe('DropConnect', () => {
  it('drops weights with probability p and scales the rest, afresh each time; inference is a plain linear layer', () => {
    manualSeed(3);
    const layer = new DropConnect(300, 200, { p: 0.3, bias: false });
    layer.weight.set(new Float32Array(60_000).fill(1));
    // unit inputs read the weights off: x = I
    const read = (): Float64Array => {
      const x = zeros([300, 300]);
      x.set(Float64Array.from({ length: 90_000 }, (_, i) => (i % 301 === 0 ? 1 : 0)));
      return step(() => Float64Array.from(layer.forward(x).toArray()));
    };
    const [first, second] = [read(), read()];
    const kept = first.filter(v => v !== 0);
    expect(kept.every(v => Math.abs(v - 1 / 0.7) < 1e-6)).toBe(true);
    // 60,000 draws: one deviation is 0.0019
    expect(Math.abs(kept.length / 60_000 - 0.7)).toBeLessThan(0.008);
    const both = first.filter((v, i) => v !== 0 && second[i] !== 0).length / 60_000;
    expect(Math.abs(both - 0.49)).toBeLessThan(0.01);
    layer.eval();
    expect(read().every(v => v === 1)).toBe(true);
  });

  it('passes gradients only to the weights that were kept, also fused with its activation', () => {
    manualSeed(4);
    const model = new Sequential(new DropConnect(20, 10, { p: 0.5 }), new ReLU());
    const layer = model.at(0) as DropConnect;
    expect([...model.stateDict().keys()]).toEqual(['0.weight', '0.bias']);
    layer.weight.set(new Float32Array(200).fill(1));
    step(() =>
      model
        .forward(zeros([1, 20]).add(1))
        .sum()
        .backward(),
    );
    const values = new Set(layer.weight.grad!.toArray());
    expect([...values].sort()).toEqual([0, 2]);
    expect(() => new DropConnect(2, 2, { p: 1 })).toThrow(
      'DropConnect: p is 1; it is the probability of dropping a weight, at least 0 and below 1',
    );
  });
});

describe('GaussianNoise', () => {
  it.each(['wasm', 'reference64'] as const)('adds noise of its deviation in training, none in inference, on %s', name => {
    withBackend(name, () => {
      manualSeed(5);
      const layer = new GaussianNoise(0.5);
      const x = zeros([300, 300]);
      const noise = Float64Array.from(layer.forward(x).toArray());
      const n = noise.length;
      const moment = (k: number): number => noise.reduce((sum, v) => sum + (v / 0.5) ** k, 0) / n;
      // 90,000 draws; deviations of the sample moments: 0.0033, 0.0047, 0.013 and 0.033
      expect(Math.abs(moment(1))).toBeLessThan(0.015);
      expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
      expect(Math.abs(moment(3))).toBeLessThan(0.06);
      expect(Math.abs(moment(4) - 3)).toBeLessThan(0.14);
      // neighbours, made from one block, are no more alike than others
      let together = 0;
      for (let i = 0; i < n; i += 2) together += (noise[i] * noise[i + 1]) / 0.25;
      expect(Math.abs(together / (n / 2))).toBeLessThan(0.02);
      const again = layer.forward(x).toArray();
      expect(again[0]).not.toBe(noise[0]);
      expect(layer.eval().forward(x)).toBe(x);
    });
  });

  it('is the same from the same seed, and the same in float32 and float64 to float32 digits', () => {
    const draw = (name: 'wasm' | 'reference64'): number[] =>
      withBackend(name, () => {
        manualSeed(6);
        return [...new GaussianNoise(1).forward(zeros([1001])).toArray()];
      });
    const [a, b] = [draw('wasm'), draw('reference64')];
    expect(draw('wasm')).toEqual(a);
    a.forEach((v, i) => {
      expect(Math.abs(v - b[i])).toBeLessThan(2e-6);
    });
    expect(() => new GaussianNoise(-1)).toThrow('GaussianNoise: std is -1; it is the standard deviation, a number of at least 0');
  });
});

describe('penalties', () => {
  it('are sums over weights, not biases or gains, with their gradients', () => {
    withBackend('reference64', () => {
      const model = new Sequential(new Linear(3, 2), new BatchNorm1d(2), new Linear(2, 1));
      const weights = model.parameters().filter(p => p.rank === 2);
      const all = weights.flatMap(w => [...w.toArray()]);
      expect(l1Penalty(model).item()).toBeCloseTo(
        all.reduce((sum, v) => sum + Math.abs(v), 0),
        12,
      );
      expect(l2Penalty(model).item()).toBeCloseTo(
        all.reduce((sum, v) => sum + v * v, 0),
        12,
      );
      expect(l2Penalty([model.parameters()[1]]).shape).toEqual([]);
      expect(gradientError(() => l1Penalty(model), weights)).toBeLessThan(1e-9);
      expect(gradientError(() => l2Penalty(model), weights)).toBeLessThan(1e-9);
      expect(() => l1Penalty(new ReLU())).toThrow('l1Penalty: there are no weights');
    });
  });

  it('L2 with SGD is weight decay of twice its factor', () => {
    withBackend('reference64', () => {
      const train = (lambda: number, weightDecay: number): number[] => {
        manualSeed(8);
        const model = new Linear(3, 2, { bias: false });
        const optimizer = new SGD(model.parameters(), { lr: 0.1, weightDecay });
        const x = randn([4, 3], { stream: new Random(1).stream('x') });
        for (let i = 0; i < 5; i++) {
          step(() => {
            optimizer.zeroGrad();
            model.forward(x).square().mean().add(l2Penalty(model).mul(lambda)).backward();
            optimizer.step();
          });
        }
        return [...model.weight.toArray()];
      };
      const [penalty, decay, none] = [train(0.05, 0), train(0, 0.1), train(0, 0)];
      penalty.forEach((v, i) => {
        expect(Math.abs(v - decay[i])).toBeLessThan(1e-14);
      });
      expect(Math.abs(penalty[0] - none[0])).toBeGreaterThan(1e-3);
    });
  });
});

describe('maxNorm', () => {
  it('scales back the rows above the limit, of weights only', () => {
    const model = new Sequential(new Linear(2, 3), new BatchNorm1d(3));
    const layer = model.at(0) as Linear;
    layer.weight.set([3, 4, 0.3, 0.4, 0, 0]);
    layer.bias!.set([100, 100, 100]);
    maxNorm(model, 2);
    [1.2, 1.6, 0.3, 0.4, 0, 0].forEach((v, i) => {
      expect(layer.weight.toArray()[i]).toBeCloseTo(v, 6);
    });
    expect([...layer.bias!.toArray()]).toEqual([100, 100, 100]);
    maxNorm(model.parameters(), 1);
    expect(Math.hypot(...layer.weight.toArray().slice(0, 2))).toBeCloseTo(1, 6);
    expect(() => maxNorm(model, 0)).toThrow('maxNorm: the limit is 0; it must be above 0');
  });
});
