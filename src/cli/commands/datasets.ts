import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Command, Option } from 'commander';
import type { Dataset } from '../../data/dataset.ts';
import { digits } from '../../data/digits/digits.ts';
import { cacheFolder, findFile } from '../../data/node/files.ts';
import { mnist } from '../../data/node/mnist.ts';
import { UserError } from '../../errors.ts';
import { formatBytes, grouped } from '../../figures/format.ts';
import { Random } from '../../random.ts';
import { wholeNumber } from '../arguments.ts';
import { asUsage } from '../errors.ts';
import { downloadOptions } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';
import { imageGallery } from '../terminal/image.ts';
import { styled, wrap } from '../terminal/text.ts';

const DOWNLOADED = ['mnist', 'fashion-mnist'] as const;
const PICTURES = ['mnist', 'fashion-mnist', 'digits'] as const;
const ALL = ['mnist', 'fashion-mnist', 'digits', 'points'] as const;
type Name = (typeof PICTURES)[number];

const ABOUT: Readonly<Record<(typeof ALL)[number], string>> = {
  mnist: 'handwritten digits, 28 x 28, 60,000 to train on and 10,000 to test (LeCun, Cortes and Burges, 1998)',
  'fashion-mnist': 'pictures of clothes in ten kinds, in the form of MNIST (Xiao, Rasul and Vollgraf, 2017)',
  digits: 'digits that chainrule draws itself, in the form of MNIST: no network, no files; as many as you like, by seed',
  points: 'points in the plane, drawn in a shape (circle, xor, gaussians, spiral, moons; plane and hills to approximate), or your own',
};

const HELP = `
Data sets are looked for in --data DIR, then in the folder CHAINRULE_DATA, then in the cache, and downloaded into the cache where none has them.
A folder holds the four IDX files, plain or .gz, directly or in a folder named mnist or fashion-mnist. Your own table needs no folder:
chainrule train FILE.csv --label COLUMN.

Examples:
  chainrule datasets
  chainrule datasets get mnist
  chainrule datasets show digits --n 20
  chainrule datasets show mnist --data DIR --split test --seed 4`;

interface ShowFlags extends DrawingFlags {
  readonly n: string;
  readonly seed: string;
  readonly split: 'train' | 'test';
  readonly data?: string;
}

export function command(): Command {
  const datasets = addDrawingFlags(new Command('datasets'))
    .description('Lists data sets: what there is, where it was looked for, and whether it is the original.')
    .option('--data <DIR>', 'a folder to look in')
    .option('--json', 'write one JSON object a line')
    .addHelpText('after', HELP)
    .action(list);
  const get = new Command('get')
    .summary('download a data set into the cache')
    .description('Downloads a data set into the cache and verifies it; says where it is if it is there already.')
    .addArgument(new Argument('<name>', 'which').choices(DOWNLOADED))
    .action(download);
  const show = addDrawingFlags(new Command('show'))
    .summary('draw some examples')
    .description('Draws some examples of a data set, taken at random.')
    .addArgument(new Argument('<name>', 'which').choices(PICTURES))
    .option('--n <N>', 'how many', '12')
    .option('--seed <N>', 'which of them', '1')
    .addOption(new Option('--split <PART>', 'from which part').choices(['train', 'test']).default('train'))
    .option('--data <DIR>', 'a folder to look in')
    .action((name: Name, _flags, command: Command) => draw(name, command.optsWithGlobals()));
  return datasets.addCommand(get).addCommand(show);
}

export interface Found {
  readonly name: (typeof ALL)[number];
  readonly about: string;
  readonly available: boolean;
  /** Where it is and whether it is the original; where it is not, what is wrong or where it was looked for. */
  readonly status: string;
  readonly train?: number;
  readonly test?: number;
  /** On disk. */
  readonly bytes?: number;
}

