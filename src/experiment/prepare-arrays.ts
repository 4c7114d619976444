/** From NumPy's arrays to the parts an experiment trains, validates and tests on. */
import { Dataset, identity, type Normalization, sizeOfShape } from '../data/dataset.ts';
import { Standardizer } from '../data/standardizer.ts';
import { UserError } from '../errors.ts';
import { type NpyArray, npyNumbers } from '../io/npy.ts';
import { Random } from '../random.ts';
import { holdOut, limited, type PreparedData } from './prepare.ts';
import { type Targets, targetsOf } from './targets.ts';
import type { ArraysData } from './types.ts';

/** What arrays are called by those who save them; the first that is there is taken. */
const NAMES = {
  inputs: ['x', 'X', 'x_train', 'X_train', 'train_x', 'train_images', 'features', 'data', 'images'],
  label: ['y', 'Y', 'y_train', 'Y_train', 'train_y', 'train_labels', 'labels', 'target', 'targets', 'label'],
  testInputs: ['x_test', 'X_test', 'test_x', 'test_images'],
  testLabel: ['y_test', 'Y_test', 'test_y', 'test_labels'],
} as const;

/** Arrays for training, and for the test where the file has them. */
interface NamedArrays {
  readonly x: NpyArray;
  readonly y: NpyArray;
  readonly test: { readonly x: NpyArray; readonly y: NpyArray } | null;
}

/**
 * Finds inputs [n, ...] and targets [n], [n, 1], one-hot [n, classes] or values [n, m] among the arrays of an npz file. Bytes are scaled to 0..1 and, as
 * other arrays of pictures, standardized by one mean and deviation; floats [n, width] feature by feature, as a table; always by what the training part shows.
 */
export function prepareArrays(arrays: ReadonlyMap<string, NpyArray>, options: ArraysData, seed: number): PreparedData {
  const { x, y, test } = choose(arrays, options);
  const random = new Random(seed);
  const [targets, testTargets] = targetsOf(test === null ? [y] : [y, test.y], options.target, options.file);
  const whole = datasetOf(x, targets, options.file);
  const [rest, drawn] = test === null ? holdOut(whole, whole.length, options.test, 'test', options.file, random) : [whole, null];
  const [training, validation] = holdOut(rest, whole.length, options.validation, 'validation', options.file, random);
  const train = limited(training, options.limit);
  const parts = { train, validation, test: test === null ? drawn : datasetOf(test.x, testTargets, options.file, whole.featureShape) };
  const isTable = x.shape.length <= 2 && !(npyNumbers(x) instanceof Uint8Array);
  return isTable ? standardized(parts) : normalized(parts);
}

/** Targets beside inputs of a file of their own, as `x.npy` and `y.npy` are; without them the inputs' column `label`, a number, is what to predict. */
export function arraysOfNpy(inputs: NpyArray, label: NpyArray | number, source: string): Map<string, NpyArray> {
  if (typeof label !== 'number') return new Map(Object.entries({ x: inputs, y: label }));
  const [rows, width] = inputs.shape;
  if (inputs.shape.length !== 2 || label >= width)
    throw new UserError(
      `${source}: it holds [${inputs.shape.join(', ')}]; for --label ${label} rows of more than ${label} columns were expected`,
    );
  const all = Float64Array.from(inputs.data as Iterable<number | bigint>, Number);
  return new Map(
    Object.entries({
      x: { shape: [rows, width - 1], data: all.filter((_, i) => i % width !== label), dtype: 'float64' },
      y: { shape: [rows], data: all.filter((_, i) => i % width === label), dtype: inputs.dtype },
    }),
  );
}

/** The inputs among arrays that are to be predicted on: those for the test before those for training, or the only array there is. */
export function inputsOf(arrays: ReadonlyMap<string, NpyArray>, source: string): NpyArray {
  const name = [...NAMES.testInputs, ...NAMES.inputs].find(one => arrays.has(one));
  const array = name === undefined && arrays.size === 1 ? [...arrays.values()][0] : arrays.get(name ?? '');
  if (array === undefined)
    throw new UserError(
      `${source}: none of its arrays is called x, x_test or the like; it holds ${[...arrays.keys()].join(', ') || 'nothing'}`,
    );
  return array;
}

