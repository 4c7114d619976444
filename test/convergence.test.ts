/** Every optimizer on a parabola, on Rosenbrock's function and on a small MLP: one table. Run on the float32 kernels, but for second-order methods. */
import { describe, expect, it } from 'vitest';
import { withBackend } from '../src/backend/current.ts';
import { crossEntropy } from '../src/loss/index.ts';
import { Linear, Sequential, Tanh } from '../src/nn/index.ts';
import { sum } from '../src/ops/index.ts';
import {
  Adadelta,
  Adagrad,
  Adam,
  Adamax,
  AdamW,
  BFGS,
  LBFGS,
  NAdam,
  Newton,
  NewtonCG,
  type Optimizer,
  RMSprop,
  SecondOrderOptimizer,
  SGD,
} from '../src/optim/index.ts';
import { Random, withRandom } from '../src/random.ts';
import { tensor } from '../src/tensor/create.ts';
import type { Tensor } from '../src/tensor/tensor.ts';

interface Problem {
  readonly params: readonly Tensor[];
  loss(): Tensor;
}

const problems = {
  /** ½ Σ λᵢ xᵢ² with λ from 1 to 25; 35.5 at the start, 0 at the minimum. */
  parabola(): Problem {
    const x = tensor([3, -2, 1, 1.5], { requiresGrad: true });
    const curvature = tensor([1, 4, 10, 25]);
    return { params: [x], loss: () => x.square().mul(curvature).sum().mul(0.5) };
  },
  /** 100 (y - x²)² + (1 - x)² from (-1.2, 1): 24.2 at the start, 4 to 5 on the floor of the valley, 0 at its end. */
  rosenbrock(): Problem {
    const p = tensor([-1.2, 1], { requiresGrad: true });
    return {
      params: [p],
      loss: () => {
        const [x, y] = [p.slice([[0, 1]]), p.slice([[1, 2]])];
        return sum(y.sub(x.square()).square().mul(100).add(x.neg().add(1).square()));
      },
    };
  },
  /** Is a point within a circle? 2-12-2, cross-entropy on 120 points: about 0.7 at the start, and no line parts them. */
  mlp(): Problem {
    const stream = new Random(3).stream('data');
    const points = Array.from({ length: 120 }, () => [4 * stream.uniform() - 2, 4 * stream.uniform() - 2]);
    const labels = points.map(([x, y]) => (Math.hypot(x, y) < 1.2 ? 1 : 0));
    const model = withRandom(new Random(1), () => new Sequential(new Linear(2, 12), new Tanh(), new Linear(12, 2)));
    const [input, target] = [tensor(points), tensor(labels)];
    return { params: model.parameters(), loss: () => crossEntropy(model.forward(input), target) };
  },
};

type Name = keyof typeof problems;
type Make = (params: readonly Tensor[]) => Optimizer;
/** How the optimizer is made, in how many steps, and below what loss it must come. */
type Row = Record<Name, [make: Make, steps: number, below: number]>;

