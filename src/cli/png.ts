import { readFile } from 'node:fs/promises';
import { type DecodedPng, decode } from 'fast-png';
import { UserError } from '../errors.ts';

/** A grayscale picture, row by row: 0 is black, 255 is white, with fractions where the file is finer than 8 bits. */
export interface GrayPicture {
  readonly pixels: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Enough for a photograph; a file that claims more is not opened, since a few bytes can claim anything. */
const MOST_PIXELS = 64_000_000;

/**
 * Reads a PNG file as a grayscale picture. See `decodePng`.
 *
 * @throws UserError if there is no such file, or it is not a PNG that can be read
 */
export async function readPng(path: string): Promise<GrayPicture> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(`${path}: ${fileReason(error)}`, undefined, { cause: error });
  }
  return decodePng(bytes, path);
}

/**
 * Decodes a PNG of any kind (grey, RGB, palette; 1 to 16 bits; with or without transparency) to grey, Y = 0.299 R + 0.587 G + 0.114 B. Transparent pixels are
 * composed on white, as paper is.
 *
 * @param name what the errors call it: the file's path
 * @throws UserError if the bytes are not a PNG, or are damaged, or more than 64 million pixels
 */
export function decodePng(bytes: Uint8Array, name: string): GrayPicture {
  checkHeader(bytes, name);
  let image: DecodedPng;
  try {
    // A copy where the bytes are part of a larger buffer: the decoder looks past the end of a view.
    image = decode(bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice(), { checkCrc: true });
  } catch (error) {
    throw new UserError(`${name}: the PNG is damaged: ${damage(error)}`, undefined, { cause: error });
  }
  const { width, height } = image;
  const pixels = new Float32Array(width * height);
  const toGrey = greyOf(image, name);
  const sample = sampler(image);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels[y * width + x] = toGrey(sample, x, y);
  }
  return { pixels, width, height };
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** How other pictures begin, to say what was given instead. */
const OTHER_PICTURES: readonly (readonly [string, readonly number[]])[] = [
  ['a JPEG', [0xff, 0xd8, 0xff]],
  ['a GIF', [0x47, 0x49, 0x46, 0x38]],
  ['a BMP', [0x42, 0x4d]],
  ['a WebP', [0x52, 0x49, 0x46, 0x46]],
  ['a PDF', [0x25, 0x50, 0x44, 0x46]],
  ['gzip-compressed', [0x1f, 0x8b]],
];

/** What can be said from the first 29 bytes: the signature and the header chunk, IHDR. */
function checkHeader(bytes: Uint8Array, name: string): void {
  const startsWith = (start: readonly number[]): boolean => start.every((byte, i) => bytes[i] === byte);
  if (bytes.length === 0) throw new UserError(`${name}: not a PNG file: it is empty`);
  if (!startsWith(SIGNATURE)) {
    const other = OTHER_PICTURES.find(([, start]) => startsWith(start));
    throw new UserError(
      `${name}: not a PNG file: ${other ? `it is ${other[0]}` : 'it does not begin as a PNG does'}`,
      'Convert the picture to PNG first.',
    );
  }
  if (bytes.length < 29) throw new UserError(`${name}: the PNG is damaged: it is cut short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height, depth, interlace] = [view.getUint32(16), view.getUint32(20), bytes[24], bytes[28]];
  if (width === 0 || height === 0) throw new UserError(`${name}: the PNG is damaged: its size is ${width} x ${height} pixels`);
  if (width * height > MOST_PIXELS) {
    throw new UserError(`${name}: the picture is too large: ${width} x ${height} pixels, more than ${MOST_PIXELS / 1e6} million`);
  }
  // The decoder takes these for 8 bits and would return noise.
  if (interlace === 1 && depth < 8) {
    throw new UserError(`${name}: interlaced PNGs of ${depth} bit${depth === 1 ? '' : 's'} cannot be read`, 'Save it without interlacing.');
  }
}

/** Reads one sample: the value of channel c of pixel (x, y), as stored. */
type Sample = (x: number, y: number, channel: number) => number;

function sampler({ data, width, depth, channels }: DecodedPng): Sample {
  if (depth >= 8) return (x, y, channel) => data[(y * width + x) * channels + channel];
  // Below 8 bits there is one channel, several pixels to a byte, the leftmost in the highest bits; each row begins with a byte.
  const perByte = 8 / depth;
  const bytesPerRow = Math.ceil(width / perByte);
  const mask = 2 ** depth - 1;
  return (x, y) => (data[y * bytesPerRow + Math.floor(x / perByte)] >> (8 - depth * ((x % perByte) + 1))) & mask;
}

/** From the samples of a pixel to grey on white, 0 to 255, by the kind of the image. */
function greyOf(image: DecodedPng, name: string): (sample: Sample, x: number, y: number) => number {
  const { channels, palette, transparency } = image;
  if (palette && channels === 1) {
    const greys = palette.map(([r, g, b, alpha = 255]) => onWhite(luma(r, g, b), alpha / 255));
    return (sample, x, y) => {
      const index = sample(x, y, 0);
      if (index >= greys.length) {
        throw new UserError(`${name}: the PNG is damaged: a pixel has colour ${index} of a palette of ${greys.length}`);
      }
      return greys[index];
    };
  }
  const full = 2 ** image.depth - 1;
  const scaled = (value: number): number => (value * 255) / full;
  const colors = channels >= 3 ? 3 : 1;
  // One colour may be declared transparent, in the file's own values.
  const isTransparent = (sample: Sample, x: number, y: number): boolean => {
    if (transparency === undefined || transparency.length < colors) return false;
    for (let c = 0; c < colors; c++) if (sample(x, y, c) !== transparency[c]) return false;
    return true;
  };
  return (sample, x, y) => {
    if (isTransparent(sample, x, y)) return 255;
    const stored = colors === 3 ? luma(sample(x, y, 0), sample(x, y, 1), sample(x, y, 2)) : sample(x, y, 0);
    return channels > colors ? onWhite(scaled(stored), sample(x, y, colors) / full) : scaled(stored);
  };
}

/** Whole weights, so that grey stays the same grey. */
function luma(red: number, green: number, blue: number): number {
  return (299 * red + 587 * green + 114 * blue) / 1000;
}

function onWhite(grey: number, alpha: number): number {
  return grey * alpha + 255 * (1 - alpha);
}

function damage(error: unknown): string {
  const { cause } = error as Error;
  const reason = cause instanceof Error ? cause : (error as Error);
  // Whatever reads past the end, in the file or in what it decompresses to.
  if (reason instanceof RangeError || /unexpected EOF|filter: undefined/.test(reason.message)) return 'it is cut short';
  return reason.message;
}

function fileReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder, not a PNG file';
  if (code === 'EACCES') return 'no permission to read it';
  return message;
}
