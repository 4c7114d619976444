/** From whole data sets to the parts an experiment trains, validates and tests on. The same in Node and in the browser. */
import { readCsv } from '../data/csv.ts';
import type { Dataset, DatasetInfo } from '../data/dataset.ts';
import { points } from '../data/points/points.ts';
import { Standardizer, type StandardizerState } from '../data/standardizer.ts';
import { type Table, type TableSchema, tableDataset } from '../data/table.ts';
import { UserError } from '../errors.ts';
import { Random } from '../random.ts';
import type { ExperimentData } from './run.ts';
import type { PointsData, TableData } from './types.ts';

/** What has to be done to new rows of a table before a model may see them. */
export interface TablePreprocessing {
  readonly schema: TableSchema;
  readonly standardizer: StandardizerState;
}

export interface PreparedData extends ExperimentData {
  /** What the data is; saved beside the model, so that predict does the same. */
  readonly info: DatasetInfo;
  /** For tables; null for images. */
  readonly table: TablePreprocessing | null;
}

interface Parts {
  readonly validation: number;
  readonly limit?: number;
}

/** Holds validation examples out of the training part, drawn with the experiment's seed; the test part stays as it is. */
export function prepareImages(whole: { train: Dataset; test: Dataset }, { validation, limit }: Parts, seed: number): PreparedData {
  const random = new Random(seed);
  const parts = validation === 0 ? { train: whole.train, validation: null } : whole.train.split({ validation, random, stratified: true });
  return { ...parts, train: limited(parts.train, limit), test: whole.test, info: whole.train.info(), table: null };
}

/** Reads a table (a text is CSV), parts it with the experiment's seed, and standardizes every part by what the training part shows. */
export function prepareTable(table: string | Table, options: TableData, seed: number): PreparedData {
  const { dataset, schema } = tableDataset(typeof table === 'string' ? readCsv(table, { source: options.file }) : table, {
    label: options.label,
    missing: options.missing,
    ...(options.target === 'auto' ? {} : { labelKind: options.target }),
  });
  const random = new Random(seed);
  const [rest, test] = holdOut(dataset, dataset.length, options.test, 'test', options.file, random);
  const [training, validation] = holdOut(rest, dataset.length, options.validation, 'validation', options.file, random);
  const train = limited(training, options.limit);
  const standardizer = Standardizer.fit(train);
  return {
    train: standardizer.transform(train),
    validation: validation && standardizer.transform(validation),
    test: test && standardizer.transform(test),
    info: dataset.info(),
    table: { schema, standardizer: standardizer.state() },
  };
}

/** Draws points. Their parts follow from the data's own seed, so that runs with other seeds see the same ones; new rows are read as a table `x,y`. */
export function preparePoints(options: PointsData): PreparedData {
  const parts = points(options);
  const info = parts.train.info();
  const columns = ['x', 'y'].map(name => ({ kind: 'numeric', name }) as const);
  const label = info.targetKind === 'class' ? 'class' : 'value';
  return {
    ...parts,
    info,
    table: {
      schema: { header: true, columns, label, labelKind: info.targetKind, classNames: info.classNames },
      standardizer: { mean: [0, 0], std: [1, 1] },
    },
  };
}

/** Holds a count, or a share of all rows, out of `from`; nothing for 0. */
export function holdOut(
  from: Dataset,
  rows: number,
  share: number,
  what: 'test' | 'validation',
  source: string,
  random: Random,
): [Dataset, Dataset | null] {
  if (share === 0) return [from, null];
  const count = share < 1 ? Math.max(1, Math.round(share * rows)) : share;
  if (count >= from.length)
    throw new UserError(
      `${source}: ${count} rows are to be held out for ${what}, and only ${from.length} are left; set data.${what} lower`,
    );
  const parts = from.split({ validation: count, random: new Random(random.stream(what).int(2 ** 32)) });
  return [parts.train, parts.validation];
}

/** The first so many examples; all where there is no limit. */
export function limited(train: Dataset, limit: number | undefined): Dataset {
  return limit === undefined ? train : train.take(limit);
}
