/** The shapes that points in the plane are drawn in: each the formula of one example, from a stream of its own. */
import { cos, sin } from '../../math.ts';
import type { Stream } from '../../random.ts';

/** One example: where it is, and its class or value. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly target: number;
}

export type PointShape = 'circle' | 'xor' | 'gaussians' | 'spiral' | 'moons' | 'plane' | 'hills';

interface ShapeRule {
  readonly target: 'class' | 'value';
  /** How many classes it may have, from 2; for values 0. */
  readonly mostClasses: number;
  /** Example number i, before noise. Both coordinates lie within ±`REACH`. */
  draw(stream: Stream, i: number, classes: number): Point;
}

const TURN = 6.283185307179586;
/** The square in which shapes are drawn: coordinates from -3 to 3, so that inputs have a deviation near 1 as they are. */
export const REACH = 3;

/** A point at this distance from the origin, at `turns` of a full turn. */
const polar = (radius: number, turns: number, target: number): Point => ({
  x: radius * cos(turns * TURN),
  y: radius * sin(turns * TURN),
  target,
});
const within = (stream: Stream, low: number, high: number): number => low + (high - low) * stream.uniform();

/** Cones y = ±(1 - d / 1.5) around these centres, 0 between them. */
const HILLS: readonly (readonly [x: number, y: number, sign: number])[] = [
  [-1.5, 1.5, 1],
  [0, 0, -1],
  [1.5, -1.5, 1],
  [1.5, 1.5, -1],
  [-1.5, -1.5, -1],
];

export const shapes: Readonly<Record<PointShape, ShapeRule>> = {
  /** A disc of radius 1.2 in a ring from 1.9 to 2.7, both filled evenly by area. */
  circle: {
    target: 'class',
    mostClasses: 2,
    draw: (stream, i) => {
      const inner = i % 2 === 0;
      const [low, high] = inner ? [0, 1.2] : [1.9, 2.7];
      return polar(Math.sqrt(within(stream, low * low, high * high)), stream.uniform(), i % 2);
    },
  },
  /** Four quadrants; the class is 1 where x y > 0. A gap of 0.2 is left along the axes. */
  xor: {
    target: 'class',
    mostClasses: 2,
    draw: (stream, i) => {
      const [x, y] = [within(stream, 0.2, 2.7), within(stream, 0.2, 2.7)];
      const left = stream.uniform() < 0.5 ? -1 : 1;
      return { x: left * x, y: (i % 2 === 1 ? left : -left) * y, target: i % 2 };
    },
  },
  /** One normal cloud a class, deviation 0.5, centres evenly on a circle of radius 1.6. */
  gaussians: {
    target: 'class',
    mostClasses: 6,
    draw: (stream, i, classes) => {
      const centre = polar(1.6, (i % classes) / classes + 0.125, i % classes);
      return { ...centre, x: centre.x + 0.5 * stream.normal(), y: centre.y + 0.5 * stream.normal() };
    },
  },
  /** One arm a class: distance 2.7 t at 1.25 t turns, t evenly from 0.05 to 1. */
  spiral: {
    target: 'class',
    mostClasses: 6,
    draw: (stream, i, classes) => {
      const t = within(stream, 0.05, 1);
      return polar(2.7 * t, 1.25 * t + (i % classes) / classes, i % classes);
    },
  },
  /** Two half circles that reach into each other. */
  moons: {
    target: 'class',
    mostClasses: 2,
    draw: (stream, i) => {
      const { x, y } = polar(1.6, stream.uniform() / 2, 0);
      return i % 2 === 0 ? { x: x - 0.8, y: y - 0.4, target: 0 } : { x: x + 0.8, y: 0.4 - y, target: 1 };
    },
  },
  /** z = (x + y) / 6, between -1 and 1. */
  plane: {
    target: 'value',
    mostClasses: 0,
    draw: stream => {
      const [x, y] = [within(stream, -REACH, REACH), within(stream, -REACH, REACH)];
      return { x, y, target: (x + y) / 6 };
    },
  },
  /** Hills and hollows: cones of slope 1 / 1.5 around five centres. */
  hills: {
    target: 'value',
    mostClasses: 0,
    draw: stream => {
      const [x, y] = [within(stream, -REACH, REACH), within(stream, -REACH, REACH)];
      const heights = HILLS.map(([cx, cy, sign]) => sign * Math.max(0, 1 - Math.sqrt((x - cx) * (x - cx) + (y - cy) * (y - cy)) / 1.5));
      return { x, y, target: heights.reduce((sum, height) => sum + height, 0) };
    },
  },
};

export const pointShapes: readonly PointShape[] = Object.keys(shapes) as PointShape[];
