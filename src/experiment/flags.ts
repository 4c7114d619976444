/** Flags as paths into an experiment. An option is written down once, in the schema: type, range, default and help of a flag are read from there. */
import { UserError } from '../errors.ts';
import { parsePoints } from './points-flag.ts';
import { type RecipeName, withRecipe } from './recipes.ts';
import { experimentSchema, parseExperiment } from './schema.ts';
import { parseTasks } from './task-flag.ts';
import type { Experiment } from './types.ts';
import { describeField, fieldsAt } from './walk.ts';

/** Under which heading of the help a flag stands. */
export type FlagGroup = 'Data' | 'Model' | 'Optimizer' | 'Learning-rate schedule' | 'Regularization' | 'Training';

interface FlagRow {
  readonly flag: string;
  readonly path: string;
  readonly group: FlagGroup;
  /** The value that the bare flag stands for; a flag without one takes its value from the next word. */
  readonly value?: unknown;
  /** Reads the text, in place of what the type gives. */
  readonly parse?: (text: string) => unknown;
  /** May be given several times; the texts are then joined by this. */
  readonly joint?: string;
  /** In place of the schema's. */
  readonly help?: string;
  /** In place of the one that the type gives. */
  readonly placeholder?: string;
}

/** To give an option a flag, add its row. */
const ROWS: readonly FlagRow[] = [
  { group: 'Data', flag: '--data', path: 'data.folder', placeholder: 'DIR' },
  { group: 'Data', flag: '--validation', path: 'data.validation' },
  { group: 'Data', flag: '--limit', path: 'data.limit' },
  {
    group: 'Data',
    flag: '--label',
    path: 'data.label',
    help: 'tables: the column to predict, by its name or its number from 0; arrays: the one with the targets, or their .npy file',
  },
  { group: 'Data', flag: '--inputs', path: 'data.inputs', placeholder: 'NAME' },
  { group: 'Data', flag: '--target', path: 'data.target', help: 'tables, arrays: what the label holds; points: what the third number is' },
  { group: 'Data', flag: '--missing', path: 'data.missing', help: 'tables: what to do with an empty cell' },
  {
    group: 'Data',
    flag: '--test',
    path: 'data.test',
    help: 'tables, arrays, points: kept apart for the test, a count or a share below 1; digits: how many to draw',
  },
  { group: 'Data', flag: '--data-seed', path: 'data.seed', help: 'digits, points: seed of the generator that draws them' },
  { group: 'Data', flag: '--digits-train', path: 'data.train', help: 'digits: how many to draw for training' },
  { group: 'Data', flag: '--shape', path: 'data.shape' },
  { group: 'Data', flag: '--count', path: 'data.count' },
  { group: 'Data', flag: '--points-noise', path: 'data.noise' },
  { group: 'Data', flag: '--classes', path: 'data.classes' },
  {
    group: 'Data',
    flag: '--points',
    path: 'data.points',
    parse: parsePoints,
    placeholder: 'X,Y,CLASS;...',
    help: 'points: your own, x, y and class (or value) of each',
  },

  { group: 'Model', flag: '--hidden', path: 'model.hidden', help: 'width of each hidden layer, as in 512,256; none for a linear model' },
  {
    group: 'Model',
    flag: '--activation',
    path: 'model.activation',
    parse: text => (text.includes(',') ? text.split(',').map(name => name.trim()) : text),
  },
  { group: 'Model', flag: '--batch-norm', path: 'model.batchNorm' },
  { group: 'Model', flag: '--init', path: 'model.init.name' },
  { group: 'Model', flag: '--init-gain', path: 'model.init.gain' },
  { group: 'Model', flag: '--init-std', path: 'model.init.std' },
  { group: 'Model', flag: '--init-from', path: 'model.initFrom', placeholder: 'FILE' },
  { group: 'Model', flag: '--init-value', path: 'model.init.value' },
  { group: 'Model', flag: '--init-bias', path: 'model.init.bias' },
  { group: 'Model', flag: '--loss', path: 'loss.name' },

  { group: 'Optimizer', flag: '--optimizer', path: 'optimizer.name', help: 'how gradients change the weights' },
  { group: 'Optimizer', flag: '--lr', path: 'optimizer.lr' },
  { group: 'Optimizer', flag: '--momentum', path: 'optimizer.momentum' },
  { group: 'Optimizer', flag: '--dampening', path: 'optimizer.dampening' },
  {
    group: 'Optimizer',
    flag: '--nesterov',
    path: 'optimizer.nesterov',
    help: "Nesterov's momentum: the gradient as if the step had been taken",
    value: true,
  },
  {
    group: 'Optimizer',
    flag: '--look-ahead',
    path: 'optimizer.nesterov',
    help: "Nesterov's momentum in its true form: the gradient at the point looked ahead to",
    value: 'lookAhead',
  },
  { group: 'Optimizer', flag: '--lr-in-velocity', path: 'optimizer.lrInVelocity', value: true },
  { group: 'Optimizer', flag: '--betas', path: 'optimizer.betas', help: 'decay of the two running averages, as in 0.9,0.999' },
  { group: 'Optimizer', flag: '--alpha', path: 'optimizer.alpha' },
  { group: 'Optimizer', flag: '--rho', path: 'optimizer.rho' },
  { group: 'Optimizer', flag: '--centered', path: 'optimizer.centered', value: true },
  { group: 'Optimizer', flag: '--amsgrad', path: 'optimizer.amsgrad', value: true },
  { group: 'Optimizer', flag: '--eps', path: 'optimizer.eps' },
  { group: 'Optimizer', flag: '--max-iter', path: 'optimizer.maxIter' },
  { group: 'Optimizer', flag: '--damping', path: 'optimizer.damping' },
  { group: 'Optimizer', flag: '--max-products', path: 'optimizer.maxProducts' },
  {
    group: 'Optimizer',
    flag: '--no-line-search',
    path: 'optimizer.lineSearchFn',
    help: 'bfgs, lbfgs, newton: steps of the learning rate itself',
    value: null,
  },
  { group: 'Optimizer', flag: '--weight-decay', path: 'optimizer.weightDecay' },

  {
    group: 'Learning-rate schedule',
    flag: '--schedule',
    path: 'schedule.name',
    help: 'how the learning rate changes (sequence and product only in a config)',
  },
  {
    group: 'Learning-rate schedule',
    flag: '--schedule-by',
    path: 'schedule.by',
    help: 'what its times count (default step; plateau: epoch)',
  },
  {
    group: 'Learning-rate schedule',
    flag: '--schedule-length',
    path: 'schedule.length',
    help: 'how long it takes (default: the whole training)',
  },
  { group: 'Learning-rate schedule', flag: '--schedule-start', path: 'schedule.start', help: 'linear, warmup: factor at the beginning' },
  { group: 'Learning-rate schedule', flag: '--schedule-end', path: 'schedule.end', help: 'linear, cosine: factor at the end' },
  { group: 'Learning-rate schedule', flag: '--gamma', path: 'schedule.gamma', help: 'step, multiStep, exponential: factor of each drop' },
  { group: 'Learning-rate schedule', flag: '--every', path: 'schedule.every', help: 'step: time between two drops' },
  {
    group: 'Learning-rate schedule',
    flag: '--milestones',
    path: 'schedule.milestones',
    help: 'multiStep: times of the drops, as in 1000,2000',
  },
  { group: 'Learning-rate schedule', flag: '--decay', path: 'schedule.decay', help: 'inverseTime: k in 1 / (1 + k t)' },
  { group: 'Learning-rate schedule', flag: '--power', path: 'schedule.power', help: 'polynomial: its power' },
  {
    group: 'Learning-rate schedule',
    flag: '--schedule-factor',
    path: 'schedule.factor',
    help: 'constant: factor on the rate; plateau: factor of each reduction',
  },
  {
    group: 'Learning-rate schedule',
    flag: '--schedule-patience',
    path: 'schedule.patience',
    help: 'plateau: epochs without improvement that are borne',
  },
  { group: 'Learning-rate schedule', flag: '--schedule-warmup', path: 'schedule.warmup', help: 'oneCycle: share of the time spent rising' },

  { group: 'Regularization', flag: '--dropout', path: 'model.dropout' },
  { group: 'Regularization', flag: '--input-dropout', path: 'model.inputDropout' },
  { group: 'Regularization', flag: '--drop-connect', path: 'model.dropConnect' },
  { group: 'Regularization', flag: '--noise', path: 'model.noise' },
  { group: 'Regularization', flag: '--label-smoothing', path: 'loss.labelSmoothing' },
  { group: 'Regularization', flag: '--l1', path: 'regularization.l1' },
  { group: 'Regularization', flag: '--l2', path: 'regularization.l2' },
  { group: 'Regularization', flag: '--max-norm', path: 'regularization.maxNorm' },
  { group: 'Regularization', flag: '--clip-norm', path: 'regularization.clipNorm' },
  { group: 'Regularization', flag: '--clip-value', path: 'regularization.clipValue' },
  {
    group: 'Regularization',
    flag: '--early-stopping',
    path: 'training.earlyStopping',
    help: 'stop when the validation part no longer improves',
    value: {},
  },
  { group: 'Regularization', flag: '--patience', path: 'training.earlyStopping.patience' },
  { group: 'Regularization', flag: '--min-delta', path: 'training.earlyStopping.minDelta' },
  { group: 'Regularization', flag: '--monitor', path: 'training.earlyStopping.monitor' },
  {
    group: 'Regularization',
    flag: '--keep-last',
    path: 'training.earlyStopping.restoreBestWeights',
    help: 'after early stopping, keep the last weights rather than the best',
    value: false,
  },

  {
    group: 'Regularization',
    flag: '--task',
    path: 'tasks',
    parse: parseTasks,
    joint: ';',
    placeholder: 'NAME=CLASSES|CLASSES',
    help: 'multi-task: a head that also learns in which group the class lies, as in even=0,2,4,6,8|1,3,5,7,9; even:0.5=... weighs its loss; repeatable',
  },
  { group: 'Regularization', flag: '--mixup', path: 'regularization.mixup' },
  {
    group: 'Regularization',
    flag: '--augment',
    path: 'regularization.augment',
    value: {},
    help: 'distorts the training images at random: shift, rotation, scale, shear',
  },
  {
    group: 'Regularization',
    flag: '--elastic',
    path: 'regularization.augment.elastic',
    value: {},
    help: 'augmentation: bends the training images too',
  },
  { group: 'Regularization', flag: '--averaging', path: 'regularization.averaging.kind' },
  { group: 'Regularization', flag: '--averaging-decay', path: 'regularization.averaging.decay' },
  { group: 'Regularization', flag: '--averaging-start', path: 'regularization.averaging.startEpoch' },

  { group: 'Training', flag: '--epochs', path: 'training.epochs' },
  { group: 'Training', flag: '--batch-size', path: 'training.batchSize' },
  { group: 'Training', flag: '--drop-last', path: 'training.dropLast', value: true },
  { group: 'Training', flag: '--seed', path: 'seed' },
  { group: 'Training', flag: '--checkpoint-every', path: 'training.checkpointEvery', placeholder: 'EVERY' },
  { group: 'Training', flag: '--keep-checkpoints', path: 'training.keepCheckpoints' },
  { group: 'Training', flag: '--backend', path: 'backend' },
];

