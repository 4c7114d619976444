/** Experiments written down as a command and as a program: both give the same run again, to the last bit. */
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeSafetensors } from '../io/safetensors.ts';
import type { Module } from '../nn/module.ts';
import { commandText, commandWords } from './command-text.ts';
import { experimentFlags, experimentFromFlags } from './flags.ts';
import { loadData } from './node/data.ts';
import { programText } from './program-text.ts';
import { runExperiment } from './run.ts';
import { parseExperiment } from './schema.ts';
import type { Experiment } from './types.ts';

const spiral = { name: 'points', shape: 'spiral', count: 60, noise: 0.2, classes: 3, seed: 4 };
const moons = { name: 'points', shape: 'moons', count: 40 };
const brief = { epochs: 3, batchSize: 8 };
const own = [
  [0, 0.5, 0],
  [-1, 1, 1],
  [2, -1.25, 0],
  [1, 1, 1],
  [0, -1, 1],
  [0.5, 0, 0],
];

/** Between them they have everything that the playground can set. */
const cases: Readonly<Record<string, unknown>> = {
  plain: { data: moons, training: brief },
  'layers of their own': { data: spiral, model: { hidden: [8, 4, 3], activation: ['tanh', 'gelu', 'relu'] }, training: brief, seed: 9 },
  'no hidden layer': { data: moons, model: { hidden: [] }, training: brief },
  'batch norm, dropout and noise': {
    data: moons,
    model: { hidden: [6, 6], batchNorm: 'before', dropout: 0.2, inputDropout: 0.1, noise: 0.1, init: { name: 'heNormal' } },
    training: brief,
  },
  DropConnect: {
    data: moons,
    model: { hidden: [6], dropConnect: 0.3, batchNorm: 'after', init: { name: 'normal', std: 0.5 } },
    training: brief,
  },
  regularized: {
    data: spiral,
    model: { hidden: [8] },
    loss: { labelSmoothing: 0.1 },
    regularization: { l1: 1e-3, l2: 1e-3, maxNorm: 2, clipNorm: 1, clipValue: 0.5, mixup: 0.2, averaging: { kind: 'ema', decay: 0.9 } },
    training: { ...brief, dropLast: true, earlyStopping: { patience: 1, minDelta: 0.5 } },
  },
  regression: { data: { name: 'points', shape: 'hills', count: 60 }, model: { hidden: [8] }, loss: { name: 'huber' }, training: brief },
  'points of your own': {
    data: { name: 'points', shape: 'own', points: own, validation: 0, test: 2 },
    model: { hidden: [4] },
    training: brief,
  },
  'values of your own': {
    data: { name: 'points', shape: 'own', points: own, target: 'value', validation: 1, test: 1 },
    model: { hidden: [4], activation: 'silu' },
    training: brief,
  },
  'another backend': { data: moons, model: { hidden: [4] }, training: brief, backend: 'reference' },
  'a schedule': { data: moons, model: { hidden: [4] }, schedule: { name: 'step', every: 4, gamma: 0.5 }, training: brief },
  'a schedule without flags': {
    data: moons,
    model: { hidden: [4] },
    schedule: { name: 'oneCycle', warmup: 0.4, divide: 10 },
    training: brief,
  },
  plateau: {
    data: moons,
    model: { hidden: [4], init: { name: 'constant', value: 0.1, bias: 0.2 } },
    schedule: { name: 'plateau', factor: 0.5, patience: 0 },
    regularization: { averaging: { kind: 'swa', startEpoch: 2 } },
    training: brief,
  },
  'one cycle': { data: moons, model: { hidden: [4] }, schedule: { name: 'oneCycle', warmup: 0.4 }, training: brief },
  'no line search': {
    data: moons,
    model: { hidden: [3] },
    optimizer: { name: 'lbfgs', lr: 0.05, maxIter: 3, lineSearchFn: null },
    training: { epochs: 2, batchSize: 100 },
  },
  sgd: {
    data: moons,
    model: { hidden: [4] },
    optimizer: { name: 'sgd', lr: 0.2, momentum: 0.9, nesterov: true, weightDecay: 1e-3 },
    training: brief,
  },
  'look ahead': {
    data: moons,
    model: { hidden: [4] },
    optimizer: { name: 'sgd', momentum: 0.5, nesterov: 'lookAhead', lrInVelocity: true },
    training: brief,
  },
  digits: { data: { name: 'digits', train: 120, test: 20, validation: 20 }, model: { hidden: [12] }, training: { epochs: 1 } },
  'digits with tasks': {
    data: { name: 'digits', train: 60, test: 10, validation: 0.1, limit: 50 },
    model: { hidden: [12] },
    tasks: [
      {
        name: 'even',
        groups: [
          [0, 2, 4, 6, 8],
          [1, 3, 5, 7, 9],
        ],
        weight: 0.5,
      },
    ],
    training: { epochs: 1 },
  },
  'distorted digits': {
    data: { name: 'digits', train: 60, test: 10, validation: 10 },
    model: { hidden: [12], batchNorm: 'before' },
    schedule: { name: 'cosine' },
    regularization: { augment: { rotate: 20, elastic: {} } },
    training: { epochs: 1 },
  },
  ...Object.fromEntries(
    ['adam', 'adamw', 'nadam', 'adamax', 'adagrad', 'rmsprop', 'adadelta', 'bfgs', 'lbfgs', 'newton', 'newtonCg'].map(name => [
      name,
      { data: moons, model: { hidden: [3] }, optimizer: { name }, training: { epochs: 2, batchSize: 100 } },
    ]),
  ),
};
const experiments = Object.entries(cases).map(([name, json]): [string, Experiment] => [name, parseExperiment(json)]);

