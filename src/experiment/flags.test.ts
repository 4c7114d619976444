import { describe, expect, test } from 'vitest';
import { experimentFlags, experimentFromFlags } from './flags.ts';

const parse = (flags: Record<string, string | true>, rest: { config?: unknown; data?: { name: string; file?: string } } = {}) =>
  experimentFromFlags({ flags, ...rest });
const message = (...args: Parameters<typeof parse>): string => {
  try {
    parse(...args);
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

describe('flags', () => {
  test('set what they name', () => {
    const experiment = parse({
      '--hidden': '512,256',
      '--optimizer': 'sgd',
      '--lr': '1e-2',
      '--momentum': '.9',
      '--nesterov': true,
      '--epochs': '3',
      '--seed': '7',
      '--validation': '0.1',
      '--patience': '2',
    });
    expect(experiment.model.hidden).toEqual([512, 256]);
    expect(experiment.optimizer).toMatchObject({ name: 'sgd', lr: 0.01, momentum: 0.9, nesterov: true, dampening: 0 });
    expect(experiment.training).toMatchObject({ epochs: 3, earlyStopping: { patience: 2, monitor: 'val_loss' } });
    expect(experiment.seed).toBe(7);
    expect(experiment.data).toMatchObject({ name: 'mnist', validation: 0.1 });
  });

  test('no hidden layer', () => {
    expect(parse({ '--hidden': 'none' }).model.hidden).toEqual([]);
    expect(parse({ '--hidden': '' }).model.hidden).toEqual([]);
  });

  test('early stopping by itself takes its defaults, and leaves what was set', () => {
    expect(parse({}).training.earlyStopping).toBeNull();
    expect(parse({ '--early-stopping': true }).training.earlyStopping).toMatchObject({ patience: 5, restoreBestWeights: true });
    const config = { training: { earlyStopping: { patience: 9 } } };
    expect(parse({ '--early-stopping': true }, { config }).training.earlyStopping).toMatchObject({ patience: 9 });
    expect(parse({ '--patience': '1', '--keep-last': true }).training.earlyStopping).toMatchObject({
      patience: 1,
      restoreBestWeights: false,
    });
    expect(config).toEqual({ training: { earlyStopping: { patience: 9 } } });
  });

  test('go before the config; another kind starts anew', () => {
    const config = { optimizer: { name: 'adam', lr: 0.5, betas: [0.8, 0.9] }, seed: 3 };
    expect(parse({ '--lr': '0.1' }, { config }).optimizer).toMatchObject({ name: 'adam', lr: 0.1, betas: [0.8, 0.9] });
    expect(parse({ '--optimizer': 'adam' }, { config }).optimizer).toMatchObject({ betas: [0.8, 0.9] });
    expect(parse({ '--optimizer': 'sgd' }, { config })).toMatchObject({ seed: 3, optimizer: { name: 'sgd', lr: 0.1 } });
    expect(parse({}, { config: { data: { name: 'mnist', limit: 5 } }, data: { name: 'digits' } }).data).toMatchObject({
      name: 'digits',
      test: 2000,
    });
  });

  test('a schedule', () => {
    const flags = { '--schedule': 'step', '--every': '2', '--gamma': '0.5', '--schedule-by': 'epoch' };
    expect(parse(flags).schedule).toMatchObject({ name: 'step', every: 2, gamma: 0.5, by: 'epoch' });
    expect(parse({ '--schedule': 'multiStep', '--milestones': '3,5' }).schedule).toMatchObject({ milestones: [3, 5] });
    expect(message({ '--gamma': '0.5' })).toMatch(/^--gamma: schedule cosine does not take it/);
    expect(message({ '--schedule': 'step' })).toBe("the experiment: 'schedule.every' is missing; give it with --every");
  });

  test('points, drawn or given', () => {
    const data = { name: 'points' };
    const drawn = parse({ '--shape': 'spiral', '--classes': '3', '--points-noise': '.2', '--data-seed': '4' }, { data });
    expect(drawn.data).toMatchObject({ shape: 'spiral', classes: 3, noise: 0.2, seed: 4, count: 400, validation: 0.2 });
    expect(drawn).toMatchObject({ model: { hidden: [16, 16], batchNorm: 'none' }, training: { batchSize: 16, epochs: 100 } });
    expect(parse({ '--shape': 'own', '--points': '0,1,0; -2,.5,1' }, { data }).data).toMatchObject({
      points: [
        [0, 1, 0],
        [-2, 0.5, 1],
      ],
    });
    expect(message({ '--shape': 'own', '--points': '0,1,a;1,1,1' }, { data })).toBe(
      '--points: 0,1,a;1,1,1 was given; each must be a number',
    );
    expect(message({ '--classes': '9' }, { data })).toBe("the experiment: 'data': points: classes is 9; circle takes 2");
    expect(message({ '--shape': 'xor' })).toMatch(/^--shape: data mnist does not take it/);
  });

  test('an activation for each layer', () => {
    expect(parse({ '--hidden': '8,4', '--activation': 'relu, tanh' }).model.activation).toEqual(['relu', 'tanh']);
    expect(parse({ '--activation': 'tanh' }).model.activation).toBe('tanh');
    expect(message({ '--hidden': '8', '--activation': 'relu,tanh' })).toBe(
      '--activation: 2 activations were given for 1 hidden layers; give one for each, or one for all',
    );
    expect(message({ '--activation': 'rely' })).toMatch(
      /^--activation: rely was given; it must be one of relu, tanh, .*identity, or a list/,
    );
  });

  test('a CSV file', () => {
    const data = { name: 'csv', file: 'iris.csv' };
    expect(parse({ '--label': 'species' }, { data }).data).toMatchObject({ file: 'iris.csv', label: 'species', test: 0.1 });
    expect(parse({ '--label': '4' }, { data }).data).toMatchObject({ label: 4 });
    expect(message({}, { data })).toBe("the experiment: 'data.label' is missing; give it with --label");
  });
});

describe('errors name the flag, what was given and what is allowed', () => {
  test.each([
    [{ '--lr': '-1' }, '--lr: -1 was given; it must be a number above 0'],
    [{ '--lr': 'fast' }, '--lr: fast was given; it must be a number above 0'],
    [{ '--lr': '' }, '--lr: nothing was given; it must be a number above 0'],
    [{ '--epochs': '2.5' }, '--epochs: 2.5 was given; it must be a whole number of at least 0'],
    [{ '--hidden': '64,x' }, '--hidden: 64,x was given; each must be a whole number of at least 1'],
    [{ '--betas': '0.9' }, '--betas: 0.9 was given; another value must follow it'],
    [{ '--betas': '0.9,0.99,0.999' }, '--betas: 0.9,0.99,0.999 was given; it must be two numbers of at least 0 and below 1'],
    [{ '--dropout': '1' }, '--dropout: 1 was given; it must be a number of at least 0 and below 1'],
    [{ '--activation': 'rellu' }, /^--activation: rellu was given; it must be one of relu, tanh, /],
    [{ '--optimizer': 'adma' }, /^--optimizer: adma was given; it must be one of sgd, adam, adamw/],
    [{ '--momentum': '0.9' }, /^--momentum: optimizer adam does not take it; it takes --lr, --weight-decay, --betas, --eps/],
    [{ '--label': 'x' }, /^--label: data mnist does not take it; it takes --data, --validation, --limit/],
  ])('%j', (flags, expected) => {
    const found = message(flags as Record<string, string>);
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });

  test('a config at fault is named with the path', () => {
    const config = { optimizer: { lr: -1 }, training: { epoch: 3 } };
    expect(() => experimentFromFlags({ flags: {}, config, source: 'my.json' })).toThrow(
      "my.json: 'optimizer.lr' is -1; it must be a number above 0",
    );
    expect(() => experimentFromFlags({ flags: {}, config, source: 'my.json' })).toThrow(
      "my.json: 'training.epoch' is not an option; known here are epochs, batchSize,",
    );
    expect(() => experimentFromFlags({ flags: {}, config: [1], source: 'my.json' })).toThrow('my.json: it must hold an object');
  });
});

test('help, words and defaults come from the schema', () => {
  const flags = new Map(experimentFlags().map(flag => [flag.flag, flag]));
  expect(flags.get('--epochs')).toMatchObject({ placeholder: 'N', help: 'times through the training set', fallback: '10' });
  expect(flags.get('--optimizer')!.placeholder).toMatch(/^sgd\|adam\|adamw/);
  expect(flags.get('--lr')!.fallback).toMatch(/^0\.1 for sgd; 0\.001 for adam, adamw/);
  expect(flags.get('--hidden')).toMatchObject({ placeholder: 'A,B,...', fallback: '512,256' });
  expect(flags.get('--nesterov')).toMatchObject({ placeholder: '', fallback: '' });
  for (const flag of flags.values()) expect(flag.help, flag.flag).not.toBe('');
});

test('Nesterov without momentum, or with dampening, is refused before a run is begun', () => {
  const needs = "Nesterov's momentum needs a momentum above 0, such as 0.9, and a dampening of 0";
  expect(message({ '--optimizer': 'sgd', '--nesterov': true })).toBe(`--nesterov: ${needs}`);
  expect(message({ '--optimizer': 'sgd', '--momentum': '0.9', '--dampening': '0.1', '--look-ahead': true })).toMatch(needs);
  expect(message({}, { config: { optimizer: { name: 'sgd', nesterov: true } } })).toBe(`the experiment: 'optimizer.nesterov': ${needs}`);
  expect(message({ '--optimizer': 'sgd', '--momentum': '0.9', '--nesterov': true })).toBe('no error');
});
