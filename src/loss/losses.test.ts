import { describe, expect, it } from 'vitest';
import { grad } from '../autograd/backward.ts';
import { type BackendName, withBackend } from '../backend/current.ts';
import { UserError } from '../errors.ts';
import { ones, tensor, zeros } from '../tensor/create.ts';
import { step } from '../tensor/scope.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { bceWithLogits, crossEntropy, huberLoss, l1Loss, mseLoss, type Reduction } from './index.ts';

const backends: BackendName[] = ['wasm', 'reference', 'reference64'];

/** A loss and its gradient by the logits. */
function at(f: (x: Tensor) => Tensor, numbers: number[], shape: number[]): { loss: number; dx: number[] } {
  return step(() => {
    const x = tensor(numbers, { shape, requiresGrad: true });
    const loss = f(x);
    return { loss: loss.item(), dx: [...grad(loss, [x])[0].toArray()] };
  });
}

describe('by hand', () => {
  const x = () =>
    tensor([
      [1, 2],
      [3, 5],
    ]);
  const y = () =>
    tensor([
      [1, 0],
      [6, 5.5],
    ]);

  it('squared, absolute and Huber', () => {
    expect(mseLoss(x(), y()).item()).toBe((0 + 4 + 9 + 0.25) / 4);
    expect(l1Loss(x(), y()).item()).toBe((0 + 2 + 3 + 0.5) / 4);
    expect(huberLoss(x(), y()).item()).toBe((0 + 1.5 + 2.5 + 0.125) / 4);
    expect(huberLoss(x(), y(), { delta: 2 }).item()).toBe((0 + 2 + 4 + 0.125) / 4);
  });

  it('cross-entropy: labels, probabilities, smoothing', () => {
    withBackend('reference64', () => {
      const logits = tensor([
        [0, Math.log(3)],
        [Math.log(4), 0],
      ]);
      const [p, q] = [3 / 4, 1 / 5];
      expect(crossEntropy(logits, tensor([1, 1])).item()).toBeCloseTo(-(Math.log(p) + Math.log(q)) / 2, 14);
      const smooth = (own: number) => -0.9 * Math.log(own) - 0.05 * (Math.log(own) + Math.log(1 - own));
      expect(crossEntropy(logits, tensor([1, 1]), { labelSmoothing: 0.1 }).item()).toBeCloseTo((smooth(p) + smooth(q)) / 2, 14);
      const mixed = tensor([
        [0.25, 0.75],
        [0, 1],
      ]);
      const soft = -(0.25 * Math.log(0.25) + 0.75 * Math.log(0.75));
      expect(crossEntropy(logits, mixed).item()).toBeCloseTo((soft - Math.log(q)) / 2, 14);
      const oneHot = tensor([
        [0, 1],
        [0, 1],
      ]);
      for (const labelSmoothing of [0, 0.3, 1]) {
        expect(crossEntropy(logits, oneHot, { labelSmoothing }).item()).toBeCloseTo(
          crossEntropy(logits, tensor([1, 1]), { labelSmoothing }).item(),
          14,
        );
      }
    });
  });

  it('binary cross-entropy, and the weight of the positive answer', () => {
    withBackend('reference64', () => {
      const logit = tensor([Math.log(3)]);
      expect(bceWithLogits(logit, tensor([1])).item()).toBeCloseTo(-Math.log(3 / 4), 14);
      expect(bceWithLogits(logit, tensor([0])).item()).toBeCloseTo(-Math.log(1 / 4), 14);
      expect(bceWithLogits(logit, tensor([0.5]), { posWeight: 4 }).item()).toBeCloseTo(-2 * Math.log(3 / 4) - 0.5 * Math.log(1 / 4), 14);
    });
  });

  it.each<[string, (reduction: Reduction) => Tensor]>([
    ['mseLoss', reduction => mseLoss(x(), y(), { reduction })],
    ['l1Loss', reduction => l1Loss(x(), y(), { reduction })],
    ['huberLoss', reduction => huberLoss(x(), y(), { reduction })],
    ['bceWithLogits', reduction => bceWithLogits(x(), ones([2, 2]), { reduction })],
    ['crossEntropy', reduction => crossEntropy(x(), tensor([0, 1]), { reduction })],
    ['crossEntropy of probabilities', reduction => crossEntropy(x(), ones([2, 2]), { reduction })],
  ])('%s: the mean and the sum are those of the losses each', (_, loss) => {
    const each = [...loss('none').toArray()];
    const sum = each.reduce((a, b) => a + b, 0);
    expect(loss('sum').item()).toBeCloseTo(sum, 5);
    expect(loss('mean').item()).toBeCloseTo(sum / each.length, 5);
    expect(() => loss('average' as Reduction)).toThrow(new UserError("unknown reduction 'average'; allowed are 'mean', 'sum' and 'none'"));
  });
});