const folder = fileURLToPath(new URL('../../node_modules/.cache/written-down/', import.meta.url));
afterAll(() => rm(folder, { recursive: true, force: true }));

const hashOf = (model: Module): string =>
  createHash('sha256')
    .update(encodeSafetensors(model.stateDict(), { format: 'pt' }))
    .digest('hex');

/** What the words of a command mean, read as the command line reads them. */
function readWords([, , name, ...words]: readonly string[]): Experiment {
  const bare = new Set(experimentFlags().flatMap(({ flag, value }) => (value === undefined ? [] : [flag])));
  const flags: Record<string, string | true> = {};
  for (let i = 0; i < words.length; i++) flags[words[i]] = bare.has(words[i]) ? true : words[++i];
  return experimentFromFlags({ flags, data: { name } });
}

describe('as a command', () => {
  test.each(experiments)('%s', (name, experiment) => {
    const words = commandWords(experiment);
    if (['a schedule without flags', 'distorted digits'].includes(name)) expect(words).toBeNull();
    else expect(readWords(words!)).toEqual(experiment);
  });

  test('with only the flags that differ from the default', () => {
    const experiment = parseExperiment({
      data: { name: 'points', shape: 'moons' },
      model: { hidden: [16, 16], dropout: 0.5 },
      optimizer: { name: 'adam', lr: 0.01 },
      training: { epochs: 100, batchSize: 16 },
    });
    expect(commandText(experiment)).toBe('npx chainrule train points --shape moons --dropout 0.5');
  });

  test('quoted for a shell', () => {
    const experiment = parseExperiment({ data: { name: 'points', shape: 'own', points: own } });
    expect(commandText(experiment)).toContain("--points '0,0.5,0;-1,1,1;");
  });

  test('by a file where flags do not suffice', () => {
    const text = commandText(parseExperiment(cases['a schedule without flags']));
    expect(text).toMatch(/^cat > experiment.json <<'END'\n\{/);
    const json = text.slice(text.indexOf('{'), text.lastIndexOf('\nEND'));
    expect(parseExperiment(JSON.parse(json))).toEqual(parseExperiment(cases['a schedule without flags']));
    expect(text).toMatch(/\nnpx chainrule train --config experiment.json$/);
  });
});

describe('as a program', () => {
  test.each(experiments)('%s', async (name, experiment) => {
    const data = await loadData(experiment.data, experiment.seed);
    const { model } = await runExperiment(experiment, { data });
    await mkdir(folder, { recursive: true });
    const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.ts`);
    const program = programText(experiment).replace("'chainrule'", `'${fileURLToPath(new URL('../index.ts', import.meta.url))}'`);
    await writeFile(file, `${program.replaceAll('console.log', 'void ')}export { model };\n`);
    const written = (await import(pathToFileURL(file).href)) as { model: Module };
    expect(hashOf(written.model)).toBe(hashOf(model));
  });

  test('is one that a person would write', () => {
    expect(
      programText(parseExperiment({ data: { ...spiral }, model: { hidden: [8], activation: 'tanh' }, training: brief })),
    ).toMatchInlineSnapshot(`
      "import { crossEntropy, evaluate, fit, manualSeed, nn, optim, points } from 'chainrule';

      manualSeed(1);
      const { train, validation, test } = points({ shape: 'spiral', count: 60, noise: 0.2, classes: 3, seed: 4, validation: 0.2, test: 0.2 });

      const model = new nn.Sequential(
        new nn.Linear(2, 8),
        new nn.Tanh(),
        new nn.Linear(8, 3),
      );
      const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
      const loss = crossEntropy;
      await fit(model, {
        train,
        validation,
        loss,
        optimizer,
        epochs: 3,
        batchSize: 8,
      });
      if (test !== null) console.log((await evaluate(model, test, { loss })).logs);
      "
    `);
  });
});
