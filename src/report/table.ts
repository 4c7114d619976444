/** Tables of figures. */
import { type Content, type Html, html } from './html.ts';

export interface TableOptions {
  /** What a folded table is called; without it the table stands open. */
  readonly summary?: string;
  /** Said to those who cannot see where it stands. */
  readonly caption?: string;
  readonly head: readonly Content[];
  readonly rows: readonly { readonly x?: number; readonly cells: readonly Content[] }[];
  /** Columns that hold words, by their number; others hold figures and lean right. The first is the row's name. */
  readonly words?: readonly number[];
  readonly className?: string;
}

/** A table, folded away where it has a summary. */
export function dataTable({ summary, caption, head, rows, words = [], className = '' }: TableOptions): Html {
  const kind = (i: number): Html | '' => (words.includes(i) ? html` class="word"` : '');
  const table = html`<div class="scroll" tabindex="0" role="group" aria-label="${summary ?? caption ?? 'Table'}"><table class="${className}">
${caption === undefined ? '' : html`<caption>${caption}</caption>`}<thead><tr>${head.map((cell, i) => html`<th scope="col"${kind(i)}>${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({ x, cells }) =>
      html`<tr${x === undefined ? '' : html` data-x="${x}"`}>${cells.map((cell, i) => (i === 0 ? html`<th scope="row"${kind(i)}>${cell}</th>` : html`<td${kind(i)}>${cell}</td>`))}</tr>
`,
  )}</tbody></table></div>`;
  return summary === undefined ? table : html`<details><summary>${summary}</summary>${table}</details>`;
}

/** Names with what belongs to each. */
export function facts(rows: readonly (readonly [name: Content, value: Content])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
