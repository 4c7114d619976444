/** Text as it stands in columns. */

/** The text with what cannot be seen, or would move the cursor or the reading direction, as spaces. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, ' ');
}

/** How many columns a terminal gives the text: Korean, Chinese and Japanese characters fill two, combining marks none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    columns += /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\uff00-\uff60]/u.test(character) ? 2 : 1;
  }
  return columns;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - columnsOf(text))) + text;
}

/** A number at four significant digits, short where it is short: 0.5, -1.234e-7, 0.2351. */
export function short(value: number, digits = 4): string {
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  return size >= 1e6 || size < 1e-4 ? rounded.toExponential().replace('e+', 'e') : String(rounded);
}

/** What stands in ASCII for the signs of formulas. */
const ascii: Readonly<Record<string, string>> = {
  '∂': 'd',
  '×': '*',
  '·': '*',
  '−': '-',
  σ: 'sigmoid',
  '√': 'sqrt',
  Σ: 'sum',
  '≥': '>=',
  '≤': '<=',
  '→': '->',
  '←': '<-',
  '│': '|',
  '─': '-',
  '²': '^2',
  ᵀ: "'",
  '⊙': '.*',
  '½': '1/2',
  '≈': '~',
};

export function asciiOf(text: string): string {
  let out = '';
  for (const character of text) out += ascii[character] ?? (character <= '~' ? character : '?');
  return out;
}
