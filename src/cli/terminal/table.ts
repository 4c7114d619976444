import { formatNumber } from '../../figures/format.ts';
import type { Capabilities } from './capabilities.ts';
import { displayWidth, padEnd, padStart, printable, stripEscapes, styled, truncate } from './text.ts';

/** One column: its header, and which way its cells lean. Columns of numbers lean right by themselves. */
export interface Column {
  readonly header: string;
  readonly align?: 'left' | 'right';
}

/** A cell. A number is written at four significant digits; for another form, write it yourself. Nothing is a blank. */
export type Cell = string | number | null | undefined;

const GAP = '  ';
/** A column is not made narrower than this to fit the table into the terminal. */
const NARROWEST = 4;

/** Text that holds a number, perhaps with a unit: `12`, `-1.5e-3`, `97.8 %`, `12.3k`, `1m 05s`. */
const NUMERIC = /^[<>~]?[-+]?\d[\d.,]*(e[-+]?\d+)?( ?[%a-zA-Z/]{1,9})?( \d+s| \d+m)?$/;

/**
 * An aligned table with a rule under its header. Korean and other wide characters count as two columns. What does not fit in the width is cut, the widest
 * column first.
 *
 * @returns lines, joined by line breaks, without one at the end
 */
export function table(columns: readonly (Column | string)[], rows: readonly (readonly Cell[])[], capabilities: Capabilities): string {
  const headers = columns.map(column => printable(typeof column === 'string' ? column : column.header, capabilities));
  const cells = rows.map(row => columns.map((_, i) => cellText(row[i], capabilities)));
  const toRight = columns.map((column, i) => {
    const align = typeof column === 'string' ? undefined : column.align;
    return align === undefined ? leansRight(cells.map(row => row[i])) : align === 'right';
  });
  const widths = headers.map((header, i) => Math.max(displayWidth(header), ...cells.map(row => displayWidth(row[i]))));
  shrinkToFit(widths, capabilities.width);

  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => {
        const cut = truncate(text, widths[i], capabilities);
        return toRight[i] ? padStart(cut, widths[i]) : padEnd(cut, widths[i]);
      })
      .join(GAP)
      .trimEnd();
  const rule = widths.map(width => (capabilities.unicode ? '─' : '-').repeat(width)).join(GAP);
  const drawn = [styled(line(headers), 'bold', capabilities), styled(rule, 'dim', capabilities), ...cells.map(line)];
  // More columns than the terminal has room for even at their narrowest: the rest is cut off.
  return displayWidth(rule) <= capabilities.width ? drawn.join('\n') : drawn.map(text => cutLine(text, capabilities)).join('\n');
}

function cellText(cell: Cell, capabilities: Capabilities): string {
  if (cell === null || cell === undefined) return '';
  return typeof cell === 'number' ? formatNumber(cell) : printable(cell, capabilities);
}

function leansRight(texts: readonly string[]): boolean {
  const filled = texts.filter(text => text !== '' && text !== '-' && text !== '?');
  return filled.length > 0 && filled.every(text => NUMERIC.test(text) || text === 'NaN' || /^-?Infinity$/.test(text));
}

/** Takes columns from the widest, one by one, until the table fits or every column is at its narrowest. */
function shrinkToFit(widths: number[], available: number): void {
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - available;
  while (excess > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    if (widths[widest] <= NARROWEST) return;
    widths[widest]--;
    excess--;
  }
}

function cutLine(text: string, capabilities: Capabilities): string {
  return truncate(stripEscapes(text), capabilities.width, capabilities);
}
