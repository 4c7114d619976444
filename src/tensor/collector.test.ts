/** Tensors that no step owns are given back by the garbage collector, each block once. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { backend, withBackend } from '../backend/current.ts';
import { createReferenceBackend } from '../backend/reference/reference-backend.ts';
import { UserError } from '../errors.ts';
import { Parameter } from '../nn/parameter.ts';
import { mul, sum } from '../ops/index.ts';
import { ones, tensor } from './create.ts';
import { keep, liveTensors, step } from './scope.ts';
import type { Tensor } from './tensor.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Collects until the count of live tensors is what it should be, or long enough. */
async function settle(wanted: number, tries = 40): Promise<number> {
  for (let i = 0; i < tries && liveTensors() !== wanted; i++) {
    collectGarbage();
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  return liveTensors();
}

/** The count of live tensors and live bytes that `make` leaves behind, once the collector has been. */
async function leftBy(make: () => void, kept = 0): Promise<{ tensors: number; bytes: number }> {
  await settle(-1, 4);
  const kernels = backend('reference64');
  const [tensors, bytes] = [liveTensors(), kernels.usage().live];
  withBackend('reference64', make);
  expect(liveTensors()).toBeGreaterThan(tensors);
  await settle(tensors + kept, kept === 0 ? 40 : 4);
  return { tensors: liveTensors() - tensors, bytes: kernels.usage().live - bytes };
}

describe('the collector gives back', () => {
  const nothing = { tensors: 0, bytes: 0 };

  it('loose tensors and what was computed from them', async () => {
    const made = await leftBy(() => {
      const x = ones([10], { requiresGrad: true });
      mul(x, x).reshape([2, 5]).detach();
    });
    expect(made).toEqual(nothing);
  });

  it('survivors of a step', async () => {
    expect(await leftBy(() => void step(() => [ones([3]), ones([4])]))).toEqual(nothing);
  });

  it('a leaf with its gradient, loose or kept or from a step', async () => {
    const make = (): void => {
      const square = (x: Tensor): Tensor => {
        sum(mul(x, x)).backward();
        return x;
      };
      square(ones([10], { requiresGrad: true }));
      square(new Parameter(ones([5])));
      step(() => square(ones([3], { requiresGrad: true })));
      step(() => square(keep(ones([2], { requiresGrad: true }))));
    };
    expect(await leftBy(make)).toEqual(nothing);
  });

  it('a gradient that was replaced, captured and returned: once, with the storage it shares left alone', async () => {
    let view: Tensor | undefined;
    const left = await leftBy(() => {
      view = step(() => {
        const w = new Parameter(tensor([3]));
        sum(mul(w, w)).backward();
        const gradient = w.grad!;
        const reshaped = gradient.reshape([]);
        w.zeroGrad();
        return [gradient, reshaped];
      })[1];
    }, 1);
    expect(left).toEqual({ tensors: 1, bytes: 8 });
    expect(view!.item()).toBe(6);
  });

  it('but not a leaf of which only the gradient is still held', async () => {
    let gradient: Tensor | undefined;
    const left = await leftBy(() => {
      const x = tensor([3], { requiresGrad: true });
      sum(mul(x, x)).backward();
      gradient = x.grad!;
    }, 2);
    expect(left).toEqual({ tensors: 2, bytes: 16 });
    expect(gradient!.item()).toBe(6);
  });
});

describe('the limit on loose tensors', () => {
  /** A backend whose storage has a length and no memory. */
  const huge = { ...createReferenceBackend('float64'), alloc: (length: number) => ({ length }), fill: () => {} };

  it('is an error that says what to do, and counts what lives in a step or is kept as nothing', async () => {
    const before = liveTensors();
    withBackend(huge, () => {
      const third = 2 ** 27 / 3; // of 1 GiB in float64
      step(() => Array.from({ length: 5 }, () => ones([third | 0])).length);
      for (let i = 0; i < 5; i++) keep(ones([third | 0]));
      const held = [ones([third | 0]), ones([third | 0])];
      const view = held[0].reshape([1, third | 0]);
      const more = ones([third | 0]); // exactly up to the limit: the view counts for nothing
      expect(() => ones([third | 0])).toThrow(
        new UserError(
          'tensors made outside step() hold 1365 MiB, and none can be collected while a loop runs. Put the body of the loop in step(() => ...)',
        ),
      );
      expect(view.size).toBe(more.size);
    });
    await settle(before);
    expect(withBackend(huge, () => ones([2 ** 26]).size)).toBe(2 ** 26);
  });
});
