import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Parameter } from '../nn/parameter.ts';
import { add, argmax, matmul, mul, pow, relu, sum, tanh } from '../ops/index.ts';
import { Random } from '../random.ts';
import { ones, randn, tensor, zeros } from '../tensor/create.ts';
import { release, step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { backward, grad, observeEdges } from './backward.ts';
import { enableGrad, isRecording, noGrad, observeOps } from './mode.ts';

const leaf = (numbers: number | number[], name = ''): Tensor => tensor(numbers, { requiresGrad: true, name });
const on64 = <T>(work: () => T): T => withBackend('reference64', () => step(work));

describe('backward', () => {
  it('sums over every use of a tensor', () => {
    const x = leaf(3);
    const y = mul(x, x); // x²
    add(add(mul(y, x), y), x).backward(); // x³ + x² + x
    expect(x.grad!.item()).toBe(27 + 6 + 1);
  });

  it('goes through a tensor used at different depths once, after all its uses', () => {
    const x = leaf(2);
    const shared = mul(x, 3);
    const deep = [1, 2, 3, 4].reduce(t => mul(t, 2), shared);
    const edges: string[] = [];
    observeEdges(
      output => edges.push(output.origin!.op.name),
      () => add(deep, mul(shared, shared)).backward(),
    );
    expect(x.grad!.item()).toBe(3 * (16 + 2 * 6));
    expect(edges.filter(name => name === 'mul').length).toBe(2);
    expect(edges.length).toBe(2 + 4 + 2 + 1); // add, four products in depth, the square, the shared one: each edge once
  });

  it('is as deep as the graph: no recursion', () => {
    step(() => {
      const x = leaf(1);
      let y = x;
      for (let i = 0; i < 20_000; i++) y = y.add(1);
      y.backward();
      expect(x.grad!.item()).toBe(1);
    });
  });

  it('adds to the gradient that is there, until zeroGrad', () => {
    const x = leaf([1, 2]);
    for (let i = 0; i < 3; i++) sum(mul(x, x)).backward();
    expect(x.grad!.tolist()).toEqual([6, 12]);
    x.zeroGrad();
    expect(x.grad).toBeNull();
    sum(x).backward();
    expect(x.grad!.tolist()).toEqual([1, 1]);
  });

  it('twice through one graph gives twice the gradient', () => {
    const x = leaf(3);
    const y = mul(x, x);
    y.backward();
    y.backward();
    expect(x.grad!.item()).toBe(12);
  });

  it('starts from a gradient given, for any shape, or at a leaf itself', () => {
    const x = leaf([1, 2, 3]);
    mul(x, x).backward({ gradient: tensor([1, 10, 100]) });
    expect(x.grad!.tolist()).toEqual([2, 40, 600]);
    const y = leaf(5);
    y.backward();
    expect(y.grad!.item()).toBe(1);
  });

  it('brings nothing to what does not require it, and does not touch intermediate results', () => {
    const [x, c] = [leaf([1, 2]), ones([2])];
    const y = mul(x, c);
    sum(y).backward();
    expect([c.grad, y.grad]).toEqual([null, null]);
  });

  it('leaves nothing behind on tensors when it fails in the middle', () => {
    const x = leaf([1, 2]);
    const gone = ones([2]);
    const y = sum(mul(add(mul(x, 2), mul(x, gone)), 3));
    release(gone);
    expect(() => y.backward()).toThrow(/^this tensor of shape \[2\] is dead: /);
    expect(x.arriving).toBeNull();
  });

  it('is linear in the gradient it starts from', () => {
    const small = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(small, { minLength: 6, maxLength: 6 }),
        fc.array(small, { minLength: 6, maxLength: 6 }),
        small,
        small,
        (u, v, a, b) =>
          on64(() => {
            const w = randn([3, 4], { stream: new Random(1).stream('w'), requiresGrad: true });
            const x = randn([2, 3], { stream: new Random(1).stream('x') }).mul(1);
            const y = tanh(matmul(x, w))
              .reshape([8])
              .slice([[0, 6]]);
            const along = (numbers: number[]) => grad(y, [w], { gradient: tensor(numbers) })[0].toArray();
            const [gu, gv] = [along(u), along(v)];
            along(u.map((_, i) => a * u[i] + b * v[i])).forEach((value, i) => {
              expect(value).toBeCloseTo(a * gu[i] + b * gv[i], 10);
            });
          }),
      ),
      { numRuns: 50 },
    );
  });
});

