import { Command, Option } from 'commander';
import {
  type ExplainOptions,
  explainAny,
  explainMatrices,
  isNet,
  type NetActivation,
  type NetOptions,
  presets,
  renderDot,
  renderMatrices,
  renderText,
} from '../../explain/index.ts';
import { wholeNumber } from '../arguments.ts';
import { asUsage, UsageError } from '../errors.ts';
import { addDrawingFlags, type DrawingFlags, outputFor } from '../output.ts';

interface Flags extends DrawingFlags {
  readonly values?: string;
  readonly seed: string;
  readonly activation?: NetActivation;
  readonly loss?: 'squared' | 'crossEntropy';
  readonly matrices?: boolean;
  readonly json?: boolean;
  readonly dot?: boolean;
}

const HELP = `
Examples to start from:
${presets.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}

Examples:
  chainrule explain "sigmoid(w1*x1 + w2*x2 + b)"
  chainrule explain "u*v + u" --values u=2,v=3
  chainrule explain 2-2-1 --activation tanh              a net of these layers, every number of it
  chainrule explain 2-2-1 --matrices                     the same as matrices
  chainrule explain chain --matrices                     an example or expression in the shape of layers, as matrices
  chainrule explain neuron --dot | dot -Tsvg > neuron.svg`;

export function command(): Command {
  const explain = new Command('explain')
    .description(
      'Shows the backward pass of an expression or of a small net: every value, local derivative and gradient, with a numerical check.',
    )
    .argument('<what>', 'an expression, the layers of a net such as 2-2-1, or the name of an example')
    .option('--values <NAME=N,...>', 'values of variables; the others are chosen, and shown')
    .option('--seed <N>', 'for the values chosen', '0')
    .addOption(new Option('--activation <NAME>', 'of a net').choices(['sigmoid', 'tanh', 'relu']))
    .addOption(new Option('--loss <NAME>', 'of a net').choices(['squared', 'crossEntropy']))
    .option('--matrices', 'of a net, or of an expression in the shape of layers: the pass in matrices')
    .addOption(new Option('--json', 'write the graph as JSON').conflicts('dot'))
    .option('--dot', 'write the graph for Graphviz');
  return addDrawingFlags(explain).addHelpText('after', HELP).action(runExplain);
}

function runExplain(what: string, flags: Flags): void {
  const output = outputFor(process.stdout, flags);
  const { unicode, colors, width } = output.capabilities;
  const seed = wholeNumber('--seed', { min: 0 })(flags.seed);
  const net: NetOptions = {
    ...(flags.activation === undefined ? {} : { activation: flags.activation }),
    ...(flags.loss === undefined ? {} : { loss: flags.loss }),
  };
  const style = { unicode, color: colors > 0 };
  if (flags.matrices) {
    if (flags.dot) throw new UsageError('--matrices: there is no graph to write for Graphviz; leave out --dot');
    const values = flags.values === undefined ? {} : { values: valuesFrom(flags.values) };
    const subject = isNet(what) ? { ...net, layers: what.split('-').map(Number) } : { expression: what };
    const pass = asUsage(() => explainMatrices({ ...subject, ...values, seed }));
    output.line(flags.json ? JSON.stringify(pass) : renderMatrices(pass, style));
    return;
  }
  const options: ExplainOptions = { seed, values: flags.values === undefined ? {} : valuesFrom(flags.values) };
  const graph = asUsage(() => explainAny(what, { ...net, ...options }));
  if (flags.json) output.line(JSON.stringify(graph));
  else if (flags.dot) output.line(renderDot(graph));
  else output.line(renderText(graph, { ...style, width: Math.max(40, width) }));
}

/** `u=2,v=-0.5` as an object. */
function valuesFrom(text: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map(part => {
      const [name, value, ...rest] = part.split('=').map(word => word.trim());
      const number = Number(value);
      if (!name || !value || rest.length > 0 || !Number.isFinite(number)) {
        throw new UsageError(`--values: '${part}' was given; it takes names with numbers, as in u=2,v=-0.5`);
      }
      return [name, number];
    }),
  );
}
