import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from './errors.ts';
import { currentRandom, manualSeed, Random, randomWord, type Stream, threefry2x32, withRandom } from './random.ts';

const hex = (words: Uint32Array): string => Array.from(words, w => w.toString(16).padStart(8, '0')).join(' ');

function block(key0: number, key1: number, c0: number, c1: number): string {
  const out = new Uint32Array(2);
  threefry2x32(key0, key1, c0, c1, out);
  return hex(out);
}

describe('threefry2x32', () => {
  it('gives the known answers of the authors', () => {
    expect(block(0, 0, 0, 0)).toBe('6b200159 99ba4efe');
    expect(block(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)).toBe('1cb996fc bb002be7');
    expect(block(0x13198a2e, 0x03707344, 0x243f6a88, 0x85a308d3)).toBe('c4923a9c 483df7a0');
  });

  it('numbers the words of a sequence from any start', () => {
    const out = new Uint32Array(2);
    for (const counter of [0, 1, 7, 0xffffffff]) {
      for (let i = 0; i < 5; i++) {
        const j = (counter + i) >>> 0;
        threefry2x32(3, 4, j >>> 1, 0, out);
        expect(randomWord({ key0: 3, key1: 4, counter }, i)).toBe(out[j & 1]);
      }
    }
  });
});

