import { Command } from 'commander';
import { examineBlas, examineEngine, examineTerminal, examineWasm, type Finding, measureBackends, type Speed } from '../doctor/examine.ts';
import { addDrawingFlags, type DrawingFlags, type Output, outputFor } from '../output.ts';
import { table } from '../terminal/table.ts';
import { padEnd, styled, wrap } from '../terminal/text.ts';
import { lookForDataset } from './datasets.ts';

const HELP = `
Says what chainrule found on this machine, what is missing and how to get it, and how fast each backend multiplies matrices here.
Nothing is missing that training needs: what is missing makes it faster, or draws it better.

Environment: CHAINRULE_BLAS a BLAS library to take in place of any found; CHAINRULE_DATA folder of data sets.

Examples:
  chainrule doctor
  chainrule doctor --json
  CHAINRULE_BLAS=/opt/lib/libopenblas.so chainrule doctor`;

interface Flags extends DrawingFlags {
  readonly data?: string;
  readonly json?: boolean;
}

export function command(): Command {
  return addDrawingFlags(new Command('doctor'))
    .description('Looks at what this machine has, and measures it.')
    .option('--data <DIR>', 'a folder of data sets to look in')
    .option('--json', 'write one JSON object')
    .addHelpText('after', HELP)
    .action(examine);
}

async function examine(flags: Flags): Promise<void> {
  const output = outputFor(process.stdout, flags);
  const { findings: blas, library } = examineBlas();
  const findings = [...examineEngine(), ...examineWasm(), ...blas, await findMnist(flags.data), examineTerminal(output.capabilities)];
  const speeds = measureBackends(library);
  if (flags.json) {
    const facts = findings.map(({ key, state, hint, facts }) => [key, { state, ...facts, ...(hint === undefined ? {} : { hint }) }]);
    output.line(JSON.stringify({ type: 'doctor', ...Object.fromEntries(facts), speeds }));
    return;
  }
  show(output, findings);
  output.line();
  showSpeeds(output, speeds);
}

async function findMnist(folder: string | undefined): Promise<Finding> {
  const { available, status, train, test } = await lookForDataset('mnist', folder);
  const [text, hint] = available ? [status, undefined] : ['not here', status.replaceAll('\n', '; ')];
  const facts = available ? { available, provenance: status, train, test } : { available };
  return { name: 'MNIST', key: 'mnist', state: available ? 'here' : 'missing', text, ...(hint === undefined ? {} : { hint }), facts };
}

function show({ capabilities, line }: Output, findings: readonly Finding[]): void {
  const names = Math.max(...findings.map(({ name }) => name.length));
  const marks = capabilities.unicode ? { here: '✓', missing: '✗', note: '·' } : { here: '+', missing: '-', note: ' ' };
  const colors = { here: 'green', missing: 'yellow', note: 'dim' } as const;
  for (const { name, state, text, hint } of findings) {
    const texts = [...text.split('\n'), ...(hint === undefined ? [] : [hint])];
    const lines = texts.flatMap(part => wrap(part, capabilities.width - names - 4, capabilities));
    lines.forEach((part, i) => {
      const lead =
        i === 0
          ? `${styled(marks[state], colors[state], capabilities)} ${styled(padEnd(name, names), 'bold', capabilities)}`
          : ' '.repeat(names + 2);
      line(`${lead}  ${part}`);
    });
  }
}

function showSpeeds({ capabilities, line }: Output, speeds: readonly Speed[]): void {
  const rows = speeds.map(({ backend, threads, n, gflops }) => [backend, String(threads), `${n} x ${n}`, gflops.toFixed(1)]);
  const columns = [
    'backend',
    { header: 'threads', align: 'right' },
    { header: 'product of', align: 'right' },
    { header: 'GFLOPS', align: 'right' },
  ] as const;
  for (const text of table(columns, rows, capabilities).split('\n')) line(text);
}
