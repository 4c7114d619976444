import { describe, expect, it } from 'vitest';
import { digits } from '../data/index.ts';
import { UserError } from '../errors.ts';
import { crossEntropy } from '../loss/cross-entropy.ts';
import { multiTaskLoss } from '../loss/multi-task.ts';
import { MultiHead } from '../nn/multi-head.ts';
import { narrow } from '../ops/movement.ts';
import { Random, withRandom } from '../random.ts';
import { tensor } from '../tensor/create.ts';
import { accuracy } from '../train/metrics.ts';
import { bits } from '../train/testing.ts';
import { buildLoss, buildMeasures, buildModel } from './build.ts';
import { experimentFromFlags } from './flags.ts';
import { restoreModel, runExperiment } from './run.ts';
import { parseExperiment } from './schema.ts';
import type { Experiment } from './types.ts';

const even = {
  name: 'even',
  groups: [
    [0, 2, 4, 6, 8],
    [1, 3, 5, 7, 9],
  ],
  weight: 0.5,
};
const round = {
  name: 'round',
  groups: [
    [0, 6, 8, 9],
    [2, 3, 5],
    [1, 4, 7],
  ],
};
const { train, test } = digits({ train: 500, test: 200 });
const parts = { train, validation: test.take(60), test };
const small = (more: object = {}): Experiment =>
  parseExperiment({
    model: { hidden: [24] },
    tasks: [even, round],
    training: { epochs: 4, batchSize: 25 },
    optimizer: { lr: 5e-3 },
    ...more,
  });

describe('an experiment with tasks', () => {
  it('trains one trunk with a head for the class and one for each task, and measures them all', async () => {
    const experiment = small({ training: { epochs: 12, batchSize: 25, earlyStopping: { monitor: 'val_even_accuracy', patience: 9 } } });
    const { model, history, evaluation } = await runExperiment(experiment, { data: parts });
    expect(model.namedParameters().map(([name, p]) => [name, p.shape])).toEqual([
      ['trunk.1.weight', [24, 784]],
      ['trunk.1.bias', [24]],
      ['heads.class.weight', [10, 24]],
      ['heads.class.bias', [10]],
      ['heads.even.weight', [2, 24]],
      ['heads.even.bias', [2]],
      ['heads.round.weight', [3, 24]],
      ['heads.round.bias', [3]],
    ]);
    const names = ['loss', 'accuracy', 'even_accuracy', 'round_accuracy'];
    expect(Object.keys(history.epochs[0])).toEqual([...names, ...names.map(name => `val_${name}`)]);
    const { logs, confusion, mistakes } = evaluation!;
    expect(Object.keys(logs)).toEqual(names);
    // chance is 10 %, 50 % and 33 %
    expect(logs.accuracy).toBeGreaterThan(0.6);
    expect(logs.even_accuracy).toBeGreaterThan(0.75);
    expect(logs.round_accuracy).toBeGreaterThan(0.7);
    // the confusion matrix and the mistakes are of the class alone
    expect(confusion!.reduce((sum, row, i) => sum + row[i], 0)).toBe(Math.round(logs.accuracy * 200));
    expect(mistakes.every(({ predicted, truth }) => predicted < 10 && predicted !== truth)).toBe(true);

    const restored = restoreModel(experiment, train.info(), model.stateDict());
    expect(restored.model).toBeInstanceOf(MultiHead);
    expect(bits(restored.model)).toEqual(bits(model));
  });

  it('sums the losses as multiTaskLoss does; smoothing is for the class alone', () => {
    const output = tensor([Array.from({ length: 15 }, (_, i) => Math.sin(3 * i)), Array.from({ length: 15 }, (_, i) => Math.cos(i * i))]);
    const reference = multiTaskLoss([
      { name: 'class', size: 10, loss: (o, y) => crossEntropy(o, y, { labelSmoothing: 0.2 }) },
      { name: 'even', size: 2, loss: crossEntropy, weight: 0.5 },
      { name: 'round', size: 3, loss: crossEntropy },
    ]);
    const loss = buildLoss(small({ loss: { labelSmoothing: 0.2 } }), train.info());
    const expected = reference(
      output,
      tensor([
        [3, 1, 1],
        [8, 0, 0],
      ]),
    ).item();
    expect(loss(output, tensor([3, 8])).item()).toBeCloseTo(expected, 6);
    // class numbers as probabilities, as mixup makes them, are the same; half and half is half of each
    const row = (c: number): number[] => Array.from({ length: 10 }, (_, i) => (i === c ? 1 : 0));
    expect(loss(output, tensor([row(3), row(8)])).item()).toBeCloseTo(expected, 6);
    const mixed = row(3).map((p, i) => (p + row(8)[i]) / 2);
    const each = [3, 8].map(c => loss(narrow(output, 0, 0, 1), tensor([c])).item());
    expect(loss(narrow(output, 0, 0, 1), tensor([mixed])).item()).toBeCloseTo((each[0] + each[1]) / 2, 5);
  });

  it('counts each task by its own columns', () => {
    const { metrics, columns } = buildMeasures(small(), train.info());
    const row = (...ones: number[]): number[] => Array.from({ length: 15 }, (_, i) => (ones.includes(i) ? 5 : 0));
    const output = tensor([row(4, 10, 14), row(4, 11, 12), row(7, 11, 14)]); // class, then even (10, 11), then round (12 to 14)
    const y = tensor([4, 6, 6]);
    expect(columns).toBe(10);
    expect(Object.entries(metrics!).map(([name, metric]) => [name, metric(output, y)])).toEqual([
      ['accuracy', accuracy(narrow(output, 1, 0, 10), y)],
      ['even_accuracy', 1],
      ['round_accuracy', 2],
    ]);
    expect(metrics!.accuracy(output, y)).toBe(1);
  });

  it('starts trunk and class with the weights they have without tasks, whatever the initializer', () => {
    for (const init of [{}, { name: 'heNormal' }]) {
      const { model, tasks } = small({ model: { hidden: [6], init } });
      const make = (own: typeof tasks): number[] => withRandom(new Random(3), () => bits(buildModel(model, train.info(), own)));
      const alone = make([]);
      expect(
        make(tasks)
          .slice(0, alone.length)
          .every((w, i) => w === alone[i]),
      ).toBe(true);
    }
  });

  it('trains with mixup, and without a hidden layer, to the same bits each time', async () => {
    const experiment = small({ model: { hidden: [] }, regularization: { mixup: 0.2 }, training: { epochs: 2, batchSize: 50 } });
    const run = async (): Promise<number[]> => bits((await runExperiment(experiment, { data: parts })).model);
    const weights = await run();
    expect(weights.every(Number.isFinite)).toBe(true);
    expect(await run()).toEqual(weights);
  });
});

