/** Each function of the kernels against double precision, over its whole range. */
import { describe, expect, test } from 'vitest';
import type { BinaryName, UnaryName } from '../kernels.ts';
import { backends, read, storageOf } from './testing.ts';

const TINY = 2 ** -126;

/** erf by its Taylor series, or its continued fraction for the complement. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 120; n++) {
      term *= (-a * a) / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * sum * 2) / Math.sqrt(Math.PI);
  }
  let f = 0;
  for (let n = 200; n > 0; n--) f = n / 2 / (a + f);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + f));
}

const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

interface Case {
  readonly exact: (x: number) => number;
  /** largest relative error, or absolute where said so */
  readonly tolerance: number;
  readonly absolute?: boolean;
  readonly ranges: readonly (readonly [number, number])[];
  readonly geometric?: readonly (readonly [number, number])[];
}

// 2 units in the last place are at most 2.4e-7, relative
const cases: Partial<Record<UnaryName, Case>> = {
  exp: {
    exact: Math.exp,
    tolerance: 1.2e-7,
    ranges: [
      [-87, 88.7],
      [-1, 1],
    ],
  },
  expm1: {
    exact: Math.expm1,
    tolerance: 2e-7,
    ranges: [
      [-30, 88.7],
      [-2, 2],
    ],
    geometric: [
      [1e-30, 1],
      [-1e-30, -1],
    ],
  },
  log: {
    exact: Math.log,
    tolerance: 1.2e-7,
    ranges: [
      [0.3, 3],
      [0.99, 1.01],
    ],
    geometric: [[TINY, 3e38]],
  },
  log1p: {
    exact: Math.log1p,
    tolerance: 2e-7,
    ranges: [
      [-0.999, 3],
      [-0.01, 0.01],
    ],
    geometric: [
      [1e-30, 3e38],
      [-1e-30, -0.9],
    ],
  },
  sqrt: { exact: Math.sqrt, tolerance: 6e-8, ranges: [], geometric: [[TINY, 3e38]] },
  rsqrt: { exact: x => 1 / Math.sqrt(x), tolerance: 1.2e-7, ranges: [], geometric: [[TINY, 3e38]] },
  reciprocal: { exact: x => 1 / x, tolerance: 6e-8, ranges: [[-3, 3]], geometric: [[1e-37, 1e37]] },
  tanh: {
    exact: Math.tanh,
    tolerance: 2.5e-7,
    ranges: [
      [-12, 12],
      [-1, 1],
    ],
    geometric: [
      [1e-30, 1],
      [-1e-30, -1],
    ],
  },
  sigmoid: {
    exact: x => 1 / (1 + Math.exp(-x)),
    tolerance: 2.4e-7,
    ranges: [
      [-87, 100],
      [-2, 2],
    ],
  },
  softplus: {
    exact: softplus,
    tolerance: 3e-7,
    ranges: [
      [-80, 100],
      [-2, 2],
    ],
  },
  erf: {
    exact: erf,
    tolerance: 2e-7,
    ranges: [
      [-5, 5],
      [-1.1, 1.1],
    ],
    geometric: [
      [1e-30, 1],
      [-1e-30, -1],
    ],
  },
  sin: {
    exact: Math.sin,
    tolerance: 1.5e-7,
    absolute: true,
    ranges: [
      [-10, 10],
      [-1e4, 1e4],
      [-1e6, 1e6],
    ],
  },
  cos: {
    exact: Math.cos,
    tolerance: 1.5e-7,
    absolute: true,
    ranges: [
      [-10, 10],
      [-1e4, 1e4],
      [-1e6, 1e6],
    ],
  },
  elu: { exact: x => (x > 0 ? x : 0.5 * Math.expm1(x)), tolerance: 2.5e-7, ranges: [[-20, 3]] },
};

const EDGES = [0, -0, 1, -1, 1e4, -1e4, 1e-6, -1e-6, 88.72284, 88.73, -103.98, 1e-45, 3e38, -3e38, Infinity, -Infinity, NaN];

