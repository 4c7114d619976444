/** Draws one digit by a chance hand: skeleton, deformation, pen, and the placing that MNIST gives its digits. */
import { exp } from '../../math.ts';
import type { Stream } from '../../random.ts';
import { BOX, CENTRE, centreOfMass, SIDE } from '../normalize-digit.ts';
import { LEAN, PEN, SKELETONS, type Stroke, WIDTH } from './skeletons.ts';

/** How far hands differ. Lengths are in the skeleton's units (10 wide, 16 high) or, where it says so, in pixels of the finished image. */
const HAND = {
  jitter: 0.7, // of each point by itself
  bend: 1.4, // of a 4 x 4 grid laid over the sheet
  proportion: 0.26, // log of the exponent that makes one half of the digit larger than the other
  aspect: 0.2, // log of width against height
  mess: 0.4, // log of how far a whole digit strays, against the others
  taper: 0.12, // top narrower or wider than the bottom
  slant: 0.32,
  rotation: 0.14, // radians
  roundCorner: 0.2, // how often a corner is passed in a curve
  penMean: 1.2, // pixels, half the stroke's width
  pen: 0.24, // log
  penChange: 0.18, // along the stroke
  softness: 1.05, // pixels from ink to paper
};

const STEPS = 6; // pieces of a curve between two points
const GRID = 4;
const SHEET_WIDTH = 10;
const SHEET_HEIGHT = 16;

// Room for the longest skeleton; used again for each digit.
const grid = new Float64Array(2 * GRID * GRID);
const points = new Float64Array(2 * 64);
let segments = new Float64Array(6 * 256); // x, y, radius at both ends
let segmentCount = 0;
const ink = new Float32Array(SIDE * SIDE);

/** Draws `label` with everything the stream decides, into 784 bytes of `out` from `at` on. */
export function drawDigit(label: number, stream: Stream, out: Uint8Array, at: number): void {
  const strokes = choose(label, stream);
  segmentCount = 0;
  const hand = deformation(label, stream);
  const pen = PEN[label] * HAND.penMean * exp(HAND.pen * stream.normal());
  for (const stroke of strokes) trace(stroke, hand, stream);
  fitToBox(pen);
  paint(HAND.softness * exp(0.25 * stream.normal()));
  place(out, at);
}

function choose(label: number, stream: Stream): readonly Stroke[] {
  const variants = SKELETONS[label];
  let rest = stream.uniform() * variants.reduce((sum, v) => sum + v.weight, 0);
  for (const v of variants) {
    rest -= v.weight;
    if (rest < 0) return v.strokes;
  }
  return variants[variants.length - 1].strokes;
}

/** What one hand does to every point of the sheet: (x, y) to a x + b y, c x + d y after bending and proportion. */
interface Hand {
  readonly jitter: number;
  readonly powerX: number;
  readonly powerY: number;
  readonly taper: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
}

function deformation(label: number, stream: Stream): Hand {
  const mess = exp(HAND.mess * stream.normal());
  for (let i = 0; i < grid.length; i++) grid[i] = mess * HAND.bend * stream.normal();
  const aspect = WIDTH[label] * exp(HAND.aspect * stream.normal());
  const slant = LEAN[label] + HAND.slant * stream.normal();
  const angle = HAND.rotation * stream.normal();
  // a small turn: sine and cosine by their first terms are as good, the exact angle means nothing
  const sine = angle - (angle * angle * angle) / 6;
  const cosine = 1 - (angle * angle) / 2;
  return {
    jitter: mess * HAND.jitter,
    powerX: exp(HAND.proportion * stream.normal()),
    powerY: exp(HAND.proportion * stream.normal()),
    taper: HAND.taper * stream.normal(),
    a: cosine * aspect,
    b: -cosine * slant - sine,
    c: sine * aspect,
    d: cosine - sine * slant,
  };
}

