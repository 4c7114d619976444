/** The pass in matrices as a page for the terminal. */
import type { MatrixPass, MatrixStep } from './matrices.ts';
import type { TextOptions } from './render-text.ts';
import { asciiOf, padStart, short } from './text.ts';

const lossNames = { none: '', squared: 'squared error', crossEntropy: 'cross-entropy' } as const;

function titleOf({ layers, activations }: MatrixPass): string {
  return activations.length === 0 ? `A softmax of ${layers[0]} logits` : `A net of layers ${layers.join('-')}`;
}

/** Forward, the loss, and backward: each matrix under its equation. No line is longer than 9 columns of numbers need. */
export function renderMatrices(pass: MatrixPass, { unicode = true, color = false, digits = 4 }: Omit<TextOptions, 'width'> = {}): string {
  const text = (line: string): string => (unicode ? line : asciiOf(line));
  const bold = (line: string): string => (color ? `\u001b[1m${text(line)}\u001b[0m` : text(line));
  const dim = (line: string): string => (color ? `\u001b[2m${text(line)}\u001b[0m` : text(line));
  const kinds = [...new Set(pass.activations.filter(name => name !== null))];
  const lines: string[] = [bold([titleOf(pass), ...kinds, lossNames[pass.loss]].filter(part => part !== '').join(', '))];
  const section = (title: string, steps: readonly MatrixStep[]): void => {
    lines.push('', bold(title));
    for (const step of steps) lines.push(`  ${text(step.equation)}  ${dim(step.meaning)}`, ...matrix(step.rows));
  };
  const matrix = (rows: readonly (readonly number[])[]): string[] => {
    const cells = rows.map(row => row.map(value => short(value, digits)));
    const widths = cells[0].map((_, c) => Math.max(...cells.map(row => row[c].length)));
    const bar = unicode ? '│' : '|';
    return cells.map(row => `    ${bar} ${row.map((cell, c) => padStart(cell, widths[c])).join('  ')} ${bar}`);
  };
  section('Inputs', pass.inputs);
  section('Forward', pass.forward);
  lines.push(`  ${text(pass.lossEquation)} = ${short(pass.value, digits)}`);
  section('Backward: dM is ∂L/∂M', pass.backward);
  lines.push('', bold('Check by central differences, relative error'));
  const names = Math.max(...pass.check.map(({ name }) => name.length));
  for (const { name, relativeError } of pass.check) {
    lines.push(`  ${text(`d${name.padEnd(names)}`)}  ${relativeError === 0 ? '0' : relativeError.toExponential(1).replace('e+', 'e')}`);
  }
  return lines.join('\n');
}
