import { describe, expect, it } from 'vitest';
import { currentBackend } from '../backend/current.ts';
import { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import type { Checkpoint, CheckpointStore } from '../train/checkpoint.ts';
import type { TrainEvent } from '../train/events.ts';
import { bits, blobs } from '../train/testing.ts';
import { buildLoss, buildModel } from './build.ts';
import { type ExperimentData, restoreModel, runExperiment } from './run.ts';
import { parseExperiment } from './schema.ts';

const parts: ExperimentData = { train: blobs(120), validation: blobs(30, 2), test: blobs(90, 3) };

const small = (more: object = {}) =>
  parseExperiment({
    seed: 4,
    model: { hidden: [12], dropout: 0.1, activation: 'tanh' },
    optimizer: { lr: 0.03 },
    training: { epochs: 4, batchSize: 20 },
    ...more,
  });

/** Keeps the last checkpoint in memory, as the files of a run folder would. */
class Memory implements CheckpointStore {
  last: Checkpoint | null = null;
  async save({ state, model, optimizer, callbacks }: Checkpoint) {
    const copy = (tensors: Checkpoint['model']) =>
      new Map([...tensors].map(([key, t]) => [key, { shape: t.shape, values: 'values' in t ? t.values.slice() : t.toArray() }]));
    this.last = { state: JSON.parse(JSON.stringify(state)), model: copy(model), optimizer: copy(optimizer), callbacks: copy(callbacks) };
    return { name: 'last', path: 'memory' };
  }
}

describe.each(['wasm', 'reference', 'reference64'] as const)('an experiment on %s', backend => {
  it('trains, measures the test part once, and gives the same bits each time', async () => {
    const experiment = small({ backend, training: { epochs: 10, batchSize: 20 } });
    const run = () => runExperiment(experiment, { data: parts, mistakes: 3 });
    const [one, two] = [await run(), await run()];
    expect(one.model.parameters()[0].kernels.name).toBe(backend);
    expect(one.evaluation!.logs.accuracy).toBeGreaterThan(0.85);
    expect(one.evaluation!.samples).toBe(90);
    expect(one.evaluation!.mistakes.length).toBeLessThanOrEqual(3);
    expect(bits(two.model)).toEqual(bits(one.model));
    expect(two.history.epochs).toEqual(one.history.epochs);
    expect(bits((await runExperiment({ ...experiment, seed: 5 }, { data: parts })).model)).not.toEqual(bits(one.model));
    expect(currentBackend().name).toBe('wasm');
  });
});

describe('a run', () => {
  it('goes on from a checkpoint to the same end, and its model is restored from one', async () => {
    const experiment = small({ training: { epochs: 4, batchSize: 20, earlyStopping: { patience: 9 } } });
    const whole = await runExperiment(experiment, { data: parts });
    const store = new Memory();
    const controller = new AbortController();
    const onEvent = (e: TrainEvent) => {
      if (e.type === 'batchEnd' && e.globalStep === 8) controller.abort();
    };
    const stopped = await runExperiment(experiment, { data: parts, store, onEvent, signal: controller.signal });
    expect([stopped.history.reason, stopped.evaluation]).toEqual(['interrupted', null]);
    const resumed = await runExperiment(experiment, { data: parts, store, resume: store.last! });
    expect(bits(resumed.model)).toEqual(bits(whole.model));
    expect(resumed.evaluation).toEqual(whole.evaluation);

    const restored = restoreModel(experiment, parts.train.info(), store.last!.model);
    expect(bits(restored.model)).toEqual(bits(whole.model));
    expect(restored.model.training).toBe(false);
  });

  it('without a validation part cannot stop early; without a test part measures none', async () => {
    const without = { ...parts, validation: null, test: null };
    await expect(runExperiment(small({ training: { earlyStopping: {} } }), { data: without })).rejects.toThrow(
      new UserError('early stopping watches the validation part, and there is none; set data.validation above 0'),
    );
    expect((await runExperiment(small({ training: { epochs: 1 } }), { data: without })).evaluation).toBeNull();
  });

  it('of values takes a mean squared error', async () => {
    const xs = Float32Array.from({ length: 60 }, (_, i) => i / 30 - 1);
    const line = Dataset.from({ features: xs, targets: xs.map(x => 3 * x + 1), targetKind: 'value', targetShape: [1], featureShape: [1] });
    const experiment = small({ model: { hidden: [] }, optimizer: { name: 'sgd', lr: 0.2 }, training: { epochs: 60, batchSize: 20 } });
    const { model, evaluation } = await runExperiment(experiment, { data: { train: line, validation: null, test: line } });
    expect(Object.keys(evaluation!.logs)).toEqual(['loss']);
    expect(evaluation!.logs.loss).toBeLessThan(1e-6);
    expect(bits(model)[0]).toBeCloseTo(3, 2);
  });
});

describe('weights to start from', () => {
  const model = { hidden: [12], dropout: 0.1, activation: 'tanh', initFrom: 'a.safetensors' };

  it('are in the model before the first step', async () => {
    const trained = await runExperiment(small(), { data: parts });
    const weights = new Map([...trained.model.stateDict()].map(([key, t]) => [key, { shape: t.shape, values: t.toArray() }]));
    const untrained = await runExperiment(small({ model, training: { epochs: 0 } }), { data: parts, weights });
    expect(bits(untrained.model)).toEqual(bits(trained.model));
    const further = await runExperiment(small({ model, training: { epochs: 1 } }), { data: parts, weights });
    expect(bits(further.model)).not.toEqual(bits(trained.model));
  });

  it('must be handed in', async () => {
    await expect(runExperiment(small({ model }), { data: parts })).rejects.toThrow(
      "runExperiment: model.initFrom names 'a.safetensors', and no weights were handed in; read them from there",
    );
  });
});

describe('building', () => {
  const images = { featureShape: [1, 4, 4], targetKind: 'class', targetShape: [], classNames: ['0', '1'] } as const;

  it('an MLP has the layers described, images flattened first', () => {
    const names = (model: object, data: Parameters<typeof buildModel>[1] = images) =>
      [...buildModel(small({ model }).model, data)].map(layer => layer.constructor.name);
    expect(names({ hidden: [8, 4] })).toEqual(['Flatten', 'Linear', 'ReLU', 'Linear', 'ReLU', 'Linear']);
    expect(names({ hidden: [] }, { ...images, featureShape: [16] })).toEqual(['Linear']);
    expect(names({ hidden: [8], dropout: 0.5, inputDropout: 0.1, batchNorm: 'before', activation: 'gelu' })).toEqual([
      ...['Flatten', 'Dropout', 'Linear', 'BatchNorm1d', 'GELU', 'Dropout', 'Linear'],
    ]);
    const model = buildModel(small({ model: { hidden: [8] } }).model, images);
    expect(model.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
      ['1.weight', [8, 16]],
      ['1.bias', [8]],
      ['3.weight', [2, 8]],
      ['3.bias', [2]],
    ]);
  });

  it('a loss for the other kind of target is refused: it would compute, and mean nothing', () => {
    const values = { ...images, targetKind: 'value', targetShape: [1], classNames: [] } as const;
    expect(() => buildLoss(small({ loss: { name: 'crossEntropy' } }), values)).toThrow(
      new UserError('the loss is crossEntropy, and the targets are values; set loss.name to auto, mse or huber'),
    );
    expect(() => buildLoss(small({ loss: { name: 'mse' } }), images)).toThrow(
      new UserError('the loss is mse, and the targets are classes; set loss.name to auto or crossEntropy'),
    );
  });
});
