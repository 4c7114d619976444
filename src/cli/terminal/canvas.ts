/**
 * A grid of dots inside a grid of characters, on which lines of several series are drawn. In Unicode a character holds 2 x 4 dots (braille); in ASCII it
 * is one dot. Each character remembers which series passed through it, and which put a mark there.
 */
export class Canvas {
  readonly columns: number;
  readonly rows: number;
  /** Dots across and down. */
  readonly width: number;
  readonly height: number;
  private readonly across: number;
  private readonly down: number;
  private readonly dots: Uint8Array;
  private readonly lines: Map<number, number[]> = new Map();
  private readonly marks: Map<number, number[]> = new Map();

  constructor(columns: number, rows: number, unicode: boolean) {
    this.columns = columns;
    this.rows = rows;
    this.across = unicode ? 2 : 1;
    this.down = unicode ? 4 : 1;
    this.width = columns * this.across;
    this.height = rows * this.down;
    this.dots = new Uint8Array(columns * rows);
  }

  /** The character's column that holds the dot column x. */
  columnOf(x: number): number {
    return Math.floor(x / this.across);
  }

  /** The character's row that holds the dot row y. */
  rowOf(y: number): number {
    return Math.floor(y / this.down);
  }

  /** A straight line of dots between two dots, both included (Bresenham's algorithm). Dot (0, 0) is at the top left. */
  line(x0: number, y0: number, x1: number, y1: number, series: number): void {
    const dx = Math.abs(x1 - x0);
    const dy = -Math.abs(y1 - y0);
    const stepX = x0 < x1 ? 1 : -1;
    const stepY = y0 < y1 ? 1 : -1;
    let error = dx + dy;
    let x = x0;
    let y = y0;
    for (;;) {
      this.dot(x, y, series);
      if (x === x1 && y === y1) return;
      const twice = 2 * error;
      if (twice >= dy) {
        error += dy;
        x += stepX;
      }
      if (twice <= dx) {
        error += dx;
        y += stepY;
      }
    }
  }

  /** The mark of a series on the character that holds the dot. */
  mark(x: number, y: number, series: number): void {
    remember(this.marks, this.rowOf(y) * this.columns + this.columnOf(x), series);
  }

  /** The braille pattern in a character, blank where no line passed. */
  braille(column: number, row: number): string {
    const bits = this.dots[row * this.columns + column];
    return bits === 0 ? ' ' : String.fromCodePoint(0x2800 + bits);
  }

  /** The series whose lines pass through a character. */
  linesAt(column: number, row: number): readonly number[] {
    return this.lines.get(row * this.columns + column) ?? [];
  }

  /** The series with a mark on a character. */
  marksAt(column: number, row: number): readonly number[] {
    return this.marks.get(row * this.columns + column) ?? [];
  }

  private dot(x: number, y: number, series: number): void {
    const cell = this.rowOf(y) * this.columns + this.columnOf(x);
    this.dots[cell] |= BRAILLE_BITS[y % this.down][x % this.across];
    remember(this.lines, cell, series);
  }
}

/** The bit of each dot of a braille pattern, by row and column: Unicode numbers the upper three rows first, then the lowest. */
const BRAILLE_BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

function remember(cells: Map<number, number[]>, cell: number, series: number): void {
  const known = cells.get(cell);
  if (known === undefined) cells.set(cell, [series]);
  else if (!known.includes(series)) known.push(series);
}
