import { describe, expect, it } from 'vitest';
import { noGrad } from '../autograd/mode.ts';
import { withBackend } from '../backend/current.ts';
import '../ops/index.ts';
import { Random } from '../random.ts';
import { randn } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { emptyTensor, type Tensor } from '../tensor/tensor.ts';
import { GELU, LeakyReLU, ReLU, Sigmoid, Tanh } from './activations.ts';
import { BatchNorm1d } from './batch-norm.ts';
import { Dropout } from './dropout.ts';
import * as init from './init.ts';
import { type InitializeOptions, initialize } from './initialize.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { Sequential } from './sequential.ts';

const stream = (name = 'init'): ReturnType<Random['stream']> => new Random(5).stream(name);

function statistics(x: Tensor): { mean: number; variance: number } {
  const values = Float64Array.from(x.toArray());
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, variance: values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length };
}

describe('weights', () => {
  // 120,000 elements: the sample variance is within 0.4 % of the true one at one deviation, the mean within 0.3 % of σ
  const [fanIn, fanOut] = [400, 300];
  it.each<[InitializeOptions, number]>([
    [{ name: 'xavierNormal', gain: 1 }, 2 / (fanIn + fanOut)],
    [{ name: 'xavierUniform', gain: 1 }, 2 / (fanIn + fanOut)],
    [{ name: 'xavierNormal', gain: 5 / 3 }, ((25 / 9) * 2) / (fanIn + fanOut)],
    [{ name: 'heNormal', gain: Math.SQRT2 }, 2 / fanIn],
    [{ name: 'heUniform', gain: Math.SQRT2 }, 2 / fanIn],
    [{ name: 'heNormal' }, 1 / fanIn], // the layer stands alone: no activation follows
    [{ name: 'normal', std: 0.05 }, 0.05 ** 2],
    [{ name: 'orthogonal', gain: 1 }, 1 / fanIn],
    [{ name: 'default' }, 1 / fanIn / 3],
  ])('%j have the variance of their formula', (options, variance) => {
    const layer = new Sequential(new Linear(fanIn, fanOut));
    initialize(layer, options, stream());
    const weight = (layer.at(0) as Linear).weight;
    const got = statistics(weight);
    expect(Math.abs(got.variance / variance - 1)).toBeLessThan(0.02);
    expect(Math.abs(got.mean)).toBeLessThan(0.01 * Math.sqrt(variance));
    const bias = (layer.at(0) as Linear).bias!.toArray();
    if (options.name === 'default') expect(Math.max(...bias)).toBeGreaterThan(0.9 / Math.sqrt(fanIn));
    else expect([...bias].every(b => b === 0)).toBe(true);
  });

  it.each([
    [5, 5],
    [3, 8],
    [8, 3],
    [1, 4],
    [60, 64],
  ])('orthogonal [%i, %i]: rows or columns of length gain at right angles', (out, inner) => {
    withBackend('reference64', () => {
      const w = init.orthogonal(emptyTensor([out, inner]), { gain: 2, stream: stream() });
      const product = (out <= inner ? w.matmul(w, { transB: true }) : w.matmul(w, { transA: true })).toArray();
      const n = Math.min(out, inner);
      product.forEach((v, i) => {
        expect(Math.abs(v - (i % n === Math.floor(i / n) ? 4 : 0))).toBeLessThan(1e-13);
      });
      const again = init.orthogonal(emptyTensor([out, inner]), { gain: 2, stream: stream() });
      expect([...again.toArray()]).toEqual([...w.toArray()]);
    });
  });

  it('zeros, ones, eye and constant', () => {
    expect([...init.zeros(emptyTensor([3])).toArray()]).toEqual([0, 0, 0]);
    expect([...init.ones(emptyTensor([3])).toArray()]).toEqual([1, 1, 1]);
    expect(init.eye(emptyTensor([2, 3])).tolist()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]);
    const layer = new Linear(2, 2);
    initialize(layer, { name: 'constant', value: 0.5, bias: -1 });
    expect([...layer.weight.toArray(), ...layer.bias!.toArray()]).toEqual([0.5, 0.5, 0.5, 0.5, -1, -1]);
  });
});

