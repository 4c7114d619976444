// What the study asks: one base, and what each remedy or change does to it. A row's choices are tried with the first seed, and the one with the best
// validation accuracy is run with all seeds. Changes are groups of an experiment's JSON.

/** The model and its training, without any remedy. The learning rate is chosen as everything else is. */
export const base = {
  model: { hidden: [512, 256], activation: 'relu', init: { name: 'heNormal' } },
  optimizer: { name: 'sgd', lr: 0.1, momentum: 0 },
  // Without dropLast an epoch may end with a step on a handful of examples, and at a high rate that one step is what gets measured.
  training: { epochs: 20, batchSize: 128, dropLast: true },
};

const sgd = (lr, more = {}) => ({ optimizer: { name: 'sgd', lr, ...more } });
const each = (values, label, changes) => values.map(value => ({ label: label(value), changes: changes(value) }));
const rate = lr => `lr ${lr}`;

/** The same choices at two learning rates: noise in the gradient, which most remedies add, asks for a smaller one. */
const atRates = choices =>
  choices.flatMap(({ label, changes }) =>
    [0.1, 0.3].map(lr => ({
      label: label ? `${label}, ${rate(lr)}` : rate(lr),
      changes: { ...changes, optimizer: { ...changes.optimizer, lr } },
    })),
  );

/** @type {{ name: string, group: string, choices?: { label: string, changes: object }[], ensemble?: number }[]} */
const all = [
  { group: 'Base', name: 'base', choices: each([0.03, 0.1, 0.3], rate, lr => sgd(lr)) },

  { group: 'Optimizers', name: 'momentum 0.9', choices: each([0.01, 0.03, 0.1], rate, lr => sgd(lr, { momentum: 0.9 })) },
  {
    group: 'Optimizers',
    name: 'Nesterov 0.9',
    choices: each([0.01, 0.03, 0.1], rate, lr => sgd(lr, { momentum: 0.9, nesterov: true })),
  },
  { group: 'Optimizers', name: 'Adam', choices: each([3e-4, 1e-3], rate, lr => ({ optimizer: { name: 'adam', lr } })) },

  ...Object.entries({
    linear: () => ({ name: 'linear' }),
    cosine: () => ({ name: 'cosine' }),
    step: epochs => ({ name: 'step', by: 'epoch', every: Math.max(1, Math.ceil(epochs / 3)), gamma: 0.1 }),
    exponential: epochs => ({ name: 'exponential', by: 'epoch', gamma: 0.01 ** (1 / epochs) }),
    '1/t': () => ({ name: 'inverseTime', by: 'epoch', decay: 0.5 }),
  }).map(([name, schedule]) => ({
    group: 'Schedules',
    name: `${name} decay`,
    choices: each([0.1, 0.3], rate, lr => ({ ...sgd(lr), schedule })), // a function of the epochs: see study.mjs
  })),

  ...[
    ['Xavier initialization', { name: 'xavierNormal' }],
    ["PyTorch's default initialization", { name: 'default' }],
    ['too small: normal 0.001', { name: 'normal', std: 0.001 }],
    ['too large: normal 0.5', { name: 'normal', std: 0.5 }],
    ['all weights 0', { name: 'zeros' }],
  ].map(([name, init]) => ({ group: 'Initialization (base: He)', name, choices: [{ label: '', changes: { model: { init } } }] })),

  ...['before', 'after'].map(batchNorm => ({
    group: 'Batch normalization',
    name: `batch norm ${batchNorm} the activation`,
    choices: [{ label: '', changes: { model: { batchNorm } } }],
  })),

  {
    group: 'Regularization',
    name: 'dropout',
    choices: each(
      [0.2, 0.5],
      p => `p ${p}`,
      dropout => ({ model: { dropout } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'DropConnect',
    choices: each(
      [0.2, 0.5],
      p => `p ${p}`,
      dropConnect => ({ model: { dropConnect } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'L1',
    choices: each(
      [1e-6, 1e-5],
      l => `λ ${l}`,
      l1 => ({ regularization: { l1 } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'L2',
    choices: each(
      [1e-5, 1e-4],
      l => `λ ${l}`,
      l2 => ({ regularization: { l2 } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'weight decay',
    choices: each(
      [1e-4, 1e-3],
      l => `λ ${l}`,
      weightDecay => ({ optimizer: { weightDecay } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'label smoothing',
    choices: each(
      [0.05, 0.1],
      s => `s ${s}`,
      labelSmoothing => ({ loss: { labelSmoothing } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'affine augmentation',
    choices: [
      { label: 'shift 1, turn 7°, scale 0.05', changes: { regularization: { augment: { shift: 1, rotate: 7, scale: 0.05, shear: 0 } } } },
      {
        label: 'shift 2, turn 10°, scale 0.1, shear 5°',
        changes: { regularization: { augment: { shift: 2, rotate: 10, scale: 0.1, shear: 5 } } },
      },
    ],
  },
  {
    group: 'Regularization',
    name: 'affine and elastic augmentation',
    choices: each(
      [20, 34],
      alpha => `α ${alpha}, σ 4`,
      alpha => ({ regularization: { augment: { shift: 1, rotate: 7, scale: 0.05, shear: 0, elastic: { alpha, sigma: 4 } } } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'mixup',
    choices: each(
      [0.1, 0.4],
      a => `α ${a}`,
      mixup => ({ regularization: { mixup } }),
    ),
  },
  {
    group: 'Regularization',
    name: 'early stopping',
    choices: each(
      [3, 6],
      p => `patience ${p}`,
      patience => ({ training: { earlyStopping: { patience } } }),
    ),
  },
  { group: 'Regularization', name: 'ensemble of 5', ensemble: 5 },
];

export const rows = all.map(row =>
  ['Batch normalization', 'Regularization'].includes(row.group) && row.choices ? { ...row, choices: atRates(row.choices) } : row,
);
