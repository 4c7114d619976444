/** Standardization of tabular features: learned on the training part alone, applied to every other. */
import { UserError } from '../errors.ts';
import { Dataset } from './dataset.ts';

export interface StandardizerState {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * x' = (x - mean) / std, feature by feature, with mean and standard deviation of the training part. A missing value (NaN) becomes the mean,
 * that is 0. A feature that never varies becomes 0.
 *
 * ```ts
 * const standardizer = Standardizer.fit(train);
 * const inputs = standardizer.transform(validation);
 * save(standardizer.state()); // plain JSON
 * ```
 *
 * Same as: scikit-learn's StandardScaler (population standard deviation), after SimpleImputer(strategy 'mean').
 */
export class Standardizer {
  readonly #mean: Float64Array;
  readonly #std: Float64Array;

  constructor(state: StandardizerState) {
    if (state.mean.length !== state.std.length) {
      throw new UserError(
        `Standardizer: ${state.mean.length} means and ${state.std.length} standard deviations; the saved state is damaged`,
      );
    }
    this.#mean = Float64Array.from(state.mean);
    this.#std = Float64Array.from(state.std);
  }

  /** Learns from this part, which should be the training part and nothing else. */
  static fit(train: Dataset): Standardizer {
    const width = train.featureShape.reduce((a, b) => a * b, 1);
    const count = new Float64Array(width);
    const mean = new Float64Array(width);
    const squares = new Float64Array(width);
    for (let i = 0; i < train.length; i++) {
      const row = train.raw(i);
      for (let j = 0; j < width; j++) {
        if (Number.isNaN(row[j])) continue;
        const off = row[j] - mean[j];
        mean[j] += off / ++count[j]; // Welford: no cancellation for a large mean
        squares[j] += off * (row[j] - mean[j]);
      }
    }
    const empty = count.indexOf(0);
    if (empty >= 0) throw new UserError(`Standardizer: feature ${empty} has no value in the training part; leave its column out`);
    const std = Array.from(squares, (s, j) => Math.sqrt(s / count[j]) || 1);
    return new Standardizer({ mean: Array.from(mean), std });
  }

  /** Standardizes rows [n, width] in place, and returns them. */
  apply(rows: Float32Array): Float32Array {
    const width = this.#mean.length;
    if (rows.length % width !== 0)
      throw new UserError(`Standardizer: rows of ${width} features were expected; ${rows.length} numbers are no whole rows`);
    for (let i = 0; i < rows.length; i++) {
      const j = i % width;
      rows[i] = Number.isNaN(rows[i]) ? 0 : (rows[i] - this.#mean[j]) / this.#std[j];
    }
    return rows;
  }

  /** The dataset standardized; features are copied. */
  transform(dataset: Dataset): Dataset {
    const width = this.#mean.length;
    const features = new Float32Array(dataset.length * width);
    const size = dataset.targetShape.reduce((a, b) => a * b, 1);
    const targets = new Float32Array(dataset.length * size);
    void dataset.fillBatch(
      Uint32Array.from({ length: dataset.length }, (_, i) => i),
      features,
      targets,
    );
    return Dataset.from({ ...dataset.info(), features: this.apply(features), targets });
  }

  state(): StandardizerState {
    return { mean: Array.from(this.#mean), std: Array.from(this.#std) };
  }
}
