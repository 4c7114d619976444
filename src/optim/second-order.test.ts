/** Newton's method and its kin: what they find, in how many steps, and what they refuse. Counts and paths are held to SciPy and PyTorch in test/golden. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grad } from '../autograd/backward.ts';
import { hessian } from '../autograd/derivatives.ts';
import { withBackend } from '../backend/current.ts';
import { mseLoss } from '../loss/index.ts';
import { linear, matmul, tanh } from '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { BFGS, LBFGS, Newton, NewtonCG } from './index.ts';
import { strongWolfe } from './line-search.ts';
import { cholesky, solveCholesky, solveLU } from './linear-solve.ts';
import type { Vector } from './vector.ts';

const float64 = (work: () => void) => (): void => withBackend('reference64', work);

/** ½ xᵀA x - bᵀx, whose minimum is A⁻¹ b. */
function quadratic(a: number[][], b: number[]): { x: Tensor; loss: () => Tensor } {
  const n = b.length;
  const x = tensor(new Array(n).fill(0.5), { shape: [n, 1], requiresGrad: true });
  const [left, right] = [tensor(a), tensor(b, { shape: [n, 1] })];
  return { x, loss: () => x.mul(matmul(left, x)).sum().mul(0.5).sub(x.mul(right).sum()) };
}

const A = [
  [4, 1, 0.5],
  [1, 3, -1],
  [0.5, -1, 2],
];
const b = [1, -2, 3];
const minimum = [
  ...solveLU(
    A.map(row => Float64Array.from(row)),
    Float64Array.from(b),
  ),
];
const distance = (x: Tensor): number => Math.max(...minimum.map((value, i) => Math.abs(x.toArray()[i] - value)));

describe('a quadratic', () => {
  it(
    'Newton is at the minimum after one step, also where that is a saddle',
    float64(() => {
      const { x, loss } = quadratic(A, b);
      const optimizer = new Newton([x]);
      optimizer.step(loss);
      expect(distance(x)).toBeLessThan(1e-14);
      expect([optimizer.functionEvaluations, optimizer.gradientEvaluations, optimizer.hessianEvaluations]).toEqual([1, 1, 1]);

      const saddle = quadratic(
        [
          [1, 0],
          [0, -2],
        ],
        [0, 0],
      );
      new Newton([saddle.x]).step(saddle.loss);
      expect([...saddle.x.toArray()].map(Math.abs)).toEqual([0, 0]);
    }),
  );

  it(
    'with a line search Newton goes downhill from a saddle',
    float64(() => {
      const { x, loss } = quadratic(
        [
          [1, 0],
          [0, -2],
        ],
        [0, 0],
      );
      const before = loss().item();
      new Newton([x], { lineSearchFn: 'strong_wolfe' }).step(loss);
      expect(loss().item()).toBeLessThan(before);
      expect(Math.abs(x.toArray()[1])).toBeGreaterThan(0.5);
    }),
  );

  it(
    'damping shortens the step, and a rate takes its share of it',
    float64(() => {
      const step = (options: object): number => {
        const { x, loss } = quadratic(A, b);
        new Newton([x], options).step(loss);
        return Math.hypot(...[...x.toArray()].map(value => value - 0.5));
      };
      expect(step({ damping: 1 })).toBeLessThan(0.8 * step({}));
      expect(step({ lr: 0.5 })).toBeCloseTo(0.5 * step({}), 14);
    }),
  );

  it(
    'a singular Hessian is an error that says what to do',
    float64(() => {
      const { x, loss } = quadratic(
        [
          [1, 1],
          [1, 1],
        ],
        [1, 0],
      );
      expect(() => new Newton([x]).step(loss)).toThrow(
        "Newton: the Hessian cannot be inverted: the matrix is singular: pivot 2 of 2 is 0, beside elements of up to 1. Raise damping, or set lineSearchFn: 'strong_wolfe'",
      );
      new Newton([x], { damping: 0.1 }).step(loss);
      new Newton([x], { lineSearchFn: 'strong_wolfe' }).step(loss);
    }),
  );

  it(
    'Newton-CG takes as many products as there are unknowns, BFGS and L-BFGS a few steps more',
    float64(() => {
      const { x, loss } = quadratic(A, b);
      const newton = new NewtonCG([x]);
      for (let i = 0; i < 6; i++) newton.step(loss);
      expect(distance(x)).toBeLessThan(1e-9);
      expect(newton.hessianProducts).toBeLessThanOrEqual(6 * 3);
      for (const make of [BFGS, LBFGS]) {
        const again = quadratic(A, b);
        const optimizer = new make([again.x], { lineSearchFn: 'strong_wolfe', toleranceGrad: 1e-8, toleranceChange: 1e-16 });
        optimizer.step(again.loss);
        expect(distance(again.x)).toBeLessThan(1e-7);
        expect(optimizer.functionEvaluations).toBeLessThanOrEqual(12);
      }
    }),
  );

  it('works in float32 too, to its precision', () => {
    withBackend('wasm', () => {
      for (const make of [Newton, NewtonCG, BFGS, LBFGS]) {
        const { x, loss } = quadratic(A, b);
        const optimizer = new make([x]);
        for (let i = 0; i < 5; i++) optimizer.step(loss);
        expect(distance(x), make.name).toBeLessThan(1e-4);
      }
    });
  });
});

