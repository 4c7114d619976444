/** Batch norm through training batches and inference, and layer norm, against PyTorch in double precision; a feature (or row) of mean 1000 among them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type BackendName, withBackend } from '../../src/backend/current.ts';
import { BatchNorm1d, type BatchNorm1dOptions, LayerNorm, type LayerNormOptions } from '../../src/nn/index.ts';
import { mul, sum } from '../../src/ops/index.ts';
import { type TensorData, tensor } from '../../src/tensor/create.ts';
import { step } from '../../src/tensor/scope.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

type Nested = number | Nested[];
interface Pass {
  readonly x: Nested[];
  readonly dy: Nested[];
  readonly y: Nested[];
  readonly dx: Nested[];
  readonly dweight?: Nested[];
  readonly dbias?: Nested[];
}
interface Step extends Pass {
  readonly training: boolean;
  readonly running_mean?: number[];
  readonly running_var?: number[];
  readonly num_batches_tracked?: number;
}
type Params = Record<'weight' | 'bias', Nested[]> | null;
interface Golden {
  readonly batchNorm: {
    readonly options: BatchNorm1dOptions;
    readonly numFeatures: number;
    readonly params: Params;
    readonly steps: Step[];
  }[];
  readonly layerNorm: (Pass & { readonly options: LayerNormOptions; readonly normalizedShape: number[]; readonly params?: Params })[];
}
const golden: Golden = JSON.parse(readFileSync(new URL('norm.json', import.meta.url), 'utf8'));

/** The largest error, relative to the largest element. */
function relativeError(got: Tensor | null, want: Nested[] | undefined): number {
  if (want === undefined) return 0;
  const flat = want.flat(3) as number[];
  const values = got!.toArray();
  const scale = Math.max(...flat.map(Math.abs));
  return Math.max(...flat.map((value, i) => Math.abs(values[i] - value) / scale));
}

const make = (values: Nested[]): Tensor => tensor(values as TensorData);

type Layer = (BatchNorm1d | LayerNorm) & { readonly weight: Tensor | null; readonly bias: Tensor | null };

/** The worst error of output and gradients. */
function replay(layer: Layer, pass: Pass): number {
  return step(() => {
    layer.zeroGrad();
    const x = make(pass.x);
    x.requiresGrad = true;
    const y = layer.forward(x);
    sum(mul(y, make(pass.dy))).backward();
    const errors = [relativeError(y, pass.y), relativeError(x.grad, pass.dx)];
    errors.push(relativeError(layer.weight?.grad ?? null, pass.dweight), relativeError(layer.bias?.grad ?? null, pass.dbias));
    return Math.max(...errors);
  });
}

function load(layer: Layer, params: Params | undefined): void {
  layer.weight?.set(make(params!.weight));
  layer.bias?.set(make(params!.bias));
}

describe.each<[BackendName, { tolerance: number; inference: number }]>([
  ['reference64', { tolerance: 1e-12, inference: 1e-12 }],
  // Inference subtracts a running mean kept in float32: near 1000 that alone is off by up to 3e-5, of outputs of about 4.
  ['reference', { tolerance: 2e-6, inference: 1e-5 }],
  ['wasm', { tolerance: 2e-6, inference: 1e-5 }],
])('on %s', (name, { tolerance, inference }) => {
  it.each(golden.batchNorm)('batch norm $options of $numFeatures features', ({ options, numFeatures, params, steps }) => {
    withBackend(name, () => {
      const layer = new BatchNorm1d(numFeatures, options);
      load(layer, params);
      for (const pass of steps) {
        layer.train(pass.training);
        expect(replay(layer, pass)).toBeLessThan(pass.training || options.trackRunningStats === false ? tolerance : inference);
        expect(relativeError(layer.runningMean, pass.running_mean)).toBeLessThan(tolerance);
        expect(relativeError(layer.runningVar, pass.running_var)).toBeLessThan(tolerance);
        expect(layer.numBatchesTracked?.item()).toBe(pass.num_batches_tracked);
      }
    });
  });

  it.each(golden.layerNorm)('layer norm $options over $normalizedShape', ({ options, normalizedShape, params, ...pass }) => {
    withBackend(name, () => {
      const layer = new LayerNorm(normalizedShape, options);
      load(layer, params);
      expect(replay(layer, pass)).toBeLessThan(tolerance);
    });
  });
});
