/** Gamma and beta distributions, drawn from a stream: the same bits on every engine. */
import { UserError } from './errors.ts';
import { exp, log } from './math.ts';
import type { Stream } from './random.ts';

/**
 * A number from the gamma distribution, density x^(a-1) e^(-x) / Γ(a): mean a, variance a.
 *
 * Source: Marsaglia and Tsang 2000, "A simple method for generating gamma variables", with their U^(1/a) for a < 1.
 *
 * @param shape a, above 0
 */
export function gamma(stream: Stream, shape: number): number {
  return exp(logGamma(stream, shape));
}

/**
 * A number from the beta distribution, density x^(a-1) (1-x)^(b-1) / B(a, b) on [0, 1]: mean a / (a + b). It is X / (X + Y) of two gamma
 * numbers, computed from their logarithms, so that small a and b, whose gamma numbers vanish, need nothing special.
 *
 * @param a above 0
 * @param b above 0
 */
export function beta(stream: Stream, a: number, b: number): number {
  const x = logGamma(stream, a);
  const y = logGamma(stream, b);
  return 1 / (1 + exp(y - x));
}

/** ln of a gamma number. */
function logGamma(stream: Stream, shape: number): number {
  if (!(shape > 0 && shape < Infinity)) throw new UserError(`the shape of a gamma or beta distribution is ${shape}; it must be above 0`);
  if (shape < 1) return logGamma(stream, shape + 1) + log(1 - stream.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = stream.normal();
    const t = 1 + c * x;
    if (t <= 0) continue;
    const v = t * t * t;
    const u = 1 - stream.uniform();
    if (log(u) < 0.5 * x * x + d - d * v + d * log(v)) return log(d * v);
  }
}
