/** What all optimizers share (groups, closures, saving, refusals), and the two forms of momentum and of Nesterov. The paths are held to PyTorch in test/golden. */
import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../backend/current.ts';
import { mseLoss } from '../loss/index.ts';
import { linear, mul, sum, tanh } from '../ops/index.ts';
import { tensor } from '../tensor/create.ts';
import { liveTensors, step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import * as optim from './index.ts';
import { Adam, LBFGS, Newton, type Optimizer, type OptimizerState, SGD } from './index.ts';

interface Problem {
  readonly params: Tensor[];
  loss(): Tensor;
}

const wave = (n: number, frequency: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(frequency * (i + 1)));

/** A 3-4-2 net on five examples. */
function problem(): Problem {
  const leaf = (shape: number[], frequency: number): Tensor =>
    tensor(
      wave(
        shape.reduce((a, b) => a * b),
        frequency,
      ),
      { shape, requiresGrad: true },
    );
  const params = [leaf([4, 3], 1.3), leaf([4], 2.1), leaf([2, 4], 0.7), leaf([2], 3.3)];
  const [x, y] = [tensor(wave(15, 1.1), { shape: [5, 3] }), tensor(wave(10, 0.4), { shape: [5, 2] })];
  return { params, loss: () => mseLoss(linear(tanh(linear(x, params[0], params[1])), params[2], params[3]), y) };
}

const values = (params: readonly Tensor[]): number[] => params.flatMap(p => [...p.toArray()]);

type Make = (params: Tensor[]) => Optimizer;
const makers: Record<string, Make> = {
  SGD: p => new SGD(p, { lr: 0.1 }),
  'SGD, momentum': p => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.1 }),
  'SGD, look-ahead': p => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: 'lookAhead', lrInVelocity: true }),
  Adagrad: p => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.1 }),
  RMSprop: p => new optim.RMSprop(p, { momentum: 0.5, centered: true }),
  Adam: p => new Adam(p, { amsgrad: true }),
  AdamW: p => new optim.AdamW(p, { lr: 0.02 }),
  NAdam: p => new optim.NAdam(p),
  Adamax: p => new optim.Adamax(p),
  Adadelta: p => new optim.Adadelta(p),
  BFGS: p => new optim.BFGS(p, { maxIter: 2 }),
  LBFGS: p => new LBFGS(p, { maxIter: 2, historySize: 3, lineSearchFn: 'strong_wolfe' }),
  Newton: p => new Newton(p, { damping: 0.5 }),
  NewtonCG: p => new optim.NewtonCG(p),
};

/** As a file would hold it: JSON as text, tensors as plain numbers. */
function stored({ tensors, json }: OptimizerState): OptimizerState {
  const arrays = [...tensors].map(([name, t]) => [
    name,
    { shape: t.shape, values: 'values' in t ? Float64Array.from(t.values) : t.toArray() },
  ]);
  return { tensors: new Map(arrays as never), json: JSON.parse(JSON.stringify(json)) };
}

describe.each(Object.entries(makers))('%s', (name, make) => {
  it.each(['wasm', 'reference64'] as BackendName[])('continues from a saved state bit for bit, on %s', backendName => {
    withBackend(backendName, () => {
      const whole = problem();
      const uninterrupted = make(whole.params);
      for (let i = 0; i < 4; i++) uninterrupted.step(whole.loss);
      const state = stored(uninterrupted.stateDict());
      const later = problem();
      later.params.forEach((p, i) => {
        p.set(whole.params[i]);
      });
      for (let i = 0; i < 4; i++) uninterrupted.step(whole.loss);

      const resumed = make(later.params);
      resumed.paramGroups[0].lr = 7; // the saved one must win
      resumed.loadStateDict(state);
      for (let i = 0; i < 4; i++) resumed.step(later.loss);
      expect(values(later.params)).toEqual(values(whole.params));
      expect(stored(resumed.stateDict())).toEqual(stored(uninterrupted.stateDict()));
    });
  });

  it('leaves no tensors behind', () => {
    const { params, loss } = problem();
    const optimizer = make(params);
    for (let i = 0; i < 3; i++) optimizer.step(loss);
    const before = liveTensors();
    for (let i = 0; i < 20; i++) optimizer.step(loss);
    expect(liveTensors()).toBe(before);
  });

  it('gives the loss before the step, and brings it down', () => {
    const { params, loss } = problem();
    const optimizer = make(params);
    const before = loss().item();
    expect(optimizer.step(loss)).toBe(before);
    for (let i = 0; i < 9; i++) optimizer.step(loss);
    expect(loss().item()).toBeLessThan(before);
  });

  it('refuses a rate that is none', () => {
    const own = name.split(',')[0];
    const build = (lr: number) => () =>
      new (optim as never as Record<string, new (p: Tensor[], o: object) => Optimizer>)[own](problem().params, { lr });
    expect(build(-1)).toThrow(`${own}: lr is -1; it must be a number of at least 0`);
    expect(build(Number.NaN)).toThrow(`${own}: lr is NaN; it must be a number of at least 0`);
    expect(build(Number.POSITIVE_INFINITY)).toThrow(`${own}: lr is Infinity; it must be a number of at least 0`);
  });
});

