/** An experiment written down as a TypeScript program on the library alone, which ends in the same bits. */
import { points } from '../data/points/points.ts';
import { parseExperiment } from './schema.ts';
import type { ActivationName, DataOptions, Experiment, ModelOptions, OptimizerOptions } from './types.ts';

/** What the program needs to know of the data that the experiment does not say. */
interface Sizes {
  readonly inputs: number;
  readonly outputs: number;
  readonly isClass: boolean;
  readonly trainSamples: number;
}

/** Names imported from the package, gathered as the program is written. */
type Names = Set<string>;

/**
 * The program: data, model, optimizer and `fit` spelled out. Of points, digits and MNIST; further tasks are left to `runExperiment`.
 *
 * @param trainSamples how many examples the training part has, where the data is MNIST
 */
export function programText(experiment: Experiment, trainSamples = 55_000): string {
  const names: Names = new Set(['manualSeed']);
  const sizes = sizesOf(experiment.data, trainSamples);
  const data = dataLines(experiment, names);
  const body = experiment.tasks.length > 0 ? experimentLines(experiment, names) : trainingLines(experiment, sizes, names);
  const backend = experiment.backend === 'auto' ? [] : [`setBackend(${literal(experiment.backend)});`];
  if (backend.length > 0) names.add('setBackend');
  const fromNode = ['mnist'].filter(name => names.delete(name));
  return [
    `import { ${[...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)).join(', ')} } from 'chainrule';`,
    ...(fromNode.length > 0 ? [`import { ${fromNode.join(', ')} } from 'chainrule/node';`] : []),
    '',
    ...backend,
    `manualSeed(${experiment.seed});`,
    ...data,
    '',
    ...body,
    '',
  ].join('\n');
}

function sizesOf(data: DataOptions, trainSamples: number): Sizes {
  if (data.name !== 'points') {
    const held = data.name === 'digits' ? (data.validation < 1 ? Math.round(data.validation * data.train) : data.validation) : 0;
    const all = data.name === 'digits' ? data.train - held : trainSamples;
    return { inputs: 784, outputs: 10, isClass: true, trainSamples: Math.min(all, data.limit ?? all) };
  }
  const { train } = points(data);
  const isClass = train.targetKind === 'class';
  return { inputs: 2, outputs: isClass ? train.classNames.length : 1, isClass, trainSamples: train.length };
}

function dataLines({ data, seed }: Experiment, names: Names): string[] {
  if (data.name === 'points') {
    names.add('points');
    const { name: _, shape, points: own, target, count, noise, classes, ...parts } = data;
    const drawn = shape === 'own' ? { points: own, target } : { count, noise, ...(classes === 2 ? {} : { classes }) };
    return [`const { train, validation, test } = points(${literal({ shape, ...drawn, ...parts })});`];
  }
  const whole =
    data.name === 'digits'
      ? `digits(${literal({ seed: data.seed, train: data.train, test: data.test })})`
      : `await mnist({ data: '../mnist'${data.name === 'fashion-mnist' ? ', fashion: true' : ''} })`;
  names.add(data.name === 'digits' ? 'digits' : 'mnist');
  const limited = !('file' in data) && data.limit !== undefined ? `.take(${data.limit})` : '';
  if (data.validation === 0) {
    return [`const { train: whole, test } = ${whole};`, `const train = whole${limited};`, 'const validation = null;'];
  }
  return [
    `const { train: whole, test } = ${whole};`,
    `const { train${limited === '' ? '' : ': most'}, validation } = whole.split(${literal({ validation: data.validation, seed, stratified: true })});`,
    ...(limited === '' ? [] : [`const train = most${limited};`]),
  ];
}

function trainingLines(experiment: Experiment, sizes: Sizes, names: Names): string[] {
  for (const name of ['nn', 'optim', 'fit', 'evaluate']) names.add(name);
  const { training, regularization, schedule, model, data } = experiment;
  const callbacks: string[] = [];
  if (training.earlyStopping !== null) callbacks.push(`new EarlyStopping(${literal(training.earlyStopping)})`);
  if (training.earlyStopping !== null) names.add('EarlyStopping');
  if (regularization.averaging !== null) callbacks.push(`new WeightAveraging(${literal(regularization.averaging)})`);
  if (regularization.averaging !== null) names.add('WeightAveraging');
  const { l1, l2, maxNorm, clipNorm, clipValue, mixup, augment } = regularization;
  const terms = [...(l1 > 0 ? [`nn.l1Penalty(weights).mul(${l1})`] : []), ...(l2 > 0 ? [`nn.l2Penalty(weights).mul(${l2})`] : [])];
  const clips = [
    ...(clipNorm > 0 ? [`optim.clipGradNorm(model.parameters(), ${clipNorm});`] : []),
    ...(clipValue > 0 ? [`optim.clipGradValue(model.parameters(), ${clipValue});`] : []),
  ];
  if (mixup > 0) names.add('mixup');
  if (augment !== null) names.add('augmentImages');
  const course = schedule.name === 'constant' && schedule.factor === undefined ? [] : [scheduleLine(experiment, sizes, names)];
  return [
    'const model = new nn.Sequential(',
    ...layers(model, sizes, data.name === 'points').map(layer => `  ${layer},`),
    ');',
    ...(model.init.name === 'default' ? [] : [`nn.initialize(model, ${literal(model.init)});`]),
    ...optimizerLines(experiment.optimizer),
    ...lossLines(experiment, sizes, names),
    ...(l1 > 0 || l2 > 0 || maxNorm > 0 ? ['const weights = nn.weightsOf(model);'] : []),
    'await fit(model, {',
    '  train,',
    '  validation,',
    '  loss,',
    '  optimizer,',
    ...course,
    `  epochs: ${training.epochs},`,
    `  batchSize: ${training.batchSize},`,
    ...(training.dropLast ? ['  dropLast: true,'] : []),
    ...(terms.length > 0 ? [`  penalty: () => ${terms.length === 2 ? `${terms[0]}.add(${terms[1]})` : terms[0]},`] : []),
    ...(clips.length > 0 ? ['  beforeUpdate() {', ...clips.map(line => `    ${line}`), '  },'] : []),
    ...(maxNorm > 0 ? [`  afterUpdate: () => nn.maxNorm(weights, ${maxNorm}),`] : []),
    ...(mixup > 0 ? [`  mixBatch: mixup({ alpha: ${mixup}, classes: ${sizes.isClass ? sizes.outputs : 'null'} }),`] : []),
    ...(augment !== null ? [`  transform: augmentImages(${literal(augment)}, train),`] : []),
    ...(callbacks.length > 0 ? [`  callbacks: [${callbacks.join(', ')}],`] : []),
    '});',
    `if (test !== null) console.log((await evaluate(model, test, { loss })).logs);`,
  ];
}

