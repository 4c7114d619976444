/**
 * What the output can show. Everything drawn in the terminal takes this as an argument, so that each way of drawing can be asked for in a test,
 * and nothing but this file looks at the environment.
 */
export interface Capabilities {
  /** A person watches: lines may be redrawn in place. False for a pipe, a file, a CI log. */
  readonly isTerminal: boolean;
  /** Columns that a line may fill. */
  readonly width: number;
  /** How many colours there are: none, the 16 named ones, or the palette of 256 with its greys. */
  readonly colors: 0 | 16 | 256;
  /** Braille, blocks and box drawing may be used; otherwise every byte is printable ASCII. */
  readonly unicode: boolean;
}

/** The part of an output stream that matters here; `process.stdout` and `process.stderr` are such. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Choices made by flags; they go before the environment. */
export interface CapabilityOptions {
  /** `--ascii`: true for plain characters only. */
  readonly ascii?: boolean | undefined;
  /** `--color` / `--no-color`. */
  readonly color?: boolean | undefined;
  /** Columns, where the stream's own are not wanted. */
  readonly width?: number | undefined;
}

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The width of a stream that tells none. */
export const DEFAULT_WIDTH = 80;
/** Narrower than this, nothing can be drawn that is worth reading; a smaller width counts as this. */
export const MIN_WIDTH = 20;

/**
 * Finds out what `stream` can show, from the stream, the environment and the flags given.
 *
 * - Colour: the flag, else `FORCE_COLOR` (0 none, 1 sixteen, 2 or 3 the palette), else `NO_COLOR`, else only on a terminal that is not `TERM=dumb`.
 * - Unicode: the flag, else `CHAINRULE_ASCII` (1 plain, 0 not), else what `LC_ALL`, `LC_CTYPE` or `LANG` says; not on `TERM=dumb` or the Linux console
 *   (its font has no braille). On Windows, the terminals known to be able.
 * - Width: the option, else the stream's, else `COLUMNS`, else 80.
 */
export function detectCapabilities(
  stream: OutputStream,
  environment: Environment,
  options: CapabilityOptions = {},
  platform: string = process.platform,
): Capabilities {
  const isTerminal = stream.isTTY === true && environment.TERM !== 'dumb';
  return {
    isTerminal,
    width: detectWidth(stream, environment, options.width),
    colors: detectColors(isTerminal, environment, options.color, platform),
    unicode: detectUnicode(environment, options.ascii, platform),
  };
}

function detectWidth(stream: OutputStream, environment: Environment, wanted: number | undefined): number {
  const candidates = [wanted, stream.columns, Number.parseInt(environment.COLUMNS ?? '', 10)];
  const width = candidates.find(value => value !== undefined && Number.isFinite(value) && value > 0) ?? DEFAULT_WIDTH;
  return Math.max(MIN_WIDTH, Math.floor(width));
}

function detectColors(isTerminal: boolean, environment: Environment, flag: boolean | undefined, platform: string): 0 | 16 | 256 {
  const palette = paletteSize(environment, platform);
  if (flag !== undefined) return flag ? palette : 0;
  const forced = environment.FORCE_COLOR;
  if (forced !== undefined) {
    if (forced === '0' || forced === 'false') return 0;
    if (forced === '2' || forced === '3') return 256;
    return forced === '1' ? 16 : palette;
  }
  if (environment.NO_COLOR !== undefined && environment.NO_COLOR !== '') return 0;
  return isTerminal ? palette : 0;
}

function paletteSize(environment: Environment, platform: string): 16 | 256 {
  if (environment.COLORTERM === 'truecolor' || environment.COLORTERM === '24bit') return 256;
  if (platform === 'win32') return 256; // every console since Windows 10
  return /256|kitty|ghostty|alacritty|direct/.test(environment.TERM ?? '') ? 256 : 16;
}

function detectUnicode(environment: Environment, flag: boolean | undefined, platform: string): boolean {
  if (flag !== undefined) return !flag;
  const asked = environment.CHAINRULE_ASCII;
  if (asked !== undefined && asked !== '') return asked === '0' || asked === 'false';
  const term = environment.TERM;
  if (term === 'dumb' || term === 'linux') return false;
  if (platform === 'win32') {
    const able = ['WT_SESSION', 'TERMINUS_SUBLIME', 'ConEmuTask'].some(name => Boolean(environment[name]));
    return able || environment.TERM_PROGRAM === 'vscode' || /^(xterm|alacritty|rxvt|tmux|screen|cygwin)/.test(term ?? '');
  }
  // The first of these that says anything is the one that counts, as in the C library.
  const locale = [environment.LC_ALL, environment.LC_CTYPE, environment.LANG].find(Boolean);
  if (locale === undefined) return platform === 'darwin';
  return /utf-?8/i.test(locale);
}
