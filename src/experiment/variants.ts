/** Experiments that differ from one base in a few settings. */
import { UserError } from '../errors.ts';
import type { NamedExperiment } from './compare.ts';
import { parseExperiment } from './schema.ts';
import type { Experiment } from './types.ts';

/** Settings by group, as in an experiment's JSON: `{ optimizer: { name: 'sgd', lr: 0.1 }, loss: { labelSmoothing: 0.1 } }`. */
export type Changes = Readonly<Record<string, unknown>>;

/**
 * `base` with `changes`. A group of another kind (another `name`) takes the place of the base's whole group, with that kind's defaults; else the
 * settings named take the place of the base's.
 */
export function withChanges(base: Experiment, changes: Changes): Experiment {
  return parseExperiment(merge(base as unknown as Changes, changes), { source: 'the variant' });
}

function merge(base: Changes, changes: Changes): Changes {
  const out: Record<string, unknown> = { ...base };
  for (const [key, change] of Object.entries(changes)) {
    const own = base[key];
    const other = isGroup(change) && isGroup(own) && change.name !== undefined && own.name !== undefined && change.name !== own.name;
    out[key] = isGroup(change) && isGroup(own) && !other ? merge(own, change) : change;
  }
  return out;
}

function isGroup(value: unknown): value is Changes {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

interface Preset {
  readonly help: string;
  /** What is taken from the base first, so that each variant is seen by itself. */
  readonly without?: (base: Experiment) => Changes;
  readonly variants: (base: Experiment) => Readonly<Record<string, Changes>>;
}

const normalization = (): Changes => ({ model: { batchNorm: 'none' } });
const remedies = ({ optimizer }: Experiment): Changes => ({
  model: { batchNorm: 'none', dropout: 0, inputDropout: 0, dropConnect: 0, noise: 0 },
  loss: { labelSmoothing: 0 },
  tasks: [],
  optimizer: 'weightDecay' in optimizer ? { weightDecay: 0 } : {},
  regularization: { l1: 0, l2: 0, maxNorm: 0, mixup: 0, augment: null, averaging: null },
});
const momentum = { name: 'sgd', lr: 0.05, momentum: 0.9 };

export type PresetName = 'optimizers' | 'schedules' | 'init' | 'regularization';

const presets: Readonly<Record<PresetName, Preset>> = {
  optimizers: {
    help: 'six optimizers, each with its usual learning rate',
    variants: () => ({
      sgd: { optimizer: { name: 'sgd', lr: 0.1, momentum: 0, nesterov: false } },
      momentum: { optimizer: { ...momentum, nesterov: false } },
      nesterov: { optimizer: { ...momentum, nesterov: true } },
      adagrad: { optimizer: { name: 'adagrad', lr: 0.02 } },
      rmsprop: { optimizer: { name: 'rmsprop', lr: 1e-3 } },
      adam: { optimizer: { name: 'adam', lr: 1e-3 } },
    }),
  },
  schedules: {
    help: 'courses of the learning rate, over the length of the training',
    variants: ({ training: { epochs } }) => ({
      constant: { schedule: { name: 'constant' } },
      linear: { schedule: { name: 'linear' } },
      step: { schedule: { name: 'step', by: 'epoch', every: Math.max(1, Math.ceil(epochs / 3)), gamma: 0.1 } },
      exponential: { schedule: { name: 'exponential', by: 'epoch', gamma: 0.01 ** (1 / Math.max(1, epochs)) } },
      '1/t': { schedule: { name: 'inverseTime', by: 'epoch', decay: 1 } },
      cosine: { schedule: { name: 'cosine' } },
    }),
  },
  init: {
    help: 'good and bad beginnings of the weights, without batch norm, which would heal them',
    without: normalization,
    variants: () => ({
      default: { model: { init: { name: 'default' } } },
      he: { model: { init: { name: 'heNormal' } } },
      xavier: { model: { init: { name: 'xavierNormal' } } },
      'too small': { model: { init: { name: 'normal', std: 1e-3 } } },
      'too large': { model: { init: { name: 'normal', std: 0.5 } } },
      zeros: { model: { init: { name: 'zeros' } } },
    }),
  },
  regularization: {
    help: 'remedies against overfitting, one at a time; all others are off',
    without: remedies,
    variants: ({ data }) => ({
      none: {},
      L1: { regularization: { l1: 1e-5 } },
      L2: { regularization: { l2: 1e-4 } },
      dropout: { model: { dropout: 0.3 } },
      'batch norm': { model: { batchNorm: 'before' } },
      'label smoothing': { loss: { labelSmoothing: 0.1 } },
      mixup: { regularization: { mixup: 0.2 } },
      ...('file' in data || data.name === 'points'
        ? {}
        : { augmentation: { regularization: { augment: { shift: 1, rotate: 7, scale: 0.05, shear: 0 } } } }),
    }),
  },
};

export const presetNames: readonly PresetName[] = Object.keys(presets) as PresetName[];

export function presetHelp(name: PresetName): string {
  return presets[name].help;
}

/** The experiments of a preset, made from `base`. */
export function presetExperiments(name: string, base: Experiment): NamedExperiment[] {
  if (!Object.hasOwn(presets, name)) throw new UserError(`there is no preset '${name}'; there are ${presetNames.join(', ')}`);
  const { variants, without = () => ({}) } = presets[name as PresetName];
  const plain = withChanges(base, without(base));
  return Object.entries(variants(plain)).map(([name, changes]) => ({ name, experiment: withChanges(plain, changes) }));
}
