import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/index.ts';
import { Linear, Sequential, Tanh } from '../nn/index.ts';
import { add, matmul, mul, pow, sub, sum } from '../ops/index.ts';
import { manualSeed, Random } from '../random.ts';
import { ones, randn, tensor } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { grad } from './backward.ts';
import { gradientError } from './check.ts';
import { hessian, hessianVectorProduct } from './derivatives.ts';

const on64 = <T>(work: () => T): T => withBackend('reference64', () => step(work));

/** (1 - x)² + 100 (y - x²)² */
const rosenbrock = (p: Tensor): Tensor => {
  const [x, y] = [p.slice([[0, 1]]), p.slice([[1, 2]])];
  return sum(add(pow(sub(mul(x, -1), -1), 2), mul(pow(sub(y, mul(x, x)), 2), 100)));
};

/** A small classifier with its loss, as a function of its parameters as they are. */
function mlp(): { parameters: Tensor[]; loss: () => Tensor } {
  manualSeed(3);
  const model = new Sequential(new Linear(3, 4), new Tanh(), new Linear(4, 3));
  const x = randn([5, 3], { stream: new Random(1).stream('x') });
  const labels = tensor([0, 2, 1, 1, 0]);
  return { parameters: model.parameters(), loss: () => crossEntropy(model.forward(x), labels) };
}

describe('hessian', () => {
  it("of Rosenbrock's function is exact", () => {
    on64(() => {
      for (const [x, y] of [
        [1, 1],
        [-1.2, 1],
        [0, 0],
        [2, -3],
      ]) {
        const p = tensor([x, y], { requiresGrad: true });
        const got = hessian(() => rosenbrock(p), [p]).map(row => [...row]);
        const want = [
          [1200 * x * x - 400 * y + 2, -400 * x],
          [-400 * x, 200],
        ];
        got.flat().forEach((value, i) => {
          expect(value).toBeCloseTo(want.flat()[i], 9);
        });
      }
    });
  });

  it('of an MLP with cross-entropy is that of central differences of the gradient, and symmetric', () => {
    on64(() => {
      const { parameters, loss } = mlp();
      const rows = hessian(loss, parameters);
      const gradient = (): number[] => step(() => grad(loss(), parameters).flatMap(g => [...g.toArray()]));
      const epsilon = 1e-5;
      let [at, worst, largest] = [0, 0, 0];
      for (const parameter of parameters) {
        for (let i = 0; i < parameter.size; i++, at++) {
          const values = parameter.toArray();
          const beside = (offset: number) => {
            parameter.set(values.map((v, j) => (j === i ? v + offset : v)));
            return gradient();
          };
          const [above, below] = [beside(epsilon), beside(-epsilon)];
          parameter.set(values);
          rows.forEach((row, j) => {
            largest = Math.max(largest, Math.abs(row[at]));
            worst = Math.max(worst, Math.abs(row[at] - (above[j] - below[j]) / (2 * epsilon)));
          });
        }
      }
      expect(largest).toBeGreaterThan(0.1);
      expect(worst).toBeLessThan(1e-9);
      rows.forEach((row, i) => {
        row.forEach((value, j) => {
          expect(value).toBeCloseTo(rows[j][i], 13);
        });
      });
    });
  });

  it('has zeros where the gradient does not depend on an input', () => {
    on64(() => {
      const [x, y] = [tensor([1, 2], { requiresGrad: true }), tensor(3, { requiresGrad: true })];
      const rows = hessian(() => add(sum(mul(x, x)), mul(y, 5)), [x, y]);
      expect(rows.map(row => [...row])).toEqual([
        [2, 0, 0],
        [0, 2, 0],
        [0, 0, 0],
      ]);
    });
  });

  it('leaves nothing alive', () => {
    withBackend('reference64', () => {
      const p = tensor([1, 2], { requiresGrad: true });
      const before = liveTensors();
      hessian(() => rosenbrock(p), [p]);
      expect(liveTensors()).toBe(before);
    });
  });
});

describe('hessianVectorProduct', () => {
  it('is H v', () => {
    on64(() => {
      const { parameters, loss } = mlp();
      const vectors = parameters.map((p, i) => randn(p.shape, { stream: new Random(2).stream(`v${i}`) }));
      const flat = vectors.flatMap(v => [...v.toArray()]);
      const want = hessian(loss, parameters).map(row => row.reduce((total, h, j) => total + h * flat[j], 0));
      const got = hessianVectorProduct(loss(), parameters, vectors).flatMap(t => [...t.toArray()]);
      got.forEach((value, i) => {
        expect(value).toBeCloseTo(want[i], 12);
      });
    });
  });

  it('of a linear function is 0, in the shapes of the inputs', () => {
    on64(() => {
      const x = tensor([[1, 2]], { requiresGrad: true });
      expect(hessianVectorProduct(sum(mul(x, 3)), [x], [ones([1, 2])])[0].tolist()).toEqual([[0, 0]]);
    });
  });

  it('refuses vectors that do not fit', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    const y = () => sum(mul(x, x));
    expect(() => hessianVectorProduct(y(), [x], [])).toThrow(
      new UserError('hessianVectorProduct: 1 inputs and 0 vectors were given; each input needs one'),
    );
    expect(() => hessianVectorProduct(y(), [x], [ones([3])])).toThrow(
      new UserError('hessianVectorProduct: vector 0 is [3]; it must have the shape of its input, [2]'),
    );
  });
});

describe('gradientError', () => {
  const x = () => tensor([0.5, -1, 2], { requiresGrad: true });

  it('is tiny for a right gradient, and says so for functions of several inputs', () => {
    on64(() => {
      const w = tensor(
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        { requiresGrad: true },
      );
      expect(gradientError((a, b) => matmul(a, b), [x(), w])).toBeLessThan(1e-9);
      expect(gradientError((a, b) => matmul(a, b), [x(), w], { order: 2 })).toBeLessThan(1e-9);
    });
  });

  it('is large for a wrong one, and infinite for one that was cut off', () => {
    on64(() => {
      // the value of x³, the gradient of 2x³
      const wrong = (t: Tensor) => sub(mul(pow(t, 3), 2), pow(t, 3).detach());
      expect(gradientError(wrong, [x()])).toBeGreaterThan(0.1);
      expect(gradientError(t => mul(t, t).detach(), [x()])).toBe(Number.POSITIVE_INFINITY);
    });
  });

  it('leaves its inputs as they were', () => {
    on64(() => {
      const input = x();
      gradientError(t => pow(t, 2), [input]);
      expect([input.tolist(), input.grad]).toEqual([[0.5, -1, 2], null]);
    });
  });
});
