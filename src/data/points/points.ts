/** Points in the plane, drawn in a shape by a seeded generator or given one by one: data small enough to see a net learn it. */
import { UserError } from '../../errors.ts';
import { Random } from '../../random.ts';
import { Dataset } from '../dataset.ts';
import { type Point, type PointShape, pointShapes, REACH, shapes } from './shapes.ts';

export interface PointsOptions {
  /** 'own': those in `points`. */
  readonly shape: PointShape | 'own';
  /** How many to draw, in all parts together. Default 400. */
  readonly count?: number;
  /** Deviation of the Gaussian noise added to both coordinates, or to the value. Default 0.1. */
  readonly noise?: number;
  /** gaussians and spiral: how many classes, 2 to 6. Default 2. */
  readonly classes?: number;
  /** Which points are drawn, and which go into which part. Default 1. */
  readonly seed?: number;
  /** own: one [x, y, class or value] an example. */
  readonly points?: readonly (readonly number[])[];
  /** own: what the third number is. Default 'class'. */
  readonly target?: 'class' | 'value';
  /** Held out for validation: a count, or a share of all below 1. Default 0.2. */
  readonly validation?: number;
  /** Kept apart for the test: a count, or a share of all below 1. Default 0.2. */
  readonly test?: number;
}

/** The parts of the points; null where none was asked for. */
export interface PointsParts {
  readonly train: Dataset;
  readonly validation: Dataset | null;
  readonly test: Dataset | null;
}

/** What a shape's targets are. */
export function pointsTarget({ shape, target = 'class' }: Pick<PointsOptions, 'shape' | 'target'>): 'class' | 'value' {
  return shape === 'own' ? target : shapes[shape].target;
}

/** How many classes a shape may have at most; 0 where its targets are values, or its points are one's own. */
export function mostClasses(shape: PointsOptions['shape']): number {
  return shape === 'own' ? 0 : shapes[shape].mostClasses;
}

/**
 * Points [2] with their class or value, in parts for training, validation and test. Coordinates lie about ±3 and are not standardized. Point i depends on
 * the seed, the shape and i alone; classes come in turn, so every class has its share.
 *
 * ```ts
 * const { train, validation, test } = points({ shape: 'spiral', count: 300, noise: 0.1 });
 * ```
 *
 * @throws UserError for an unknown shape, an option out of range, or points that are not three numbers
 */
export function points(options: PointsOptions): PointsParts {
  checkPoints(options);
  const { shape, seed = 1, validation = 0.2, test = 0.2 } = options;
  const examples = shape === 'own' ? (options.points ?? []).map(([x, y, target]) => ({ x, y, target })) : drawnPoints(shape, options);
  const target = pointsTarget(options);
  const classes = target === 'value' ? 0 : Math.max(2, ...examples.map(point => point.target + 1));
  const whole = Dataset.from({
    name: 'points',
    provenance: shape === 'own' ? `${examples.length} points of one's own` : `points (${shape}), drawn with seed ${seed}`,
    features: Float32Array.from(examples.flatMap(({ x, y }) => [x, y])),
    targets: Float32Array.from(examples, point => point.target),
    featureShape: [2],
    targetKind: target,
    targetShape: target === 'class' ? [] : [1],
    ...(target === 'class' ? { classNames: Array.from({ length: classes }, (_, i) => String(i)) } : {}),
  });
  const random = new Random(seed);
  const [rest, forTest] = held(whole, whole.length, test, 'test', random);
  const [train, forValidation] = held(rest, whole.length, validation, 'validation', random);
  return { train, validation: forValidation, test: forTest };
}

/** Holds out a part, as many of each class as its share where every class has enough. */
function held(from: Dataset, total: number, asked: number, part: 'test' | 'validation', random: Random): [Dataset, Dataset | null] {
  if (!(asked >= 0 && (asked < 1 || Number.isInteger(asked)))) {
    throw new UserError(`points: ${part} is ${asked}; expected a whole number of points, or a share of at least 0 and below 1`);
  }
  if (asked === 0) return [from, null];
  const count = asked < 1 ? Math.max(1, Math.round(asked * total)) : asked;
  if (count >= from.length) {
    throw new UserError(`points: ${count} points are to be held out for ${part}, and only ${from.length} are left; set ${part} lower`);
  }
  const own = new Random(random.stream(part).int(2 ** 32));
  const parts = from.split({ validation: count, random: own, stratified: from.targetKind === 'class' });
  return [parts.train, parts.validation];
}

/**
 * Refuses what no points can be made of.
 *
 * @throws UserError that names the option
 */
export function checkPoints({ shape, count = 400, noise = 0.1, classes = 2, points: given, target = 'class' }: PointsOptions): void {
  if (shape === 'own') {
    checkOwn(given ?? [], target);
    return;
  }
  if (!Object.hasOwn(shapes, shape))
    throw new UserError(`points: unknown shape '${String(shape)}'; allowed are ${[...pointShapes, 'own'].join(', ')}`);
  if (given !== undefined) throw new UserError(`points: points are given, and the shape is ${shape}; set shape to own, or leave them out`);
  if (!(Number.isInteger(count) && count >= 4 && count <= 100_000))
    throw new UserError(`points: count is ${count}; expected a whole number from 4 to 100000`);
  if (!(noise >= 0 && noise <= 10)) throw new UserError(`points: noise is ${noise}; expected a number from 0 to 10`);
  const most = Math.max(2, shapes[shape].mostClasses);
  if (!(Number.isInteger(classes) && classes >= 2 && classes <= most)) {
    throw new UserError(`points: classes is ${classes}; ${shape} takes ${most === 2 ? '2' : `a whole number from 2 to ${most}`}`);
  }
}

function checkOwn(given: readonly (readonly number[])[], target: 'class' | 'value'): void {
  if (given.length < 2) throw new UserError(`points: ${given.length} points of one's own are given; a net needs at least 2 to learn from`);
  given.forEach((point, i) => {
    if (point.length !== 3 || !point.every(Number.isFinite)) {
      throw new UserError(`points: point ${i + 1} is [${point.join(', ')}]; expected three numbers: x, y and the ${target}`);
    }
    const third = point[2];
    if (target === 'class' && !(Number.isInteger(third) && third >= 0 && third < 10)) {
      throw new UserError(`points: the class of point ${i + 1} is ${third}; expected a whole number from 0 to 9`);
    }
  });
}

function drawnPoints(shape: PointShape, { count = 400, noise = 0.1, classes = 2, seed = 1 }: PointsOptions): Point[] {
  const { target: kind, draw } = shapes[shape];
  const stream = new Random(seed).stream('points').split(shape);
  return Array.from({ length: count }, (_, i) => {
    const own = stream.split(String(i));
    const { x, y, target } = draw(own, i, classes);
    if (kind === 'value') return { x, y, target: target + noise * own.normal() };
    return { x: x + noise * own.normal(), y: y + noise * own.normal(), target };
  });
}

export { type PointShape, pointShapes, REACH as pointsReach };
