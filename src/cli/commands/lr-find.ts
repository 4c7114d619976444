import { Command } from 'commander';
import { findExperimentRate } from '../../experiment/lr-find.ts';
import { formatNumber } from '../../figures/format.ts';
import type { LrFound } from '../../train/lr-find.ts';
import { realNumber, wholeNumber } from '../arguments.ts';
import { EXIT } from '../errors.ts';
import { addExperimentFlags, askedExperiment } from '../experiment-flags.ts';
import { takeInterrupts } from '../interrupt.ts';
import { loadOrStandIn } from '../load-data.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { lineChart } from '../terminal/line-chart.ts';
import { printable, styled, wrap } from '../terminal/text.ts';
import { quoted } from '../train/job.ts';

interface Flags extends DrawingFlags {
  readonly config?: string;
  readonly from: string;
  readonly to: string;
  readonly steps: string;
  readonly json?: boolean;
}

const HELP = `
A few hundred steps are trained while the rate grows by the same factor at each, until the loss diverges (Smith 2017, section 3.3). The rate suggested is
where the loss falls fastest, but at most a tenth of the one where it is lowest. Only training examples are used; nothing is kept.

Examples:
  chainrule lr-find mnist
  chainrule lr-find mnist --optimizer sgd --momentum 0.9 --hidden 256
  chainrule lr-find digits --from 1e-5 --to 1 --steps 100 --json`;

export function command(): Command {
  const find = new Command('lr-find')
    .description('Finds a learning rate: trains a little while the rate grows, draws the loss over it, and suggests a number.')
    .argument('[data]', 'mnist, fashion-mnist, digits, points, or a file of data')
    .option('--config <FILE>', "JSON as in a run's experiment.json; flags go before it")
    .option('--from <N>', 'the rate of the first step', '1e-6')
    .option('--to <N>', 'the rate of the last', '10')
    .option('--steps <N>', 'how many steps, each with one batch', '200')
    .option('--json', 'write the curve and what was chosen as JSON');
  return addExperimentFlags(addDrawingFlags(find))
    .addHelpText('after', HELP)
    .action((data: string | undefined, flags: Flags) => runLrFind(find, data, flags));
}

async function runLrFind(command: Command, name: string | undefined, flags: Flags): Promise<void> {
  const from = realNumber('--from', { above: 0 })(flags.from);
  const to = realNumber('--to', { above: from })(flags.to);
  const steps = wholeNumber('--steps', { min: 20 })(flags.steps);
  const words = outputFor(process.stderr, flags);
  const output = outputFor(process.stdout, flags);
  const asked = await askedExperiment(command, name, flags.config);
  const { experiment, data, instead } = await loadOrStandIn(asked, line => words.line(line));
  if (instead !== null) words.line('MNIST is not to be had here; the embedded digits stand in for it.');
  const bar = words.capabilities.isTerminal && !flags.json;
  const interrupt = takeInterrupts(() => words.line('Stopping after this step.'));
  let found: LrFound;
  try {
    const onStep = (done: number): void => {
      if (bar) process.stderr.write(done < steps ? `\rstep ${done} of ${steps}` : '');
    };
    found = await findExperimentRate(experiment, data, { from, to, steps, signal: interrupt.signal, onStep });
  } finally {
    interrupt.release();
    if (bar) process.stderr.write('\r\u001b[K');
  }
  if (interrupt.code !== null) {
    process.exitCode = interrupt.code;
    return;
  }
  const ready = found.suggestion === null ? null : readyCommand(process.argv.slice(3), found.suggestion);
  if (flags.json) output.line(JSON.stringify({ type: 'lrFind', ...found, command: ready, data: data.train.provenance }));
  else show(output, found, ready, data.train.provenance);
  if (found.suggestion === null) process.exitCode = EXIT.failure;
}

function show(output: Output, found: LrFound, ready: string | null, provenance: string): void {
  const { rates, losses, smoothed, minimum, steepest, suggestion, reason, ended } = found;
  const { capabilities } = output;
  // What lies beyond the first loss only squeezes the rest together.
  const roof = 1.5 * smoothed[Math.min(10, smoothed.length - 1)];
  const shown = (values: readonly number[]): number[] => values.map(value => (value <= roof ? value : Number.NaN));
  const series = [
    { name: 'loss of each batch', x: rates, y: shown(losses) },
    { name: 'smoothed', x: rates, y: shown(smoothed) },
  ];
  output.line(lineChart(series, { title: 'Loss over learning rate', xLabel: 'learning rate', logX: true }, capabilities));
  output.line();
  const say = (text: string): void => {
    for (const line of wrap(printable(text, capabilities), capabilities.width, capabilities)) output.line(line);
  };
  say(provenance);
  const end = ended === 'diverged' ? `diverged at ${formatNumber(rates.at(-1)!)}` : `had not diverged at ${formatNumber(rates.at(-1)!)}`;
  if (steepest === null || minimum === null || suggestion === null) {
    say(`No suggestion: ${reason}. The loss ${end}.`);
    return;
  }
  say(
    `The loss falls fastest at a rate of ${formatNumber(steepest.rate)}, is lowest (${formatNumber(minimum.loss)}) at ${formatNumber(minimum.rate)}, and ${end}.`,
  );
  output.line(styled(`Suggested: ${suggestion}`, 'bold', capabilities));
  say(`It is ${reason}. The range test is of Smith 2017; it is a beginning, not a proof.`);
  output.line(`  ${ready}`);
}

/** What to type next: the same words, with the rate found. */
export function readyCommand(words: readonly string[], rate: number): string {
  const withValue = ['--from', '--to', '--steps', '--lr'];
  const alone = ['--json', '--ascii', '--color', '--no-color'];
  const kept: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (withValue.includes(words[i])) i++;
    else if (!alone.includes(words[i]) && !withValue.some(flag => words[i].startsWith(`${flag}=`))) kept.push(quoted(words[i]));
  }
  return ['chainrule train', ...kept, '--lr', String(rate)].join(' ');
}