describe('options out of range are refused, with what is allowed', () => {
  const share = 'it must be at least 0 and below 1';
  const atLeast0 = 'it must be a number of at least 0';
  const classes: Record<string, unknown> = { ...optim };
  const cases: [string, object, string][] = [
    ['SGD', { momentum: 1 }, `SGD: momentum is 1; ${share}`],
    ['SGD', { momentum: 0.9, dampening: 1.5 }, 'SGD: dampening is 1.5; it must be from 0 to 1'],
    ['SGD', { weightDecay: -0.1 }, `SGD: weightDecay is -0.1; ${atLeast0}`],
    ['SGD', { nesterov: true }, 'SGD: nesterov is true; it must be false unless momentum is above 0 and dampening is 0'],
    [
      'SGD',
      { nesterov: 'lookAhead', momentum: 0.9, dampening: 0.1 },
      'SGD: nesterov is lookAhead; it must be false unless momentum is above 0',
    ],
    ['SGD', { nesterov: 'ahead', momentum: 0.9 }, "SGD: nesterov is ahead; it must be true, false or 'lookAhead'"],
    ['SGD', { momentun: 0.9 }, "SGD: there is no option 'momentun'; it has lr, momentum, dampening"],
    ['Adam', { betas: [0.9, 1] }, `Adam: betas[1] is 1; ${share}`],
    ['Adam', { betas: [0.9] }, 'Adam: betas is [0.9]; it must be two numbers'],
    ['Adam', { eps: -1e-8 }, `Adam: eps is -1e-8; ${atLeast0}`],
    ['AdamW', { weightDecay: Number.NaN }, `AdamW: weightDecay is NaN; ${atLeast0}`],
    ['NAdam', { momentumDecay: -1 }, `NAdam: momentumDecay is -1; ${atLeast0}`],
    ['Adamax', { eps: 0 }, 'Adamax: eps is 0; it must be a number above 0'],
    ['Adagrad', { initialAccumulatorValue: -1 }, `Adagrad: initialAccumulatorValue is -1; ${atLeast0}`],
    ['Adagrad', { lrDecay: -1 }, `Adagrad: lrDecay is -1; ${atLeast0}`],
    ['RMSprop', { alpha: 1 }, `RMSprop: alpha is 1; ${share}`],
    ['RMSprop', { momentum: -0.1 }, `RMSprop: momentum is -0.1; ${share}`],
    ['Adadelta', { rho: 1 }, `Adadelta: rho is 1; ${share}`],
    ['Adadelta', { eps: 0 }, 'Adadelta: eps is 0; it must be a number above 0'],
    ['LBFGS', { historySize: 0 }, 'LBFGS: historySize is 0; it must be a whole number of at least 1'],
    ['LBFGS', { maxIter: 1.5 }, 'LBFGS: maxIter is 1.5; it must be a whole number of at least 1'],
    ['LBFGS', { maxEval: 0 }, 'LBFGS: maxEval is 0; it must be a whole number of at least 1'],
    ['BFGS', { toleranceGrad: -1 }, `BFGS: toleranceGrad is -1; ${atLeast0}`],
    ['BFGS', { lineSearchFn: 'armijo' }, "BFGS: lineSearchFn is armijo; it must be 'strong_wolfe' or null"],
    ['Newton', { damping: -1 }, `Newton: damping is -1; ${atLeast0}`],
    ['NewtonCG', { maxProducts: 0 }, 'NewtonCG: maxProducts is 0; it must be a whole number of at least 1'],
  ];
  it.each(cases)('%s %j', (name, options, message) => {
    const make = classes[name] as new (params: Tensor[], options: object) => Optimizer;
    expect(() => new make(problem().params, options)).toThrow(message);
    if (!['LBFGS', 'BFGS', 'Newton', 'NewtonCG'].includes(name)) {
      const grouped = classes[name] as new (groups: object[]) => Optimizer;
      expect(() => new grouped([{ params: problem().params, ...options }])).toThrow(message);
    }
  });

  it('parameters that are none', () => {
    expect(() => new SGD([])).toThrow('SGD: no parameters were given; pass model.parameters()');
    const { params } = problem();
    expect(() => new SGD([params[0], params[0]])).toThrow('SGD: a parameter was given more than once');
    expect(() => new SGD([tensor([1, 2])])).toThrow(
      'SGD: the tensor [2] has requiresGrad = false; only what requires a gradient can be trained',
    );
    expect(() => new LBFGS([{ params: [params[0]] }, { params: [params[1]] }])).toThrow('LBFGS: 2 parameter groups were given');
  });
});

