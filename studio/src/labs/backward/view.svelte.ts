/** Which part of a drawing is in sight: moved and scaled by mouse, touch and keys. */

const LEAST = 0.25;
const MOST = 3;
/** What a small drawing is scaled up to by itself. */
export const LARGEST = 1.35;

export class View {
  x: number = $state(0);
  y: number = $state(0);
  scale: number = $state(1);
  readonly #pointers = new Map<number, { x: number; y: number }>();

  /** The whole drawing, but no smaller than this; what does not fit begins at its start. */
  fit(width: number, height: number, drawing: { readonly width: number; readonly height: number }, least: number = LEAST): void {
    const scale = Math.max(least, Math.min(LARGEST, width / drawing.width, height / drawing.height));
    this.scale = scale;
    this.x = Math.max(0, (width - drawing.width * scale) / 2);
    this.y = Math.max(0, (height - drawing.height * scale) / 2);
  }

  /** Scales around a point of the screen. */
  zoom(factor: number, x: number, y: number): void {
    const scale = Math.min(MOST, Math.max(LEAST, this.scale * factor));
    const by = scale / this.scale;
    this.x = x - (x - this.x) * by;
    this.y = y - (y - this.y) * by;
    this.scale = scale;
  }

  pan(dx: number, dy: number): void {
    this.x += dx;
    this.y += dy;
  }

  /** Brings a box of the drawing into sight, if it is not, by no more than is needed. */
  reveal(
    box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number },
    width: number,
    height: number,
  ): void {
    const margin = 12;
    const need = (at: number, half: number, offset: number, room: number): number => {
      const [low, high] = [offset + (at - half) * this.scale - margin, offset + (at + half) * this.scale + margin];
      if (high - low > room) return offset - (low + high - room) / 2;
      return low < 0 ? offset - low : high > room ? offset - (high - room) : offset;
    };
    this.x = need(box.x, box.width / 2, this.x, width);
    this.y = need(box.y, box.height / 2, this.y, height);
  }

  readonly pointerdown = (event: PointerEvent): void => {
    if (event.button === 0) this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  };

  /** One pointer moves the drawing; of two, what is under each stays under it. */
  readonly pointermove = (event: PointerEvent): void => {
    const before = this.#pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    this.#pointers.set(event.pointerId, now);
    if (this.#pointers.size === 2) {
      const other = [...this.#pointers].find(([id]) => id !== event.pointerId)![1];
      const distance = (a: { x: number; y: number }): number => Math.hypot(a.x - other.x, a.y - other.y);
      const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
      this.zoom(distance(now) / Math.max(1, distance(before)), other.x - left, other.y - top);
    } else if (this.#pointers.size === 1) this.pan(now.x - before.x, now.y - before.y);
  };

  readonly pointerup = (event: PointerEvent): void => {
    this.#pointers.delete(event.pointerId);
  };
}