/** Bends, proportions and turns the points of a stroke, and lays a Catmull-Rom curve through them. */
function trace(stroke: Stroke, hand: Hand, stream: Stream): void {
  const n = stroke.corner.length;
  let strayX = hand.jitter * stream.normal();
  let strayY = hand.jitter * stream.normal();
  for (let i = 0; i < n; i++) {
    // neighbours stray together, so that a round stroke stays round
    strayX = 0.6 * strayX + 0.8 * hand.jitter * stream.normal();
    strayY = 0.6 * strayY + 0.8 * hand.jitter * stream.normal();
    const x = stroke.points[2 * i] + strayX;
    const y = stroke.points[2 * i + 1] + strayY;
    deform(x, y, hand, i);
  }
  const tension = 0.4 + 0.2 * stream.uniform();
  const round = stream.uniform() < HAND.roundCorner;
  let r0 = HAND.penChange * stream.normal();
  for (let i = 0; i + 1 < n; i++) {
    const smoothStart = i > 0 && (round || !stroke.corner[i]);
    const smoothEnd = i + 2 < n && (round || !stroke.corner[i + 1]);
    const r1 = 0.5 * r0 + HAND.penChange * stream.normal();
    curve(i, smoothStart, smoothEnd, tension, 1 + r0, 1 + r1);
    r0 = r1;
  }
}

function deform(x: number, y: number, hand: Hand, i: number): void {
  // proportion: a power of the distance from one edge
  const v = Math.min(1, Math.max(0, y / SHEET_HEIGHT));
  const u = Math.min(1, Math.max(0, x / SHEET_WIDTH));
  const py = y + SHEET_HEIGHT * (bow(v, hand.powerY) - v);
  const px = x + SHEET_WIDTH * (bow(u, hand.powerX) - u);
  // bending: the grid's displacement, bilinear between its knots
  const gx = u * (GRID - 1);
  const gy = v * (GRID - 1);
  const cx = Math.min(GRID - 2, Math.floor(gx));
  const cy = Math.min(GRID - 2, Math.floor(gy));
  const fx = gx - cx;
  const fy = gy - cy;
  const k = 2 * (cy * GRID + cx);
  const below = k + 2 * GRID;
  const bx = (grid[k] * (1 - fx) + grid[k + 2] * fx) * (1 - fy) + (grid[below] * (1 - fx) + grid[below + 2] * fx) * fy;
  const by = (grid[k + 1] * (1 - fx) + grid[k + 3] * fx) * (1 - fy) + (grid[below + 1] * (1 - fx) + grid[below + 3] * fx) * fy;
  const dy = py + by - SHEET_HEIGHT / 2;
  const dx = (px + bx - SHEET_WIDTH / 2) * (1 + (hand.taper * dy) / (SHEET_HEIGHT / 2));
  points[2 * i] = hand.a * dx + hand.b * dy;
  points[2 * i + 1] = hand.c * dx + hand.d * dy;
}

/** t^power for power near 1, by two terms: it leaves 0 and 1 in place. */
function bow(t: number, power: number): number {
  return t + (1 - power) * t * (1 - t);
}

/** The piece from point i to point i + 1, as a Hermite curve cut into straight segments. */
function curve(i: number, smoothStart: boolean, smoothEnd: boolean, tension: number, r0: number, r1: number): void {
  const x0 = points[2 * i];
  const y0 = points[2 * i + 1];
  const x1 = points[2 * i + 2];
  const y1 = points[2 * i + 3];
  // the tangents, [start, end]; at a corner or an end that which bends the piece evenly
  let ax = smoothStart ? tension * (x1 - points[2 * i - 2]) : x1 - x0;
  let ay = smoothStart ? tension * (y1 - points[2 * i - 1]) : y1 - y0;
  let bx = smoothEnd ? tension * (points[2 * i + 4] - x0) : x1 - x0;
  let by = smoothEnd ? tension * (points[2 * i + 5] - y0) : y1 - y0;
  if (!smoothStart) {
    ax = 1.5 * ax - 0.5 * bx;
    ay = 1.5 * ay - 0.5 * by;
  } else if (!smoothEnd) {
    bx = 1.5 * bx - 0.5 * ax;
    by = 1.5 * by - 0.5 * ay;
  }
  let px = x0;
  let py = y0;
  let pr = r0;
  for (let s = 1; s <= STEPS; s++) {
    const t = s / STEPS;
    const t2 = t * t;
    const t3 = t2 * t;
    const h00 = 2 * t3 - 3 * t2 + 1;
    const h10 = t3 - 2 * t2 + t;
    const h01 = 3 * t2 - 2 * t3;
    const h11 = t3 - t2;
    const x = h00 * x0 + h10 * ax + h01 * x1 + h11 * bx;
    const y = h00 * y0 + h10 * ay + h01 * y1 + h11 * by;
    const r = r0 + (r1 - r0) * t;
    addSegment(px, py, pr, x, y, r);
    px = x;
    py = y;
    pr = r;
  }
}

