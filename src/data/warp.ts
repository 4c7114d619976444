/** Resamples an image through an affine map and a field of displacements, in one pass. */
import type { ElasticField } from './elastic-field.ts';

/** p ↦ [a b; c d] (p - (x, y)), about the image's centre. */
export interface Affine {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly x: number;
  readonly y: number;
}

/** Background on every side of the copy that is read from, so that no pixel's neighbours need a check. */
const BORDER = 2;

/** Warps images of one size, again and again, with one background. */
export class Warper {
  readonly #height: number;
  readonly #width: number;
  readonly #stride: number;
  /** The image as it was, with a border of background. */
  readonly #source: Float64Array;

  constructor(height: number, width: number, background: number) {
    this.#height = height;
    this.#width = width;
    this.#stride = width + 2 * BORDER;
    this.#source = new Float64Array(this.#stride * (height + 2 * BORDER)).fill(background);
  }

  /**
   * Overwrites the image [height, width] at `at` of `pixels`: each pixel p takes the value at `inverse`(p) + `field`(p), linear between the four
   * pixels around that place. A place outside the image is background.
   */
  warp(pixels: Float32Array, at: number, inverse: Affine, field: ElasticField | null): void {
    const height = this.#height;
    const width = this.#width;
    const stride = this.#stride;
    const source = this.#source;
    for (let row = 0, to = BORDER * stride + BORDER, from = at; row < height; row++, to += stride, from += width) {
      for (let column = 0; column < width; column++) source[to + column] = pixels[from + column];
    }
    const { a, b, c, d } = inverse;
    const centreX = (width - 1) / 2;
    const centreY = (height - 1) / 2;
    const dx = field === null ? null : field.x;
    const dy = field === null ? null : field.y;
    // in the copy's coordinates; beyond one pixel outside the image all is background
    const maxU = width + BORDER;
    const maxV = height + BORDER;
    const low = BORDER - 1;
    for (let row = 0, i = 0; row < height; row++) {
      const q = row - centreY - inverse.y;
      const offset = -centreX - inverse.x;
      const u0 = a * offset + b * q + centreX + BORDER;
      const v0 = c * offset + d * q + centreY + BORDER;
      for (let column = 0; column < width; column++, i++) {
        let u = u0 + a * column;
        let v = v0 + c * column;
        if (dx !== null) {
          u += dx[i];
          v += dy![i];
        }
        u = Math.min(Math.max(u, low), maxU);
        v = Math.min(Math.max(v, low), maxV);
        const left = u | 0;
        const top = v | 0;
        const fu = u - left;
        const fv = v - top;
        const k = top * stride + left;
        const upper = source[k] + fu * (source[k + 1] - source[k]);
        const lower = source[k + stride] + fu * (source[k + stride + 1] - source[k + stride]);
        pixels[at + i] = upper + fv * (lower - upper);
      }
    }
  }
}