describe('the signal through ten layers of 200', () => {
  /** Mean square of the activations after the last layer, for inputs of mean square 1. */
  function signalAfter(activation: () => Module, options: InitializeOptions): number {
    const layers = Array.from({ length: 10 }, () => [new Linear(200, 200, { bias: false }), activation()]).flat();
    const model = new Sequential(...layers);
    initialize(model, options, stream());
    const x = randn([100, 200], { stream: stream('x') });
    return step(() => noGrad(() => model.forward(x).square().mean().item()));
  }

  it('keeps its size with He and ReLU, and with Xavier and tanh', () => {
    // The mean square is halved by ReLU and doubled by He's weights: 1/2 of 2 stays 1, within what 200 units let it stray.
    for (const name of ['heNormal', 'heUniform'] as const) {
      const after = signalAfter(() => new ReLU(), { name });
      expect(after).toBeGreaterThan(0.4);
      expect(after).toBeLessThan(2.5);
    }
    // tanh with gain 5/3 settles where x² = E[tanh²(5/3 x)], about 0.4
    for (const name of ['xavierNormal', 'xavierUniform', 'orthogonal'] as const) {
      const after = signalAfter(() => new Tanh(), { name });
      expect(after).toBeGreaterThan(0.25);
      expect(after).toBeLessThan(0.6);
    }
  });

  it('vanishes or explodes from a bad start', () => {
    expect(signalAfter(() => new ReLU(), { name: 'normal', std: 0.01 })).toBeLessThan(1e-15); // (200 · 1e-4 / 2)^10
    expect(signalAfter(() => new ReLU(), { name: 'normal', std: 1 })).toBeGreaterThan(1e15); //  (200 / 2)^10
    expect(signalAfter(() => new Tanh(), { name: 'normal', std: 0.01 })).toBeLessThan(1e-12);
    expect(signalAfter(() => new Tanh(), { name: 'normal', std: 1 })).toBeGreaterThan(0.9); // saturated
    expect(signalAfter(() => new ReLU(), { name: 'zeros' })).toBe(0);
    expect(signalAfter(() => new ReLU(), { name: 'xavierNormal', gain: 1 })).toBeLessThan(3e-3); // halved at each layer
  });
});

describe('initialize', () => {
  it('takes the gain from the activation that follows', () => {
    const model = new Sequential(
      new Linear(4, 4),
      new BatchNorm1d(4),
      new ReLU(),
      new Dropout(0.5),
      new Sequential(new Linear(4, 4), new Tanh()),
      new Linear(4, 4),
      new LeakyReLU({ negativeSlope: 0.5 }),
      new Linear(4, 4),
      new Sigmoid(),
      new Linear(4, 4),
      new GELU(),
      new Linear(4, 2),
      new Linear(2, 2),
    );
    expect(initialize(model, { name: 'xavierNormal' }).map(({ path, gain }) => [path, gain])).toEqual([
      ['0', Math.SQRT2],
      ['4.0', 5 / 3],
      ['5', Math.sqrt(2 / 1.25)],
      ['7', 1],
      ['9', Math.SQRT2],
      ['11', 1],
      ['12', 1],
    ]);
    expect(initialize(model, { name: 'heNormal', gain: 3 }).every(({ gain }) => gain === 3)).toBe(true);
    expect(initialize(model, { name: 'zeros' })[0].gain).toBe(null);
  });

  it('supposes nothing of a module with a forward of its own', () => {
    class Net extends Module {
      fc1 = new Linear(2, 2);
      fc2 = new Linear(2, 2);
      forward(x: Tensor): Tensor {
        return this.fc2.forward(this.fc1.forward(x).relu());
      }
    }
    expect(initialize(new Net(), { name: 'heNormal' }).map(({ gain }) => gain)).toEqual([Math.SQRT2, Math.SQRT2]);
    expect(initialize(new Net(), { name: 'xavierNormal' }).map(({ gain }) => gain)).toEqual([1, 1]);
  });

  it('gives the same weights for the same seed', () => {
    const [a, b] = [new Sequential(new Linear(9, 9)), new Sequential(new Linear(9, 9))];
    for (const model of [a, b]) initialize(model, { name: 'xavierNormal' }, stream());
    expect([...a.parameters()[0].toArray()]).toEqual([...b.parameters()[0].toArray()]);
  });

  it('says what is wrong', () => {
    const model = new Linear(2, 2);
    const refused =
      (options: unknown): (() => unknown) =>
      () =>
        initialize(model, options as InitializeOptions);
    expect(refused({ name: 'he' })).toThrow(
      "initialize: unknown initializer 'he'; allowed are default, xavierNormal, xavierUniform, heNormal, heUniform, orthogonal, normal, zeros, constant",
    );
    expect(refused({ name: 'heNormal', gain: 0 })).toThrow("initialize: gain is 0; it must be a number above 0, or 'auto'");
    expect(refused({ name: 'normal', std: -1 })).toThrow('initialize: std is -1; it must be a number of at least 0');
    expect(refused({ name: 'constant' })).toThrow('initialize: value is undefined; it must be a finite number');
    expect(refused({ name: 'normal', gain: 1 })).toThrow('initialize: normal has no gain; it belongs to xavierNormal');
    expect(refused({ name: 'zeros', bias: Number.NaN })).toThrow('initialize: bias is NaN; it must be a finite number');
    expect(() => initialize(new ReLU(), { name: 'heNormal' })).toThrow('initialize: the model has no Linear layer');
    expect(() => init.orthogonal(emptyTensor([3]))).toThrow('orthogonal: the shape is [3]');
  });
});