/** A flag with all that a help text or a form needs. */
export interface Flag extends FlagRow {
  /** What stands for its value in help: `N`, `A,B,...`, `TEXT`, or the allowed words with bars between them; '' where it takes none. */
  readonly placeholder: string;
  readonly help: string;
  /** The default in words, with the kinds it holds for where they differ; '' for none. */
  readonly fallback: string;
}

/** All flags, in the order in which help shows them. */
export function experimentFlags(): Flag[] {
  return ROWS.map(row => {
    const fields = fieldsAt(experimentSchema, row.path.split('.')).map(field => ({ ...field, ...describeField(field.node) }));
    const help = row.help ?? fields.find(field => field.help !== undefined)?.help ?? '';
    const words = [...new Set(fields.flatMap(field => field.words))];
    const byType = words.length > 0 ? words.join('|') : (PLACEHOLDERS[fields[0].type] ?? 'TEXT');
    const placeholder = row.value !== undefined ? '' : (row.placeholder ?? byType);
    return { ...row, placeholder, help, fallback: row.value === undefined ? fallbackOf(fields) : '' };
  });
}

const PLACEHOLDERS: Readonly<Record<string, string>> = { number: 'N', array: 'A,B,...', strict_tuple: 'A,B', union: 'TEXT' };

function fallbackOf(fields: readonly { fallback?: unknown; kinds: readonly string[] }[]): string {
  const byValue = new Map<string, string[]>();
  for (const { fallback, kinds } of fields) {
    if (fallback === undefined) continue;
    const shown = Array.isArray(fallback) ? fallback.join(',') : String(fallback);
    byValue.set(shown, [...(byValue.get(shown) ?? []), ...kinds]);
  }
  const values = [...byValue];
  return values.length <= 1 ? (values[0]?.[0] ?? '') : values.map(([value, kinds]) => `${value} for ${kinds.join(', ')}`).join('; ');
}

