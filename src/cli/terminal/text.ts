import type { Capabilities } from './capabilities.ts';

/** Text as a terminal sees it: how many columns it fills, how it is cut, padded, wrapped and coloured. */

/** An escape sequence: colours and styles, cursor moves. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for
const ESCAPES = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|[78])/g;

/** The same text without its escape sequences. */
export function stripEscapes(text: string): string {
  return text.replace(ESCAPES, '');
}

/** How many columns the text fills: Korean, Chinese and Japanese characters and emoji fill two, combining marks and escape sequences none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripEscapes(text)) width += characterWidth(character.codePointAt(0)!);
  return width;
}

/** First and last code points of what fills two columns (East Asian Width W and F, and emoji), in ascending order. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], // Hangul initial consonants
  [0x231a, 0x231b],
  [0x23e9, 0x23ec],
  [0x2e80, 0x303e], // CJK radicals, punctuation
  [0x3041, 0x4dbf], // kana, Hangul compatibility letters, CJK extension A
  [0x4e00, 0xa4cf], // CJK, Yi
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60], // full-width forms
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f], // emoji
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1f9ff],
  [0x20000, 0x3fffd],
];

/** First and last code points of what fills no column. */
const ZERO: readonly (readonly [number, number])[] = [
  [0x0000, 0x001f],
  [0x007f, 0x009f],
  [0x0300, 0x036f], // combining marks
  [0x1160, 0x11ff], // Hangul vowels and final consonants, drawn into the initial one
  [0x200b, 0x200f],
  [0x20d0, 0x20ff],
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff],
];

function characterWidth(code: number): 0 | 1 | 2 {
  if (code >= 0x20 && code < 0x7f) return 1;
  if (within(ZERO, code)) return 0;
  return code >= 0x1100 && within(WIDE, code) ? 2 : 1;
}

function within(ranges: readonly (readonly [number, number])[], code: number): boolean {
  return ranges.some(([first, last]) => code >= first && code <= last);
}

/** What stands in ASCII for the characters that this program itself likes to write. */
const ASCII_FORMS: Readonly<Record<string, string>> = {
  '…': '...',
  '–': '-',
  '—': '-',
  '−': '-',
  '·': '.',
  '×': 'x',
  '≤': '<=',
  '≥': '>=',
  '≈': '~',
  '→': '->',
  '↓': 'v',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
  µ: 'u',
};

/**
 * Text from outside (class names, titles, paths) made fit to be drawn: control characters and escape sequences out, line breaks to spaces, composed
 * Hangul so that widths add up; where only ASCII may be written, the nearest ASCII, and `?` for what has none.
 */
export function printable(text: string, capabilities: Pick<Capabilities, 'unicode'>): string {
  const line = stripEscapes(text.normalize('NFC'))
    .replace(/[\t\n\v\f\r\u2028\u2029]+/g, ' ')
    .replace(/\p{Cc}/gu, '');
  if (capabilities.unicode) return line;
  let ascii = '';
  for (const character of line) {
    if (character <= '~') ascii += character;
    else ascii += ASCII_FORMS[character] ?? (character.normalize('NFKD').replace(/[^ -~]/g, '') || '?');
  }
  return ascii;
}

/** Cuts text without escape sequences to at most `width` columns; what was cut is shown by an ellipsis. */
export function truncate(text: string, width: number, capabilities: Pick<Capabilities, 'unicode'>): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 0) return '';
  const ellipsis = capabilities.unicode ? '…' : '~';
  let kept = '';
  let filled = 0;
  for (const character of text) {
    const next = characterWidth(character.codePointAt(0)!);
    if (filled + next > width - 1) break;
    kept += character;
    filled += next;
  }
  return kept + ellipsis;
}

/** Spaces after the text, up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

/** Spaces before the text, up to `width` columns. */
export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Spaces on both sides, up to `width` columns. */
export function padCenter(text: string, width: number): string {
  const left = Math.floor(Math.max(0, width - displayWidth(text)) / 2);
  return padEnd(' '.repeat(left) + text, width);
}

/**
 * Breaks text without escape sequences into lines of at most `width` columns, between words where it can. Several spaces in a row are kept inside a
 * line and dropped where it breaks.
 */
export function wrap(text: string, width: number, capabilities: Pick<Capabilities, 'unicode'>): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [, spaces = '', word = ''] of text.matchAll(/( *)([^ ]+)/g)) {
    const joined = line + (line === '' ? '' : spaces) + word;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = truncate(word, width, capabilities);
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** The escape sequences in use: the text they are put around loses them again at its end. */
const STYLES = {
  bold: '1',
  dim: '2',
  red: '31',
  green: '32',
  yellow: '33',
  blue: '34',
  magenta: '35',
  cyan: '36',
} as const;

/** A style that every terminal with colours has. */
export type Style = keyof typeof STYLES;

/** The text in a style, or as it is where there are no colours. */
export function styled(text: string, style: Style, capabilities: Pick<Capabilities, 'colors'>): string {
  return capabilities.colors === 0 || text === '' ? text : `\u001b[${STYLES[style]}m${text}\u001b[0m`;
}

/** The text on a background, both from the palette of 256 colours; as it is where there is no such palette. */
export function onPalette(text: string, foreground: number, background: number, capabilities: Pick<Capabilities, 'colors'>): string {
  return capabilities.colors < 256 ? text : `\u001b[38;5;${foreground};48;5;${background}m${text}\u001b[0m`;
}