describe('momentum in two forms', () => {
  const walk = (options: object, rate: (t: number) => number, steps = 12): number[] =>
    withBackend('reference64', () => {
      const { params, loss } = problem();
      const optimizer = new SGD(params, { lr: 0.1, momentum: 0.9, ...options });
      for (let t = 0; t < steps; t++) {
        optimizer.lr = rate(t);
        optimizer.step(loss);
      }
      return values(params);
    });
  const distance = (a: number[], b: number[]): number => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

  it('walk the same path while the rate is constant, and part under a schedule', () => {
    for (const nesterov of [false, true, 'lookAhead']) {
      const forms = (rate: (t: number) => number): number[][] => [walk({ nesterov }, rate), walk({ nesterov, lrInVelocity: true }, rate)];
      const [a, b] = forms(() => 0.1);
      expect(distance(a, b)).toBeLessThan(1e-13);
      const [c, d] = forms(t => 0.1 * 0.8 ** t);
      expect(distance(c, d)).toBeGreaterThan(1e-2);
    }
  });

  it('nesterov: true follows the look-ahead points of the true look-ahead', () => {
    withBackend('reference64', () => {
      const [lr, momentum] = [0.1, 0.9];
      const [rearranged, true_] = [problem(), problem()];
      const a = new SGD(rearranged.params, { lr, momentum, nesterov: true });
      const b = new SGD(true_.params, { lr, momentum, nesterov: 'lookAhead' });
      for (let t = 0; t < 10; t++) {
        a.step(rearranged.loss);
        b.step(true_.loss);
        const { tensors } = b.stateDict();
        const ahead = true_.params.flatMap((p, i) => {
          const v = (tensors.get(`${i}.momentum_buffer`) as Tensor).toArray();
          return [...p.toArray()].map((value, k) => value - lr * momentum * v[k]);
        });
        expect(distance(values(rearranged.params), ahead)).toBeLessThan(1e-14);
      }
    });
  });

  it('the look-ahead gradient is taken at θ + μ v, two moves a step', () => {
    withBackend('reference64', () => {
      const theta = tensor([4], { requiresGrad: true });
      const seen: number[] = [];
      const optimizer = new SGD([theta], { lr: 0.1, momentum: 0.5, nesterov: 'lookAhead', lrInVelocity: true });
      const loss = (): Tensor => {
        seen.push(theta.item());
        return sum(mul(theta, theta)).mul(0.5); // gradient θ
      };
      optimizer.step(loss); // at 4: v = -0.4, θ = 3.6
      expect(theta.item()).toBeCloseTo(3.6, 14);
      optimizer.step(loss); // at 3.6 - 0.2 = 3.4: v = -0.2 - 0.34, θ = 3.06
      expect(theta.item()).toBeCloseTo(3.06, 14);
      expect(seen[1]).toBeCloseTo(3.4, 14);
    });
  });

  it('a parameter that the loss does not depend on stays, also ahead', () => {
    withBackend('reference64', () => {
      const [a, b] = [tensor([1], { requiresGrad: true }), tensor([2], { requiresGrad: true })];
      const optimizer = new SGD([a, b], { lr: 0.1, momentum: 0.5, nesterov: 'lookAhead' });
      optimizer.step(() => sum(mul(a, b)));
      const before = b.item();
      optimizer.step(() => sum(mul(a, a)));
      expect(b.item()).toBeCloseTo(before, 15);
    });
  });
});