/** A kind chosen by a flag: what a config file says of another kind does not hold for it. */
const KINDS = ['data', 'optimizer', 'schedule'];

export interface FlagValues {
  /** The text after each flag given, or true for one that stands alone. */
  readonly flags: Readonly<Record<string, string | true>>;
  /** A config file's JSON; flags go before it. */
  readonly config?: unknown;
  /** What messages call the config. */
  readonly source?: string;
  /** The recipe to start from. Default: `standard` for images, `plain` for tables, `small` for points. */
  readonly recipe?: string;
  /** The data set named on the command line. */
  readonly data?: { readonly name: string; readonly file?: string };
}

/**
 * A complete experiment from a config and flags.
 *
 * @throws UserError that names the flag where a flag is at fault
 */
export function experimentFromFlags({ flags, config = {}, source = 'the experiment', recipe, data }: FlagValues): Experiment {
  if (config === null || typeof config !== 'object' || Array.isArray(config)) {
    throw new UserError(`${source}: it must hold an object such as {"training": {"epochs": 5}}`);
  }
  const json = structuredClone(config) as Json;
  const given = new Map<string, { flag: string; text: string }>();
  if (data !== undefined) {
    chooseKind(json, 'data', data.name);
    if (data.file !== undefined) setAt(json, ['data', 'file'], data.file);
    if (data.file !== undefined) given.set('data.file', { flag: 'data', text: data.file });
  }
  const rows = ROWS.filter(row => row.flag in flags).sort((a, b) => Number(isKind(b)) - Number(isKind(a)));
  for (const row of rows) {
    const text = flags[row.flag];
    const path = row.path.split('.');
    if (isKind(row)) chooseKind(json, path[0], String(text));
    else setAt(json, path, row.value !== undefined ? row.value : (row.parse?.(String(text)) ?? jsonValueOf(String(text), row.path)));
    given.set(row.path, { flag: row.flag, text: text === true ? '' : text });
  }
  return parseExperiment(withRecipe(recipe ?? recipeFor((json.data as Json | undefined)?.name), json), {
    source,
    flagAt: path => path.map((_, i) => given.get(path.slice(0, i + 1).join('.'))).findLast(one => one !== undefined),
    flagFor: path => ROWS.find(row => row.path === path.join('.'))?.flag,
  });
}

