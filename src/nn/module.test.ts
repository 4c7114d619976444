import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { add, mul, relu, sum } from '../ops/index.ts';
import { arange, ones, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import { BatchNorm1d, Dropout, Flatten, Linear, Module, observeForward, Parameter, ReLU, Sequential } from './index.ts';

class Block extends Module {
  readonly scale = new Parameter(ones([2]));
  readonly inner = new Linear(2, 2, { bias: false });
  readonly shift = new Parameter(zeros([2]));
  readonly note = 'not a parameter';
  readonly plain = ones([1]);
  forward(x: Tensor): Tensor {
    return add(mul(this.inner.call(x, 'inner'), this.scale), this.shift);
  }
}

class Counter extends Module {
  constructor() {
    super();
    this.registerBuffer('seen', zeros([1]));
  }
  forward(x: Tensor): Tensor {
    return x;
  }
}

class Tied extends Module {
  readonly encode: Linear;
  readonly decode: Linear;
  constructor() {
    super();
    this.encode = new Linear(2, 2);
    this.decode = new Linear(2, 2);
    Object.assign(this.decode, { weight: this.encode.weight });
  }
  forward(x: Tensor): Tensor {
    return this.decode.forward(relu(this.encode.forward(x)));
  }
}

describe('finding what is inside', () => {
  it('names are paths, a module’s own parameters before those inside, as PyTorch has it', () => {
    const model = new Sequential(new Linear(3, 2), new ReLU(), new Sequential(new Block(), new Linear(2, 1)));
    expect(model.namedParameters().map(([name]) => name)).toEqual([
      '0.weight',
      '0.bias',
      '2.0.scale',
      '2.0.shift',
      '2.0.inner.weight',
      '2.1.weight',
      '2.1.bias',
    ]);
    expect(model.namedModules().map(([name, module]) => `${name}:${module.constructor.name}`)).toEqual([
      ':Sequential',
      '0:Linear',
      '1:ReLU',
      '2:Sequential',
      '2.0:Block',
      '2.0.inner:Linear',
      '2.1:Linear',
    ]);
    expect(model.parameters().map(p => p.name)).toEqual(model.namedParameters().map(([name]) => name));
    expect(model.parameterCount()).toBe(6 + 2 + 2 + 2 + 4 + 2 + 1);
  });

  it('a shared parameter is trained once, and saved under both names', () => {
    const tied = new Tied();
    expect(tied.namedParameters().map(([name]) => name)).toEqual(['encode.weight', 'encode.bias', 'decode.bias']);
    expect([...tied.stateDict().keys()]).toEqual(['encode.weight', 'encode.bias', 'decode.weight', 'decode.bias']);
    step(() => sum(tied.forward(ones([1, 2]))).backward());
    expect(tied.encode.weight.grad).not.toBeNull();
  });

  it('the state dict has parameters and buffers of each module together', () => {
    const model = new Sequential(new Linear(2, 2), new BatchNorm1d(2), new Counter(), new Linear(2, 1));
    expect([...model.stateDict().keys()]).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '1.bias',
      '1.running_mean',
      '1.running_var',
      '1.num_batches_tracked',
      '2.seen',
      '3.weight',
      '3.bias',
    ]);
    expect(model.stateDict().get('0.weight')).toBe(model.parameters()[0]);
    expect(model.namedBuffers().map(([name]) => name)).toEqual(['1.running_mean', '1.running_var', '1.num_batches_tracked', '2.seen']);
  });

  it('train and eval reach every module', () => {
    const model = new Sequential(new Sequential(new Dropout(), new Block()));
    expect(model.eval()).toBe(model);
    expect(model.namedModules().map(([, m]) => m.training)).toEqual([false, false, false, false, false]);
    model.train();
    expect(model.namedModules().every(([, m]) => m.training)).toBe(true);
  });

  it('zeroGrad forgets every gradient', () => {
    const model = new Linear(2, 1);
    step(() => sum(model.forward(ones([3, 2]))).backward());
    expect(model.weight.grad!.tolist()).toEqual([[3, 3]]);
    model.zeroGrad();
    expect([model.weight.grad, model.bias!.grad]).toEqual([null, null]);
  });
});

