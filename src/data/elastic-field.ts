/** A smooth random field of displacements, for elastic distortion. */

/** ∫ B(t)² dt of the cubic B-spline B: the share of the knots' variance that the field keeps, in each direction. */
const KEPT = 151 / 315;

/** What a kernel needs to make such fields (`WarpField`), but for the random numbers. */
export interface ElasticField {
  readonly spacing: number;
  readonly amplitude: number;
  /** Blocks of random numbers that a field of an image takes. */
  readonly blocks: number;
}

/**
 * d(p) = Σ_k B((p - k) / s) z_k in both directions, z uniform in ±amplitude at the knots k of a coarse grid of spacing s.
 *
 * Simard's field is white noise (uniform in ±1 at each pixel) smoothed by a Gaussian of σ pixels, times α. The cubic B-spline of spacing
 * s = √3 σ is that Gaussian but for a small error, so noise at the knots alone gives a field of the same smoothness; its size is set to the
 * same root mean square, α / (2 √(3π) σ). It costs a cubic a pixel rather than a blur, and a few dozen random numbers rather than two a pixel.
 *
 * Source: Simard, Steinkraus and Platt 2003, "Best practices for convolutional neural networks applied to visual document analysis", section 2.
 */
export function elasticField(height: number, width: number, alpha: number, sigma: number): ElasticField {
  const spacing = Math.sqrt(3) * sigma;
  const knots = (pixels: number): number => Math.floor((pixels - 1) / spacing) + 4;
  // rms = amplitude / √3 · KEPT is to be α / (2 √(3π) σ); two numbers at each knot, and two in a block
  return { spacing, amplitude: alpha / (2 * Math.sqrt(Math.PI) * sigma * KEPT), blocks: knots(height) * knots(width) };
}