function scheduleLine({ schedule, training }: Experiment, { trainSamples }: Sizes, names: Names): string {
  names.add('schedule');
  const steps = trainSamples / training.batchSize;
  const totalSteps = Math.max(1, training.epochs * (training.dropLast ? Math.floor(steps) : Math.ceil(steps)));
  const length = literal({ totalSteps, totalEpochs: Math.max(1, training.epochs) });
  return `  scheduler: new schedule.Scheduler(optimizer, schedule.makeSchedule(${literal(schedule)}, ${length})),`;
}

function experimentLines(experiment: Experiment, names: Names): string[] {
  names.add('parseExperiment').add('runExperiment');
  return [
    `const experiment = parseExperiment(${literal(experiment)});`,
    'const { model, evaluation } = await runExperiment(experiment, { data: { train, validation, test } });',
    'console.log(evaluation?.logs);',
  ];
}

const classes: Readonly<Record<ActivationName, string>> = {
  relu: 'ReLU',
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  leakyRelu: 'LeakyReLU',
  elu: 'ELU',
  selu: 'SELU',
  gelu: 'GELU',
  silu: 'SiLU',
  mish: 'Mish',
  softplus: 'Softplus',
  identity: 'Identity',
};

/** The layers that `buildModel` makes, in its order. */
function layers(model: ModelOptions, { inputs, outputs }: Sizes, isFlat: boolean): string[] {
  const { inputDropout, noise, batchNorm, dropout, dropConnect, activation } = model;
  const all: string[] = isFlat ? [] : ['new nn.Flatten()'];
  if (inputDropout > 0) all.push(`new nn.Dropout(${inputDropout})`);
  if (noise > 0) all.push(`new nn.GaussianNoise(${noise})`);
  let width = inputs;
  model.hidden.forEach((units, i) => {
    const bias = batchNorm === 'before' ? { bias: false } : {};
    const options = Object.keys(bias).length > 0 ? `, ${literal(bias)}` : '';
    all.push(
      dropConnect > 0
        ? `new nn.DropConnect(${width}, ${units}, ${literal({ p: dropConnect, ...bias })})`
        : `new nn.Linear(${width}, ${units}${options})`,
    );
    if (batchNorm === 'before') all.push(`new nn.BatchNorm1d(${units})`);
    if (noise > 0) all.push(`new nn.GaussianNoise(${noise})`);
    all.push(`new nn.${classes[typeof activation === 'string' ? activation : activation[i]]}()`);
    if (batchNorm === 'after') all.push(`new nn.BatchNorm1d(${units})`);
    if (dropout > 0) all.push(`new nn.Dropout(${dropout})`);
    width = units;
  });
  return [...all, `new nn.Linear(${width}, ${outputs})`];
}

const optimizers: Readonly<Record<OptimizerOptions['name'], string>> = {
  sgd: 'SGD',
  adam: 'Adam',
  adamw: 'AdamW',
  nadam: 'NAdam',
  adamax: 'Adamax',
  adagrad: 'Adagrad',
  rmsprop: 'RMSprop',
  adadelta: 'Adadelta',
  bfgs: 'BFGS',
  lbfgs: 'LBFGS',
  newton: 'Newton',
  newtonCg: 'NewtonCG',
};

/** The learning rate, and whatever else is not its default; the line search always, whose default is not the class's. */
function optimizerLines({ name, lr, ...options }: OptimizerOptions): string[] {
  const defaults = parseExperiment({ optimizer: { name } }).optimizer as unknown as Record<string, unknown>;
  const set = Object.entries(options).filter(
    ([key, value]) => key === 'lineSearchFn' || JSON.stringify(value) !== JSON.stringify(defaults[key]),
  );
  return [`const optimizer = new optim.${optimizers[name]}(model.parameters(), ${literal({ lr, ...Object.fromEntries(set) })});`];
}

function lossLines({ loss }: Experiment, { isClass }: Sizes, names: Names): string[] {
  const f = isClass ? 'crossEntropy' : loss.name === 'huber' ? 'huberLoss' : 'mseLoss';
  names.add(f);
  if (!isClass || loss.labelSmoothing === 0) return [`const loss = ${f};`];
  names.add('type Tensor');
  return [`const loss = (output: Tensor, target: Tensor) => ${f}(output, target, ${literal({ labelSmoothing: loss.labelSmoothing })});`];
}

/** A value as TypeScript has it: keys without quotes, texts in single ones. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  if (value === null || typeof value !== 'object') return String(value);
  const entries = Object.entries(value).filter(([, inside]) => inside !== undefined);
  return entries.length === 0 ? '{}' : `{ ${entries.map(([key, inside]) => `${key}: ${literal(inside)}`).join(', ')} }`;
}
