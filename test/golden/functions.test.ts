/** Losses and activations against PyTorch, at ordinary values and at ±1e4, with their gradients. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../../src/backend/current.ts';
import * as losses from '../../src/loss/index.ts';
import * as activations from '../../src/ops/activation.ts';
import '../../src/ops/index.ts';
import { tensor } from '../../src/tensor/create.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Nested = number[] | number[][];
const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));

const backends: readonly (readonly [BackendName, number])[] = [
  ['reference64', 1e-12],
  ['wasm', 1e-5],
];

/** Every element within `tolerance` of its own size, or of the smallest that counts beside 1. */
function expectNear(what: string, got: ArrayLike<number>, want: readonly number[], tolerance: number, least: number): void {
  want.forEach((value, i) => {
    const allowed = tolerance * Math.max(Math.abs(value), least);
    expect(Math.abs(got[i] - value), `${what}[${i}] is ${got[i]}, PyTorch has ${value}`).toBeLessThanOrEqual(allowed);
  });
}

describe('losses', () => {
  type Loss = 'crossEntropy' | 'bceWithLogits' | 'mseLoss' | 'l1Loss' | 'huberLoss';
  type AnyLoss = (input: Tensor, target: Tensor, options: object) => Tensor;
  const { cases } = read<{ cases: { loss: Loss; x: Nested; target: Nested; options: object; value: number; grad: Nested }[] }>(
    'losses.json',
  );

  describe.each(backends)('%s', (backendName, tolerance) => {
    it.each(cases.map(c => [`${c.loss} ${JSON.stringify(c.options)} [${c.target.length}]`, c] as const))('%s', (_, c) => {
      withBackend(backendName, () => {
        const x = tensor(c.x as number[], { requiresGrad: true });
        const { [c.loss]: loss } = { ...losses } as unknown as Record<Loss, AnyLoss>;
        const value = loss(x, tensor(c.target as number[]), c.options);
        value.backward();
        expectNear('loss', [value.item()], [c.value], tolerance, 1e-3);
        // a gradient is a difference of probabilities, known to the last place of 1
        expectNear('gradient', x.grad!.toArray(), c.grad.flat(), tolerance, 0.1);
      });
    });
  });
});

describe('activations', () => {
  type Activation = keyof typeof activations;
  interface Golden {
    readonly x: number[];
    readonly cases: { name: Activation; args: (number | string)[]; y: number[]; dy: number[] }[];
    readonly prelu: { weight: number[]; y: number[]; dx: number[]; dweight: number[] };
  }
  const golden = read<Golden>('activations.json');
  const functions = { ...activations } as unknown as Record<Activation, (x: Tensor, ...args: (number | string)[]) => Tensor>;

  it('every activation is here but clamp, which is hardtanh', () => {
    const names = new Set<string>([...golden.cases.map(c => c.name), 'prelu', 'clamp']);
    expect([...names].sort()).toEqual(Object.keys(activations).sort());
  });

  describe.each(backends)('%s', (backendName, tolerance) => {
    it.each(golden.cases.map(c => [`${c.name}(${['x', ...c.args].join(', ')})`, c] as const))('%s', (_, { name, args, y, dy }) => {
      withBackend(backendName, () => {
        const x = tensor(golden.x, { requiresGrad: true });
        const output = functions[name](x, ...args);
        output.sum().backward();
        expectNear('value', output.toArray(), y, tolerance, 1e-2);
        expectNear('gradient', x.grad!.toArray(), dy, tolerance, 1e-1);
      });
    });

    it('prelu', () => {
      withBackend(backendName, () => {
        const [x, weight] = [tensor(golden.x, { requiresGrad: true }), tensor(golden.prelu.weight, { requiresGrad: true })];
        const output = activations.prelu(x, weight);
        output.sum().backward();
        expectNear('value', output.toArray(), golden.prelu.y, tolerance, 1e-2);
        expectNear('gradient', x.grad!.toArray(), golden.prelu.dx, tolerance, 1e-1);
        expectNear('gradient of the weight', weight.grad!.toArray(), golden.prelu.dweight, tolerance, 1);
      });
    });
  });
});