/** Files of one's own, of which nothing is known. */
const TABLES: ReadonlySet<unknown> = new Set(['csv', 'parquet', 'npz', 'npy']);

/** Where an experiment starts that names no recipe. */
function recipeFor(data: unknown): RecipeName {
  return TABLES.has(data) ? 'plain' : data === 'points' ? 'small' : 'standard';
}

type Json = Record<string, unknown>;

function isKind(row: FlagRow): boolean {
  return KINDS.some(group => row.path === `${group}.name`);
}

/** Sets the name of a group; options of another kind that stand there are left out. */
function chooseKind(json: Json, group: string, name: string): void {
  const before = json[group] as Json | undefined;
  json[group] = before?.name === undefined || before.name === name ? { ...before, name } : { name };
}

/** An object on the way is made where there is none; a bare flag for a group (`{}`) leaves what stands there. */
function setAt(json: Json, path: readonly string[], value: unknown): void {
  let here = json;
  for (const key of path.slice(0, -1)) {
    const next = here[key];
    if (next === null || typeof next !== 'object') here[key] = {};
    here = here[key] as Json;
  }
  const last = path.at(-1)!;
  const isGroup = value !== null && typeof value === 'object' && !Array.isArray(value);
  if (isGroup && here[last] !== null && typeof here[last] === 'object') return;
  here[last] = isGroup ? { ...value } : value;
}

/** The JSON value that a text stands for at a path. What does not fit stays text, and the schema says what would. */
function jsonValueOf(text: string, path: string): unknown {
  const types = fieldsAt(experimentSchema, path.split('.')).map(field => describeField(field.node).type);
  if (types.some(type => type === 'array' || type === 'strict_tuple')) {
    return text.trim() === '' || text.trim() === 'none' ? [] : text.split(',').map(numberOrText);
  }
  return types.some(type => type === 'number' || type === 'union') ? numberOrText(text) : text;
}

function numberOrText(text: string): number | string {
  return /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text) ? Number(text) : text;
}