it(
  'the Hessian of a small MLP is that of central differences of its gradient',
  float64(() => {
    const wave = (n: number, f: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(f * (i + 1)));
    const params = [
      tensor(wave(12, 1.3), { shape: [4, 3], requiresGrad: true }),
      tensor(wave(4, 2.1), { requiresGrad: true }),
      tensor(wave(8, 0.7), { shape: [2, 4], requiresGrad: true }),
    ];
    const [x, y] = [tensor(wave(15, 1.1), { shape: [5, 3] }), tensor(wave(10, 0.4), { shape: [5, 2] })];
    const loss = (): Tensor => mseLoss(linear(tanh(linear(x, params[0], params[1])), params[2]), y);
    const rows = hessian(loss, params);
    const gradient = (): number[] => grad(loss(), params).flatMap(g => [...g.toArray()]);
    const epsilon = 1e-5;
    let row = 0;
    for (const p of params) {
      const values = p.toArray();
      for (let i = 0; i < p.size; i++, row++) {
        const at = (shift: number): number[] => {
          p.set(values.map((value, k) => (k === i ? value + shift : value)));
          return gradient();
        };
        const [up, down] = [at(epsilon), at(-epsilon)];
        p.set(values);
        up.forEach((value, k) => {
          expect(Math.abs(rows[row][k] - (value - down[k]) / (2 * epsilon))).toBeLessThan(1e-8);
        });
      }
    }
    expect(row).toBe(24);
  }),
);

describe('solving linear systems', () => {
  const matrices = fc.integer({ min: 1, max: 7 }).chain(n =>
    fc.record({
      root: fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n, maxLength: n }), { minLength: n, maxLength: n }),
      right: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n, maxLength: n }),
    }),
  );
  const times = (a: readonly Vector[], x: Vector): number[] => a.map(row => row.reduce((sum, value, j) => sum + value * x[j], 0));

  it('LU and Cholesky give x of A x = b', () => {
    fc.assert(
      fc.property(matrices, ({ root, right }) => {
        // RᵀR + I is positive definite
        const a = root.map((_, i) => Float64Array.from(root, (_, j) => root.reduce((sum, row) => sum + row[i] * row[j], i === j ? 1 : 0)));
        const l = cholesky(a);
        expect(l).not.toBe(null);
        for (const x of [solveLU(a, Float64Array.from(right)), solveCholesky(l!, Float64Array.from(right))]) {
          times(a, x).forEach((value, i) => {
            expect(Math.abs(value - right[i])).toBeLessThan(1e-12);
          });
        }
      }),
      { numRuns: 50 },
    );
  });

  it('LU pivots; Cholesky gives null where the matrix is not positive definite', () => {
    const swapped = [Float64Array.of(0, 1), Float64Array.of(1, 0)];
    expect([...solveLU(swapped, Float64Array.of(2, 3))]).toEqual([3, 2]);
    expect(cholesky(swapped)).toBe(null);
    expect(() => solveLU([Float64Array.of(0)], Float64Array.of(1))).toThrow('the matrix is singular: pivot 1 of 1 is 0');
  });
});

describe('the strong-Wolfe line search', () => {
  const along = (f: (t: number) => number, slope: (t: number) => number) => (t: number) => ({ t, value: f(t), slope: slope(t) });

  it('meets both conditions on functions of many shapes and first steps', () => {
    const shapes = [
      along(
        t => (t - 2) ** 2,
        t => 2 * (t - 2),
      ),
      along(
        t => -t / (t * t + 2),
        t => (t * t - 2) / (t * t + 2) ** 2,
      ),
      along(
        t => (t + 0.004) ** 5 - 2 * (t + 0.004) ** 4,
        t => 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3,
      ),
      along(
        t => Math.cosh(t - 3) + 0.1 * Math.sin(9 * t),
        t => Math.sinh(t - 3) + 0.9 * Math.cos(9 * t),
      ),
    ];
    for (const phi of shapes) {
      for (const first of [1e-3, 0.1, 1, 10, 100]) {
        let count = 0;
        const start = phi(0);
        const found = strongWolfe(
          t => {
            count++;
            return phi(t);
          },
          start,
          first,
        );
        expect(found.value).toBeLessThanOrEqual(start.value + 1e-4 * found.t * start.slope);
        expect(Math.abs(found.slope)).toBeLessThanOrEqual(0.9 * Math.abs(start.slope));
        expect(count).toBeLessThanOrEqual(25);
      }
    }
  });

  it('gives the best point found where there is none, and never goes into NaN', () => {
    const endless = strongWolfe(
      along(
        t => -t,
        () => -1,
      ),
      { t: 0, value: 0, slope: -1 },
      1,
      { maxEvaluations: 6 },
    );
    expect(endless.value).toBeLessThan(-1);
    const wall = along(
      t => (t < 1 ? -t : Number.NaN),
      t => (t < 1 ? -1 : Number.NaN),
    );
    const found = strongWolfe(wall, wall(0), 5);
    expect(found.t).toBeGreaterThan(0.5);
    expect(found.value).toBeLessThan(-0.5);
  });
});
