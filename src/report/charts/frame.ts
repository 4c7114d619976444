/** The axes of a chart, and places in it: along x in percent of the width, which nobody knows beforehand; along y in pixels. */
import { type Html, html } from '../html.ts';
import type { Scale } from './layout.ts';

/** Grid, axis and ticks of a chart that is `height` pixels high; `unit` stands after each number of the vertical axis. */
export function frame(x: Scale, y: Scale, height: number, unit = ''): Html {
  const rows = y.ticks.map(({ value, label }) => {
    const at = heightAt(y, value, height);
    return html`<line class="grid" x1="0" x2="100%" y1="${at}" y2="${at}"/><text class="tick" x="0" dx="-8" y="${at}" dy="0.32em" text-anchor="end">${label}${unit}</text>`;
  });
  const columns = x.ticks.map(({ value, label }) => {
    const at = percentAt(x, value);
    return html`<line class="tick-mark" x1="${at}" x2="${at}" y1="${height}" y2="${height + 5}"/><text class="tick" x="${at}" y="${height + 19}" text-anchor="middle">${label}</text>`;
  });
  return html`${rows}${columns}<line class="axis" x1="0" x2="100%" y1="${height}" y2="${height}"/>`;
}

/** `25%` */
export function percentAt(x: Scale, value: number): string {
  return percent(x.place(value));
}

export function percent(share: number): string {
  return `${+(100 * share).toFixed(2)}%`;
}

/** Pixels from the top. */
export function heightAt(y: Scale, value: number, height: number): number {
  return +(height * (1 - y.place(value))).toFixed(1);
}