describe.each(backends)('at extreme logits on %s', name => {
  const on = (f: (x: Tensor) => Tensor, numbers: number[], shape: number[]) => withBackend(name, () => at(f, numbers, shape));

  it('cross-entropy', () => {
    const labels = () => tensor([0, 1]);
    expect(on(x => crossEntropy(x, labels(), { reduction: 'sum' }), [1e4, -1e4, 1e4, -1e4], [2, 2])).toEqual({
      loss: 2e4,
      dx: [0, 0, 1, -1],
    });
    expect(
      on(
        x =>
          crossEntropy(
            x,
            tensor([
              [0, 1],
              [1, 0],
            ]),
            { reduction: 'sum' },
          ),
        [1e4, -1e4, 1e4, -1e4],
        [2, 2],
      ),
    ).toEqual({
      loss: 2e4,
      dx: [1, -1, 0, 0],
    });
    const smooth = on(x => crossEntropy(x, labels(), { reduction: 'sum', labelSmoothing: 0.5 }), [1e4, -1e4, 1e4, -1e4], [2, 2]);
    expect(smooth).toEqual({ loss: 0.25 * 2e4 + 0.75 * 2e4, dx: [0.25, -0.25, 0.75, -0.75] });
  });

  it('binary cross-entropy', () => {
    const f = (x: Tensor) => bceWithLogits(x, tensor([1, 0, 1, 0]), { reduction: 'sum' });
    const { loss, dx } = on(f, [1e4, -1e4, -1e4, 1e4], [4]);
    expect(loss).toBe(2e4);
    expect(dx.map(v => v + 0)).toEqual([0, 0, -1, 1]);
  });

  it('the regressions stay finite where their squares do', () => {
    expect(on(x => huberLoss(x, zeros([2]), { reduction: 'sum' }), [1e4, -1e4], [2])).toEqual({ loss: 19999, dx: [1, -1] });
    expect(on(x => mseLoss(x, zeros([1])), [1e4], [1])).toEqual({ loss: 1e8, dx: [2e4] });
    expect(on(x => l1Loss(x, zeros([3])), [0, 1e4, -1e4], [3]).dx.map(Math.sign)).toEqual([0, 1, -1]);
  });
});

describe('errors', () => {
  it.each<[string, () => unknown, string]>([
    [
      'shapes that would broadcast',
      () => mseLoss(zeros([3, 1]), zeros([3])),
      'mseLoss: the input is [3, 1] and the target [3]; the shapes must be equal, since broadcasting here is nearly always a mistake',
    ],
    [
      'l1',
      () => l1Loss(zeros([2]), zeros([3])),
      'l1Loss: the input is [2] and the target [3]; the shapes must be equal, since broadcasting here is nearly always a mistake',
    ],
    ['huber delta', () => huberLoss(zeros([1]), zeros([1]), { delta: 0 }), 'huberLoss: delta is 0; it must be above 0'],
    ['posWeight', () => bceWithLogits(zeros([1]), zeros([1]), { posWeight: -1 }), 'bceWithLogits: posWeight is -1; it must be above 0'],
    [
      'smoothing above 1',
      () => crossEntropy(zeros([1, 2]), tensor([0]), { labelSmoothing: 1.5 }),
      'crossEntropy: labelSmoothing is 1.5; it must be from 0 to 1',
    ],
    [
      'smoothing NaN',
      () => crossEntropy(zeros([1, 2]), tensor([0]), { labelSmoothing: Number.NaN }),
      'crossEntropy: labelSmoothing is NaN; it must be from 0 to 1',
    ],
    [
      'a label beyond',
      () => crossEntropy(zeros([2, 3]), tensor([0, 3])),
      'crossEntropy: label 3 at position 1 is not one of the whole numbers 0 to 2',
    ],
    [
      'a label below',
      () => crossEntropy(zeros([1, 3]), tensor([-1])),
      'crossEntropy: label -1 at position 0 is not one of the whole numbers 0 to 2',
    ],
    [
      'half a label',
      () => crossEntropy(zeros([1, 3]), tensor([0.5])),
      'crossEntropy: label 0.5 at position 0 is not one of the whole numbers 0 to 2',
    ],
    [
      'too few labels',
      () => crossEntropy(zeros([3, 2]), tensor([0, 1])),
      'crossEntropy: logits are [3, 2] and labels [2]; expected [batch, classes] and [batch] class numbers',
    ],
    [
      'probabilities of other classes',
      () => crossEntropy(zeros([1, 2]), zeros([1, 3])),
      'crossEntropy: the input is [1, 2] and the target [1, 3]; the shapes must be equal, since broadcasting here is nearly always a mistake',
    ],
  ])('%s', (_, use, message) => {
    expect(use).toThrow(new UserError(message));
  });
});