/** Σ (observed - expected)² / expected over equal cells. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((a, b) => a + b, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function count(n: number, cells: number, draw: () => number): number[] {
  const counts = new Array<number>(cells).fill(0);
  for (let i = 0; i < n; i++) counts[draw()]++;
  return counts;
}

function moments(values: ArrayLike<number>): { mean: number; std: number; skew: number; kurtosis: number } {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  const central = (p: number) => all.reduce((sum, x) => sum + (x - mean) ** p, 0) / all.length;
  const std = Math.sqrt(central(2));
  return { mean, std, skew: central(3) / std ** 3, kurtosis: central(4) / std ** 4 };
}

// 1e-4 of true generators would exceed these: χ² with 99, 6 degrees of freedom
const CHI_99 = 161.3;
const CHI_6 = 27.9;

describe('Stream', () => {
  const stream = (name = 'test', seed = 1): Stream => new Random(seed).stream(name);

  it('uniform() is in [0, 1) and spread evenly', () => {
    const s = stream();
    const values = Array.from({ length: 100_000 }, () => s.uniform());
    expect(values.every(u => u >= 0 && u < 1)).toBe(true);
    let i = 0;
    expect(chiSquare(count(values.length, 100, () => Math.floor(values[i++] * 100)))).toBeLessThan(CHI_99);
  });

  it('uniform() has 53 bits', () => {
    const s = stream();
    let low = 0;
    for (let i = 0; i < 100; i++) low |= (s.uniform() * 2 ** 53) % 256;
    expect(low).toBe(255);
  });

  it('int(n) is unbiased, also for n near 2^32 and beyond', () => {
    const s = stream();
    expect(chiSquare(count(70_000, 7, () => s.int(7)))).toBeLessThan(CHI_6);
    // with n = 3·2^30 a modulo would give the lowest third twice the share
    expect(chiSquare(count(30_000, 3, () => Math.floor(s.int(3 * 2 ** 30) / 2 ** 30)))).toBeLessThan(18.4);
    expect(chiSquare(count(30_000, 3, () => Math.floor(s.int(3 * 2 ** 51) / 2 ** 51)))).toBeLessThan(18.4);
    expect(s.int(1)).toBe(0);
    expect(s.int(2 ** 53)).toBeGreaterThan(2 ** 40);
  });

  it('int(n) refuses what is no count', () => {
    for (const n of [0, -1, 1.5, NaN, 2 ** 54]) expect(() => stream().int(n)).toThrow(`int(${n}): expected a whole number from 1 to 2^53`);
  });

  it('normal() and fillNormal have the moments of the normal distribution', () => {
    const s = stream();
    const n = 100_000;
    const filled = new Float64Array(n);
    s.fillNormal(filled, 0, 1);
    for (const values of [Array.from({ length: n }, () => s.normal()), filled]) {
      const { mean, std, skew, kurtosis } = moments(values);
      expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
      expect(Math.abs(std - 1)).toBeLessThan(4 / Math.sqrt(2 * n));
      expect(Math.abs(skew)).toBeLessThan(4 * Math.sqrt(6 / n));
      expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / n));
    }
    const scaled = new Float32Array(20_001);
    s.fillNormal(scaled, 5, 0.1);
    expect(moments(scaled).mean).toBeCloseTo(5, 2);
    expect(moments(scaled).std).toBeCloseTo(0.1, 2);
  });

  it('fillUniform stays in its bounds, spreads evenly and fills odd lengths', () => {
    const values = new Float32Array(100_001);
    stream().fillUniform(values);
    expect(values.every(v => v >= 0 && v < 1)).toBe(true);
    let i = 0;
    expect(chiSquare(count(values.length, 100, () => Math.floor(values[i++] * 100)))).toBeLessThan(CHI_99);
    const wide = new Float32Array(1001);
    stream().fillUniform(wide, -3, 5);
    expect(Math.min(...wide)).toBeLessThan(-2.9);
    expect(Math.max(...wide)).toBeGreaterThan(4.9);
    expect(wide.every(v => v >= -3 && v <= 5)).toBe(true);
  });

  it('fills half a million values in well under a tenth of a second', () => {
    const values = new Float32Array(500_000);
    const s = stream();
    s.fillUniform(values);
    const start = performance.now();
    s.fillUniform(values);
    expect(performance.now() - start).toBeLessThan(100);
  });

  it('permutation(n) holds every index once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 300 }), fc.maxSafeNat(), (n, seed) => {
        const order = new Random(seed).stream('shuffle').permutation(n);
        expect(Array.from(order).sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('permutation(3) gives the six orders equally often', () => {
    const s = stream();
    const cell = new Map(['012', '021', '102', '120', '201', '210'].map((order, i) => [order, i]));
    expect(chiSquare(count(30_000, 6, () => cell.get(s.permutation(3).join(''))!))).toBeLessThan(25.7);
  });

  it('streams, children and kernel keys do not overlap', () => {
    const seen = new Map<string, string>();
    const note = (value: string, from: string): void => {
      expect(seen.get(value), `${value} is both in ${seen.get(value)} and in ${from}`).toBeUndefined();
      seen.set(value, from);
    };
    for (const seed of [0, 1, 2 ** 32, 2 ** 53 - 1]) {
      const random = new Random(seed);
      for (const name of ['init', 'shuffle', 'dropout', '', 'Init', 'é', 'tini']) {
        const s = random.stream(name);
        for (let i = 0; i < 200; i++) note(String(s.uniform()), `${seed} ${name}`);
        const child = s.split('epoch 1');
        for (let i = 0; i < 200; i++) note(String(child.uniform()), `${seed} ${name} child`);
        for (let i = 0; i < 20; i++) {
          const key = s.key();
          note(`${key.key0} ${key.key1}`, `${seed} ${name} key ${i}`);
        }
      }
    }
  });

  it('streams are uncorrelated', () => {
    const a = new Float64Array(20_000);
    const b = new Float64Array(20_000);
    const random = new Random(5);
    random.stream('a').fillNormal(a);
    random.stream('b').fillNormal(b);
    const correlation = a.reduce((sum, x, i) => sum + x * b[i], 0) / a.length;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(a.length));
  });

  it('split draws nothing and depends on the name alone', () => {
    const s = stream();
    const before = s.split('x').uniform();
    s.uniform();
    const state = s.state();
    expect(s.split('x').uniform()).toBe(before);
    expect(s.state()).toEqual(state);
  });

  it('keeps its bits', () => {
    const s = stream('init', 42);
    expect([s.uniform(), s.normal(), s.int(1000), s.split('a').uniform()].map(String)).toMatchInlineSnapshot(`
      [
        "0.706401161288063",
        "0.7950388140719183",
        "42",
        "0.8431580787154882",
      ]
    `);
    expect(s.key()).toMatchInlineSnapshot(`
      {
        "counter": 0,
        "key0": 3385818948,
        "key1": 3343222851,
      }
    `);
  });
});

describe('Random', () => {
  it('takes whole numbers from 0 to 2^53 - 1 and nothing else', () => {
    for (const seed of [0, 1, 2 ** 32, 2 ** 53 - 1]) expect(new Random(seed).seed).toBe(seed);
    for (const seed of [-1, 1.5, NaN, Infinity, 2 ** 53, undefined as unknown as number]) {
      expect(() => new Random(seed)).toThrow(`seed is ${seed}, expected a whole number from 0 to 2^53 - 1`);
    }
    expect(() => new Random('7' as unknown as number)).toThrow(new UserError("seed is '7', expected a whole number from 0 to 2^53 - 1"));
  });

  it('the order in which streams are asked for changes nothing', () => {
    const a = new Random(9);
    const b = new Random(9);
    b.stream('other').uniform();
    expect(b.stream('init').uniform()).toBe(a.stream('init').uniform());
    expect(a.stream('init')).toBe(a.stream('init'));
  });

  it('goes on from a state saved as JSON, at any point', () => {
    const draw = (random: Random): unknown[] => [
      random.stream('a').uniform(),
      random.stream('a').normal(),
      random.stream('b').key(),
      random.stream('b').permutation(5).join(),
    ];
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat({ max: 20 }), (seed, before) => {
        const random = new Random(seed);
        for (let i = 0; i < before; i++) draw(random);
        const saved = JSON.parse(JSON.stringify(random.state()));
        const expected = draw(random);
        const other = new Random(0);
        const held = other.stream('a');
        held.uniform();
        other.stream('c').uniform();
        other.restore(saved);
        expect(draw(other)).toEqual(expected);
        expect(other.seed).toBe(seed);
        expect(other.stream('a')).toBe(held);
        expect(other.stream('c').state()).toEqual({ position: 0, keys: 0 });
      }),
      { numRuns: 50, seed: 4 },
    );
  });

  it('refuses a damaged state', () => {
    const damaged = { seed: 1, streams: { a: { position: -1, keys: 0 } } };
    expect(() => new Random(1).restore(damaged)).toThrow('random stream state: position is -1, expected a whole number from 0');
  });

  it('crosses 2^32 blocks without repeating', () => {
    const s = new Random(1).stream('long');
    const start = s.uniform();
    s.restore({ position: 2 ** 32, keys: 2 ** 32 });
    expect(s.uniform()).not.toBe(start);
    expect(s.key()).not.toEqual(new Random(1).stream('long').key());
  });
});

describe('the current generator', () => {
  it('manualSeed starts it anew', () => {
    const first = manualSeed(3).stream('x').uniform();
    currentRandom().stream('x').uniform();
    expect(manualSeed(3).stream('x').uniform()).toBe(first);
    expect(currentRandom().seed).toBe(3);
  });

  it('withRandom puts the former one back, also after an error', () => {
    const former = manualSeed(1);
    const random = new Random(2);
    expect(withRandom(random, () => currentRandom())).toBe(random);
    expect(currentRandom()).toBe(former);
    expect(() =>
      withRandom(random, () => {
        throw new Error('x');
      }),
    ).toThrow('x');
    expect(currentRandom()).toBe(former);
  });

  it('withRandom refuses a promise', () => {
    expect(() => withRandom(new Random(1), async () => 1)).toThrow('withRandom was given a function that returns a promise');
  });
});
