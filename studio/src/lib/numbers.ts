import { short as plain } from '../../../src/explain/text.ts';

/** A number as the library's own renderers write it, with a true minus sign. */
export function short(value: number, digits = 4): string {
  return plain(value, digits).replaceAll('-', '−');
}

/** A share as it is read: 0.9731 is `97.31 %`, none is a dash. */
export function percent(share: number | undefined): string {
  return share === undefined || Number.isNaN(share) ? '–' : `${(100 * share).toFixed(2)} %`;
}
