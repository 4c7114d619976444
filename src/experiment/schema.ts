/** Reads an experiment from JSON: fills in defaults, and refuses what it does not know with the path, what was given and what is allowed. */
import * as v from 'valibot';
import { checkPoints } from '../data/points/points.ts';
import { pointShapes } from '../data/points/shapes.ts';
import { UserError } from '../errors.ts';
import { shown } from '../io/words.ts';
import { initializerNames } from '../nn/initialize.ts';
import { everyWanted, parseEvery } from '../train/every.ts';
import { scheduleProblem, scheduleSchema } from './schedule-schema.ts';
import { tasksProblem, tasksSchema } from './task-schema.ts';
import type { Experiment, PointsData } from './types.ts';
import { fieldsAt, keysAt, type SchemaNode, unwrap } from './walk.ts';

/** An option with its default and its one line of help; the help is what `--help` and the docs show. */
function option<const S extends v.GenericSchema>(
  schema: S,
  fallback: v.InferInput<S>,
  help: string,
): v.GenericSchema<unknown, v.InferOutput<S>> {
  return v.pipe(v.optional(schema, fallback as never), v.description(help)) as never;
}

const finite = (message: string) => v.pipe(v.number(message), v.finite(message));
const wholeFrom = (least: number) => {
  const message = `a whole number of at least ${least}`;
  return v.pipe(finite(message), v.integer(message), v.minValue(least, message));
};
const atLeast = (least: number) => v.pipe(finite(`a number of at least ${least}`), v.minValue(least, `a number of at least ${least}`));
const above = (bound: number) =>
  v.pipe(
    finite(`a number above ${bound}`),
    v.check(x => x > bound, `a number above ${bound}`),
  );
const between = (low: number, high: number) => {
  const message = `a number from ${low} to ${high}`;
  return v.pipe(finite(message), v.minValue(low, message), v.maxValue(high, message));
};
const shareBelowOne = v.pipe(
  finite('a number of at least 0 and below 1'),
  v.check(x => x >= 0 && x < 1, 'a number of at least 0 and below 1'),
);
const text = v.string('a text');
const every = v.pipe(
  v.union([v.number(), text], everyWanted),
  v.check(value => parseEvery(value) !== null, everyWanted),
);
const flag = v.boolean('true or false');
const oneOf = <const T extends readonly string[]>(...names: T) => v.picklist(names, `one of ${names.join(', ')}`);
const maybe = <S extends v.GenericSchema>(schema: S, help: string) => v.pipe(v.optional(schema), v.description(help));

const validation = (fallback: number) =>
  option(atLeast(0), fallback, 'examples held out of the training set for validation: a count, or a share below 1');
const limit = maybe(wholeFrom(1), 'use only so many training examples');

const dataSchemas = [
  v.strictObject({
    name: oneOf('mnist', 'fashion-mnist'),
    folder: maybe(text, 'folder of IDX files (default: CHAINRULE_DATA, then the cache, then a download)'),
    validation: validation(5000),
    limit,
  }),
  v.strictObject({
    name: v.literal('digits', 'digits'),
    seed: option(wholeFrom(0), 1, 'seed of the generator that draws the digits'),
    train: option(wholeFrom(10), 20_000, 'training digits to draw'),
    test: option(wholeFrom(10), 2_000, 'test digits to draw'),
    validation: validation(2000),
    limit,
  }),
  v.strictObject({
    name: oneOf('csv', 'parquet'),
    file: text,
    label: v.union([text, wholeFrom(0)], 'the name of a column, or its number from 0'),
    target: option(oneOf('auto', 'class', 'value'), 'auto', 'what the label column holds'),
    missing: option(
      oneOf('error', 'drop', 'mean'),
      'error',
      'what to do with an empty cell: refuse, drop the row, or fill in the mean of the training part',
    ),
    validation: validation(0.1),
    test: option(atLeast(0), 0.1, 'rows kept apart for the test at the end: a count, or a share below 1'),
    limit,
  }),
  v.strictObject({
    name: oneOf('npz', 'npy'),
    file: text,
    inputs: maybe(text, 'npz: the array of inputs (default: x, x_train or the like)'),
    label: maybe(v.union([text, wholeFrom(0)], 'a name, or a number from 0'), 'the array of targets, their file, or their column'),
    target: option(oneOf('auto', 'class', 'value'), 'auto', 'what the targets are'),
    validation: validation(0.1),
    test: option(atLeast(0), 0.1, 'examples kept apart for the test, where the file has none: a count, or a share below 1'),
    limit,
  }),
  v.strictObject({
    name: v.literal('points', 'points'),
    shape: option(oneOf(...pointShapes, 'own'), 'circle', 'points: the shape they are drawn in; own takes those given one by one'),
    count: option(wholeFrom(4), 400, 'points to draw, in all parts together'),
    noise: option(atLeast(0), 0.1, 'points: deviation of the noise on the coordinates, or on the values of plane and hills'),
    classes: option(wholeFrom(2), 2, 'points: how many classes (gaussians, spiral)'),
    seed: option(wholeFrom(0), 1, 'seed of the points and of their parts'),
    points: maybe(
      v.array(v.array(finite('a number'), 'three numbers x, y and class or value'), 'a list of [x, y, class or value]'),
      'own: each point',
    ),
    target: option(oneOf('class', 'value'), 'class', 'own: what the third number is'),
    validation: validation(0.2),
    test: option(atLeast(0), 0.2, 'points kept apart for the test at the end: a count, or a share below 1'),
  }),
] as const;

