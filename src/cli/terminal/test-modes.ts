import { expect } from 'vitest';
import type { Capabilities } from './capabilities.ts';
import { displayWidth } from './text.ts';

/** What an output may be able to show, for tests that draw the same thing in every way. */

/** A terminal of 80 columns that has Unicode and no colours. */
export const PLAIN: Capabilities = { isTerminal: true, width: 80, colors: 0, unicode: true };
export const ASCII: Capabilities = { ...PLAIN, unicode: false };
export const COLOR: Capabilities = { ...PLAIN, colors: 256 };

/** Every combination of Unicode and colours, at a width. */
export function allModes(width: number): Capabilities[] {
  return [true, false].flatMap(unicode => ([0, 16, 256] as const).map(colors => ({ isTerminal: true, width, colors, unicode })));
}

/** The promises of everything drawn: no line too wide, no escape codes without colours, only ASCII where that is asked, all colours taken back. */
export function expectDrawable(text: string, capabilities: Capabilities): void {
  for (const line of text.split('\n')) {
    expect(displayWidth(line), JSON.stringify(line)).toBeLessThanOrEqual(capabilities.width);
    if (line.includes('\u001b')) expect(line.lastIndexOf('\u001b[0m')).toBe(line.lastIndexOf('\u001b'));
  }
  if (capabilities.colors === 0) expect(text).not.toContain('\u001b');
  if (!capabilities.unicode) expect(text.replaceAll('\u001b', '')).toMatch(/^[\n -~]*$/);
}
