import { type ConfusionSummary, summarizeConfusion } from '../../figures/confusion.ts';
import { formatCount, formatPercent } from '../../figures/format.ts';
import type { Capabilities } from './capabilities.ts';
import { table } from './table.ts';
import { displayWidth, onPalette, padEnd, padStart, printable, styled, truncate, wrap } from './text.ts';

export interface ConfusionMatrixOptions {
  /** Names of the classes; by default their numbers. */
  readonly labels?: readonly string[];
  readonly title?: string;
}

/** With more classes than this, the matrix says less than the list of its worst. */
const MOST_CLASSES = 26;
/** So many of the most frequent mistakes are marked and told in words. */
const MOST_MISTAKES = 3;
const LABEL_WIDTH = 14;

/**
 * Draws the matrix of true classes (rows) against predicted ones (columns), with recall at the end of each row, precision under each column, and the
 * accuracy. The most frequent mistakes carry a `*` and are told in words; with 256 colours the cells are shaded too. A matrix wider than the terminal is
 * drawn in several blocks of columns.
 *
 * @param counts `counts[truth][predicted]`
 * @returns lines, joined by line breaks, without one at the end; none is wider than the terminal
 */
export function confusionMatrix(counts: readonly ArrayLike<number>[], options: ConfusionMatrixOptions, capabilities: Capabilities): string {
  const summary = summarizeConfusion(counts);
  const labels = counts.map((_, i) => printable(options.labels?.[i] ?? String(i), capabilities));
  const width = capabilities.width;
  const title = options.title ?? 'Confusion matrix (rows: true class, columns: predicted)';
  const lines = wrap(printable(title, capabilities), width, capabilities).map(line => styled(line, 'bold', capabilities));
  if (counts.length > MOST_CLASSES) lines.push(...worstClasses(summary, labels, counts, capabilities));
  else if (counts.length > 0) lines.push(...blocks(counts, summary, labels, capabilities));
  lines.push(...conclusions(summary, labels, counts.length <= MOST_CLASSES, capabilities));
  return lines.join('\n');
}

/** The widths of the parts of a row. */
interface Layout {
  readonly label: number;
  readonly cell: number;
  readonly side: number;
  readonly perBlock: number;
}

function blocks(
  counts: readonly ArrayLike<number>[],
  summary: ConfusionSummary,
  labels: readonly string[],
  capabilities: Capabilities,
): string[] {
  const heads = columnHeads(labels);
  // Where names are too wide to stand over columns, numbers do, and each row says which number is which name.
  const rowLabels = labels.map((label, i) =>
    truncate(heads[i] === label ? label : `${heads[i]} ${label}`, Math.min(LABEL_WIDTH, Math.floor(capabilities.width / 3)), capabilities),
  );
  const layout = layoutFor(rowLabels, heads, capabilities.width);
  const marked = new Set(summary.mistakes.slice(0, MOST_MISTAKES).map(({ truth, predicted }) => `${truth} ${predicted}`));
  const lines: string[] = [];
  for (let first = 0; first < labels.length; first += layout.perBlock) {
    const columns = labels.map((_, i) => i).slice(first, first + layout.perBlock);
    const isLast = first + layout.perBlock >= labels.length;
    const head = padEnd('', layout.label) + columns.map(j => aligned(heads[j], layout)).join('') + (isLast ? 'recall' : '');
    lines.push(styled(head.trimEnd(), 'dim', capabilities));
    for (const [i, label] of rowLabels.entries()) {
      const cells = columns.map(j => cell(counts, i, j, summary, marked.has(`${i} ${j}`), layout, capabilities)).join('');
      const recall = isLast ? styled(padStart(cellPercent(summary.recall[i]), layout.side), 'dim', capabilities) : '';
      lines.push((padEnd(label, layout.label) + cells + recall).trimEnd());
    }
    const precision = columns.map(j => aligned(cellPercent(summary.precision[j]), layout)).join('');
    const name = truncate('precision', layout.label, capabilities);
    lines.push(styled((padEnd(name, layout.label) + precision).trimEnd() + (isLast ? ' in %' : ''), 'dim', capabilities));
  }
  return lines;
}

