import { Command } from 'commander';
import { withBackend } from '../../backend/current.ts';
import { DataLoader } from '../../data/loader.ts';
import { buildLoss, buildModel, shapeOf } from '../../experiment/build.ts';
import { backendOf } from '../../experiment/run.ts';
import { formatNumber, formatPercent } from '../../figures/format.ts';
import { type ProbeRow, probe } from '../../nn/probe.ts';
import { Random, withRandom } from '../../random.ts';
import { addExperimentFlags, askedExperiment } from '../experiment-flags.ts';
import { loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';
import { table } from '../terminal/table.ts';

interface Flags extends DrawingFlags {
  readonly config?: string;
  readonly json?: boolean;
}

const HELP = `
A good start keeps the size of activations from layer to layer, and that of gradients. Where they shrink with every layer nothing arrives at the
other end; where they grow they blow up; a sigmoid or tanh whose outputs are all near its ends, or a ReLU whose outputs are all 0, passes no gradient.

Examples:
  chainrule probe digits --hidden 64,64,64,64,64,64 --recipe plain --init normal --init-std 0.01     too small
  chainrule probe digits --hidden 64,64,64,64,64,64 --recipe plain --init heNormal                   as it should be
  chainrule probe digits --hidden 64,64,64,64,64,64 --activation sigmoid --recipe plain --init normal --init-std 1`;

export function command(): Command {
  const probeCommand = new Command('probe')
    .description('Shows how an untrained net starts: size and share of zeros of the activations and gradients of each layer, on one batch.')
    .argument('[data]', 'mnist, fashion-mnist, digits, points, or a file of data')
    .option('--config <FILE>', "JSON as in a run's experiment.json; flags go before it")
    .option('--json', 'write the rows as JSON');
  return addExperimentFlags(addDrawingFlags(probeCommand))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runProbe(probeCommand, data, flags));
}

async function runProbe(command: Command, name: string | undefined, flags: Flags): Promise<void> {
  const asked = await askedExperiment(command, name, flags.config);
  const { experiment, data } = await loadOrStandIn(asked, line => process.stderr.write(`${line}\n`));
  const output = outputFor(process.stdout, flags);
  const random = new Random(experiment.seed);
  const rows = withBackend(backendOf(experiment), () =>
    withRandom(random, () => {
      const shape = shapeOf(data.train);
      const model = buildModel(experiment.model, shape, experiment.tasks);
      const loss = buildLoss(experiment, shape);
      const batchSize = Math.min(experiment.training.batchSize, data.train.length);
      for (const [x, y] of new DataLoader(data.train, { batchSize, shuffle: true, random })) return probe(model, x, out => loss(out, y));
      return [];
    }),
  );
  if (flags.json) {
    output.line(JSON.stringify(rows));
    return;
  }
  output.line(`One batch of ${rows[0]?.shape[0] ?? 0} examples; ${data.train.provenance}`);
  output.line();
  output.line(table(COLUMNS, rows.map(cells), output.capabilities));
  output.line();
  output.line(verdict(rows));
}

const COLUMNS = ['layer', 'kind', 'mean', 'std', 'zeros', 'dead', 'grad std', 'grad 0s'].map(header => ({
  header,
  align: header === 'layer' || header === 'kind' ? ('left' as const) : ('right' as const),
}));

function cells({ path, type, activation, gradient, deadUnits }: ProbeRow): string[] {
  return [
    path,
    type,
    formatNumber(activation.mean),
    formatNumber(activation.std),
    formatPercent(activation.zeros),
    formatPercent(deadUnits),
    gradient === null ? '' : formatNumber(gradient.std),
    gradient === null ? '' : formatPercent(gradient.zeros),
  ];
}

/** What the linear layers' gradients say, in a sentence: the first against the last. */
function verdict(rows: readonly ProbeRow[]): string {
  const sizes = rows.filter(row => row.type === 'Linear' && row.gradient !== null).map(row => row.gradient!.rms);
  if (sizes.length < 2) return 'There are too few layers to compare.';
  const ratio = sizes[0] / sizes[sizes.length - 1];
  const told = `The gradient at the first linear layer is ${formatNumber(ratio)} times the size of that at the last`;
  if (!(ratio > 1e-3))
    return `${told}: it vanishes on the way. Try --init heNormal (ReLU), --init xavierNormal (tanh), or --batch-norm before.`;
  if (ratio > 1e3) return `${told}: it explodes on the way. Try smaller weights: --init heNormal (ReLU), --init xavierNormal (tanh).`;
  return `${told}: it arrives.`;
}