function addSegment(x0: number, y0: number, r0: number, x1: number, y1: number, r1: number): void {
  const at = 6 * segmentCount++;
  if (at >= segments.length) {
    const more = new Float64Array(2 * segments.length);
    more.set(segments);
    segments = more;
  }
  segments[at] = x0;
  segments[at + 1] = y0;
  segments[at + 2] = r0;
  segments[at + 3] = x1;
  segments[at + 4] = y1;
  segments[at + 5] = r1;
}

/** Scales the drawing, ink included, to fill the middle 20 x 20 pixels in its longer direction. */
function fitToBox(pen: number): void {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (let s = 0; s < 6 * segmentCount; s += 3) {
    left = Math.min(left, segments[s]);
    right = Math.max(right, segments[s]);
    top = Math.min(top, segments[s + 1]);
    bottom = Math.max(bottom, segments[s + 1]);
  }
  const scale = (BOX - 2 * pen) / Math.max(right - left, bottom - top, 1e-6);
  const margin = (SIDE - BOX) / 2 + pen;
  for (let s = 0; s < 6 * segmentCount; s += 3) {
    segments[s] = (segments[s] - left) * scale + margin;
    segments[s + 1] = (segments[s + 1] - top) * scale + margin;
    segments[s + 2] = Math.max(0.45, segments[s + 2] * pen);
  }
}

/** Ink of a pixel: 1 within the pen's width of the nearest segment, falling to 0 over `softness` pixels. */
function paint(softness: number): void {
  ink.fill(0);
  const slope = 1 / softness;
  for (let s = 0; s < 6 * segmentCount; s += 6) {
    const x0 = segments[s];
    const y0 = segments[s + 1];
    const r0 = segments[s + 2];
    const dx = segments[s + 3] - x0;
    const dy = segments[s + 4] - y0;
    const dr = segments[s + 5] - r0;
    const reach = Math.max(r0, r0 + dr) + softness / 2;
    const left = Math.max(0, Math.floor(Math.min(x0, x0 + dx) - reach));
    const right = Math.min(SIDE - 1, Math.floor(Math.max(x0, x0 + dx) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y0 + dy) - reach));
    const bottom = Math.min(SIDE - 1, Math.floor(Math.max(y0, y0 + dy) + reach));
    const length2 = dx * dx + dy * dy;
    const inverse = length2 > 0 ? 1 / length2 : 0;
    for (let row = top; row <= bottom; row++) {
      const qy = row + 0.5 - y0;
      for (let column = left; column <= right; column++) {
        const qx = column + 0.5 - x0;
        let t = (qx * dx + qy * dy) * inverse;
        t = Math.max(0, Math.min(1, t));
        const ex = qx - t * dx;
        const ey = qy - t * dy;
        const value = (r0 + t * dr - Math.sqrt(ex * ex + ey * ey)) * slope + 0.5;
        const at = row * SIDE + column;
        if (value > ink[at]) ink[at] = Math.min(1, value);
      }
    }
  }
}

/** Moves the ink by whole pixels so that its centre of mass comes to the middle, and writes it as bytes. */
function place(out: Uint8Array, at: number): void {
  const { x, y } = centreOfMass(ink, SIDE, SIDE);
  const dx = Math.floor(CENTRE - x + 0.5);
  const dy = Math.floor(CENTRE - y + 0.5);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const fromRow = row - dy;
      const fromColumn = column - dx;
      const inside = fromRow >= 0 && fromRow < SIDE && fromColumn >= 0 && fromColumn < SIDE;
      out[at + row * SIDE + column] = inside ? Math.floor(ink[fromRow * SIDE + fromColumn] * 255 + 0.5) : 0;
    }
  }
}