describe('closures', () => {
  it('are needed where the loss is looked at elsewhere', () => {
    const { params } = problem();
    expect(() => new LBFGS(params).step()).toThrow('LBFGS: step needs a closure');
    expect(() => new SGD(params, { momentum: 0.9, nesterov: 'lookAhead' }).step()).toThrow(
      'optimizer.step(() => loss(model.forward(x), y))',
    );
    expect(new SGD(params, { momentum: 0.9, nesterov: true }).needsClosure).toBe(false);
  });

  it('may return a number, having run backward themselves', () => {
    const [a, b] = [problem(), problem()];
    const [one, other] = [new Adam(a.params), new Adam(b.params)];
    for (let i = 0; i < 3; i++) {
      one.step(a.loss);
      other.step(() => {
        const loss = b.loss();
        loss.backward();
        return loss.item();
      });
    }
    expect(values(a.params)).toEqual(values(b.params));
    expect([one.functionEvaluations, one.gradientEvaluations]).toEqual([3, 3]);
  });

  it('must not run backward and return the tensor', () => {
    const { params, loss } = problem();
    const twice = (): Tensor => {
      const value = loss();
      value.backward();
      return value;
    };
    expect(() => new SGD(params).step(twice)).toThrow(
      'SGD: the closure ran backward and returned the loss as a tensor, so step would run backward again',
    );
    expect(() => new SGD(params).step((() => undefined) as never)).toThrow('SGD: the closure returned undefined; it must return the loss');
    expect(() => new SGD(params).step((async () => 1) as never)).toThrow('SGD: the closure returned a promise');
    expect(() => new Newton(params).step(() => 1)).toThrow('Newton: the closure returned a number; the loss is differentiated twice');
  });
});

it('gradients add up until they are forgotten', () => {
  const theta = tensor([1], { requiresGrad: true });
  const optimizer = new SGD([theta], { lr: 0.1 });
  for (let i = 0; i < 3; i++) theta.mul(2).sum().backward();
  optimizer.step();
  expect(theta.item()).toBeCloseTo(1 - 0.1 * 6, 6);
  optimizer.zeroGrad();
  expect(theta.grad).toBe(null);
  optimizer.step(); // without a gradient nothing moves
  expect(theta.item()).toBeCloseTo(0.4, 6);
});

it('groups have options of their own, and maximize climbs', () => {
  const [a, b] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
  const optimizer = new SGD(
    [
      { params: [a], lr: 1 },
      { params: [b], maximize: true },
    ],
    { lr: 0.5 },
  );
  step(() => {
    a.add(b).sum().backward();
    optimizer.step();
  });
  expect([a.item(), b.item()]).toEqual([0, 1.5]);
  expect(optimizer.lr).toBe(1);
  optimizer.lr = 0.25;
  expect(optimizer.paramGroups.map(group => group.lr)).toEqual([0.25, 0.25]);
});

describe('a saved state of another model is refused', () => {
  it('by count and by shape', () => {
    const { params, loss } = problem();
    const optimizer = new Adam(params);
    optimizer.step(loss);
    const state = optimizer.stateDict();
    expect(() => new Adam([params[0]]).loadStateDict(state)).toThrow('the saved optimizer had groups of 4 parameters; this one has 1');
    expect(() => new Adam([params[1], params[0], params[2], params[3]]).loadStateDict(state)).toThrow(
      "loadStateDict: '0.exp_avg' is [4, 3]; its parameter is [4]",
    );
    const other = new LBFGS(params);
    other.step(loss);
    const few = new LBFGS([1, 2, 3, 4].map(n => tensor(wave(n, 1), { requiresGrad: true })));
    expect(() => few.loadStateDict(other.stateDict())).toThrow("loadStateDict: 'direction' has 26 numbers; for these parameters it has 10");
  });
});
