/** Every op, from its own samples: gradients against central differences, second gradients, fused gradients, and backends against the reference. */
import { describe, expect, it } from 'vitest';
import { grad } from '../src/autograd/backward.ts';
import { gradientError } from '../src/autograd/check.ts';
import { type AnyOp, applyOp, definedOps } from '../src/autograd/op.ts';
import type { Sample } from '../src/autograd/sample.ts';
import { blasBackends } from '../src/backend/blas/node/testing.ts';
import { type BackendName, backend, withBackend } from '../src/backend/current.ts';
import { mul, sum } from '../src/ops/index.ts';
import { Random } from '../src/random.ts';
import { step } from '../src/tensor/scope.ts';
import { sizeOf } from '../src/tensor/shape.ts';
import { emptyTensor, type Tensor } from '../src/tensor/tensor.ts';

const ops = [...definedOps().values()];
const others: BackendName[] = ['wasm', 'reference', ...blasBackends.map(({ name }) => name)];

/** The inputs of a sample, the same numbers on every backend. */
function inputsOf(op: AnyOp, sample: Sample<unknown>, index: number): Tensor[] {
  const stream = new Random(7).stream(`${op.name} ${index}`);
  return sample.inputs.map(input => {
    const values = new Float64Array(sizeOf(input.shape));
    if (input.values) values.set(input.values);
    else if (input.range) stream.fillUniform(values, ...input.range);
    else stream.fillNormal(values, 0, 1);
    // float32 values in float64 too, so that backends differ by their arithmetic alone
    const tensor = emptyTensor(input.shape).set(Float32Array.from(values));
    tensor.requiresGrad = !input.constant;
    return tensor;
  });
}

describe.each(ops.map(op => [op.name, op] as const))('%s', (_, op) => {
  op.samples.forEach((sample: Sample<unknown>, index: number) => {
    const title = `${sample.inputs.map(i => `[${i.shape}]`).join(' ')} ${sample.attrs ? JSON.stringify(sample.attrs) : ''}`;

    it(`${title}: gradient and second gradient by central differences`, () => {
      withBackend('reference64', () => {
        const inputs = inputsOf(op, sample, index);
        if (!inputs.some(t => t.requiresGrad)) return;
        const f = (...given: Tensor[]): Tensor => applyOp(op, given, sample.attrs);
        expect(gradientError(f, inputs)).toBeLessThan(1e-6);
        expect(gradientError(f, inputs, { order: 2 })).toBeLessThan(1e-5);
      });
    });

    if (op.fastBackward) {
      it(`${title}: the fused gradient is the written one`, () => {
        withBackend('reference64', () => {
          const run = (createGraph: boolean): number[][] =>
            step(() => {
              const inputs = inputsOf(op, sample, index);
              const wanted = inputs.filter(t => t.requiresGrad);
              if (wanted.length === 0) return [];
              const z = applyOp(op, inputs, sample.attrs);
              const weights = emptyTensor(z.shape).set(Float64Array.from({ length: z.size }, (_, i) => i - 0.7));
              return grad(sum(mul(z, weights)), wanted, { createGraph }).map(g => [...g.toArray()]);
            });
          const [fused, written] = [run(false), run(true)];
          fused.flat().forEach((value, i) => {
            expect(value).toBeCloseTo(written.flat()[i], 12);
          });
        });
      });
    }

    it.each(others)(`${title}: %s agrees with the reference`, name => {
      const run = (which: BackendName): number[] =>
        withBackend(which, () => step(() => [...applyOp(op, inputsOf(op, sample, index), sample.attrs).toArray()]));
      const want = run('reference64');
      const got = run(name);
      const rms = Math.sqrt(want.reduce((total, value) => total + value * value, 0) / want.length);
      want.forEach((value, i) => {
        if (Number.isNaN(value)) expect(got[i]).toBeNaN();
        else if (Math.abs(value) > 3.4e38) expect(got[i]).toBe(Math.sign(value) * Number.POSITIVE_INFINITY);
        else {
          const allowed =
            op.tolerance === undefined ? 1e-6 * Math.max(1e-3, Math.abs(value)) : op.tolerance * Math.max(rms, Math.abs(value));
          expect(Math.abs(got[i] - value)).toBeLessThanOrEqual(allowed);
        }
      });
    });
  });
});

it('every backend has the kernels it is asked for', () => {
  for (const name of others) expect(backend(name).name).toBe(name);
});
