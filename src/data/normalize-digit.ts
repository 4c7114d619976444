/**
 * MNIST's normalization of a drawn digit, for pictures that come from elsewhere: a PNG, a canvas.
 *
 * Source: LeCun, Cortes and Burges: the digit is scaled to fit a 20 x 20 box, its proportions kept, with grey levels from the resampling,
 * then moved so that its centre of mass is the centre of a 28 x 28 field.
 */
import { UserError } from '../errors.ts';

/** Side of a normalized image. */
export const SIDE = 28;
/** Side of the box that the ink fills. */
export const BOX = 20;
/** Where MNIST's files have the centre of mass, with the left edge of the first pixel at 0: the middle of the pixel in row and column 14. */
export const CENTRE = 14.5;

export interface NormalizeOptions {
  /** What is ink: the dark, the light, or whichever the border of the picture is not. Default 'auto'. */
  readonly ink?: 'auto' | 'dark' | 'light';
}

/**
 * Brings a grey picture of a digit to the form of MNIST's images.
 *
 * @param gray [height, width] from 0 (black) to 255 (white)
 * @returns 28 x 28 bytes, 0 for paper, 255 for ink
 * @throws UserError where the picture is empty of ink
 */
export function normalizeDigit(gray: ArrayLike<number>, width: number, height: number, options: NormalizeOptions = {}): Uint8Array {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0) || gray.length !== width * height) {
    throw new UserError(`normalizeDigit: a picture of ${width} x ${height} needs ${width * height} grey values, ${gray.length} were given`);
  }
  const ink = toInk(gray, width, height, options.ink ?? 'auto');
  const crop = inkBounds(ink, width, height);
  const cropWidth = crop.right - crop.left;
  const cropHeight = crop.bottom - crop.top;
  const scale = BOX / Math.max(cropWidth, cropHeight);
  const outWidth = Math.min(BOX, Math.max(1, Math.round(cropWidth * scale)));
  const outHeight = Math.min(BOX, Math.max(1, Math.round(cropHeight * scale)));
  const small = resample(ink, width, crop, outWidth, outHeight);
  const { x, y } = centreOfMass(small, outWidth, outHeight);
  const dx = Math.floor(CENTRE - x + 0.5);
  const dy = Math.floor(CENTRE - y + 0.5);
  const out = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      const r = row + dy;
      const c = column + dx;
      if (r >= 0 && r < SIDE && c >= 0 && c < SIDE) out[r * SIDE + c] = Math.floor(Math.min(1, small[row * outWidth + column]) * 255 + 0.5);
    }
  }
  return out;
}

/** Ink from 0 to 1: paper, taken from the border, becomes 0; the strongest ink becomes 1. */
function toInk(gray: ArrayLike<number>, width: number, height: number, which: 'auto' | 'dark' | 'light'): Float32Array {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(gray[x], gray[(height - 1) * width + x]);
  for (let y = 0; y < height; y++) border.push(gray[y * width], gray[y * width + width - 1]);
  border.sort((a, b) => a - b);
  const paper = border[border.length >> 1];
  const sign = which === 'auto' ? (paper >= 128 ? -1 : 1) : which === 'dark' ? -1 : 1;
  const ink = new Float32Array(width * height);
  let strongest = 0;
  for (let i = 0; i < ink.length; i++) {
    ink[i] = Math.max(0, sign * (gray[i] - paper));
    strongest = Math.max(strongest, ink[i]);
  }
  if (strongest < 24) {
    throw new UserError(
      'the picture shows no digit: nothing in it stands out from the background. Give dark ink on light paper, or the reverse.',
    );
  }
  // a tenth of the range is paper's grain and shadow
  const floor = 0.1 * strongest;
  for (let i = 0; i < ink.length; i++) ink[i] = Math.max(0, ink[i] - floor) / (strongest - floor);
  return ink;
}

interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function inkBounds(ink: Float32Array, width: number, height: number): Bounds {
  let left = width;
  let right = 0;
  let top = height;
  let bottom = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (ink[y * width + x] < 0.15) continue;
      left = Math.min(left, x);
      right = Math.max(right, x + 1);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y + 1);
    }
  }
  return { left, right, top, bottom };
}

/** The crop at another size: each pixel is the mean of the area it covers. */
function resample(ink: Float32Array, width: number, crop: Bounds, outWidth: number, outHeight: number): Float32Array {
  const out = new Float32Array(outWidth * outHeight);
  const stepX = (crop.right - crop.left) / outWidth;
  const stepY = (crop.bottom - crop.top) / outHeight;
  for (let row = 0; row < outHeight; row++) {
    const y0 = crop.top + row * stepY;
    const y1 = Math.min(crop.bottom, y0 + stepY);
    for (let column = 0; column < outWidth; column++) {
      const x0 = crop.left + column * stepX;
      const x1 = Math.min(crop.right, x0 + stepX);
      let sum = 0;
      for (let y = Math.floor(y0); y < y1; y++) {
        const wy = Math.min(y + 1, y1) - Math.max(y, y0);
        for (let x = Math.floor(x0); x < x1; x++) sum += ink[y * width + x] * wy * (Math.min(x + 1, x1) - Math.max(x, x0));
      }
      out[row * outWidth + column] = sum / (stepX * stepY);
    }
  }
  return out;
}

/** Σ position · ink / Σ ink, where the middle of the pixel in column c is at c + ½. The middle of the picture where there is no ink. */
export function centreOfMass(ink: ArrayLike<number>, width: number, height: number): { x: number; y: number } {
  let mass = 0;
  let mx = 0;
  let my = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const m = ink[y * width + x];
      mass += m;
      mx += m * (x + 0.5);
      my += m * (y + 0.5);
    }
  }
  return mass === 0 ? { x: width / 2, y: height / 2 } : { x: mx / mass, y: my / mass };
}