describe('loadStateDict', () => {
  const model = () => new Sequential(new Linear(2, 3), new ReLU(), new Linear(3, 1));
  const numbers = (m: Module) => [...m.stateDict()].map(([key, t]) => [key, ...t.toArray()]);

  it('takes tensors and stored arrays, by name', () => {
    const [from, to] = [model(), model()];
    expect(numbers(from)).not.toEqual(numbers(to));
    to.loadStateDict(from.stateDict());
    expect(numbers(to)).toEqual(numbers(from));
    const stored = new Map([...model().stateDict()].map(([key, t]) => [key, { shape: t.shape, values: t.toArray() }]));
    to.loadStateDict(stored);
    expect(numbers(to)).toEqual([...stored].map(([key, { values }]) => [key, ...values]));
  });

  it('lists what is missing, of another shape, or unknown, and changes nothing', () => {
    const to = model();
    const before = numbers(to);
    const state = new Map<string, Tensor>(model().stateDict());
    state.set('2.weight', zeros([1, 4]));
    state.delete('0.bias');
    state.set('3.weight', zeros([1]));
    expect(() => to.loadStateDict(state)).toThrow(
      new UserError(
        "loadStateDict: the state is of another model: '0.bias' [3] is missing; '2.weight' is [1, 4] there and [1, 3] in the model; '3.weight' is not in the model",
      ),
    );
    expect(numbers(to)).toEqual(before);
  });

  it('shows six problems and counts the rest', () => {
    const big = new Sequential(...Array.from({ length: 4 }, () => new Linear(1, 1)));
    expect(() => big.loadStateDict(new Map())).toThrow(
      "loadStateDict: the state is of another model: '0.weight' [1, 1] is missing; '0.bias' [1] is missing; '1.weight' [1, 1] is missing; '1.bias' [1] is missing; '2.weight' [1, 1] is missing; '2.bias' [1] is missing; and 2 more",
    );
  });

  it('without strict takes what matches by name, and still refuses another shape', () => {
    const to = model();
    to.loadStateDict(
      new Map([
        ['0.bias', tensor([1, 2, 3])],
        ['other', ones([1])],
      ]),
      { strict: false },
    );
    expect(to.stateDict().get('0.bias')!.tolist()).toEqual([1, 2, 3]);
    expect(() => to.loadStateDict(new Map([['0.bias', ones([2])]]), { strict: false })).toThrow(
      "loadStateDict: the state is of another model: '0.bias' is [2] there and [3] in the model",
    );
  });

  it('changes nothing when a tensor given is dead, or a stored array too short', () => {
    const to = model();
    const before = numbers(to);
    const state = new Map<string, Tensor>(model().stateDict());
    step(() => state.set('2.bias', ones([1])) && undefined);
    expect(() => to.loadStateDict(state)).toThrow(/is dead/);
    const short = new Map<string, Tensor | { shape: number[]; values: number[] }>(model().stateDict());
    short.set('2.bias', { shape: [1], values: [] });
    expect(() => to.loadStateDict(short)).toThrow(
      new UserError("loadStateDict: the state is of another model: '2.bias' has 0 numbers for its shape [1]"),
    );
    expect(numbers(to)).toEqual(before);
  });
});

describe('observeForward', () => {
  it('tells inner modules first, by path, with input and output', () => {
    const model = new Sequential(new Flatten(), new Linear(4, 2), new ReLU(), new Block());
    const seen: string[] = [];
    step(() =>
      observeForward(
        (path, module, input, output) => seen.push(`${path || '.'} ${module.constructor.name} [${input.shape}] -> [${output.shape}]`),
        () => model.call(arange(0, 12).reshape([3, 2, 2])),
      ),
    );
    expect(seen).toEqual([
      '0 Flatten [3,2,2] -> [3,4]',
      '1 Linear [3,4] -> [3,2]',
      '2 ReLU [3,2] -> [3,2]',
      '3.inner Linear [3,2] -> [3,2]',
      '3 Block [3,2] -> [3,2]',
      '. Sequential [3,2,2] -> [3,2]',
    ]);
  });

  it('ends with an error, its path too', () => {
    const model = new Sequential(new Sequential(new Linear(2, 2)));
    const watch = () =>
      observeForward(
        () => {},
        () => model.call(ones([1, 3])),
      );
    expect(watch).toThrow('linear: the input is [1, 3]');
    const seen: string[] = [];
    model.call(ones([1, 2]));
    observeForward(
      path => seen.push(path),
      () => model.call(ones([1, 2])),
    );
    expect(seen).toEqual(['0.0', '0', '']);
  });
});

it('a Parameter takes over the storage of its tensor and is a leaf that is trained', () => {
  const values = ones([2]);
  const p = new Parameter(values, 'p');
  values.set([3, 4]);
  expect([p.tolist(), p.requiresGrad, p.origin, p.name]).toEqual([[3, 4], true, null, 'p']);
  expect(p).toBeInstanceOf(Tensor);
});
