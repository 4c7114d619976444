/** How runs and parts are told apart: by colour, and always by a letter or a dash pattern too. */
import { type Html, html } from '../html.ts';

/** So many colours there are; after them they begin again, and letters tell. */
export const COLORS = 8;

/** `A`, `B`, ... `Z`, `AA`: what stands at the end of a run's line. */
export function letterOf(run: number): string {
  const last = String.fromCharCode(65 + (run % 26));
  return run < 26 ? last : letterOf(Math.floor(run / 26) - 1) + last;
}

/** The class that colours a mark; a number below 0 is no run's colour, but the text's. */
export function colorClass(color: number): string {
  return color < 0 ? 'plain' : `c${color % COLORS}`;
}

/** A short piece of line, as a legend shows it. */
export function lineSample(color: number, dash: number): Html {
  return html`<svg class="sample" width="26" height="10" aria-hidden="true"><line class="line ${colorClass(color)} dash-${dash}" x1="1" x2="25" y1="5" y2="5"/></svg>`;
}
