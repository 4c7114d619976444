/** The data layer as far as it runs in a browser too. Folders and downloads are in `./node/index.ts`. */
import '../ops/methods.ts';

export { type AugmentOptions, augmentImages, checkAugmentOptions, type ElasticOptions, type ImageInfo } from './augment.ts';
export { type CsvOptions, parseCsv, parseRows } from './csv.ts';
export {
  type ArraysOptions,
  Dataset,
  type DatasetInfo,
  type FeatureSource,
  identity as identityNormalization,
  type Normalization,
  type SplitOptions,
} from './dataset.ts';
export { type DigitsOptions, digits } from './digits/digits.ts';
export { gunzip, isGzip } from './gzip.ts';
export { encodeIdx, type Idx, type IdxArray, parseIdx } from './idx.ts';
export { type Batch, DataLoader, type LoaderOptions, type LoaderState } from './loader.ts';
export { DIGIT_NAMES, FASHION_NAMES, FASHION_NORMALIZATION, MNIST_NORMALIZATION } from './mnist-format.ts';
export { type NormalizeOptions, normalizeDigit } from './normalize-digit.ts';
export {
  checkPoints,
  mostClasses,
  type PointShape,
  type PointsOptions,
  type PointsParts,
  pointShapes,
  points,
  pointsReach,
  pointsTarget,
} from './points/points.ts';
export { relabel } from './relabel.ts';
export { Standardizer, type StandardizerState } from './standardizer.ts';
export {
  type CategoricalColumn,
  type Column,
  featureNames,
  type MissingPolicy,
  type NumericColumn,
  type Table,
  type TableOptions,
  type TableSchema,
  tableDataset,
  tableRows,
  tableWidth,
} from './table.ts';
