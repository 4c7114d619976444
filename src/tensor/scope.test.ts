import { describe, expect, it } from 'vitest';
import { backward } from '../autograd/backward.ts';
import { backend, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { Parameter } from '../nn/parameter.ts';
import { add, mul, sum } from '../ops/index.ts';
import { ones, tensor, zeros } from './create.ts';
import { keep, liveTensors, release, step } from './scope.ts';
import type { Tensor } from './tensor.ts';

const kernels = backend('reference64');
const onReference = <T>(work: () => T): T => withBackend('reference64', work);

/** Change of the count of live tensors and of live bytes over `work`. */
function change(work: () => void): { tensors: number; bytes: number } {
  const [tensors, bytes] = [liveTensors(), kernels.usage().live];
  onReference(work);
  return { tensors: liveTensors() - tensors, bytes: kernels.usage().live - bytes };
}

const scope = <T>(work: () => T): T => onReference(() => step(work));

describe('what survives a step', () => {
  it('the tensor returned, and nothing else', () => {
    let inner: Tensor | undefined;
    let result: Tensor | undefined;
    const grown = change(() => {
      result = step(() => {
        inner = ones([2]);
        return inner.add(1);
      });
    });
    expect(result!.tolist()).toEqual([2, 2]);
    expect(inner!.isDead).toBe(true);
    expect(grown).toEqual({ tensors: 1, bytes: 16 });
  });

  it('tensors in arrays and plain objects, nested, also in a circle', () => {
    const out = scope(() => {
      const value = { list: [ones([1]), { deep: zeros([2]) }], number: 3, none: null, self: null as unknown };
      value.self = value;
      value.list.push(value as never);
      return value;
    });
    expect((out.list[0] as Tensor).tolist()).toEqual([1]);
    expect((out.list[1] as { deep: Tensor }).deep.tolist()).toEqual([0, 0]);
  });

  it('but not tensors in a Map or an instance of a class', () => {
    const map = scope(() => new Map([['a', ones([1])]]));
    expect(map.get('a')!.isDead).toBe(true);
  });

  it('a survivor of an inner step dies with the outer one', () => {
    let survivor: Tensor | undefined;
    scope(() => {
      survivor = step(() => ones([3]));
      expect(survivor.isDead).toBe(false);
    });
    expect(survivor!.isDead).toBe(true);
  });

  it('what an inner step makes does not outlive it, and what the outer one made goes on', () => {
    scope(() => {
      const outer = ones([1]);
      const inner = step(() => [outer, zeros([1])]).at(1)!;
      step(() => {
        zeros([4]);
      });
      expect([outer.isDead, inner.isDead]).toEqual([false, false]);
    });
  });

  it('a survivor is cut from its graph; one made outside is not', () => {
    const x = onReference(() => tensor([2], { requiresGrad: true }));
    const outside = onReference(() => mul(x, 3));
    const [inside, same] = scope(() => [mul(x, x), outside]);
    expect([inside.requiresGrad, inside.origin]).toEqual([false, null]);
    expect([same.requiresGrad, same.origin?.op.name]).toEqual([true, 'mulScalar']);
  });

  it('parameters, whatever is kept, and gradients of leaves that live', () => {
    const made = scope(() => {
      const parameter = new Parameter(ones([2]));
      sum(mul(parameter, parameter)).backward();
      keep(zeros([1]));
      return () => parameter;
    })();
    expect(made.tolist()).toEqual([1, 1]);
    expect(made.grad!.tolist()).toEqual([2, 2]);
  });

  it('a leaf that is returned keeps its gradient; one that is not takes its gradient with it', () => {
    let gradient: Tensor | undefined;
    const leaf = scope(() => {
      const [x, y] = [tensor([3], { requiresGrad: true }), tensor([4], { requiresGrad: true })];
      sum(mul(x, y)).backward();
      gradient = y.grad!;
      return x;
    });
    expect(leaf.grad!.tolist()).toEqual([4]);
    expect(gradient!.isDead).toBe(true);
  });

  it('a gradient that is returned without its leaf', () => {
    const grown = change(() => {
      const gradient = step(() => {
        const x = tensor([3], { requiresGrad: true });
        sum(mul(x, x)).backward();
        return x.grad!;
      });
      expect(gradient.tolist()).toEqual([6]);
      release(gradient);
    });
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
  });

  it('a gradient made with createGraph is cut at the end of the step, where its graph dies', () => {
    const w = onReference(() => new Parameter(tensor([2])));
    scope(() => {
      backward(sum(mul(mul(w, w), w)), { createGraph: true });
      expect(w.grad!.requiresGrad).toBe(true);
    });
    expect([w.grad!.item(), w.grad!.requiresGrad, w.grad!.origin]).toEqual([12, false, null]);
  });
});

describe('what dies', () => {
  it('everything, when the step throws', () => {
    const grown = change(() => {
      expect(() =>
        step(() => {
          ones([8]);
          step(() => {
            ones([8]);
            throw new Error('on purpose');
          });
        }),
      ).toThrow('on purpose');
    });
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
    const after = onReference(() => ones([1])); // made outside every step: the scopes are closed
    scope(() => {});
    expect(after.isDead).toBe(false);
  });

  it('everything, when looking through the result throws', () => {
    const grown = change(() => {
      expect(() =>
        step(() => {
          ones([8]);
          return {
            get broken(): number {
              throw new Error('a getter');
            },
          };
        }),
      ).toThrow('a getter');
    });
    expect(grown.tensors).toBe(0);
    expect(scope(() => ones([1])).isDead).toBe(false);
  });

  it('a promise is refused, and what was made is freed', async () => {
    const grown = change(() => {
      expect(() =>
        step(async () => {
          ones([8]);
          throw new Error('never reported');
        }),
      ).toThrow(new UserError('step: the function returned a promise; a step is synchronous. Load data before it, and await outside'));
    });
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
    await Promise.resolve();
  });

  it('reading, computing with and reshaping a dead tensor say what to do', () => {
    let dead: Tensor | undefined;
    let named: Tensor | undefined;
    scope(() => {
      dead = ones([2, 3]);
      named = zeros([1], { name: 'hidden' });
    });
    const message = (who: string, shape: string) =>
      `${who} of shape ${shape} is dead: it was made inside step(() => ...) (or came with a batch), and died when that ended. Return it from the step, or read its numbers inside with item(), toArray() or tolist()`;
    for (const use of [
      () => dead!.toArray(),
      () => dead!.tolist(),
      () => dead!.set([1, 2, 3, 4, 5, 6]),
      () => dead!.dtype,
      () => add(dead!, 1),
      () => dead!.reshape([3, 2]),
      () => dead!.detach(),
      () => new Parameter(dead!),
      () => ones([2, 3]).set(dead!),
    ]) {
      expect(use).toThrow(new UserError(message('this tensor', '[2, 3]')));
    }
    expect(() => named!.item()).toThrow(message("the tensor 'hidden'", '[1]'));
    expect(dead!.toString()).toBe('Tensor [2, 3] dead');
  });
});

describe('storage shared by reshape and detach', () => {
  it('is given back with the last of its tensors', () => {
    const grown = change(() => {
      const [flat, cut] = step(() => {
        const x = ones([2, 3]);
        return [x.reshape([6]), x.reshape([3, 2]).detach()];
      });
      expect(flat.tolist()).toEqual([1, 1, 1, 1, 1, 1]);
      expect(kernels.usage().live).toBeGreaterThanOrEqual(48);
      release(flat);
      expect(cut.tolist()).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
      ]);
      release(cut);
      release(cut); // a second time is nothing
    });
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
  });

  it('of an outer tensor outlives the views made in a step', () => {
    onReference(() => {
      const x = ones([4]);
      step(() => {
        x.reshape([2, 2]).detach();
      });
      expect(x.tolist()).toEqual([1, 1, 1, 1]);
    });
  });
});