async function list(flags: DrawingFlags & { readonly data?: string; readonly json?: boolean }): Promise<void> {
  const output = outputFor(process.stdout, flags);
  for (const name of ALL) {
    const found = name === 'digits' || name === 'points' ? drawn(name) : await lookForDataset(name, flags.data);
    if (flags.json) {
      output.line(JSON.stringify(found));
      continue;
    }
    const { capabilities } = output;
    const size = found.available && found.train !== undefined ? `, ${grouped(found.train)} + ${grouped(found.test!)} examples` : '';
    const disk = found.bytes === undefined ? '' : `, ${formatBytes(found.bytes)} on disk`;
    output.line(`${styled(name, 'bold', capabilities)}: ${found.available ? 'here' : 'not here'}`);
    for (const text of [ABOUT[name], `${found.status}${size}${disk}`]) {
      for (const line of text.split('\n').flatMap(part => wrap(part, capabilities.width - 2, capabilities))) output.line(`  ${line}`);
    }
    output.line();
  }
}

function drawn(name: 'digits' | 'points'): Found {
  return {
    name,
    about: ABOUT[name],
    available: true,
    status: 'built in',
  };
}

/** Loads it if it is there, without a download. */
export async function lookForDataset(name: (typeof DOWNLOADED)[number], folder: string | undefined): Promise<Found> {
  const about = ABOUT[name];
  try {
    const { train, test } = await mnist({ ...located(name, folder), mirrors: [] });
    const bytes = sizeOnDisk(train.provenance);
    return {
      name,
      about,
      available: true,
      status: train.provenance,
      train: train.length,
      test: test.length,
      ...(bytes > 0 ? { bytes } : {}),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // Without mirrors nothing was tried; the message then says only that.
    const problem = /could not be downloaded/.test(error.message) ? '' : `${error.message}\n`;
    const places = [
      ...(folder === undefined ? [] : [`--data ${folder}`]),
      `CHAINRULE_DATA (${process.env.CHAINRULE_DATA || 'not set'})`,
      `the cache ${join(cacheFolder(), name)}`,
    ];
    return {
      name,
      about,
      available: false,
      status: `${problem}looked in: ${places.join('; ')}\nto download it: chainrule datasets get ${name}`,
    };
  }
}

/** The files in the folder that the provenance names. */
function sizeOnDisk(provenance: string): number {
  const folder = /, from (?:folder|cache) (.*), (?:not )?verified/.exec(provenance)?.[1];
  if (folder === undefined) return 0;
  const files = ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte', 't10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'];
  return files.reduce((sum, name) => {
    const path = findFile(folder, name);
    return path === null ? sum : sum + statSync(path).size;
  }, 0);
}

function located(name: Name, folder: string | undefined): { fashion: boolean; data?: string } {
  return { fashion: name === 'fashion-mnist', ...(folder === undefined ? {} : { data: resolve(folder) }) };
}

async function download(name: (typeof DOWNLOADED)[number]): Promise<void> {
  const tell = (line: string): void => void process.stdout.write(`${line}\n`);
  const { train, test } = await mnist({ ...located(name, undefined), ...downloadOptions(tell) });
  tell(`${train.provenance}: ${grouped(train.length)} + ${grouped(test.length)} examples`);
}

async function draw(name: Name, flags: ShowFlags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  const { n, seed } = asUsage(() => ({
    n: wholeNumber('--n', { min: 1, max: 1000 })(flags.n),
    seed: wholeNumber('--seed', { min: 0 })(flags.seed),
  }));
  const tell = (line: string): void => void process.stderr.write(`${line}\n`);
  const parts =
    name === 'digits' ? digits({ seed, train: n, test: n }) : await mnist({ ...located(name, flags.data), ...downloadOptions(tell) });
  const data: Dataset = parts[flags.split];
  const order =
    name === 'digits'
      ? Array.from({ length: n }, (_, i) => i)
      : [...new Random(seed).stream('show').permutation(data.length).subarray(0, n)];
  output.line(data.provenance);
  const images = order.map(i => ({ pixels: data.raw(i), width: 28, height: 28, caption: `${data.classNames[data.target(i)]}  #${i}` }));
  output.line(imageGallery(images, { white: 255 }, output.capabilities));
}
