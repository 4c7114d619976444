import { Command } from 'commander';
import { parseExperiment } from '../../experiment/schema.ts';
import { formatNumber } from '../../figures/format.ts';
import { learningRates, makeSchedule, scheduleNames } from '../../schedule/index.ts';
import { wholeNumber } from '../arguments.ts';
import { asUsage } from '../errors.ts';
import { addExperimentFlags, askedExperiment, givenFlags } from '../experiment-flags.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';
import { lineChart } from '../terminal/line-chart.ts';

interface Flags extends DrawingFlags {
  readonly config?: string;
  readonly steps: string;
  readonly logY?: boolean;
  readonly json?: boolean;
}

const HELP = `
Schedules: ${scheduleNames.join(', ')}.
A warm-up that goes over into another, a sequence or a product of several is written in a config file:
  { "schedule": { "name": "warmup", "length": 500, "after": { "name": "cosine" } } }

Examples:
  chainrule schedule cosine --epochs 20
  chainrule schedule step --every 5 --gamma 0.5 --schedule-by epoch --lr 0.1 --optimizer sgd
  chainrule schedule exponential --gamma 0.999 --log-y
  chainrule schedule --config my.json`;

export function command(): Command {
  const schedule = new Command('schedule')
    .description('Draws the course of the learning rate that a schedule gives, from the first step to the last.')
    .argument('[name]', 'the schedule; else what --schedule or the config says')
    .option('--config <FILE>', "JSON as in a run's experiment.json; flags go before it")
    .option('--steps <N>', 'steps in an epoch', '430')
    .option('--log-y', 'a logarithmic axis')
    .option('--json', 'write the rates as JSON');
  return addExperimentFlags(addDrawingFlags(schedule))
    .addHelpText('after', HELP)
    .action((name: string | undefined, flags: Flags) => runSchedule(schedule, name, flags));
}

async function runSchedule(command: Command, name: string | undefined, flags: Flags): Promise<void> {
  if (name !== undefined && givenFlags(command)['--schedule'] === undefined) command.setOptionValueWithSource('schedule', name, 'cli');
  const experiment = parseExperiment(await askedExperiment(command, undefined, flags.config));
  const stepsPerEpoch = wholeNumber('--steps', { min: 1 })(flags.steps);
  const totalEpochs = experiment.training.epochs;
  const totalSteps = totalEpochs * stepsPerEpoch;
  const made = asUsage(() => makeSchedule(experiment.schedule, { totalSteps, totalEpochs }));
  const count = made.by === 'step' ? totalSteps : totalEpochs;
  const rates = learningRates(made, experiment.optimizer.lr, count);
  const output = outputFor(process.stdout, flags);
  if (flags.json) {
    output.line(JSON.stringify({ schedule: experiment.schedule, by: made.by, rates: Array.from(rates) }));
    return;
  }
  // The chart has far fewer columns than there are steps.
  const every = Math.max(1, Math.floor(count / 400));
  const x = Array.from(rates.keys()).filter(t => t % every === 0 || t === count - 1);
  const chart = lineChart(
    [{ name: 'learning rate', x, y: x.map(t => rates[t]) }],
    {
      title: `${experiment.schedule.name}, lr ${experiment.optimizer.lr}, ${totalEpochs} epochs of ${stepsPerEpoch} steps`,
      xLabel: made.by,
      logY: flags.logY ?? false,
    },
    output.capabilities,
  );
  output.line(chart);
  const largest = rates.reduce((a, b) => Math.max(a, b), 0);
  output.line();
  output.line(`first ${formatNumber(rates[0])}, largest ${formatNumber(largest)}, last ${formatNumber(rates[count - 1])}`);
  if (experiment.schedule.name === 'plateau')
    output.line('A plateau depends on the figures of the training; here nothing happens, so it stays where it starts.');
}