function choose(arrays: ReadonlyMap<string, NpyArray>, { file, inputs, label }: ArraysData): NamedArrays {
  const there = [...arrays].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ') || 'nothing';
  const pick = (asked: string | undefined, known: readonly string[], flag: string): NpyArray => {
    const name = asked ?? known.find(one => arrays.has(one));
    const array = name === undefined ? undefined : arrays.get(name);
    if (array !== undefined) return array;
    const what =
      asked === undefined ? `none of its arrays is called ${known.slice(0, 3).join(', ')} or the like` : `it has no array '${asked}'`;
    throw new UserError(`${file}: ${what}; it holds ${there}. Name one with ${flag}`);
  };
  const x = pick(inputs, NAMES.inputs, '--inputs');
  const y = pick(label === undefined ? undefined : String(label), NAMES.label, '--label');
  const testX = NAMES.testInputs.find(name => arrays.has(name));
  const testY = NAMES.testLabel.find(name => arrays.has(name));
  const test = testX === undefined || testY === undefined ? null : { x: arrays.get(testX)!, y: arrays.get(testY)! };
  return { x, y, test };
}

/** Pictures [n, height, width] of bytes get the one channel that they have. */
function datasetOf(x: NpyArray, targets: Targets, source: string, wanted?: readonly number[]): Dataset {
  const [rows, ...inner] = x.shape;
  if (x.shape.length === 0 || rows !== targets.count)
    throw new UserError(`${source}: ${rows ?? 1} inputs [${x.shape.join(', ')}] and ${targets.count} targets; as many were expected`);
  const features = npyNumbers(x);
  const isPicture = features instanceof Uint8Array && inner.length === 2;
  const featureShape = inner.length === 0 ? [1] : isPicture ? [1, ...inner] : inner;
  if (wanted !== undefined && wanted.join() !== featureShape.join())
    throw new UserError(
      `${source}: the test inputs are [${x.shape.join(', ')}], and one for training has the shape [${wanted.join(', ')}]`,
    );
  if (features instanceof Float32Array) {
    const at = features.findIndex(value => !Number.isFinite(value));
    if (at >= 0) {
      const example = Math.floor(at / sizeOfShape(featureShape));
      throw new UserError(`${source}: the inputs of example ${example} hold ${features[at]}; fill it in or leave the example out`);
    }
  }
  const { values, targetKind, targetShape, classNames } = targets;
  const name = source.replace(/^.*[/\\]/, '');
  return Dataset.from({
    features,
    targets: values,
    featureShape,
    targetKind,
    targetShape,
    classNames,
    name,
    provenance: `${source}, ${rows} examples`,
  });
}

type Parts = Pick<PreparedData, 'train' | 'validation' | 'test'>;

/** Feature by feature, as a table: rows without a header may be predicted on later. */
function standardized({ train, validation, test }: Parts): PreparedData {
  const standardizer = Standardizer.fit(train);
  const { targetKind, classNames, featureShape } = train;
  const columns = Array.from({ length: featureShape[0] }, (_, i) => ({ kind: 'numeric', name: String(i) }) as const);
  return {
    train: standardizer.transform(train),
    validation: validation && standardizer.transform(validation),
    test: test && standardizer.transform(test),
    info: train.info(),
    table: { schema: { header: false, columns, label: 'y', labelKind: targetKind, classNames }, standardizer: standardizer.state() },
  };
}

/** One mean and one deviation for all. */
function normalized({ train, validation, test }: Parts): PreparedData {
  const normalization = normalizationOf(train);
  const all = [train, validation, test].map(part => part?.withNormalization(normalization));
  return { train: all[0]!, validation: all[1] ?? null, test: all[2] ?? null, info: all[0]!.info(), table: null };
}

function normalizationOf(train: Dataset): Normalization {
  const scale = train.raw(0) instanceof Uint8Array ? 1 / 255 : 1;
  let [count, mean, squares] = [0, 0, 0];
  for (let i = 0; i < train.length; i++) {
    for (const value of train.raw(i)) {
      const off = value * scale - mean;
      mean += off / ++count; // Welford: no cancellation for a large mean
      squares += off * (value * scale - mean);
    }
  }
  return { scale, mean, std: Math.sqrt(squares / count) || identity.std };
}
