/** What needs Node: folders, files, downloads, and runs on disk. Everything else is in `chainrule`. */
import './backend/blas/node/register.ts';

export { type BlasOptions, createBlasBackend } from './backend/blas/node/find.ts';
export * from './data/node/index.ts';
export type { EnsembleFigure } from './experiment/ensemble.ts';
export { type CompareOptions, compareExperiments } from './experiment/node/compare.ts';
export { type LoadOptions, loadData } from './experiment/node/data.ts';
export {
  type EnsembleResult,
  type EnsembleRunOptions,
  memberSeeds,
  trainEnsemble,
} from './experiment/node/ensemble.ts';
export type { Job, RunReport } from './experiment/node/job.ts';
export { type RestoredModel, type StoredData, StoredRun } from './experiment/node/stored-run.ts';
export { type Outcome, type RunJobsOptions, runJobs } from './experiment/node/workers.ts';
export { type CheckpointName, RunFolder } from './train/node/run-folder.ts';
