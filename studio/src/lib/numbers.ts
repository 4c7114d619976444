import { short as plain } from '../../../src/explain/text.ts';

/** A number as the library's own renderers write it, with a true minus sign. */
export function short(value: number, digits = 4): string {
  return plain(value, digits).replaceAll('-', '−');
}