describe.each(backends)('$name', ({ kernels }) => {
  const run = (name: UnaryName, x: Float32Array, p = 0): Float32Array => {
    const [from, to] = [storageOf(kernels, x), kernels.alloc(x.length)];
    kernels.unary(name, from, to, x.length, p);
    const y = read(kernels, to);
    kernels.free(from);
    kernels.free(to);
    return y;
  };

  test.each(Object.keys(cases) as UnaryName[])('%s', name => {
    const { exact, tolerance, absolute, ranges, geometric } = cases[name]!;
    const count = 20_001;
    const samples: number[] = [];
    for (const [low, high] of ranges) for (let i = 0; i < count; i++) samples.push(low + ((high - low) * i) / (count - 1));
    for (const [low, high] of geometric ?? []) {
      for (let i = 0; i < count; i++) samples.push(low * (high / low) ** (i / (count - 1)));
    }
    const x = Float32Array.from(samples);
    const y = run(name, x, 0.5);
    let worst = 0;
    let at = 0;
    for (let i = 0; i < x.length; i++) {
      const right = exact(x[i]);
      if (right !== 0 && Math.abs(right) < TINY) continue; // such results may be 0
      const error = Math.abs(y[i] - right) / (absolute === true || right === 0 ? 1 : Math.abs(right));
      if (!(error <= worst)) {
        worst = error;
        at = x[i];
      }
    }
    expect(worst, `${name}(${at})`).toBeLessThanOrEqual(tolerance);
  });

  test.each(Object.keys(cases) as UnaryName[])('%s at the edges', name => {
    const x = Float32Array.from(EDGES);
    const y = run(name, x, 0.5);
    for (let i = 0; i < x.length; i++) {
      if ((name === 'sin' || name === 'cos') && Math.abs(x[i]) > 1e9) {
        if (Number.isFinite(x[i])) expect(Math.abs(y[i])).toBeLessThanOrEqual(1);
        else expect(y[i]).toBeNaN();
        continue;
      }
      if ((name === 'rsqrt' || name === 'reciprocal') && Math.abs(x[i]) < TINY && x[i] !== 0) continue;
      const right = Math.fround(cases[name]!.exact(x[i]));
      if (Number.isFinite(right))
        expect(Math.abs(y[i] - right), `${name}(${x[i]}) = ${y[i]}`).toBeLessThanOrEqual(3e-7 * Math.abs(right) + TINY);
      else expect(y[i], `${name}(${x[i]})`).toBe(right);
    }
  });

  test('what may saturate does so exactly', () => {
    const one = (name: UnaryName, x: number): number => run(name, Float32Array.of(x))[0];
    expect(one('sigmoid', -1e4)).toBe(0);
    expect(one('sigmoid', 1e4)).toBe(1);
    expect(one('softplus', 1e4)).toBe(1e4);
    expect(one('softplus', -1e4)).toBe(0);
    expect(one('tanh', -1e4)).toBe(-1);
    expect(one('exp', 1e4)).toBe(Infinity);
    expect(one('exp', -1e4)).toBe(0);
    expect(one('erf', 1e4)).toBe(1);
    expect(one('exp', 0)).toBe(1);
    expect(one('log', 1)).toBe(0);
  });

  test('functions that are exact', () => {
    const x = Float32Array.of(0, -0, 1.5, -1.5, 2.5, -2.5, 0.5, -7.25, 1e9, Infinity, -Infinity, NaN, 3);
    const simple: [UnaryName, number, (v: number) => number][] = [
      ['copy', 0, v => v],
      ['neg', 0, v => -v],
      ['abs', 0, Math.abs],
      ['sign', 0, v => Math.sign(v) + 0],
      ['square', 0, v => Math.fround(v * v)],
      ['relu', 0, v => Math.max(v, 0)],
      ['floor', 0, Math.floor],
      ['round', 0, v => (Number.isFinite(v) ? (Math.abs(v % 1) === 0.5 ? 2 * Math.round(v / 2) : Math.round(v)) : v)],
      ['addScalar', 2.5, v => v + 2.5],
      ['mulScalar', -3, v => Math.fround(v * -3)],
      ['leakyRelu', 0.25, v => (v > 0 ? v : 0.25 * v)],
    ];
    for (const [name, p, exact] of simple) {
      const y = run(name, x, p);
      for (let i = 0; i < x.length; i++) expect(y[i] + 0, `${name}(${x[i]})`).toBe(Math.fround(exact(x[i])) + 0);
    }
  });

  const bases = [0, -0, 1, -1, 0.5, -0.5, 2, -2, 3.7, -3.7, 1e-30, -1e-30, 1e30, -1e30, Infinity, -Infinity, NaN, 1e-40];
  const exponents = [0, 1, 2, 3, -1, -2, -3, 0.5, -0.5, 1 / 3, 7, 8, 9, -9, 20, 21, 2.5, 1e10, Infinity, -Infinity, NaN];

  function expectPower(y: number, base: number, exponent: number): void {
    let right = Math.fround(Math.fround(base) ** Math.fround(exponent));
    if (exponent === 0.5 && base === -Infinity) right = Infinity;
    const what = `${base}^${exponent}`;
    if (!Number.isFinite(right)) expect(y, what).toBe(right);
    else if (Math.abs(right) < TINY && right !== 0) expect(Math.abs(y - right), what).toBeLessThanOrEqual(TINY);
    else {
      expect(Math.abs(y - right), `${what}: ${y} for ${right}`).toBeLessThanOrEqual(5e-7 * Math.abs(right));
      if (right === 0 && Math.fround(base) !== 0 && Number.isFinite(base)) expect(1 / y, `sign of ${what}`).toBe(1 / right);
    }
  }

  test('pow: signs and special cases', () => {
    const a = Float32Array.from(bases.flatMap(base => exponents.map(() => base)));
    const b = Float32Array.from(bases.flatMap(() => exponents));
    const [sa, sb, out] = [storageOf(kernels, a), storageOf(kernels, b), kernels.alloc(a.length)];
    kernels.binary('pow' satisfies BinaryName, sa, sb, out, { dims: [a.length], aStrides: [1], bStrides: [1] });
    const y = read(kernels, out);
    for (let i = 0; i < a.length; i++) expectPower(y[i], a[i], b[i]);
    for (const exponent of exponents) {
      const z = run('powScalar', Float32Array.from(bases), exponent);
      bases.forEach((base, i) => {
        expectPower(z[i], base, exponent);
      });
    }
  });

  test('pow over a wide range, to 1 unit in the last place', () => {
    const a: number[] = [];
    const b: number[] = [];
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 100; j++) {
        a.push(1e-20 * 1e40 ** (i / 299));
        b.push(-1.85 + (3.7 * j) / 99);
      }
    }
    const [x, e] = [Float32Array.from(a), Float32Array.from(b)];
    const [sa, sb, out] = [storageOf(kernels, x), storageOf(kernels, e), kernels.alloc(x.length)];
    kernels.binary('pow', sa, sb, out, { dims: [x.length], aStrides: [1], bStrides: [1] });
    const y = read(kernels, out);
    let worst = 0;
    for (let i = 0; i < x.length; i++) worst = Math.max(worst, Math.abs(y[i] / x[i] ** e[i] - 1));
    expect(worst).toBeLessThanOrEqual(6.1e-8);
  });
});
