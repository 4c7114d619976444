/** The part of the data layer that needs Node: folders, downloads, the cache. */
export { type DownloadOptions, download, type Progress } from './download.ts';
export { cacheFolder, findFile, readDataFile, readIdx, writeAtomically } from './files.ts';
export { type MnistOptions, mnist } from './mnist.ts';