const table: Record<string, Row> = {
  SGD: {
    parabola: [p => new SGD(p, { lr: 0.05 }), 200, 1e-6],
    rosenbrock: [p => new SGD(p, { lr: 1.5e-3 }), 2000, 0.05],
    mlp: [p => new SGD(p, { lr: 1 }), 500, 0.05],
  },
  'SGD, momentum': {
    parabola: [p => new SGD(p, { lr: 0.05, momentum: 0.8 }), 100, 1e-6],
    rosenbrock: [p => new SGD(p, { lr: 1e-3, momentum: 0.9 }), 1000, 0.01],
    mlp: [p => new SGD(p, { lr: 0.3, momentum: 0.9 }), 200, 0.05],
  },
  'SGD, Nesterov': {
    parabola: [p => new SGD(p, { lr: 0.03, momentum: 0.8, nesterov: true }), 100, 1e-6],
    rosenbrock: [p => new SGD(p, { lr: 1e-3, momentum: 0.9, nesterov: true }), 1000, 0.01],
    mlp: [p => new SGD(p, { lr: 0.3, momentum: 0.9, nesterov: true }), 200, 0.05],
  },
  'SGD, true look-ahead': {
    parabola: [p => new SGD(p, { lr: 0.03, momentum: 0.8, nesterov: 'lookAhead', lrInVelocity: true }), 100, 1e-6],
    rosenbrock: [p => new SGD(p, { lr: 1e-3, momentum: 0.9, nesterov: 'lookAhead', lrInVelocity: true }), 1000, 0.01],
    mlp: [p => new SGD(p, { lr: 0.3, momentum: 0.9, nesterov: 'lookAhead', lrInVelocity: true }), 200, 0.05],
  },
  Adagrad: {
    parabola: [p => new Adagrad(p, { lr: 1 }), 100, 1e-6],
    rosenbrock: [p => new Adagrad(p, { lr: 1 }), 2000, 0.05],
    mlp: [p => new Adagrad(p, { lr: 0.3 }), 400, 0.05],
  },
  RMSprop: {
    parabola: [p => new RMSprop(p, { lr: 0.02 }), 300, 1e-6],
    rosenbrock: [p => new RMSprop(p, { lr: 0.003 }), 2000, 0.05],
    mlp: [p => new RMSprop(p, { lr: 0.02 }), 300, 0.05],
  },
  Adam: {
    parabola: [p => new Adam(p, { lr: 0.2 }), 200, 1e-6],
    rosenbrock: [p => new Adam(p, { lr: 0.05 }), 1000, 0.01],
    mlp: [p => new Adam(p, { lr: 0.05 }), 200, 0.05],
  },
  'Adam, AMSGrad': {
    parabola: [p => new Adam(p, { lr: 0.2, amsgrad: true }), 200, 1e-6],
    rosenbrock: [p => new Adam(p, { lr: 0.05, amsgrad: true }), 1000, 0.01],
    mlp: [p => new Adam(p, { lr: 0.05, amsgrad: true }), 200, 0.05],
  },
  AdamW: {
    parabola: [p => new AdamW(p, { lr: 0.2 }), 200, 1e-6],
    rosenbrock: [p => new AdamW(p, { lr: 0.05, weightDecay: 1e-4 }), 1000, 0.01],
    mlp: [p => new AdamW(p, { lr: 0.05 }), 200, 0.05],
  },
  NAdam: {
    parabola: [p => new NAdam(p, { lr: 0.2 }), 200, 1e-6],
    rosenbrock: [p => new NAdam(p, { lr: 0.05 }), 1500, 0.01],
    mlp: [p => new NAdam(p, { lr: 0.05 }), 200, 0.05],
  },
  Adamax: {
    parabola: [p => new Adamax(p, { lr: 0.3 }), 200, 1e-6],
    rosenbrock: [p => new Adamax(p, { lr: 0.3 }), 1500, 0.01],
    mlp: [p => new Adamax(p, { lr: 0.1 }), 200, 0.05],
  },
  Adadelta: {
    parabola: [p => new Adadelta(p, { rho: 0.99, eps: 1e-3 }), 300, 1e-6],
    rosenbrock: [p => new Adadelta(p, { lr: 0.02, eps: 1e-4 }), 2000, 0.05],
    mlp: [p => new Adadelta(p, { rho: 0.99, eps: 1e-4 }), 300, 0.05],
  },
  BFGS: { parabola: [p => new BFGS(p), 1, 1e-8], rosenbrock: [p => new BFGS(p), 3, 1e-8], mlp: [p => new BFGS(p), 8, 0.01] },
  'L-BFGS': {
    parabola: [p => new LBFGS(p, { lineSearchFn: 'strong_wolfe' }), 1, 1e-8],
    rosenbrock: [p => new LBFGS(p, { lineSearchFn: 'strong_wolfe' }), 3, 1e-8],
    mlp: [p => new LBFGS(p, { lineSearchFn: 'strong_wolfe' }), 8, 0.01],
  },
  Newton: {
    parabola: [p => new Newton(p), 1, 1e-25],
    rosenbrock: [p => new Newton(p, { lineSearchFn: 'strong_wolfe' }), 25, 1e-12],
    mlp: [p => new Newton(p, { lineSearchFn: 'strong_wolfe' }), 20, 0.01],
  },
  'Newton-CG': {
    parabola: [p => new NewtonCG(p), 10, 1e-12],
    rosenbrock: [p => new NewtonCG(p), 100, 1e-12],
    mlp: [p => new NewtonCG(p), 40, 0.01],
  },
};

describe.each(Object.entries(table))('%s', (_, row) => {
  it.each(Object.entries(row) as [Name, Row[Name]][])('%s', (name, [make, steps, below]) => {
    const second = withBackend('reference64', () => make(problems[name]().params) instanceof SecondOrderOptimizer);
    withBackend(second ? 'reference64' : 'wasm', () => {
      const { params, loss } = problems[name]();
      const optimizer = make(params);
      const start = loss().item();
      for (let i = 0; i < steps; i++) optimizer.step(loss);
      expect(start).toBeGreaterThan(5 * below);
      expect(loss().item()).toBeLessThan(below);
    });
  });
});
