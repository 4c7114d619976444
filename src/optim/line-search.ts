/** How far to go along a direction: a step that satisfies the strong Wolfe conditions. */

/** The function along the line, φ(t) = f(x + t d), at one t. */
export interface LinePoint {
  readonly t: number;
  /** φ(t) */
  readonly value: number;
  /** φ'(t) */
  readonly slope: number;
}

export interface LineSearchOptions {
  /** c₁ of sufficient decrease. Default 1e-4. */
  readonly decrease?: number;
  /** c₂ of curvature. Default 0.9. */
  readonly curvature?: number;
  /** The bracket of t below which no better point is looked for. Default 0. */
  readonly narrowest?: number;
  /** Evaluations at most. Default 25. */
  readonly maxEvaluations?: number;
}

/**
 * Finds t > 0 with φ(t) ≤ φ(0) + c₁ t φ'(0) and |φ'(t)| ≤ c₂ |φ'(0)|: enough descent, and enough of the slope used up.
 * First t grows until an interval holds such a point, then cubic interpolation narrows the interval.
 * Without one after `maxEvaluations`, the best point found is given. `evaluate` is asked once for each t.
 *
 * Source: Nocedal and Wright 2006, algorithms 3.5 and 3.6, with cubic interpolation, eq. 3.59.
 */
export function strongWolfe<Point extends LinePoint>(
  evaluate: (t: number) => Point,
  start: Point,
  firstStep: number,
  options: LineSearchOptions = {},
): Point {
  const { decrease = 1e-4, curvature = 0.9, narrowest = 0, maxEvaluations = 25 } = options;
  const tooHigh = (p: LinePoint): boolean => !(p.value <= start.value + decrease * p.t * start.slope);
  const flatEnough = (p: LinePoint): boolean => Math.abs(p.slope) <= -curvature * start.slope;
  let left = maxEvaluations;
  const at = (t: number): Point => {
    left--;
    return evaluate(t);
  };

  // Algorithm 3.5: low and high become the ends of an interval that holds an acceptable point.
  let low = start;
  let high = start;
  let point = at(firstStep);
  for (;;) {
    if (tooHigh(point) || (low !== start && point.value >= low.value)) {
      high = point;
      break;
    }
    if (flatEnough(point)) return point;
    if (point.slope >= 0) {
      [low, high] = [point, low];
      break;
    }
    if (left <= 0) return point;
    const next = interpolate(low, point, point.t + 0.01 * (point.t - low.t), 10 * point.t);
    low = point;
    point = at(next);
  }

  // Algorithm 3.6: low is the best point so far that descends enough, and φ falls from it towards high.
  let crowded = false;
  while (left > 0) {
    const from = Math.min(low.t, high.t);
    const to = Math.max(low.t, high.t);
    if (to - from <= narrowest) break;
    let t = interpolate(low, high, from, to);
    const margin = 0.1 * (to - from);
    if (Math.min(to - t, t - from) < margin) {
      // Close to an end twice running, or at it: the interval would hardly shrink.
      if (crowded || t >= to || t <= from) t = to - t < t - from ? to - margin : from + margin;
      crowded = !crowded || t >= to || t <= from;
    } else {
      crowded = false;
    }
    const point = at(t);
    if (tooHigh(point) || point.value >= low.value) {
      high = point;
    } else {
      if (flatEnough(point)) return point;
      if (point.slope * (high.t - low.t) >= 0) high = low;
      low = point;
    }
  }
  return low;
}

/** The minimum of the cubic through two points and their slopes, held between bounds; their middle where the cubic has none. */
function interpolate(a: LinePoint, b: LinePoint, least: number, most: number): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  const d2 = Math.sign(b.t - a.t) * Math.sqrt(square);
  const t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2));
  return square >= 0 && Number.isFinite(t) ? Math.min(Math.max(t, least), most) : (least + most) / 2;
}
