import { expect, test } from 'vitest';
import { detectCapabilities } from './capabilities.ts';

const write = (): void => {};
const terminal = { isTTY: true, columns: 120, write };
const pipe = { write };
const detect = (
  stream: typeof terminal | typeof pipe,
  environment: Record<string, string>,
  options: Parameters<typeof detectCapabilities>[2] = {},
  platform = 'linux',
) => detectCapabilities(stream, environment, options, platform);

test('a modern terminal has everything', () => {
  expect(detect(terminal, { TERM: 'xterm-256color', LANG: 'ko_KR.UTF-8' })).toEqual({
    isTerminal: true,
    width: 120,
    colors: 256,
    unicode: true,
  });
});

test('a pipe has no colours and 80 columns, but may have Unicode', () => {
  expect(detect(pipe, { TERM: 'xterm-256color', LANG: 'C.utf8' })).toEqual({ isTerminal: false, width: 80, colors: 0, unicode: true });
});

test.each([
  [{ TERM: 'xterm' }, 16],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, 256],
  [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 0],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, 256],
  [{ TERM: 'xterm-256color', NO_COLOR: '1', FORCE_COLOR: '1' }, 16],
  [{ TERM: 'xterm-256color', FORCE_COLOR: '0' }, 0],
  [{ TERM: 'dumb' }, 0],
])('colours from %o: %i', (environment, colors) => {
  expect(detect(terminal, environment as unknown as Record<string, string>).colors).toBe(colors);
});

test('FORCE_COLOR colours a pipe, and a flag goes before it', () => {
  expect(detect(pipe, { FORCE_COLOR: '3' }).colors).toBe(256);
  expect(detect(pipe, { FORCE_COLOR: '3' }, { color: false }).colors).toBe(0);
});

test.each([
  [{ LANG: 'en_US.UTF-8' }, 'linux', true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, 'linux', false],
  [{ LANG: 'ko_KR.eucKR' }, 'linux', false],
  [{}, 'linux', false],
  [{}, 'darwin', true],
  [{ LANG: 'en_US.UTF-8', TERM: 'linux' }, 'linux', false],
  [{ LANG: 'en_US.UTF-8', CHAINRULE_ASCII: '1' }, 'linux', false],
  [{ CHAINRULE_ASCII: '0' }, 'linux', true],
  [{}, 'win32', false],
  [{ WT_SESSION: 'x' }, 'win32', true],
])('Unicode from %o on %s: %s', (environment, platform, unicode) => {
  expect(detect(terminal, environment as unknown as Record<string, string>, {}, platform).unicode).toBe(unicode);
});

test('the flag --ascii goes before the environment', () => {
  expect(detect(terminal, { LANG: 'en_US.UTF-8' }, { ascii: true }).unicode).toBe(false);
  expect(detect(terminal, { CHAINRULE_ASCII: '1' }, { ascii: false }).unicode).toBe(true);
});

test('width: the option, the stream, COLUMNS, 80; never under 20', () => {
  expect(detect(terminal, { COLUMNS: '60' }, { width: 50 }).width).toBe(50);
  expect(detect(pipe, { COLUMNS: '60' }).width).toBe(60);
  expect(detect(pipe, { COLUMNS: 'wide' }).width).toBe(80);
  expect(detect({ ...terminal, columns: 0 }, {}).width).toBe(80);
  expect(detect({ ...terminal, columns: 7 }, {}).width).toBe(20);
});
