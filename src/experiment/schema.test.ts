import { describe, expect, it } from 'vitest';
import { UserError } from '../errors.ts';
import { parseExperiment } from './schema.ts';

const message = (json: unknown): string => {
  try {
    parseExperiment(json, { source: 'a.json' });
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
  return 'none';
};

describe('a parsed experiment', () => {
  it('has every default written out', () => {
    const parsed = parseExperiment({});
    expect(parsed).toMatchObject({
      version: 1,
      seed: 1,
      backend: 'auto',
      data: { name: 'mnist', validation: 5000 },
      model: { name: 'mlp', hidden: [512, 256], activation: 'relu', dropout: 0, inputDropout: 0, batchNorm: 'none' },
      loss: { name: 'auto', labelSmoothing: 0 },
      optimizer: { name: 'adam', lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 },
      schedule: { name: 'constant' },
      regularization: { l1: 0, l2: 0, maxNorm: 0, clipNorm: 0, augment: null },
      training: { epochs: 10, batchSize: 128, dropLast: false, earlyStopping: null, checkpointEvery: 1 },
    });
  });

  it('is plain JSON that parses to itself', () => {
    for (const json of [
      {},
      { data: { name: 'digits' }, optimizer: { name: 'sgd' }, training: { earlyStopping: {} } },
      { data: { name: 'csv', file: 'a.csv', label: 'y' }, loss: { name: 'huber' }, model: { hidden: [] }, seed: 0 },
      { regularization: { augment: { elastic: {} }, averaging: {} }, schedule: { name: 'cosine' } },
    ]) {
      const once = parseExperiment(json);
      expect(parseExperiment(JSON.parse(JSON.stringify(once)))).toEqual(once);
    }
  });

  it('takes a group without a name as the default kind, and leaves what it was given as it was', () => {
    const json = { optimizer: { lr: 0.5 }, data: { validation: 0 } };
    const parsed = parseExperiment(json);
    expect([parsed.optimizer, parsed.data]).toMatchObject([
      { name: 'adam', lr: 0.5 },
      { name: 'mnist', validation: 0 },
    ]);
    expect(json).toEqual({ optimizer: { lr: 0.5 }, data: { validation: 0 } });
  });

  it('gives each kind its own options', () => {
    expect(parseExperiment({ optimizer: { name: 'sgd' } }).optimizer).toMatchObject({
      name: 'sgd',
      lr: 0.1,
      momentum: 0,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    });
    expect(parseExperiment({ data: { name: 'csv', file: 'a.csv', label: 3 } }).data).toEqual({
      ...{ name: 'csv', file: 'a.csv', label: 3, target: 'auto', missing: 'error', validation: 0.1, test: 0.1 },
    });
    expect(parseExperiment({ training: { earlyStopping: {} } }).training.earlyStopping).toEqual({
      ...{ monitor: 'val_loss', patience: 5, minDelta: 0, restoreBestWeights: true },
    });
  });
});

describe('what is not understood is refused', () => {
  it.each<[string, unknown, string]>([
    ['a wrong type', { seed: '1' }, `a.json: 'seed' is "1"; it must be a whole number of at least 0`],
    ['a fraction', { training: { epochs: 1.5 } }, "a.json: 'training.epochs' is 1.5; it must be a whole number of at least 0"],
    ['too small', { training: { batchSize: 0 } }, "a.json: 'training.batchSize' is 0; it must be a whole number of at least 1"],
    ['a seed too large', { seed: 2 ** 53 }, "a.json: 'seed' is 9007199254740992; it must be a whole number below 2^53"],
    ['not above', { optimizer: { lr: 0 } }, "a.json: 'optimizer.lr' is 0; it must be a number above 0"],
    ['a share of one', { model: { dropout: 1 } }, "a.json: 'model.dropout' is 1; it must be a number of at least 0 and below 1"],
    ['out of a range', { loss: { labelSmoothing: 2 } }, "a.json: 'loss.labelSmoothing' is 2; it must be a number from 0 to 1"],
    ['NaN', { regularization: { l2: Number.NaN } }, "a.json: 'regularization.l2' is null; it must be a number of at least 0"],
    ['a word not known', { loss: { name: 'hinge' } }, `a.json: 'loss.name' is "hinge"; it must be one of auto, crossEntropy, mse, huber`],
    ['an element of a list', { model: { hidden: [3, 0] } }, "a.json: 'model.hidden.1' is 0; it must be a whole number of at least 1"],
    ['no list', { model: { hidden: 3 } }, "a.json: 'model.hidden' is 3; it must be whole numbers of at least 1"],
    [
      'an element of a pair',
      { optimizer: { betas: [0.9, 1] } },
      "a.json: 'optimizer.betas.1' is 1; it must be a number of at least 0 and below 1",
    ],
    ['something missing', { data: { name: 'csv', label: 'y' } }, "a.json: 'data.file' is missing"],
    [
      'a kind not known',
      { optimizer: { name: 'magic' } },
      expect.stringMatching(/^a\.json: 'optimizer\.name' is "magic"; it must be one of sgd, adam, adamw, /) as never,
    ],
    [
      'an unknown group',
      { model: {}, modle: {} },
      expect.stringMatching(/^a\.json: 'modle' is not an option; known here are version, seed, backend, data, model, /) as never,
    ],
    [
      'an interval that is none',
      { training: { checkpointEvery: '5hours' } },
      'a.json: \'training.checkpointEvery\' is "5hours"; it must be steps, minutes or epochs, such as 500steps, 5min or 1epoch',
    ],
    [
      'an unknown option',
      { training: { epoch: 3 } },
      "a.json: 'training.epoch' is not an option; known here are epochs, batchSize, dropLast, earlyStopping, checkpointEvery, keepCheckpoints",
    ],
    [
      'an option of another kind',
      { optimizer: { name: 'sgd', betas: [0.9, 0.9] } },
      "a.json: 'optimizer.betas' is not an option; known here are name, lr, weightDecay, momentum, dampening, nesterov, lrInVelocity",
    ],
    [
      'an option inside of one that may be null',
      { training: { earlyStopping: { wait: 1 } } },
      "a.json: 'training.earlyStopping.wait' is not an option; known here are monitor, patience, minDelta, restoreBestWeights",
    ],
    [
      'a newer version',
      { version: 2 },
      'a.json: version 2 was given; this chainrule reads version 1. Write it again with a chainrule of that version, or use one that reads it',
    ],
    [
      'a version that is a text',
      { version: '1' },
      expect.stringMatching(/^a\.json: version "1" was given; this chainrule reads version 1\./) as never,
    ],
    ['a list', [], "a.json: 'the whole' is a list; it must be an object"],
    ['a list as a group', { model: [] }, "a.json: 'model' is a list; it must be an object"],
    ['a list as a kind', { optimizer: ['adam'] }, "a.json: 'optimizer' is a list; it must be an object"],
    ['a list inside of a group', { training: { earlyStopping: [] } }, "a.json: 'training.earlyStopping' is a list; it must be an object"],
    ['nothing', null, "a.json: 'the whole' is null; it must be an object"],
    ['a text', 'mnist', `a.json: 'the whole' is "mnist"; it must be an object`],
    ['a group that is null', { model: null }, "a.json: 'model' is null; it must be an object"],
  ])('%s', (_, json, text) => {
    expect(message(json)).toEqual(text);
  });

  it('all at once, each on a line', () => {
    expect(message({ seed: -1, training: { epochs: -1 }, extra: 1 }).split('\n').length).toBe(3);
  });

  it('names its source, or none', () => {
    expect(() => parseExperiment({ seed: -1 })).toThrow("the experiment: 'seed' is -1; it must be a whole number of at least 0");
  });
});

describe('found by changed inputs', () => {
  it('tells a dozen problems of a list that is wrong throughout, and how many more there are', () => {
    const hidden = Array.from({ length: 300 }, () => 'x');
    const told = message({ model: { hidden } });
    expect(told.split('\n')).toHaveLength(13);
    expect(told).toMatch(/\nand 288 problems more$/);
  });

  it('cuts what is long: a value, and a name that is no option', () => {
    expect(message({ seed: 'x'.repeat(5000) }).length).toBeLessThan(300);
    expect(message({ ['9'.repeat(5000)]: 1 }).length).toBeLessThan(300);
  });

  it('keeps what runs: -0, which JSON can say, is 0 from the start', () => {
    const { optimizer } = parseExperiment(JSON.parse('{"optimizer":{"name":"adam","weightDecay":-0}}'));
    expect(Object.is((optimizer as { weightDecay: number }).weightDecay, 0)).toBe(true);
  });
});
