// What the package lets one import: name of the entry in dist/ and its source. package.json's "exports" says the same to Node; a test holds the two together.

/** Run in any JavaScript engine: nothing in them, or in what they share, may import from Node. */
export const anywhere = {
  index: 'src/index.ts',
  ops: 'src/ops/index.ts',
  nn: 'src/nn/index.ts',
  loss: 'src/loss/index.ts',
  optim: 'src/optim/index.ts',
  schedule: 'src/schedule/index.ts',
  data: 'src/data/index.ts',
  train: 'src/train/index.ts',
  experiment: 'src/experiment/index.ts',
  explain: 'src/explain/index.ts',
  io: 'src/io/index.ts',
};

/** Need Node. */
export const nodeOnly = {
  node: 'src/node.ts',
  cli: 'src/cli/main.ts',
  // the script of a worker thread: nobody imports it
  'experiment-worker': 'src/experiment/node/worker.ts',
};