const betas = option(
  v.strictTuple([shareBelowOne, shareBelowOne], 'two numbers of at least 0 and below 1'),
  [0.9, 0.999],
  'decay of the two running averages',
);
const rate = (lr: number, weightDecay = 0) => ({
  lr: option(above(0), lr, 'learning rate'),
  weightDecay: option(atLeast(0), weightDecay, 'weight decay: pulls every weight towards 0'),
});
const eps = (fallback: number) => option(above(0), fallback, 'added to the root, against division by 0');
const momentum = option(shareBelowOne, 0, 'share of the last step kept in the next');

const lineSearchFn = option(
  v.nullable(oneOf('strong_wolfe')),
  'strong_wolfe',
  'how the length of a step is found; null for steps of the learning rate itself',
);
const amsgrad = option(flag, false, 'divide by the largest average so far');

const optimizerSchemas = [
  v.strictObject({
    name: v.literal('sgd', 'sgd'),
    ...rate(0.1),
    momentum,
    dampening: option(between(0, 1), 0, "share of the gradient kept out of the momentum's velocity"),
    nesterov: option(
      v.union([flag, v.literal('lookAhead')], "true, false or 'lookAhead'"),
      false,
      "Nesterov's momentum: the gradient as if the step had been taken; lookAhead takes it at that point itself",
    ),
    lrInVelocity: option(flag, false, "keep the rate inside the velocity, the lecture's form of momentum"),
  }),
  v.strictObject({ name: v.literal('adam', 'adam'), ...rate(1e-3), betas, eps: eps(1e-8), amsgrad }),
  v.strictObject({ name: v.literal('adamw', 'adamw'), ...rate(1e-3, 0.01), betas, eps: eps(1e-8), amsgrad }),
  v.strictObject({ name: oneOf('nadam', 'adamax'), ...rate(2e-3), betas, eps: eps(1e-8) }),
  v.strictObject({ name: v.literal('adagrad', 'adagrad'), ...rate(0.01), eps: eps(1e-10) }),
  v.strictObject({
    name: v.literal('rmsprop', 'rmsprop'),
    ...rate(1e-3),
    alpha: option(shareBelowOne, 0.99, 'decay of the running average of squared gradients'),
    eps: eps(1e-8),
    momentum,
    centered: option(flag, false, "divide by the gradient's spread rather than by its size"),
  }),
  v.strictObject({
    name: v.literal('adadelta', 'adadelta'),
    ...rate(1),
    rho: option(shareBelowOne, 0.9, 'decay of the two running averages'),
    eps: eps(1e-6),
  }),
  v.strictObject({
    name: oneOf('bfgs', 'lbfgs'),
    lr: option(above(0), 1, 'learning rate'),
    maxIter: option(wholeFrom(1), 20, 'iterations in one step'),
    lineSearchFn,
  }),
  v.strictObject({
    name: v.literal('newton', 'newton'),
    lr: option(above(0), 1, 'learning rate'),
    damping: option(atLeast(0), 0, "added to the Hessian's diagonal"),
    lineSearchFn,
  }),
  v.strictObject({
    name: v.literal('newtonCg', 'newtonCg'),
    lr: option(above(0), 1, 'learning rate'),
    maxProducts: option(v.nullable(wholeFrom(1)), null, 'products with the Hessian in one step, at most'),
    lineSearchFn,
  }),
] as const;

