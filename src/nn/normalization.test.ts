import { describe, expect, it } from 'vitest';
import { gradientError } from '../autograd/check.ts';
import { noGrad, observeOps } from '../autograd/mode.ts';
import { type BackendName, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import '../ops/index.ts';
import { currentRandom, manualSeed, Random } from '../random.ts';
import { randn, tensor } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import { ReLU } from './activations.ts';
import { BatchNorm1d, recalibrateBatchNorm } from './batch-norm.ts';
import { Dropout } from './dropout.ts';
import { LayerNorm } from './layer-norm.ts';
import { Linear } from './linear.ts';
import { type Module, observeForward } from './module.ts';
import { Sequential } from './sequential.ts';

/** Four batches of four features: a plain one, one of mean 1000 and deviation 2, one of tiny numbers, one of mean -3. */
function batches(n: number): Float64Array[] {
  const stream = new Random(3).stream('batches');
  return Array.from({ length: 4 }, () =>
    Float64Array.from({ length: n * 4 }, (_, i) => {
      const z = stream.normal();
      return Math.fround([z, 1000 + 2 * z, 1e-3 * z, -3 + 0.1 * z][i % 4]);
    }),
  );
}

const moments = (x: Float64Array, f: number): { mean: number; biased: number; unbiased: number } => {
  const column = [...x].filter((_, i) => i % 4 === f);
  const mean = column.reduce((a, b) => a + b) / column.length;
  const squares = column.reduce((a, b) => a + (b - mean) ** 2, 0);
  return { mean, biased: squares / column.length, unbiased: squares / (column.length - 1) };
};

describe.each<BackendName>(['reference64', 'reference', 'wasm'])('batch norm, ReLU and dropout in a Sequential on %s', name => {
  const make = (): Module[] => {
    const norm = new BatchNorm1d(20);
    norm.weight!.set(Array.from({ length: 20 }, (_, i) => 1 - i / 15));
    norm.bias!.set(Array.from({ length: 20 }, (_, i) => i / 10 - 1));
    return [norm, new ReLU(), new Dropout(0.3)];
  };
  const values = Float32Array.from({ length: 31 * 20 }, (_, i) => Math.sin(i * i));
  /** Two passes, by the container or layer by layer: outputs, gradients, running statistics, and where the random numbers stand. */
  const trained = (layers: readonly Module[], isWhole: boolean, isTraining: boolean): unknown => {
    manualSeed(5);
    const whole = new Sequential(...layers);
    if (!isTraining) whole.eval();
    const x = tensor(values, { shape: [31, 20], requiresGrad: true });
    const kept: number[][] = [];
    for (let i = 0; i < 2; i++) {
      const y = isWhole ? whole.forward(x) : layers.reduce((input, layer) => layer.forward(input), x);
      y.square().sum().backward();
      kept.push([...y.toArray()]);
    }
    const gradients = [x, ...whole.parameters()].map(t => [...t.grad!.toArray()]);
    const state = [...whole.stateDict().values()].map(t => [...t.toArray()]);
    return { kept, gradients, state, random: currentRandom().state() };
  };

  it.each([
    ['all three', (layers: Module[]) => layers],
    ['without dropout', (layers: Module[]) => layers.slice(0, 2)],
    ['with a dropout that is at rest', ([norm, relu]: Module[]) => [norm, relu, new Dropout(0.5).eval()]],
    ['a dropout of 0', ([norm, relu]: Module[]) => [norm, relu, new Dropout(0)]],
    ['a batch norm without weights', ([, relu, dropout]: Module[]) => [new BatchNorm1d(20, { affine: false }), relu, dropout]],
    ['a batch norm that remembers nothing', ([, relu]: Module[]) => [new BatchNorm1d(20, { trackRunningStats: false }), relu]],
  ])('%s: the bits of one layer after the other', (_, choose) => {
    withBackend(name, () => {
      for (const isTraining of [true, false]) {
        const run = (isWhole: boolean): unknown => step(() => trained(choose(make()), isWhole, isTraining));
        expect(run(true)).toEqual(run(false));
      }
    });
  });

  it('is one op, unless a layer by itself is watched', () => {
    withBackend(name, () =>
      step(() => {
        const model = new Sequential(...make());
        const x = tensor(values, { shape: [31, 20] });
        const names: string[] = [];
        observeOps(
          (_, { op }) => names.push(op.name),
          () => model.forward(x),
        );
        expect(names).toEqual(['batchNormRelu']);
        names.length = 0;
        observeOps(
          (_, { op }) => names.push(op.name),
          () =>
            observeForward(
              () => {},
              () => model.call(x),
            ),
        );
        expect(names).toEqual(['batchNorm', 'relu', 'dropout']);
      }),
    );
  });

  it('says what is wrong with its input as batch norm does', () => {
    withBackend(name, () => {
      const model = new Sequential(...make());
      expect(() => step(() => model.forward(randn([4, 3])))).toThrow('BatchNorm1d: the input is [4, 3]');
      expect(() => step(() => model.forward(randn([1, 20])))).toThrow("a batch's statistics need at least 2");
    });
  });
});

describe.each<[BackendName, number]>([
  ['reference64', 1e-12],
  ['wasm', 2e-6],
])('BatchNorm1d on %s', (name, tolerance) => {
  it('follows its equations through four batches and inference, with a feature of mean 1000', () => {
    withBackend(name, () => {
      const layer = new BatchNorm1d(4);
      const gamma = [1.5, 0.5, -2, 1];
      const beta = [0, 1, -1, 0.25];
      layer.weight!.set(gamma);
      layer.bias!.set(beta);
      const running = { mean: [0, 0, 0, 0], variance: [1, 1, 1, 1] };
      for (const x of batches(16)) {
        const y = layer.forward(tensor([...x], { shape: [16, 4] })).toArray();
        x.forEach((value, i) => {
          const { mean, biased } = moments(x, i % 4);
          expect(Math.abs(y[i] - ((gamma[i % 4] * (value - mean)) / Math.sqrt(biased + 1e-5) + beta[i % 4]))).toBeLessThan(tolerance * 2);
        });
        for (let f = 0; f < 4; f++) {
          const { mean, unbiased } = moments(x, f);
          running.mean[f] = 0.9 * running.mean[f] + 0.1 * mean;
          running.variance[f] = 0.9 * running.variance[f] + 0.1 * unbiased;
        }
      }
      const state = layer.stateDict();
      expect([...state.keys()]).toEqual(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
      expect(state.get('num_batches_tracked')!.item()).toBe(4);
      for (let f = 0; f < 4; f++) {
        const [mean, variance] = [state.get('running_mean')!.toArray()[f], state.get('running_var')!.toArray()[f]];
        expect(Math.abs(mean - running.mean[f])).toBeLessThan(tolerance * Math.abs(running.mean[f]) + 1e-10);
        expect(Math.abs(variance - running.variance[f])).toBeLessThan(tolerance * running.variance[f]);
      }
      layer.eval();
      const x = batches(16)[0];
      const y = layer.forward(tensor([...x], { shape: [16, 4] })).toArray();
      x.forEach((value, i) => {
        const f = i % 4;
        const want = (gamma[f] * (value - running.mean[f])) / Math.sqrt(running.variance[f] + 1e-5) + beta[f];
        expect(Math.abs(y[i] - want)).toBeLessThan(4 * tolerance * Math.max(1, Math.abs(want)));
      });
      expect(state.get('num_batches_tracked')!.item()).toBe(4);
    });
  });
});

describe('BatchNorm1d', () => {
  it('takes [batch, features, length] by feature', () => {
    withBackend('reference64', () => {
      const x = randn([3, 2, 5], { stream: new Random(1).stream('x') });
      const got = new BatchNorm1d(2).forward(x).toArray();
      const flat = new BatchNorm1d(2).forward(x.permute([0, 2, 1]).reshape([15, 2]));
      const want = flat.reshape([3, 5, 2]).permute([0, 2, 1]).toArray();
      want.forEach((v, i) => {
        expect(got[i]).toBeCloseTo(v, 13);
      });
    });
  });

  it('averages all batches alike with momentum null', () => {
    withBackend('reference64', () => {
      const layer = new BatchNorm1d(4, { momentum: null });
      const all = batches(8);
      for (const x of all) layer.forward(tensor([...x], { shape: [8, 4] }));
      const want = all.reduce((sum, x) => sum + moments(x, 1).mean, 0) / 4;
      expect(layer.runningMean!.toArray()[1]).toBeCloseTo(want, 10);
      expect(layer.runningVar!.toArray()[1]).toBeCloseTo(all.reduce((sum, x) => sum + moments(x, 1).unbiased, 0) / 4, 10);
    });
  });

  it('uses the batch in inference too without running statistics', () => {
    const layer = new BatchNorm1d(2, { trackRunningStats: false, affine: false }).eval();
    expect(layer.stateDict().size).toBe(0);
    expect(
      [
        ...layer
          .forward(
            tensor([
              [1, 10],
              [3, 30],
            ]),
          )
          .toArray(),
      ].map(Math.round),
    ).toEqual([-1, -1, 1, 1]);
  });

  it('keeps no tensor but its own from step to step', () => {
    const layer = new BatchNorm1d(4);
    const x = randn([8, 4]);
    const run = (): void =>
      step(() => {
        layer.zeroGrad();
        layer.forward(x).square().mean().backward();
      });
    run();
    const before = liveTensors();
    for (let i = 0; i < 20; i++) run();
    expect(liveTensors()).toBe(before);
  });

  it('says what is wrong', () => {
    const layer = new BatchNorm1d(3);
    expect(() => layer.forward(randn([1, 3]))).toThrow(
      "batchNorm: the input is [1, 3], 1 value for each feature; a batch's statistics need at least 2. Use a batchSize of at least 2 with dropLast: true, or call eval() for inference",
    );
    expect(layer.numBatchesTracked!.item()).toBe(0);
    expect(layer.forward(randn([1, 3, 2])).shape).toEqual([1, 3, 2]);
    expect(layer.eval().forward(randn([1, 3])).shape).toEqual([1, 3]);
    expect(() => layer.forward(randn([2, 4]))).toThrow('BatchNorm1d: the input is [2, 4]; it must be [batch, 3] or [batch, 3, length]');
    expect(() => new BatchNorm1d(0)).toThrow('BatchNorm1d: numFeatures is 0; it must be a whole number of at least 1');
    expect(() => new BatchNorm1d(3, { eps: -1 })).toThrow('BatchNorm1d: eps is -1; it must be a number of at least 0');
    expect(() => new BatchNorm1d(3, { momentum: 1.5 })).toThrow('BatchNorm1d: momentum is 1.5; it must be from 0 to 1, or null');
    expect(() => new BatchNorm1d(3, { momentum: Number.NaN })).toThrow(UserError);
  });
});

describe('recalibrateBatchNorm', () => {
  it('finds the statistics of the data under the present weights, without dropout, and leaves the modes as they were', () => {
    withBackend('reference64', () => {
      manualSeed(1);
      const model = new Sequential(new Linear(4, 3), new Dropout(0.5), new BatchNorm1d(3));
      const norm = model.at(2) as BatchNorm1d;
      const data = batches(8).map(x => tensor([...x], { shape: [8, 4] }));
      const outputs = data.map(x => noGrad(() => (model.at(0) as Linear).forward(x)));
      expect(recalibrateBatchNorm(model, data)).toBe(4);
      const want = outputs.reduce((sum, y) => sum + y.mean(0).toArray()[1], 0) / 4;
      expect(Math.abs(norm.runningMean!.toArray()[1] - want)).toBeLessThan(1e-9);
      expect(norm.numBatchesTracked!.item()).toBe(4);
      expect(model.namedModules().every(([, module]) => module.training)).toBe(true);
      const before = norm.runningMean!.toArray();
      expect(() => recalibrateBatchNorm(model, [])).toThrow('there was no batch');
      expect(() => recalibrateBatchNorm(model, [data[0], randn([2, 9])])).toThrow(UserError);
      expect([...norm.runningMean!.toArray()]).toEqual([...before]);
      expect(() => recalibrateBatchNorm(new Linear(2, 2), data)).toThrow('the model has no BatchNorm1d with running statistics');
    });
  });
});

describe('LayerNorm', () => {
  it.each<[BackendName, number]>([
    ['reference64', 1e-12],
    ['wasm', 1e-6],
  ])('normalizes each row by itself, far from 0 too, on %s', (name, tolerance) => {
    withBackend(name, () => {
      const layer = new LayerNorm([2, 3]);
      layer.weight!.set([1, 2, 3, 4, 5, 6]);
      layer.bias!.set([0, 0, 0, 1, 1, 1]);
      const values = [1, 2, 4, 0, -1, 7, 1000, 1001, 1002.5, 999, 998, 1000.25].map(Math.fround);
      const y = layer.forward(tensor(values, { shape: [2, 2, 3] })).toArray();
      for (let r = 0; r < 2; r++) {
        const row = values.slice(6 * r, 6 * r + 6);
        const mean = row.reduce((a, b) => a + b) / 6;
        const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / 6;
        row.forEach((v, i) => {
          const want = ((i + 1) * (v - mean)) / Math.sqrt(variance + 1e-5) + (i < 3 ? 0 : 1);
          expect(Math.abs(y[6 * r + i] - want)).toBeLessThan(tolerance * Math.max(1, Math.abs(want)));
        });
      }
    });
  });

  it('has right gradients, first and second', () => {
    withBackend('reference64', () => {
      const layer = new LayerNorm(5);
      const stream = new Random(2).stream('x');
      layer.weight!.set(randn([5], { stream }));
      const x = randn([3, 5], { stream, requiresGrad: true });
      const f = (): ReturnType<LayerNorm['forward']> => layer.forward(x);
      expect(gradientError(f, [x, layer.weight!, layer.bias!])).toBeLessThan(1e-8);
      expect(gradientError(f, [x, layer.weight!, layer.bias!], { order: 2 })).toBeLessThan(1e-7);
    });
  });

  it('says what is wrong, and takes one row', () => {
    const layer = new LayerNorm(3, { bias: false });
    expect([...layer.stateDict().keys()]).toEqual(['weight']);
    expect(layer.forward(randn([3])).shape).toEqual([3]);
    expect(() => layer.forward(randn([2, 4]))).toThrow(
      'LayerNorm: the input is [2, 4]; its last dimensions must be the normalized shape [3]',
    );
    expect(() => new LayerNorm([])).toThrow('LayerNorm: normalizedShape is []');
    expect(() => new LayerNorm(3, { eps: Number.NaN })).toThrow('LayerNorm: eps is NaN; it must be a number of at least 0');
  });
});
