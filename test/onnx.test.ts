/**
 * Exported models run in ONNX Runtime and give what they give here. It is not among the development dependencies, since it is large:
 * `npm ci --prefix test/peers --ignore-scripts` brings it, as .ci/run does.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { withBackend } from '../src/backend/current.ts';
import type { DatasetInfo } from '../src/data/dataset.ts';
import { UserError } from '../src/errors.ts';
import { buildModel } from '../src/experiment/build.ts';
import { onnxOf } from '../src/experiment/export.ts';
import type { TablePreprocessing } from '../src/experiment/prepare.ts';
import { parseExperiment } from '../src/experiment/schema.ts';
import type { ActivationName, Experiment } from '../src/experiment/types.ts';
import { encodeOnnx } from '../src/io/onnx/onnx.ts';
import * as nn from '../src/nn/index.ts';
import { Random, withRandom } from '../src/random.ts';
import { tensor } from '../src/tensor/create.ts';
import { step } from '../src/tensor/scope.ts';
import { predict } from '../src/train/evaluate.ts';

interface OrtTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
/** What is used of onnxruntime-node. */
interface Ort {
  Tensor: new (type: string, data: Float32Array | Uint8Array, dims: readonly number[]) => OrtTensor;
  InferenceSession: {
    create(
      model: Uint8Array,
    ): Promise<{ inputNames: string[]; outputNames: string[]; run(feeds: object): Promise<Record<string, OrtTensor>> }>;
  };
}

const peers = new URL('peers/', import.meta.url);
const isThere = existsSync(new URL('node_modules/onnxruntime-node', peers));
if (!isThere)
  console.log('No tests of ONNX files in this run: onnxruntime-node is not installed (npm ci --prefix test/peers --ignore-scripts).');

const ort = (): Ort => createRequire(peers)('onnxruntime-node') as Ort;
const withOrt = describe.skipIf(!isThere);

async function runOnnx(file: Uint8Array, input: Float32Array | Uint8Array, dims: readonly number[]) {
  const { Tensor, InferenceSession } = ort();
  const session = await InferenceSession.create(file);
  expect(session.inputNames).toEqual(['input']);
  const type = input instanceof Uint8Array ? 'uint8' : 'float32';
  const outputs = await session.run({ input: new Tensor(type, input, dims) });
  return { outputs, names: session.outputNames };
}

const info = (more: Partial<DatasetInfo> = {}): DatasetInfo => ({
  name: 'images',
  provenance: 'images',
  featureShape: [1, 4, 3],
  targetKind: 'class',
  targetShape: [],
  classNames: ['zero', 'one', 'two'],
  normalization: { scale: 1 / 255, mean: 0.1307, std: 0.3081 },
  ...more,
});

/** A model with weights that are far from the start: statistics of its own, biases, and some large outputs. */
function trained(experiment: Experiment, data: DatasetInfo): nn.Module {
  const model = withRandom(new Random(experiment.seed), () => buildModel(experiment.model, data, experiment.tasks)).eval();
  const stream = new Random(9).stream('weights');
  for (const [name, t] of model.stateDict()) {
    if (name.endsWith('num_batches_tracked')) continue;
    const variance = name.endsWith('running_var');
    t.set(Float32Array.from({ length: t.size }, () => (variance ? 0.2 + stream.uniform() * 3 : stream.normal())));
  }
  return model;
}

const inputs = (rows: number, width: number): Float32Array => {
  const stream = new Random(3).stream('inputs');
  return Float32Array.from({ length: rows * width }, () => 2 * stream.normal());
};

/** Within 1e-5 of the size of what is compared. */
function expectClose(found: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(found.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++)
    expect(Math.abs(found[i] - wanted[i])).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(wanted[i])));
}

function outputsOf(model: nn.Module, x: Float32Array, shape: readonly number[]): Float32Array {
  return step(() => Float32Array.from(predict(model, tensor(x).reshape([...shape])).toArray()));
}

