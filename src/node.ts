/** What needs Node: folders, files, downloads, and runs on disk. Everything else is in `chainrule`. */
export * from './data/node/index.ts';
export { type LoadOptions, loadData } from './experiment/node/data.ts';
export { type RestoredModel, type StoredData, StoredRun } from './experiment/node/stored-run.ts';
export { type CheckpointName, RunFolder } from './train/node/run-folder.ts';