describe('errors of backward', () => {
  it('from more than one number', () => {
    expect(() => mul(leaf([1, 2]), 2).backward()).toThrow(
      new UserError(
        'backward: the output has shape [2]; a gradient starts from one number. Reduce it with sum() or mean(), or pass { gradient } of the same shape',
      ),
    );
  });

  it('from a gradient of another shape', () => {
    expect(() => mul(leaf([1, 2]), 2).backward({ gradient: ones([3]) })).toThrow(
      new UserError("backward: the gradient given is [3]; it must have the output's shape [2]"),
    );
  });

  it('from what nothing trained leads to: constants, noGrad, steps of whole numbers, a survivor of a step', () => {
    const message =
      'backward: the output does not require a gradient: nothing it was computed from has requiresGrad = true, or it was computed inside noGrad or an earlier step';
    const x = leaf(2);
    for (const output of [ones([1]).mul(2), noGrad(() => mul(x, 2)), argmax(leaf([1, 2])), step(() => mul(x, 2)), mul(x, 2).detach()]) {
      expect(() => output.backward()).toThrow(new UserError(message));
    }
  });

  it('from a dead output', () => {
    const x = leaf(2);
    let dead: Tensor | undefined;
    step(() => {
      dead = mul(x, 2);
    });
    expect(() => dead!.backward()).toThrow(/^this tensor of shape \[\] is dead: .* Return it from the step/);
  });
});

describe('grad', () => {
  it('gives derivatives by inputs, also intermediate ones, and touches no .grad', () => {
    const x = leaf(3);
    const y = mul(x, x);
    const z = mul(y, x);
    const [dx, dy, dz] = grad(z, [x, y, z]);
    expect([dx.item(), dy.item(), dz.item()]).toEqual([27, 3, 1]);
    expect(x.grad).toBeNull();
  });

  it('names the input that the output does not depend on, unless that is allowed', () => {
    const [x, w] = [leaf(1), leaf([1, 2], 'w')];
    const y = mul(x, 2);
    expect(() => grad(y, [x, w])).toThrow(
      new UserError("grad: the output does not depend on 'w' of shape [2]; pass allowUnused: true to get null for it"),
    );
    expect(() => grad(y, [ones([3])])).toThrow(
      'grad: the output does not depend on input 0 of shape [3], which has requiresGrad = false; pass allowUnused: true to get null for it',
    );
    expect(grad(y, [w, x], { allowUnused: true }).map(g => g?.item() ?? null)).toEqual([null, 2]);
  });

  it('of grad: three times through x⁴, and by backward', () => {
    on64(() => {
      const x = leaf(1.5);
      const y = pow(x, 4);
      const [first] = grad(y, [x], { createGraph: true });
      const [second] = grad(first, [x], { createGraph: true });
      const [third] = grad(second, [x], { createGraph: true });
      third.backward();
      expect([first, second, third, x.grad!].map(t => t.item())).toEqual([4 * 1.5 ** 3, 12 * 1.5 ** 2, 24 * 1.5, 24]);
    });
  });

  it('without createGraph cannot be differentiated', () => {
    const x = leaf(3);
    const [g] = grad(mul(x, x), [x]);
    expect(g.requiresGrad).toBe(false);
  });

  it('a penalty on the gradient by createGraph in backward', () => {
    on64(() => {
      const w = leaf([2, -1]);
      backward(sum(pow(w, 3)), { createGraph: true }); // w.grad = 3w²
      const g = w.grad!;
      w.zeroGrad();
      sum(mul(g, g)).backward(); // Σ 9w⁴, derivative 36w³
      expect(w.grad!.tolist()).toEqual([288, -36]);
    });
  });
});

describe('recording', () => {
  it('noGrad and enableGrad nest, and end with an error too', () => {
    const x = leaf(1);
    noGrad(() => {
      expect([isRecording(), mul(x, 2).requiresGrad]).toEqual([false, false]);
      enableGrad(() => expect([isRecording(), mul(x, 2).requiresGrad]).toEqual([true, true]));
      expect(isRecording()).toBe(false);
    });
    expect(() =>
      noGrad(() => {
        throw new Error('on purpose');
      }),
    ).toThrow('on purpose');
    expect(isRecording()).toBe(true);
  });

  it('a backward pass leaves no trace in the graph', () => {
    const x = leaf(3);
    mul(x, x).backward();
    expect([x.grad!.requiresGrad, x.grad!.origin]).toEqual([false, null]);
  });
});

describe('observing', () => {
  it('observeOps tells every op in order, recorded or not, with inputs and attributes', () => {
    const x = ones([2]);
    const seen: string[] = [];
    const result = observeOps(
      (output, origin) => seen.push(`${origin.op.name} ${origin.inputs.length} -> [${output.shape}]`),
      () => sum(relu(add(x, mul(x, 2)))).item(),
    );
    expect(result).toBe(6);
    expect(seen).toEqual(['mulScalar 1 -> [2]', 'add 2 -> [2]', 'relu 1 -> [2]', 'sum 1 -> [1]', 'reshape 1 -> []']);
    mul(x, 2);
    expect(seen.length).toBe(5);
  });

  it('observeEdges tells the gradient at each edge, after broadcasting is undone', () => {
    const [x, b] = [new Parameter(ones([2, 3])), new Parameter(zeros([3]))];
    const seen: unknown[] = [];
    const loss = sum(add(x, b));
    observeEdges(
      (output, input, gradient) => seen.push([output.origin!.op.name, input, gradient.shape, gradient.toArray()[0]]),
      () => loss.backward(),
    );
    expect(seen).toEqual([
      ['reshape', 0, [1, 1], 1],
      ['sum', 0, [2, 3], 1],
      ['add', 0, [2, 3], 1],
      ['add', 1, [3], 2],
    ]);
  });
});
