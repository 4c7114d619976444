import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../backend/current.ts';
import { crossEntropy, mseLoss } from '../loss/index.ts';
import '../ops/index.ts';
import { manualSeed, Random } from '../random.ts';
import { randn, tensor } from '../tensor/create.ts';
import { liveTensors } from '../tensor/scope.ts';
import { ReLU, Tanh } from './activations.ts';
import { BatchNorm1d } from './batch-norm.ts';
import { type InitializeOptions, initialize } from './initialize.ts';
import { Linear } from './linear.ts';
import { momentsOf, type ProbeRow, probe } from './probe.ts';
import { Sequential } from './sequential.ts';

describe('probe', () => {
  it('tells the numbers of a net small enough to do by hand', () => {
    withBackend('reference64', () => {
      const model = new Sequential(new Linear(2, 2), new ReLU(), new Linear(2, 1));
      const [w1, b1, w2, b2] = model.parameters();
      w1.set([1, 0, 0, -1]);
      b1.set([0, 0]);
      w2.set([2, 5]);
      b2.set([1]);
      // z = (1, -2) and (3, -4);  relu: (1, 0) and (3, 0);  ŷ = 3 and 7;  L = ((3 - 1)² + (7 - 3)²)/2 = 10;  dŷ = 2 and 4
      const rows = probe(
        model,
        tensor([
          [1, 2],
          [3, 4],
        ]),
        y => mseLoss(y, tensor([[1], [3]])),
      );
      expect(rows.map(({ path, type, shape }) => [path, type, shape])).toEqual([
        ['0', 'Linear', [2, 2]],
        ['1', 'ReLU', [2, 2]],
        ['2', 'Linear', [2, 1]],
      ]);
      const [first, relu, last] = rows;
      expect(first.activation).toEqual({
        mean: -0.5,
        variance: 7.25,
        std: Math.sqrt(7.25),
        rms: Math.sqrt(7.5),
        zeros: 0,
        min: -4,
        max: 3,
        notFinite: 0,
      });
      expect(relu.activation.zeros).toBe(0.5);
      expect(relu.deadUnits).toBe(0.5);
      expect(first.deadUnits).toBe(0);
      expect(last.gradient).toMatchObject({ mean: 3, std: 1, min: 2, max: 4 });
      expect(relu.gradient).toMatchObject({ min: 4, max: 20, zeros: 0 }); //  dŷ (2, 5)
      expect(first.gradient).toMatchObject({ min: 0, max: 8, zeros: 0.5 }); // what the dead unit lets through
      // dW2 = Σ dŷ relu = (2·1 + 4·3, 0), db2 = 6; dW1 = rows (4·1 + 8·3, 4·2 + 8·4) and 0
      expect(last.parameters).toEqual([
        { name: 'weight', shape: [1, 2], norm: Math.sqrt(29), gradNorm: 14 },
        { name: 'bias', shape: [1], norm: 1, gradNorm: 6 },
      ]);
      expect(first.parameters[0].gradNorm).toBeCloseTo(Math.hypot(28, 40), 12);
      expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
    });
  });

  it('leaves the model as it was', () => {
    const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), new Tanh(), new Linear(4, 2));
    const x = randn([5, 3]);
    const labels = tensor([0, 1, 1, 0, 1]);
    crossEntropy(model.forward(x), labels).backward();
    const state = (): unknown => [
      ...model.parameters().map(p => [[...p.toArray()], [...p.grad!.toArray()]]),
      ...model.namedBuffers().map(([, b]) => [...b.toArray()]),
    ];
    const before = state();
    const live = liveTensors();
    expect(probe(model, x, y => crossEntropy(y, labels))).toHaveLength(4);
    expect(state()).toEqual(before);
    expect(liveTensors()).toBe(live);
    model.zeroGrad();
    probe(model, x, y => crossEntropy(y, labels));
    expect(model.parameters().every(p => p.grad === null)).toBe(true);
  });

  it.each<BackendName>(['wasm', 'reference64'])('shows what a bad start does to a deep net, on %s', name => {
    withBackend(name, () => {
      const run = (options: InitializeOptions): ProbeRow[] => {
        manualSeed(11);
        const hidden = Array.from({ length: 12 }, () => [new Linear(50, 50), new ReLU()]).flat();
        const model = new Sequential(...hidden, new Linear(50, 10));
        initialize(model, options);
        const x = randn([64, 50], { stream: new Random(2).stream('x') });
        const labels = tensor(Array.from({ length: 64 }, (_, i) => i % 10));
        return probe(model, x, y => crossEntropy(y, labels)).filter(row => row.type === 'ReLU');
      };
      const ratio = (rows: ProbeRow[], of: (row: ProbeRow) => number): number => of(rows.at(-1)!) / of(rows[0]);
      const good = run({ name: 'heNormal' });
      expect(good).toHaveLength(12);
      expect(ratio(good, row => row.activation.rms)).toBeGreaterThan(0.2);
      expect(ratio(good, row => row.activation.rms)).toBeLessThan(5);
      expect(ratio(good, row => row.gradient!.rms)).toBeGreaterThan(0.2);
      expect(ratio(good, row => row.gradient!.rms)).toBeLessThan(5);
      for (const row of good) expect(Math.abs(row.activation.zeros - 0.5)).toBeLessThan(0.15);
      const small = run({ name: 'normal', std: 0.01 });
      expect(ratio(small, row => row.activation.rms)).toBeLessThan(1e-10);
      expect(ratio(small, row => row.gradient!.rms)).toBeGreaterThan(1e10);
      const large = run({ name: 'normal', std: 1 });
      expect(ratio(large, row => row.activation.rms)).toBeGreaterThan(1e5);
      const dead = run({ name: 'normal', std: 0.01, bias: -1 });
      expect(dead[0].deadUnits).toBe(1);
      expect(dead[3].gradient!.zeros).toBe(1);
    });
  });

  it('counts what is not finite, and leaves it out', () => {
    expect(momentsOf([1, Number.NaN, 3, Number.POSITIVE_INFINITY])).toMatchObject({ mean: 2, std: 1, notFinite: 2 });
    expect(momentsOf([])).toMatchObject({ mean: 0, std: 0, zeros: 0, notFinite: 0 });
  });
});
