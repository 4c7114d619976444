import '../src/ops/index.ts';
export { loadData } from '../src/experiment/node/data.ts';
export { parseExperiment } from '../src/experiment/schema.ts';
export { runExperiment } from '../src/experiment/run.ts';