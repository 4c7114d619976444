/** The inputs an op is checked on. */
import type { Shape } from '../tensor/shape.ts';

/** One input of a sample: a shape to be filled from a seeded normal distribution, or exact values. */
export type SampleInput = {
  readonly shape: Shape;
  /** Exact values; without them, normal values are drawn. */
  readonly values?: readonly number[];
  /** Draws uniformly from this range rather than normally. */
  readonly range?: readonly [low: number, high: number];
  /** No gradient is checked for this input (an index, a label, a point where f has a kink). */
  readonly constant?: boolean;
};

export interface Sample<Attrs> {
  readonly inputs: readonly SampleInput[];
  readonly attrs: Attrs;
}

/** Normal values of these shapes. */
export function normal(...shapes: Shape[]): Sample<undefined> {
  return { inputs: shapes.map(shape => ({ shape })), attrs: undefined };
}

/** Uniform values between low and high, of these shapes. */
export function uniform(low: number, high: number, ...shapes: Shape[]): Sample<undefined> {
  return { inputs: shapes.map(shape => ({ shape, range: [low, high] as const })), attrs: undefined };
}

/** One vector of these values. */
export function values(...list: number[]): Sample<undefined> {
  return { inputs: [{ shape: [list.length], values: list }], attrs: undefined };
}

/** The same inputs with attributes. */
export function withAttrs<Attrs>(sample: Sample<unknown>, attrs: Attrs): Sample<Attrs> {
  return { inputs: sample.inputs, attrs };
}

/** The same sample with no gradient checked for input `index`: it is where f has a kink or a jump. */
export function constant<Attrs>(sample: Sample<Attrs>, index = 0): Sample<Attrs> {
  return { ...sample, inputs: sample.inputs.map((input, i) => (i === index ? { ...input, constant: true } : input)) };
}
