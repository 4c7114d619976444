import { Command, Option } from 'commander';
import { StoredRun } from '../../experiment/node/stored-run.ts';
import { wholeNumber } from '../arguments.ts';
import { asUsage } from '../errors.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';
import { type Examples, readExamples } from '../predict/examples.ts';
import { type Prediction, predictExamples } from '../predict/predictions.ts';
import { mustBeWritable, writePredictions } from '../predict/write.ts';
import { showPrediction, showTable } from '../terminal/prediction-view.ts';

interface Flags extends DrawingFlags {
  readonly checkpoint: 'best' | 'latest';
  readonly weights?: string;
  readonly ink: 'auto' | 'dark' | 'light';
  readonly raw?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly draw: number;
}

const HELP = `
A PNG of a digit may be of any size, dark on light or light on dark: it is cut out, scaled and centred as MNIST's digits are. What the model then sees is
drawn beside its answer. Pictures in IDX files (plain or .gz) and NumPy's arrays (.npy, .npz) are taken as they are. For a model of a table, FILE is a CSV or
parquet file with the same columns.

Examples:
  chainrule predict runs/first my7.png
  chainrule predict runs/first scans/*.png --json
  chainrule predict runs/first t10k-images-idx3-ubyte.gz --draw 5
  chainrule predict runs/first x_test.npy --out probabilities.npy`;

export function command(): Command {
  const predict = new Command('predict')
    .description('Asks a trained model: the three most probable classes, or the value.')
    .argument('<run>', "a run's folder")
    .argument('<files...>', 'PNG, IDX, .npy or .npz files; CSV or parquet for a model of a table')
    .addOption(new Option('--checkpoint <NAME>', 'which weights').choices(['latest', 'best']).default('latest'))
    .option('--weights <FILE>', "weights from a safetensors file, such as PyTorch's, in place of a checkpoint's")
    .addOption(new Option('--ink <WHICH>', 'what is ink in a PNG').choices(['auto', 'dark', 'light']).default('auto'))
    .option('--raw', 'take a PNG as it is: it must have the size of the training images, light ink on black')
    .addOption(new Option('--draw <N>', 'so many pictures are drawn; the others are one line each').default('12'))
    .option('--out <FILE>', 'write all probabilities, or values, to a .npy or .csv file, one row an example')
    .option('--json', 'write one JSON object a line');
  return addDrawingFlags(predict)
    .addHelpText('after', HELP)
    .action((path: string, files: string[], flags: Flags & { draw: string }) => {
      const draw = asUsage(() => wholeNumber('--draw', { min: 0 })(flags.draw));
      return runPredict(path, files, { ...flags, draw });
    });
}

async function runPredict(path: string, files: readonly string[], flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  if (flags.out !== undefined) mustBeWritable(flags.out);
  const run = await StoredRun.open(path);
  const { model } = await run.restore(flags.checkpoint, flags.weights);
  const { info, table } = run.data;
  // Everything is read before anything is answered: a damaged last file must not come after a thousand answers.
  const { data } = run.experiment;
  const missing = (data.name === 'csv' || data.name === 'parquet') && data.missing === 'mean' ? 'mean' : 'error';
  const examples: Examples[] = [];
  for (const file of files) examples.push(await readExamples(file, run.data, { raw: flags.raw === true, ink: flags.ink, missing }));
  if (flags.out !== undefined) {
    await writePredictions(
      flags.out,
      examples.flatMap(set => predictExamples(model, set, info)),
      info,
    );
    return;
  }
  let drawn = 0;
  for (const set of examples) {
    const predictions: Prediction[] = predictExamples(model, set, info);
    if (flags.json) {
      for (const prediction of predictions) output.line(JSON.stringify(prediction));
      continue;
    }
    const toDraw = set.images === null ? 0 : Math.min(predictions.length, flags.draw - drawn);
    for (let i = 0; i < toDraw; i++) showPrediction(output, predictions[i], { pixels: set.images![i], ...set.size! });
    drawn += toDraw;
    if (toDraw < predictions.length) showTable(output, predictions.slice(toDraw), table === null);
  }
}