describe('a gradient replaced', () => {
  it('by zeroGrad stays readable within the step, and dies with it', () => {
    const w = onReference(() => new Parameter(tensor([3])));
    let captured: Tensor | undefined;
    const grown = change(() => {
      step(() => {
        sum(mul(w, w)).backward();
        captured = w.grad!;
        w.zeroGrad();
        expect(w.grad).toBeNull();
        expect(captured.item()).toBe(6);
      });
    });
    expect(captured!.isDead).toBe(true);
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
  });

  it('from an earlier step dies with the step that forgot it', () => {
    const w = onReference(() => new Parameter(tensor([3])));
    scope(() => sum(mul(w, w)).backward());
    const former = w.grad!;
    expect(former.item()).toBe(6);
    scope(() => {
      w.zeroGrad();
      expect(former.item()).toBe(6);
    });
    expect(former.isDead).toBe(true);
  });

  it('and returned is given back once, its neighbours untouched', () => {
    const w = onReference(() => new Parameter(tensor([3])));
    const grown = change(() => {
      const captured = step(() => {
        sum(mul(w, w)).backward();
        const gradient = w.grad!;
        w.zeroGrad();
        return gradient;
      });
      expect(captured.item()).toBe(6);
      release(captured);
    });
    expect(grown).toEqual({ tensors: 0, bytes: 0 });
  });

  it('by accumulation dies with the step that added to it', () => {
    const w = onReference(() => new Parameter(tensor([3])));
    const once = () => scope(() => sum(mul(w, w)).backward());
    once();
    const before = liveTensors();
    for (let i = 0; i < 10; i++) once();
    expect(w.grad!.item()).toBe(66);
    expect(liveTensors()).toBe(before);
  });
});