function columnHeads(labels: readonly string[]): string[] {
  const fit = labels.every(label => displayWidth(label) <= 4);
  return labels.map((label, i) => (fit ? label : String(i)));
}

function layoutFor(rowLabels: readonly string[], heads: readonly string[], width: number): Layout {
  const side = 'recall'.length;
  // Four characters hold every count (9999, 12k, 123k, 1.2M) and every percentage; then comes the place of the mark.
  const narrow = Math.max(4, ...heads.map(displayWidth)) + 1;
  const label = Math.min(Math.max('precision'.length, ...rowLabels.map(displayWidth)) + 1, width - side - narrow);
  const fits = (cell: number): boolean => label + heads.length * cell + side <= width;
  if (fits(narrow + 1)) return { label, cell: narrow + 1, side, perBlock: heads.length };
  if (fits(narrow)) return { label, cell: narrow, side, perBlock: heads.length };
  return { label, cell: narrow, side, perBlock: Math.max(1, Math.floor((width - label - side) / narrow)) };
}

function aligned(text: string, layout: Layout): string {
  return `${padStart(text, layout.cell - 1)} `;
}

function cell(
  counts: readonly ArrayLike<number>[],
  i: number,
  j: number,
  summary: ConfusionSummary,
  isMarked: boolean,
  layout: Layout,
  capabilities: Capabilities,
): string {
  const count = counts[i][j];
  if (count === 0) return styled(aligned(capabilities.unicode ? '·' : '.', layout), 'dim', capabilities);
  const text = padStart(formatCount(count, 2, 10_000), layout.cell - 1) + (isMarked ? '*' : ' ');
  if (capabilities.colors === 256) {
    const part = i === j ? summary.recall[i] : count / summary.mistakes[0].count;
    return onPalette(text, 231, shade(i === j ? GREENS : REDS, part), capabilities);
  }
  if (i === j) return styled(text, 'green', capabilities);
  return isMarked ? styled(text, 'red', capabilities) : text;
}

/** Palette colours from little to much, all dark enough for white text. */
const GREENS = [22, 28] as const;
const REDS = [52, 88, 124, 160] as const;

function shade(colors: readonly number[], part: number): number {
  return colors[Math.min(colors.length - 1, Math.floor(part * colors.length))];
}

/** A percentage in four characters, rounded down: 100 is said of nothing less. */
function cellPercent(fraction: number): string {
  if (Number.isNaN(fraction)) return '-';
  return fraction === 1 ? '100' : (Math.floor(fraction * 1000) / 10).toFixed(1);
}

function worstClasses(
  summary: ConfusionSummary,
  labels: readonly string[],
  counts: readonly ArrayLike<number>[],
  capabilities: Capabilities,
): string[] {
  const support = counts.map(row => Array.from(row).reduce((a, b) => a + b, 0));
  const worst = labels
    .map((_, i) => i)
    .filter(i => support[i] > 0)
    .sort((a, b) => summary.recall[a] - summary.recall[b])
    .slice(0, 10);
  const rows = worst.map(i => [labels[i], support[i], cellPercent(summary.recall[i]), cellPercent(summary.precision[i])]);
  const heading = `${labels.length} classes are too many to draw; the ten of lowest recall:`;
  return [
    ...wrap(heading, capabilities.width, capabilities),
    table(['class', 'samples', { header: 'recall %', align: 'right' }, { header: 'precision %', align: 'right' }], rows, capabilities),
  ];
}

function conclusions(summary: ConfusionSummary, labels: readonly string[], marked: boolean, capabilities: Capabilities): string[] {
  const lines = [
    summary.total === 0
      ? 'accuracy: no samples'
      : `accuracy ${formatPercent(summary.accuracy, 2)}: ${summary.correct} of ${summary.total} correct`,
  ];
  if (summary.mistakes.length > 0) {
    const told = summary.mistakes
      .slice(0, MOST_MISTAKES)
      .map(({ truth, predicted, count }) => `${labels[truth]} taken for ${labels[predicted]} (${count === 1 ? 'once' : `${count} times`})`);
    lines.push(`${marked ? '* ' : ''}most frequent mistakes: ${told.join(', ')}`);
  }
  return lines.flatMap(line => wrap(line, capabilities.width, capabilities));
}
