import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cos, exp, expm1, log, log1p, pow, sin, tanh } from './math.ts';

const settings = { numRuns: 4000, seed: 1 };
const inside = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const off = (actual: number, expected: number): number =>
  Object.is(actual, expected) ? 0 : Math.abs(actual - expected) / Math.abs(expected);

function agrees(f: (x: number) => number, reference: (x: number) => number, min: number, max: number, relative = 1e-15): void {
  fc.assert(
    fc.property(inside(min, max), x => off(f(x), reference(x)) <= relative),
    settings,
  );
  const steps = 4000;
  for (let i = 0; i <= steps; i++) {
    const x = min + ((max - min) * i) / steps;
    expect(off(f(x), reference(x)), `at ${x}`).toBeLessThanOrEqual(relative);
  }
}

describe('deterministic functions agree with Math', () => {
  it('exp', () => {
    agrees(exp, Math.exp, -708, 709.7);
    agrees(exp, Math.exp, -1, 1, 5e-16);
  });
  it('expm1', () => agrees(expm1, Math.expm1, -40, 5));
  it('log', () => {
    agrees(log, Math.log, 1e-300, 1e300);
    agrees(log, Math.log, 0.2, 3, 5e-16);
  });
  it('log1p', () => agrees(log1p, Math.log1p, -0.28, 0.4));
  it('tanh', () => agrees(tanh, Math.tanh, -25, 25, 2e-15));
  it('sin and cos, absolutely, over four decades of turns', () => {
    for (const size of [1, 10, 1e3, 1e6, 1e9, 1e22, 1.7e308]) {
      fc.assert(
        fc.property(inside(-size, size), x => Math.abs(sin(x) - Math.sin(x)) <= 3e-16 && Math.abs(cos(x) - Math.cos(x)) <= 3e-16),
        { numRuns: size > 1e6 ? 200 : 2000, seed: 2 },
      );
    }
    agrees(sin, Math.sin, -0.78, 0.78, 5e-16);
  });
  it('sin at the hardest multiples of π/2', () => {
    for (const x of [Math.PI, Math.PI / 2, 22, 355, 6381956970095103 * 2 ** 797]) {
      expect(off(sin(x), Math.sin(x))).toBeLessThanOrEqual(1e-12);
      expect(off(cos(x), Math.cos(x))).toBeLessThanOrEqual(1e-12);
    }
  });
});

describe('pow', () => {
  it('multiplies for whole powers', () => {
    expect(pow(3, 4)).toBe(81);
    expect(pow(-2, 3)).toBe(-8);
    expect(pow(1.5, 2)).toBe(2.25);
    expect(pow(2, -3)).toBe(0.125);
    expect(pow(10, -310)).toBeCloseTo(1e-310, 322);
  });
  it('agrees with Math.pow', () => {
    fc.assert(
      fc.property(inside(1e-3, 1e3), inside(-20, 20), (x, y) => off(pow(x, y), x ** y) <= 1e-14),
      settings,
    );
  });
  it('has the special cases of Math.pow', () => {
    const values = [NaN, 0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, 1.5, -1.5, Infinity, -Infinity, 1e20];
    for (const x of values) {
      for (const y of values) {
        const expected = x ** y;
        const actual = pow(x, y);
        const same = Object.is(actual, expected) || Math.abs(actual - expected) <= 1e-15 * Math.abs(expected);
        expect(same, `pow(${x}, ${y}) is ${actual}, Math.pow gives ${expected}`).toBe(true);
      }
    }
  });
});

describe('edges', () => {
  it('has the limits and special values of Math', () => {
    const values = [NaN, 0, -0, Infinity, -Infinity, 1e-320, -1e-320, 800, -800, -745, 709.9, 2 ** -1060];
    const pairs = {
      exp: [exp, Math.exp],
      expm1: [expm1, Math.expm1],
      log: [log, Math.log],
      log1p: [log1p, Math.log1p],
      tanh: [tanh, Math.tanh],
    } as const;
    for (const [name, [own, theirs]] of Object.entries(pairs)) {
      for (const x of values) {
        const a = own(x);
        const b = theirs(x);
        expect(Object.is(a, b) || Math.abs(a - b) <= 1e-15 * Math.abs(b), `${name}(${x}) is ${a}, Math gives ${b}`).toBe(true);
      }
    }
    for (const x of [NaN, Infinity, -Infinity]) {
      expect(sin(x)).toBeNaN();
      expect(cos(x)).toBeNaN();
    }
    expect(Object.is(sin(-0), -0)).toBe(true);
    expect(cos(0)).toBe(1);
  });
  it('keeps its bits: a change of the last place would change every trained model', () => {
    expect(
      [exp(1), exp(-3.7), log(3), log(1e-7), sin(2), cos(2), tanh(0.3), pow(0.999, 1.5)].map(x => x.toString()),
    ).toMatchInlineSnapshot(`
      [
        "2.7182818284590455",
        "0.024723526470339388",
        "1.0986122886681098",
        "-16.11809565095832",
        "0.9092974268256817",
        "-0.4161468365471424",
        "0.29131261245159085",
        "0.9985003750625235",
      ]
    `);
  });
});