const initializer = v.strictObject({
  name: option(oneOf(...initializerNames), 'default', 'how weights start'),
  gain: maybe(
    v.union([v.literal('auto'), above(0)], "'auto' or a number above 0"),
    "factor on Xavier's, He's or orthogonal weights; auto follows the activation",
  ),
  std: maybe(atLeast(0), "deviation of 'normal' weights"),
  value: maybe(finite('a number'), "value of 'constant' weights"),
  bias: maybe(finite('a number'), 'value of every bias'),
});

// A little of everything, as a hand varies: the values suit MNIST.
const augment = v.strictObject({
  shift: option(atLeast(0), 2, 'augmentation: moves an image by up to so many pixels'),
  rotate: option(between(0, 180), 10, 'augmentation: turns an image by up to so many degrees'),
  scale: option(shareBelowOne, 0.1, 'augmentation: makes an image larger or smaller by up to this share'),
  shear: option(between(0, 60), 5, 'augmentation: slants an image by up to so many degrees'),
  elastic: v.optional(
    v.nullable(
      v.strictObject({
        alpha: option(atLeast(0), 34, 'augmentation: strength of the elastic distortion'),
        sigma: option(atLeast(1), 4, 'augmentation: smoothness of the elastic distortion, in pixels'),
      }),
    ),
    null,
  ),
  probability: option(between(0, 1), 1, 'augmentation: share of the images that is changed'),
});

const averaging = v.strictObject({
  kind: option(oneOf('ema', 'swa'), 'ema', 'averages the weights: ema after every step, swa after every epoch'),
  decay: option(shareBelowOne, 0.999, 'ema: how much of the average is kept at each step'),
  startEpoch: option(wholeFrom(1), 1, 'swa: the first epoch whose weights count'),
});

const activations = oneOf('relu', 'tanh', 'sigmoid', 'leakyRelu', 'elu', 'selu', 'gelu', 'silu', 'mish', 'softplus', 'identity');

const whole = <E extends v.ObjectEntries>(entries: E) => v.optional(v.strictObject(entries), {} as never);

// The parts are checked against Experiment where they are built; valibot's inferred input type is not ours to publish.
const schema: v.GenericSchema<unknown, Experiment> = v.strictObject({
  version: v.optional(v.literal(1, '1'), 1),
  seed: option(
    v.pipe(wholeFrom(0), v.maxValue(Number.MAX_SAFE_INTEGER, 'a whole number below 2^53')),
    1,
    'the one seed of initialization, shuffling, dropout and splits',
  ),
  backend: option(
    oneOf('auto', 'wasm', 'blas', 'reference', 'reference64'),
    'auto',
    'what computes; auto never takes blas, whose bits are not promised',
  ),
  data: v.optional(v.variant('name', dataSchemas), { name: 'mnist' } as never),
  model: whole({
    name: option(oneOf('mlp'), 'mlp', 'kind of model'),
    hidden: option(v.array(wholeFrom(1), 'whole numbers of at least 1'), [512, 256], 'width of each hidden layer'),
    activation: option(
      v.union(
        [activations, v.array(activations, 'a list of activations')],
        `${activations.message as string}, or a list with one for each hidden layer`,
      ),
      'relu',
      'activation of the hidden layers; several with commas between them, one for each',
    ),
    dropout: option(shareBelowOne, 0, 'probability of dropping an output of a hidden layer'),
    inputDropout: option(shareBelowOne, 0, 'probability of dropping an input'),
    dropConnect: option(shareBelowOne, 0, 'probability of dropping a weight of a hidden layer'),
    noise: option(atLeast(0), 0, 'deviation of Gaussian noise added in training to the inputs and before each activation'),
    batchNorm: option(oneOf('none', 'before', 'after'), 'none', 'batch normalization, before or after the activation'),
    init: v.optional(initializer, {} as never),
    initFrom: maybe(text, 'start from the weights in this safetensors file, as PyTorch or another run has them'),
  }),
  loss: whole({
    name: option(oneOf('auto', 'crossEntropy', 'mse', 'huber'), 'auto', 'loss; auto is crossEntropy for classes, mse for values'),
    labelSmoothing: option(between(0, 1), 0, 'share of the label spread evenly over all classes'),
  }),
  tasks: option(tasksSchema, [], 'further questions about the class, each with a head of its own: in which group of classes it lies'),
  optimizer: v.optional(v.variant('name', optimizerSchemas), { name: 'adam' } as never),
  schedule: v.optional(scheduleSchema, { name: 'constant' } as never),
  regularization: whole({
    l1: option(atLeast(0), 0, 'adds this times the sum of |w| to the loss'),
    l2: option(atLeast(0), 0, 'adds this times the sum of w² to the loss'),
    maxNorm: option(atLeast(0), 0, 'largest norm of the weights into one unit; 0 for none'),
    clipNorm: option(atLeast(0), 0, 'largest norm of the whole gradient; 0 for none'),
    clipValue: option(atLeast(0), 0, 'largest size of any gradient element; 0 for none'),
    mixup: option(atLeast(0), 0, "α of mixup's Beta distribution; 0 for none"),
    augment: v.optional(v.nullable(augment), null),
    averaging: v.optional(v.nullable(averaging), null),
  }),
  training: whole({
    epochs: option(wholeFrom(0), 10, 'times through the training set'),
    batchSize: option(wholeFrom(1), 128, 'examples per step'),
    dropLast: option(flag, false, 'leave out a last batch that would be smaller'),
    earlyStopping: v.optional(
      v.nullable(
        v.strictObject({
          monitor: option(text, 'val_loss', 'the figure to watch'),
          patience: option(wholeFrom(0), 5, 'epochs without improvement before training stops'),
          minDelta: option(atLeast(0), 0, 'a change smaller than this is no improvement'),
          restoreBestWeights: option(flag, true, 'go back to the best epoch at the end'),
        }),
      ),
      null,
    ),
    checkpointEvery: option(every, 1, 'how often a checkpoint is written: 500steps, 5min or 1epoch'),
    keepCheckpoints: option(wholeFrom(1), 2, 'checkpoints kept, besides the best'),
  }),
}) as never;

