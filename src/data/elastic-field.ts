/** A smooth random field of displacements, for elastic distortion. */
import type { Stream } from '../random.ts';

/** ∫ B(t)² dt of the cubic B-spline B: the share of the knots' variance that the field keeps, in each direction. */
const KEPT = 151 / 315;

/**
 * d(p) = Σ_k B((p - k) / s) z_k in both directions, z uniform in ±amplitude at the knots k of a coarse grid of spacing s.
 *
 * Simard's field is white noise (uniform in ±1 at each pixel) smoothed by a Gaussian of σ pixels, times α. The cubic B-spline of spacing
 * s = √3 σ is that Gaussian but for a small error, so noise at the knots alone gives a field of the same smoothness; its size is set to the
 * same root mean square, α / (2 √(3π) σ). It costs a cubic a pixel rather than a blur, and a few dozen random numbers rather than two a pixel.
 *
 * Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks applied to visual document analysis", section 2.
 */
export class ElasticField {
  /** Displacement of each pixel in pixels, [height, width]: to the right, and down. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly #height: number;
  readonly #width: number;
  readonly #spacing: number;
  readonly #knotRows: number;
  readonly #knotColumns: number;
  /** Numbers at the knots: a row of x, the same row of y, the next row. */
  readonly #knots: Float64Array;
  /** Their sums over the four rows of knots that reach one row of pixels. */
  readonly #sums: Float64Array;
  readonly #amplitude: number;

  constructor(height: number, width: number, alpha: number, sigma: number) {
    this.#spacing = Math.sqrt(3) * sigma;
    this.#height = height;
    this.#width = width;
    this.#knotRows = Math.floor((height - 1) / this.#spacing) + 4;
    this.#knotColumns = Math.floor((width - 1) / this.#spacing) + 4;
    this.#knots = new Float64Array(2 * this.#knotRows * this.#knotColumns);
    this.#sums = new Float64Array(2 * this.#knotColumns);
    this.x = new Float64Array(height * width);
    this.y = new Float64Array(height * width);
    // rms = amplitude / √3 · KEPT is to be α / (2 √(3π) σ)
    this.#amplitude = alpha / (2 * Math.sqrt(Math.PI) * sigma * KEPT);
  }

  /** Draws a new field. */
  draw(stream: Stream): void {
    stream.fillUniform(this.#knots, -this.#amplitude, this.#amplitude);
    for (let row = 0; row < this.#height; row++) {
      this.#sumKnotRows(row / this.#spacing);
      this.#fillRow(row, 0, this.x);
      this.#fillRow(row, this.#knotColumns, this.y);
    }
  }

  /** Σ over the four rows of knots around `position`, weighted by the spline. */
  #sumKnotRows(position: number): void {
    const knots = this.#knots;
    const perRow = this.#sums.length;
    const k = Math.floor(position);
    const t = position - k;
    const u = 1 - t;
    const w0 = (u * u * u) / 6;
    const w1 = (3 * t * t * t - 6 * t * t + 4) / 6;
    const w2 = (3 * u * u * u - 6 * u * u + 4) / 6;
    const w3 = (t * t * t) / 6;
    for (let j = 0, i = k * perRow; j < perRow; j++, i++) {
      this.#sums[j] = w0 * knots[i] + w1 * knots[i + perRow] + w2 * knots[i + 2 * perRow] + w3 * knots[i + 3 * perRow];
    }
  }

  /** One row of pixels from the sums from `first` on: between two knots the spline is one cubic, c0 + c1 t + c2 t² + c3 t³. */
  #fillRow(row: number, first: number, out: Float64Array): void {
    const sums = this.#sums;
    const width = this.#width;
    const step = 1 / this.#spacing;
    for (let k = 0, column = 0; column < width; k++) {
      const z0 = sums[first + k];
      const z1 = sums[first + k + 1];
      const z2 = sums[first + k + 2];
      const z3 = sums[first + k + 3];
      const c0 = (z0 + 4 * z1 + z2) / 6;
      const c1 = (z2 - z0) / 2;
      const c2 = (z0 - 2 * z1 + z2) / 2;
      const c3 = (z3 - z0 + 3 * (z1 - z2)) / 6;
      const end = Math.min(width, Math.ceil((k + 1) * this.#spacing));
      for (; column < end; column++) {
        const t = column * step - k;
        out[row * width + column] = c0 + t * (c1 + t * (c2 + t * c3));
      }
    }
  }
}
