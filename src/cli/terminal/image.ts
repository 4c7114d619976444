import { formatPercent } from '../../figures/format.ts';
import type { Capabilities } from './capabilities.ts';
import { displayWidth, padEnd, printable, wrap } from './text.ts';

/** A grayscale image, row by row, 0 black. */
export interface GrayImage {
  readonly pixels: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** Stands under the image. */
  readonly caption?: string;
}

export interface ImageOptions {
  /** The value of white: 255 or 1. By default 255 if any pixel of any image is above 1. */
  readonly white?: number;
}

/** A character is about twice as high as wide, so each stands for two pixels, one above the other. */
const PIXELS_A_ROW = 2;
const GAP = '  ';

/** From black to white, without colours. */
const SHADES = [...' ░▒▓█'];
const ASCII_SHADES = [...' .:-=+*#%@'];
/** From black to white in the palette of 256: black, its 24 greys, white. */
const GREYS: readonly number[] = [16, ...Array.from({ length: 24 }, (_, i) => 232 + i), 231];

/**
 * Draws one image: with 256 colours and Unicode in half blocks, each of two greys; without colours in the four shades of blocks; in ASCII with
 * characters of growing weight. An image wider than the terminal is made smaller by a whole factor.
 *
 * @returns its lines, all of the same display width, without the caption
 */
export function drawImage(image: GrayImage, options: ImageOptions, capabilities: Capabilities): string[] {
  const white = options.white ?? whiteOf([image]);
  const factor = Math.max(1, Math.ceil(image.width / capabilities.width));
  const small = reduced(image, factor, white);
  const lines: string[] = [];
  for (let y = 0; y < small.height; y += PIXELS_A_ROW) {
    lines.push(capabilities.unicode && capabilities.colors === 256 ? halfBlocks(small, y) : shadedRow(small, y, capabilities));
  }
  return lines;
}

/**
 * Draws images side by side with their captions under them, as many in a row as the terminal is wide.
 *
 * @returns lines, joined by line breaks, without one at the end; none is wider than the terminal
 */
export function imageGallery(images: readonly GrayImage[], options: ImageOptions, capabilities: Capabilities): string {
  const white = options.white ?? whiteOf(images);
  const drawn = images.map(image => {
    const rows = drawImage(image, { white }, capabilities);
    const imageWidth = displayWidth(rows[0] ?? '');
    // A caption may be a little wider than its image; a long one is broken.
    const caption = wrap(
      printable(image.caption ?? '', capabilities),
      Math.min(capabilities.width, Math.max(imageWidth + 4, 12)),
      capabilities,
    );
    return { rows, caption, width: Math.max(imageWidth, ...caption.map(displayWidth)) };
  });
  const columnWidth = Math.max(0, ...drawn.map(one => one.width));
  const perRow = Math.max(1, Math.floor((capabilities.width + GAP.length) / (columnWidth + GAP.length)));
  const lines: string[] = [];
  for (let first = 0; first < drawn.length; first += perRow) {
    const row = drawn.slice(first, first + perRow);
    if (first > 0) lines.push('');
    lines.push(
      ...sideBySide(
        row.map(one => one.rows),
        columnWidth,
      ),
    );
    lines.push(
      ...sideBySide(
        row.map(one => one.caption),
        columnWidth,
      ),
    );
  }
  return lines.join('\n');
}

/** The caption of a test image that the model got wrong: `#4176  true 9  said 4  99.8 %`. */
export function mistakeCaption(index: number, truth: string, predicted: string, probability: number): string {
  return `#${index}  true ${truth}  said ${predicted}  ${formatPercent(probability)}`;
}

function sideBySide(blocks: readonly (readonly string[])[], columnWidth: number): string[] {
  const height = Math.max(0, ...blocks.map(block => block.length));
  return Array.from({ length: height }, (_, i) =>
    blocks
      .map(block => padEnd(block[i] ?? '', columnWidth))
      .join(GAP)
      .trimEnd(),
  );
}

function whiteOf(images: readonly GrayImage[]): number {
  for (const { pixels } of images) {
    for (let i = 0; i < pixels.length; i++) if (pixels[i] > 1) return 255;
  }
  return 1;
}

/** The image with values from 0 to 1, each the mean of `factor` x `factor` pixels. What is not a number is black. */
function reduced(
  image: GrayImage,
  factor: number,
  white: number,
): { width: number; height: number; at: (x: number, y: number) => number | undefined } {
  const width = Math.ceil(image.width / factor);
  const height = Math.ceil(image.height / factor);
  const at = (x: number, y: number): number | undefined => {
    if (y >= height) return undefined;
    let sum = 0;
    let count = 0;
    for (let v = y * factor; v < Math.min(image.height, (y + 1) * factor); v++) {
      for (let u = x * factor; u < Math.min(image.width, (x + 1) * factor); u++) {
        sum += Math.min(1, Math.max(0, image.pixels[v * image.width + u] / white || 0));
        count++;
      }
    }
    return sum / count;
  };
  return { width, height, at };
}

type Reduced = ReturnType<typeof reduced>;

function halfBlocks(image: Reduced, y: number): string {
  const grey = (value: number): number => GREYS[Math.round(value * (GREYS.length - 1))];
  let line = '';
  let colors = '';
  for (let x = 0; x < image.width; x++) {
    const upper = grey(image.at(x, y) ?? 0);
    const below = image.at(x, y + 1);
    // Under the last row of an image of odd height there is nothing: the terminal's own background.
    const wanted = below === undefined ? `\u001b[0;38;5;${upper}m` : `\u001b[38;5;${upper};48;5;${grey(below)}m`;
    if (wanted !== colors) line += wanted;
    colors = wanted;
    line += '▀';
  }
  return line === '' ? '' : `${line}\u001b[0m`;
}

function shadedRow(image: Reduced, y: number, capabilities: Capabilities): string {
  const shades = capabilities.unicode ? SHADES : ASCII_SHADES;
  let line = '';
  for (let x = 0; x < image.width; x++) {
    const upper = image.at(x, y) ?? 0;
    const value = (upper + (image.at(x, y + 1) ?? upper)) / 2;
    line += shades[Math.round(value * (shades.length - 1))];
  }
  return line;
}
