/** A whole training run as JSON: reading one, building what it describes, running it. */
export { buildLoss, buildModel, buildOptimizer, type DataShape } from './build.ts';
export { type ExperimentData, type RunOptions, type RunResult, restoreModel, runExperiment } from './run.ts';
export { parseExperiment } from './schema.ts';
export type * from './types.ts';
