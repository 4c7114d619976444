/** A whole training run as JSON: reading one, building what it describes, running it. */
import '../ops/methods.ts';

export { buildLoss, buildModel, buildOptimizer, type DataShape } from './build.ts';
export { type ComparedRun, type Comparison, type ComparisonRow, type NamedExperiment, type Spreads, summarize } from './compare.ts';
export type { AverageMeasured, EnsembleFigure, Measured } from './ensemble.ts';
export { type ExperimentData, type RunOptions, type RunResult, restoreModel, runExperiment } from './run.ts';
export { parseExperiment } from './schema.ts';
export { type SnapshotsResult, trainSnapshots } from './snapshots.ts';
export { meanCurve, type Spread, spreadOf } from './statistics.ts';
export type * from './types.ts';
export { type Changes, type PresetName, presetExperiments, presetNames, withChanges } from './variants.ts';