describe('tasks that make no sense are refused', () => {
  const build = (tasks: object[], data: object = {}): (() => unknown) => {
    const experiment = parseExperiment({ tasks });
    return () => buildModel(experiment.model, { ...train.info(), ...data }, experiment.tasks);
  };
  const halves = (groups: number[][]): object[] => [{ name: 'half', groups }];

  it('when built, where they do not fit the classes', () => {
    expect(
      build(
        halves([
          [0, 1, 2, 3],
          [5, 6, 7, 8, 9],
        ]),
      ),
    ).toThrow(new UserError("task: 'half' leaves out class 4; every class must be in exactly one group"));
    expect(build([{ name: 'sole', groups: [[0], [2]] }], { classNames: ['sandal', 'boot', 'coat'] })).toThrow(
      "task: 'sole' leaves out class 1 (boot); every class must be in exactly one group",
    );
    expect(
      build(
        halves([
          [0, 1, 2, 3, 4],
          [5, 6, 7, 8, 9, 10],
        ]),
      ),
    ).toThrow("task: 'half' names class 10; there are 0 to 9");
    expect(build(halves([[0], [1]]), { targetKind: 'value', targetShape: [], classNames: [] })).toThrow(
      'task: it asks about a class, and the targets are values; leave tasks out',
    );
  });

  it.each<[object, string]>([
    [
      {
        name: 'a',
        groups: [
          [0, 1],
          [1, 2],
        ],
      },
      "'tasks': 'a' names class 1 twice; every class must be in exactly one group",
    ],
    [{ name: 'a', groups: [[0, 1]] }, "'tasks': 'a' has 1 group; it must have at least 2"],
    [{ name: 'a', groups: [[0], []] }, "'tasks': group 2 of 'a' is empty; every group must have at least one class"],
    [{ name: 'val', groups: [[0], [1]] }, `'tasks.0.name' is "val"; it must be a name of letters, digits, '-' and '_', a letter first;`],
    [{ name: 'a.b', groups: [[0], [1]] }, `'tasks.0.name' is "a.b"; it must be a name of letters`],
    [{ name: 'a', groups: [[0], [1.5]] }, "'tasks.0.groups.1.0' is 1.5; it must be a class number: a whole number of at least 0"],
    [{ name: 'a', groups: [[0], [1]], weight: -1 }, "'tasks.0.weight' is -1; it must be a weight of at least 0"],
    [{ name: 'a', groups: [[0], [1]], wait: 1 }, "'tasks.0.wait' is not an option; known here are name, groups, weight"],
  ])('when read: %j', (task, text) => {
    expect(() => parseExperiment({ tasks: [task] })).toThrow(`the experiment: ${text}`);
  });

  it('when read: two of one name, or no list', () => {
    expect(() => parseExperiment({ tasks: [even, even] })).toThrow("there are two tasks called 'even'; each needs a name of its own");
    expect(() => parseExperiment({ tasks: 'even' })).toThrow(`'tasks' is "even"; it must be a list of tasks`);
  });
});

describe('--task', () => {
  const parse = (text: string): Experiment['tasks'] => experimentFromFlags({ flags: { '--task': text } }).tasks;

  it('reads names, weights and groups', () => {
    expect(parse('even:0.5=0,2,4,6,8|1,3,5,7,9; round=0,6,8,9|2,3,5|1,4,7')).toEqual([even, { ...round, weight: 1 }]);
    expect(parse('none')).toEqual([]);
    expect(experimentFromFlags({ flags: {}, config: { tasks: [even] } }).tasks).toEqual([even]);
    expect(experimentFromFlags({ flags: { '--task': 'none' }, config: { tasks: [even] } }).tasks).toEqual([]);
  });

  it.each([
    ['even', '--task: even was given; it must be NAME=CLASSES|CLASSES, as in even=0,2,4,6,8|1,3,5,7,9, or NAME:WEIGHT=CLASSES|CLASSES'],
    ['a=0,x|1', '--task: a=0,x|1 was given; each must be a class number: a whole number of at least 0'],
    ['a:-1=0|1', '--task: a:-1=0|1 was given; it must be a weight of at least 0'],
    ['a:=0|1', '--task: a:=0|1 was given; it must be a weight of at least 0'],
    ['a=0|1,0', "--task: 'a' names class 0 twice; every class must be in exactly one group"],
    ['a=0,1|', "--task: group 2 of 'a' is empty; every group must have at least one class"],
  ])('%s', (text, message) => {
    expect(() => parse(text)).toThrow(new UserError(message));
  });
});