/** The schema to look into; valibot's own types are not ours to publish. */
export const experimentSchema: SchemaNode = schema as never;

/** So many problems are told at once: a list that is wrong throughout must not fill the screen. */
const mostProblems = 12;

/** The flag by which a value was given, and the text after it. */
export interface GivenFlag {
  readonly flag: string;
  readonly text: string;
}

export interface ParseOptions {
  /** What the messages call the origin of the JSON. Default 'the experiment'. */
  readonly source?: string;
  /** The flag that gave the value at a path, if one did: its message then names the flag. */
  readonly flagAt?: (path: readonly string[]) => GivenFlag | undefined;
  /** The flag by which the value at a path is given, for lists of what is known. */
  readonly flagFor?: (path: readonly string[]) => string | undefined;
}

/** Refused here and not only by the optimizer, so that a run is not begun for nothing. */
function lacksMomentum(optimizer: Experiment['optimizer']): boolean {
  return optimizer.name === 'sgd' && optimizer.nesterov !== false && (optimizer.momentum === 0 || optimizer.dampening !== 0);
}

/** Refuses points that could not be drawn: told where they were given. */
function checkedPoints(data: PointsData, source: string): void {
  try {
    checkPoints(data);
  } catch (error) {
    throw error instanceof UserError ? new UserError(`${source}: 'data': ${error.message}`, undefined, { cause: error }) : error;
  }
}

/** A complete experiment from JSON, every default written out. */
export function parseExperiment(json: unknown, options: ParseOptions = {}): Experiment {
  const source = options.source ?? 'the experiment';
  const given = json !== null && typeof json === 'object' ? (json as { version?: unknown }).version : undefined;
  if (given !== undefined && given !== 1) {
    throw new UserError(
      `${source}: version ${shown(given)} was given; this chainrule reads version 1. Write it again with a chainrule of that version, or use one that reads it`,
    );
  }
  const list = listForObject(json);
  if (list !== null) throw new UserError(`${source}: '${list.join('.') || 'the whole'}' is a list; it must be an object`);
  const result = v.safeParse(schema, withDefaultNames(json));
  if (result.success) {
    const problem = scheduleProblem(result.output.schedule);
    if (problem !== null) throw new UserError(`${source}: 'schedule': ${problem}`);
    const unfit = tasksProblem(result.output.tasks);
    if (unfit !== null) throw new UserError(`${options.flagAt?.(['tasks'])?.flag ?? `${source}: 'tasks'`}: ${unfit}`);
    const { model, data } = result.output;
    if (typeof model.activation !== 'string' && model.activation.length !== model.hidden.length) {
      const where = options.flagAt?.(['model', 'activation'])?.flag ?? `${source}: 'model.activation'`;
      throw new UserError(
        `${where}: ${model.activation.length} activations were given for ${model.hidden.length} hidden layers; give one for each, or one for all`,
      );
    }
    if (data.name === 'points') checkedPoints(data, source);
    if (lacksMomentum(result.output.optimizer)) {
      const where = options.flagAt?.(['optimizer', 'nesterov'])?.flag ?? `${source}: 'optimizer.nesterov'`;
      throw new UserError(`${where}: Nesterov's momentum needs a momentum above 0, such as 0.9, and a dampening of 0`);
    }
    return JSON.parse(JSON.stringify(result.output)); // what is kept is what runs: -0, which JSON can say, is not kept
  }
  const problems = [...new Set(result.issues.map(issue => explain(issue, { ...options, source })))];
  const more = problems.length > mostProblems ? [`and ${problems.length - mostProblems} problems more`] : [];
  throw new UserError([...problems.slice(0, mostProblems), ...more].join('\n'));
}

