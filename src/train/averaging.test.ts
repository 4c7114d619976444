import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { Linear, Sequential } from '../nn/index.ts';
import '../ops/index.ts';
import { WeightAverage, type WeightAverageOptions } from './averaging.ts';

/** The average after weights of 1, 4, 2 and 8 were taken in. */
function averaged(options: WeightAverageOptions): number {
  return withBackend('reference64', () => {
    const model = new Linear(1, 1, { bias: false });
    const average = new WeightAverage(model, options);
    for (const w of [1, 4, 2, 8]) {
      model.weight.set([w]);
      average.update();
    }
    const before = model.weight.toArray()[0];
    const found = average.with(() => model.weight.toArray()[0]);
    expect(model.weight.toArray()[0]).toBe(before);
    return found;
  });
}

describe('WeightAverage', () => {
  it('averages by its equation', () => {
    expect(averaged({ kind: 'swa' })).toBeCloseTo(15 / 4, 14);
    const ema = (decays: number[]): number => [4, 2, 8].reduce((a, w, i) => decays[i] * a + (1 - decays[i]) * w, 1);
    expect(averaged({ kind: 'ema', decay: 0.9 })).toBeCloseTo(ema([0.9, 0.9, 0.9]), 14);
    expect(averaged({ kind: 'ema', decay: 0.3, warmup: true })).toBeCloseTo(ema([2 / 11, 3 / 12, 0.3]), 14);
    expect(averaged({ kind: 'ema', decay: 0 })).toBe(8);
  });

  it('goes on from a saved state as if it had not been interrupted', () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1));
    const [one, two] = [new WeightAverage(model, { kind: 'swa' }), new WeightAverage(model, { kind: 'swa' })];
    one.update();
    model.parameters()[0].set([1, 2, 3, 4]);
    one.update();
    const { updates, tensors } = one.stateDict();
    expect([...tensors.keys()]).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    const saved = new Map([...tensors].map(([path, t]) => [path, { shape: t.shape, values: 'values' in t ? t.values : t.toArray() }]));
    two.loadStateDict({ updates, tensors: saved });
    model.parameters()[0].set([9, 9, 9, 9]);
    one.update();
    two.update();
    const read = (average: WeightAverage): number[] => average.with(m => m.parameters().flatMap(p => [...p.toArray()]));
    expect(read(two)).toEqual(read(one));
  });

  it('says what is wrong', () => {
    const model = new Linear(2, 2);
    const average = new WeightAverage(model, { kind: 'ema' });
    expect(() => average.apply()).toThrow('WeightAverage: there is no average yet; call update() first');
    expect(() => average.restore()).toThrow('WeightAverage: nothing to restore; the model holds its own weights');
    average.update();
    average.apply();
    expect(average.isApplied).toBe(true);
    expect(() => average.update()).toThrow('call restore() before update()');
    average.restore();
    expect(() => new WeightAverage(model, { kind: 'ema', decay: 1 })).toThrow(
      'WeightAverage: decay is 1; it must be at least 0 and below 1',
    );
    expect(() => new WeightAverage(model, { kind: 'mean' as 'ema' })).toThrow("WeightAverage: unknown kind 'mean'; allowed are ema, swa");
    expect(() => average.loadStateDict({ updates: 1, tensors: new Map() })).toThrow(
      "WeightAverage: 'weight' is missing in the saved state",
    );
  });
});
