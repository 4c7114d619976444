/** Draws the plane as a net sees it, with its points, into a canvas. */
import type { Outline, PlaneLook } from '../../training/protocol.ts';
import { classColour, classTable, css, diverging, divergingTable, markPath, marks } from './colours.ts';

export interface Look {
  readonly dark: boolean;
  readonly ink: string;
  readonly paper: string;
}

interface Scratch {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly image: ImageData;
  readonly pixels: Uint32Array;
}

/** One canvas for each size of grid, written over by each picture: it is drawn from at once. */
const scratches = new Map<string, Scratch>();

function scratchOf(grid: number, height = grid): Scratch {
  const key = `${grid}x${height}`;
  let found = scratches.get(key);
  if (found === undefined) {
    const canvas = document.createElement('canvas');
    canvas.width = grid;
    canvas.height = height;
    const context = canvas.getContext('2d', { willReadFrequently: true })!;
    const image = context.createImageData(grid, height);
    found = { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
    scratches.set(key, found);
  }
  return found;
}

/** A grid of bytes as an image of as many pixels, to be drawn larger at once: the next one is made in the same canvas. */
export function bitmap(values: Int8Array, winner: Uint8Array | null, grid: number, dark: boolean, from = 0): HTMLCanvasElement {
  const { canvas, context, image, pixels } = scratchOf(grid);
  const colours = divergingTable(dark);
  const classes = winner === null ? null : marks.map((_, i) => classTable(i, dark));
  for (let i = 0; i < pixels.length; i++) {
    const table = classes === null ? colours : classes[winner![i] % classes.length];
    pixels[i] = table[values[from + i] + 128];
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Maps of several units below one another, each as many pixels wide and high as the grid. Made at once: to draw from a canvas that changes in between costs a copy of it each time. */
export function bitmaps(values: Int8Array, grid: number, dark: boolean): HTMLCanvasElement {
  const { canvas, context, image, pixels } = scratchOf(grid, values.length / grid);
  const colours = divergingTable(dark);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[values[i] + 128];
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Marching squares: the line where the grid crosses a level, as pieces from cell to cell. */
export function contour(values: Int8Array, grid: number, size: number, level: number, from = 0): Path2D {
  const path = new Path2D();
  const scale = size / grid;
  const at = (row: number, column: number): number => values[from + row * grid + column] - level || 0.01;
  for (let row = 0; row < grid - 1; row++) {
    for (let column = 0; column < grid - 1; column++) {
      // Most cells are on one side, and there are many of them.
      const isAbove = at(row, column) > 0;
      if (isAbove === at(row, column + 1) > 0 && isAbove === at(row + 1, column + 1) > 0 && isAbove === at(row + 1, column) > 0) continue;
      const corners = [at(row, column), at(row, column + 1), at(row + 1, column + 1), at(row + 1, column)];
      const crossings: [number, number][] = [];
      for (let side = 0; side < 4; side++) {
        const [a, b] = [corners[side], corners[(side + 1) % 4]];
        if (a > 0 === b > 0) continue;
        const t = a / (a - b);
        const [x, y] = [
          [t, 0],
          [1, t],
          [1 - t, 1],
          [0, 1 - t],
        ][side];
        crossings.push([(column + x + 0.5) * scale, (row + y + 0.5) * scale]);
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        path.moveTo(...crossings[i]);
        path.lineTo(...crossings[i + 1]);
      }
    }
  }
  return path;
}

/** The lines between cells whose likeliest classes differ. */
function borders(winner: Uint8Array, grid: number, size: number): Path2D {
  const path = new Path2D();
  const scale = size / grid;
  for (let row = 0; row < grid; row++) {
    for (let column = 0; column < grid; column++) {
      const here = winner[row * grid + column];
      if (column + 1 < grid && winner[row * grid + column + 1] !== here) {
        path.moveTo((column + 1) * scale, row * scale);
        path.lineTo((column + 1) * scale, (row + 1) * scale);
      }
      if (row + 1 < grid && winner[(row + 1) * grid + column] !== here) {
        path.moveTo(column * scale, (row + 1) * scale);
        path.lineTo((column + 1) * scale, (row + 1) * scale);
      }
    }
  }
  return path;
}

/** The output, or one hidden unit. */
export type Shown = { readonly layer: number; readonly unit: number } | null;

export function drawPlane(
  context: CanvasRenderingContext2D,
  size: number,
  plane: PlaneLook,
  shown: Shown,
  isClass: boolean,
  look: Look,
): void {
  const { grid } = plane;
  const maps = shown === null ? null : plane.units?.[shown.layer];
  const isUnit = maps != null && shown !== null && shown.unit < maps.width;
  const values = isUnit ? maps.values : plane.output;
  const from = isUnit ? shown.unit * grid * grid : 0;
  const winner = isUnit ? null : plane.winner;
  context.imageSmoothingEnabled = true;
  context.drawImage(bitmap(values, winner, grid, look.dark, from), 0, 0, size, size);
  context.strokeStyle = look.ink;
  context.lineCap = 'round';
  if (winner !== null) {
    context.lineWidth = 1.5;
    context.stroke(borders(winner, grid, size));
    return;
  }
  context.lineWidth = 2;
  context.stroke(contour(values, grid, size, 0, from));
  if (isClass && !isUnit) return;
  context.lineWidth = 1;
  for (const level of [-64, 64]) {
    context.setLineDash(level < 0 ? [4, 4] : []);
    context.stroke(contour(values, grid, size, level, from));
  }
  context.setLineDash([]);
}

/** x, y, target one after another. */
export function drawPoints(
  context: CanvasRenderingContext2D,
  size: number,
  reach: number,
  rows: Float32Array,
  part: keyof NonNullable<Outline['points']>,
  isClass: boolean,
  look: Look,
): void {
  const radius = Math.max(2.4, Math.min(4.5, size / 85)) * (rows.length > 1500 ? 0.75 : 1);
  for (let i = 0; i < rows.length; i += 3) {
    const x = (rows[i] / reach + 1) * (size / 2);
    const y = (1 - rows[i + 1] / reach) * (size / 2);
    const target = rows[i + 2];
    const colour = isClass ? classColour(target, look.dark) : diverging(Math.max(-1, Math.min(1, target)), look.dark, 1);
    const mark = isClass ? marks[target % marks.length] : target < 0 ? 'down' : 'up';
    const path = markPath(mark, x, y, part === 'test' ? radius * 0.8 : radius);
    // Training points are filled, those held out are open: another thing than colour says which is which.
    if (part === 'train') {
      context.fillStyle = css(colour);
      context.fill(path);
      context.strokeStyle = look.paper;
      context.lineWidth = 1;
    } else {
      context.fillStyle = look.paper;
      context.fill(path);
      context.strokeStyle = css(colour);
      context.lineWidth = part === 'test' ? 1.2 : 1.8;
      if (part === 'test') context.setLineDash([2, 1.5]);
    }
    context.stroke(path);
    context.setLineDash([]);
  }
}

/** A canvas in device pixels, drawn in those of the page. */
export function prepared(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext('2d')!;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}
