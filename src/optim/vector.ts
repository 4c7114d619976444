/** Vectors of doubles, for the methods that see all parameters as one vector. */

export type Vector = Float64Array;

/** Σ aᵢ bᵢ */
export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** a + t b */
export function plus(a: Vector, t: number, b: Vector): Vector {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) out[i] = a[i] + t * b[i];
  return out;
}

/** a += t b */
export function add(a: Vector, t: number, b: Vector): void {
  for (let i = 0; i < a.length; i++) a[i] += t * b[i];
}

/** t a */
export function times(t: number, a: Vector): Vector {
  return a.map(value => t * value);
}

/** max |aᵢ| */
export function largest(a: Vector): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]));
  return most;
}