/** The path of a list that stands where an object belongs: valibot takes it for one without entries. */
function listForObject(value: unknown, path: readonly string[] = []): readonly string[] | null {
  if (value === null || typeof value !== 'object') return null;
  if (Array.isArray(value)) {
    const wanted = fieldsAt(experimentSchema, path).map(field => unwrap(field.node).type);
    return wanted.includes('strict_object') || wanted.includes('variant') ? path : null;
  }
  for (const [key, inside] of Object.entries(value)) {
    const found = listForObject(inside, [...path, key]);
    if (found !== null) return found;
  }
  return null;
}

/** A group that names no kind takes the default one: `{ optimizer: { lr: 0.01 } }` is Adam. */
function withDefaultNames(json: unknown): unknown {
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return json;
  const out: Record<string, unknown> = { ...json };
  for (const [group, name] of [
    ['data', 'mnist'],
    ['optimizer', 'adam'],
    ['schedule', 'constant'],
  ] as const) {
    const value = out[group];
    if (value !== null && typeof value === 'object' && !('name' in value)) out[group] = { name, ...value };
  }
  return out;
}

type Issue = v.BaseIssue<unknown>;

function explain(issue: Issue, { source, flagAt, flagFor }: ParseOptions): string {
  const keys = issue.path?.map(item => String(item.key)) ?? [];
  const path = keys.map(key => (key.length <= 60 ? key : `${key.slice(0, 57)}...`)).join('.') || 'the whole';
  const flag = flagAt?.(keys);
  if (issue.type === 'strict_object' && keys.length > 0 && issue.expected === 'never') {
    const parent = keys.slice(0, -1);
    const holder = issue.path!.at(-1)!.input;
    const known = keysAt(experimentSchema, parent, holder);
    if (flag === undefined) return `${source}: '${path}' is not an option${known.length > 0 ? `; known here are ${known.join(', ')}` : ''}`;
    const name = (holder as { name?: unknown }).name;
    const flags = known.flatMap(key => (key === 'name' ? [] : (flagFor?.([...parent, key]) ?? [])));
    return `${flag.flag}: ${parent.join(' ')} ${String(name)} does not take it; it takes ${flags.join(', ')}`;
  }
  if (issue.received === 'undefined' && flag !== undefined) return `${flag.flag}: ${flag.text} was given; another value must follow it`;
  if (issue.received === 'undefined') {
    const missing = flagFor?.(keys);
    return `${source}: '${path}' is missing${missing === undefined ? '' : `; give it with ${missing}`}`;
  }
  if (flag !== undefined) {
    const one = issue.type !== 'strict_tuple' && Array.isArray(issue.path?.at(-1)?.input) ? 'each must be' : 'it must be';
    return `${flag.flag}: ${flag.text === '' ? 'nothing' : flag.text} was given; ${one} ${wanted(issue)}`;
  }
  return `${source}: '${path}' is ${shown(issue.input)}; it must be ${wanted(issue)}`;
}

/** The message of a schema is what it wants; valibot's own messages are for schemas without one. */
function wanted(issue: Issue): string {
  if (issue.type === 'variant') return `one of ${String(issue.expected).replaceAll('"', '').replace(/[()]/g, '').replaceAll(' | ', ', ')}`;
  if (issue.message.startsWith('Invalid')) return issue.expected === 'Object' ? 'an object' : String(issue.expected);
  return issue.message;
}
