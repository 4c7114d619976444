/** A drawing: strokes on a square pad, kept as whole numbers so that they fit an address, and made into a grey picture. */

/** x and y of one point after another, each from 0 to 255. */
export type Stroke = readonly number[];

/** Side of the grey picture that a drawing is read from. */
export const PAD = 140;
/** The pen's radius as a share of the pad's side. */
const PEN = 0.042;
const FINEST = 255;
const MOST_NUMBERS = 6000;

/** A position on the pad, from 0 to 1, as it is kept. */
export const finest = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * FINEST);

/** Adds a point unless it is nearly where the last one is. */
export function extended(stroke: Stroke, x: number, y: number): Stroke {
  const [lastX, lastY] = stroke.slice(-2);
  if (stroke.length > 0 && Math.hypot(x - lastX, y - lastY) < 3) return stroke;
  return [...stroke, x, y];
}

/** Strokes for an address: bytes in base64url, a dot between strokes. */
export function encodeStrokes(strokes: readonly Stroke[]): string {
  return strokes
    .map(stroke =>
      btoa(String.fromCharCode(...stroke))
        .replaceAll('+', '-')
        .replaceAll('/', '_')
        .replace(/=+$/, ''),
    )
    .join('.');
}

/** Undefined for what is no drawing. */
export function decodeStrokes(text: string): readonly Stroke[] | undefined {
  if (text === '') return [];
  const strokes: number[][] = [];
  let count = 0;
  for (const part of text.split('.')) {
    let bytes: string;
    try {
      bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
    } catch {
      return undefined;
    }
    count += bytes.length;
    if (bytes.length === 0 || bytes.length % 2 === 1 || count > MOST_NUMBERS) return undefined;
    strokes.push(Array.from(bytes, byte => byte.charCodeAt(0)));
  }
  return strokes;
}

/** The stroke as a line of many short pieces: a curve through its points (Catmull-Rom), from 0 to 1. */
export function smoothed(stroke: Stroke): readonly (readonly [number, number])[] {
  const points = Array.from({ length: stroke.length / 2 }, (_, i) => [stroke[2 * i] / FINEST, stroke[2 * i + 1] / FINEST] as const);
  if (points.length < 3) return points;
  const line: (readonly [number, number])[] = [points[0]];
  const at = (i: number): readonly [number, number] => points[Math.min(points.length - 1, Math.max(0, i))];
  for (let i = 0; i + 1 < points.length; i++) {
    const [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const pieces = Math.max(1, Math.ceil(Math.hypot(p2[0] - p1[0], p2[1] - p1[1]) / 0.03));
    for (let k = 1; k <= pieces; k++) {
      const t = k / pieces;
      const along = (c: 0 | 1): number =>
        p1[c] + 0.5 * t * (p2[c] - p0[c] + t * (2 * p0[c] - 5 * p1[c] + 4 * p2[c] - p3[c] + t * (3 * (p1[c] - p2[c]) + p3[c] - p0[c])));
      line.push([along(0), along(1)]);
    }
  }
  return line;
}

/**
 * The drawing as a grey picture [PAD, PAD]: 255 for paper, 0 for ink, soft at the edge of the pen. By arithmetic alone, so that a shared drawing is the
 * same picture in every browser.
 */
export function grayOf(strokes: readonly Stroke[]): Uint8Array {
  const gray = new Uint8Array(PAD * PAD).fill(255);
  const radius = PEN * PAD;
  for (const stroke of strokes) {
    const line = smoothed(stroke).map(([x, y]) => [x * PAD, y * PAD] as const);
    for (let i = 0; i < line.length; i++) {
      const [ax, ay] = line[i];
      const [bx, by] = line[Math.min(i + 1, line.length - 1)];
      const reach = radius + 1;
      const [left, right] = [Math.max(0, Math.floor(Math.min(ax, bx) - reach)), Math.min(PAD - 1, Math.ceil(Math.max(ax, bx) + reach))];
      const [top, bottom] = [Math.max(0, Math.floor(Math.min(ay, by) - reach)), Math.min(PAD - 1, Math.ceil(Math.max(ay, by) + reach))];
      const [dx, dy] = [bx - ax, by - ay];
      const squared = dx * dx + dy * dy;
      for (let y = top; y <= bottom; y++) {
        for (let x = left; x <= right; x++) {
          const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
          const t = squared === 0 ? 0 : Math.min(1, Math.max(0, (px * dx + py * dy) / squared));
          const away = Math.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2);
          const ink = Math.min(1, Math.max(0, radius - away + 0.5));
          const value = Math.round(255 * (1 - ink));
          if (value < gray[y * PAD + x]) gray[y * PAD + x] = value;
        }
      }
    }
  }
  return gray;
}