const activations: readonly ActivationName[] = [
  ...(['relu', 'tanh', 'sigmoid', 'leakyRelu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'identity'] as const),
];

withOrt('every activation with every place of batch norm', () => {
  describe.each(activations)('%s', activation => {
    test.each(['none', 'before', 'after'] as const)('batch norm %s', async batchNorm => {
      const experiment = parseExperiment({ model: { hidden: [7, 5], activation, batchNorm, dropout: 0.3, inputDropout: 0.1, noise: 0.2 } });
      const model = trained(experiment, info());
      const x = inputs(6, 12);
      const { outputs, names } = await runOnnx(onnxOf(model, experiment, { info: info(), table: null }), x, [6, 1, 4, 3]);
      expect(names).toEqual(['logits']);
      expect(outputs.logits.dims).toEqual([6, 3]);
      expectClose(outputs.logits.data, outputsOf(model, x, [6, 1, 4, 3]));
    });
  });
});

withOrt('what else an experiment can describe', () => {
  const exported = async (json: object, data: DatasetInfo, rows: number) => {
    const experiment = parseExperiment(json);
    const model = trained(experiment, data);
    const x = inputs(
      rows,
      data.featureShape.reduce((a, b) => a * b, 1),
    );
    const shape = [rows, ...data.featureShape];
    return {
      ...(await runOnnx(onnxOf(model, experiment, { info: data, table: null, probabilities: true }), x, shape)),
      wanted: outputsOf(model, x, shape),
    };
  };

  test('DropConnect, no hidden layer, an activation for each layer; one example and many', async () => {
    for (const model of [{ hidden: [6], dropConnect: 0.4 }, { hidden: [] }, { hidden: [6, 4], activation: ['tanh', 'gelu'] }]) {
      for (const rows of [1, 33]) {
        const { outputs, wanted } = await exported({ model }, info(), rows);
        expectClose(outputs.logits.data, wanted);
      }
    }
  });

  test('tasks, each an output, with its probabilities', async () => {
    const tasks = [{ name: 'even', groups: [[0, 2], [1]], weight: 1 }];
    const { outputs, names, wanted } = await exported({ model: { hidden: [6] }, tasks }, info(), 4);
    expect(names).toEqual(['class', 'even', 'class_probabilities', 'even_probabilities']);
    const rows = [0, 1, 2, 3].flatMap(i => [
      ...outputs.class.data.subarray(3 * i, 3 * i + 3),
      ...outputs.even.data.subarray(2 * i, 2 * i + 2),
    ]);
    expectClose(rows, wanted);
    for (let i = 0; i < 4; i++)
      expect([...outputs.even_probabilities.data.subarray(2 * i, 2 * i + 2)].reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  test('values: an output, and no probabilities', async () => {
    const data = info({ featureShape: [5], targetKind: 'value', targetShape: [2], classNames: [] });
    const { outputs, names, wanted } = await exported({ model: { hidden: [6] } }, data, 4);
    expect(names).toEqual(['output']);
    expectClose(outputs.output.data, wanted);
  });

  test('weights in float64', async () => {
    const data = info({ featureShape: [5] });
    const x = inputs(3, 5);
    const [file, wanted] = withBackend('reference64', () => {
      const experiment = parseExperiment({ model: { hidden: [6] } });
      const model = trained(experiment, data);
      return [onnxOf(model, experiment, { info: data, table: null }), outputsOf(model, x, [3, 5])] as const;
    });
    expectClose((await runOnnx(file, x, [3, 5])).outputs.logits.data, wanted);
  });
});

withOrt('preprocessing is part of the model on request', () => {
  test('pixels as bytes', async () => {
    const experiment = parseExperiment({ model: { hidden: [6], batchNorm: 'before' } });
    const model = trained(experiment, info());
    const pixels = Uint8Array.from({ length: 24 }, (_, i) => (i * 97) % 256);
    const { outputs } = await runOnnx(onnxOf(model, experiment, { info: info(), table: null, preprocessing: true }), pixels, [2, 1, 4, 3]);
    expectClose(
      outputs.logits.data,
      outputsOf(
        model,
        Float32Array.from(pixels, p => (p / 255 - 0.1307) / 0.3081),
        [2, 1, 4, 3],
      ),
    );
  });

  test('floats that are normalized', async () => {
    const data = info({ normalization: { scale: 1, mean: 40, std: 8 } });
    const experiment = parseExperiment({ model: { hidden: [6] } });
    const model = trained(experiment, data);
    const x = inputs(2, 12);
    const { outputs } = await runOnnx(onnxOf(model, experiment, { info: data, table: null, preprocessing: true }), x, [2, 1, 4, 3]);
    expectClose(
      outputs.logits.data,
      outputsOf(
        model,
        x.map(value => (value - 40) / 8),
        [2, 1, 4, 3],
      ),
    );
  });

  test("a table's columns, with a missing value, and a mean that is large beside the deviation", async () => {
    const data = info({ featureShape: [3] });
    const standardizer = { mean: [2000.0004, -1, 0], std: [0.01, 2, 1] };
    const columns = ['year', 'a', 'b'].map(name => ({ kind: 'numeric', name }) as const);
    const table: TablePreprocessing = {
      schema: { header: true, columns, label: 'y', labelKind: 'class', classNames: data.classNames },
      standardizer,
    };
    const experiment = parseExperiment({ model: { hidden: [6] } });
    const model = trained(experiment, data);
    const x = Float32Array.of(2000.0125, 3, 0.5, 1999.98, Number.NaN, -2);
    const { outputs } = await runOnnx(onnxOf(model, experiment, { info: data, table, preprocessing: true }), x, [2, 3]);
    const standardized = x.map((value, i) => (Number.isNaN(value) ? 0 : (value - standardizer.mean[i % 3]) / standardizer.std[i % 3]));
    expectClose(outputs.logits.data, outputsOf(model, standardized, [2, 3]));
  });
});

const others: Record<string, () => nn.Module> = {
  ReLU6: () => new nn.ReLU6(),
  Softsign: () => new nn.Softsign(),
  LogSigmoid: () => new nn.LogSigmoid(),
  Hardsigmoid: () => new nn.Hardsigmoid(),
  Hardswish: () => new nn.Hardswish(),
  Hardtanh: () => new nn.Hardtanh({ minVal: -0.5, maxVal: 0.7 }),
  PReLU: () => new nn.PReLU({ numParameters: 5, init: 0.3 }),
  'GELU by tanh': () => new nn.GELU({ approximate: 'tanh' }),
  'Softplus, β 3': () => new nn.Softplus({ beta: 3 }),
  'LeakyReLU 0.2': () => new nn.LeakyReLU({ negativeSlope: 0.2 }),
  'ELU, α 0.5': () => new nn.ELU({ alpha: 0.5 }),
  Softmax: () => new nn.Softmax(),
  LogSoftmax: () => new nn.LogSoftmax(),
  LayerNorm: () => new nn.LayerNorm(5),
  'LayerNorm without weights': () => new nn.LayerNorm(5, { elementwiseAffine: false }),
  'BatchNorm1d without weights': () => new nn.BatchNorm1d(5, { affine: false }),
};

withOrt('layers beyond those of an experiment', () => {
  test.each(Object.entries(others))('%s', async (_, make) => {
    const model = new nn.Sequential(new nn.Sequential(new nn.Linear(4, 5), make()), new nn.Linear(5, 2)).eval();
    const x = inputs(5, 4);
    const { outputs } = await runOnnx(encodeOnnx(model, { inputShape: [4], outputSizes: [2] }), x, [5, 4]);
    expectClose(outputs.output.data, outputsOf(model, x, [5, 4]));
  });
});

test('a layer that has no equivalent is refused, by its place', () => {
  class Odd extends nn.Module {
    forward(x: ReturnType<typeof tensor>) {
      return x;
    }
  }
  const model = new nn.Sequential(new nn.Linear(2, 2), new Odd());
  expect(() => encodeOnnx(model, { inputShape: [2], outputSizes: [2] })).toThrow(UserError);
  expect(() => encodeOnnx(model, { inputShape: [2], outputSizes: [2] })).toThrow(
    "ONNX: '1' is a Odd, which cannot be exported; these can: Sequential, Flatten,",
  );
});

test('the file is the same each time, and has the classes', () => {
  const experiment = parseExperiment({ model: { hidden: [6] } });
  const model = trained(experiment, info());
  const file = onnxOf(model, experiment, { info: info(), table: null });
  expect(onnxOf(model, experiment, { info: info(), table: null })).toEqual(file);
  expect(new TextDecoder('latin1').decode(file)).toContain('["zero","one","two"]');
});
