/** Points of one's own in few characters, for an address: five bytes each (seven for a value), in the 64 letters that need no escape. */

/** Coordinates are kept to a thousandth, so that what is written is what is trained on. */
export const GRAIN = 1000;
const LIMIT = 32767 / GRAIN;
export const MOST_POINTS = 1000;

/** To the grain, and within what can be written. */
export function rounded(value: number): number {
  return Math.round(Math.min(LIMIT, Math.max(-LIMIT, value)) * GRAIN) / GRAIN;
}

export function encodePoints(points: readonly (readonly number[])[], target: 'class' | 'value'): string {
  const size = target === 'class' ? 5 : 6;
  const view = new DataView(new ArrayBuffer(points.length * size));
  points.forEach(([x, y, third], i) => {
    view.setInt16(i * size, Math.round(x * GRAIN));
    view.setInt16(i * size + 2, Math.round(y * GRAIN));
    if (target === 'class') view.setUint8(i * size + 4, third);
    else view.setInt16(i * size + 4, Math.round(third * GRAIN));
  });
  const bytes = new Uint8Array(view.buffer);
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Null for what is no such text. */
export function decodePoints(text: string, target: 'class' | 'value'): number[][] | null {
  const size = target === 'class' ? 5 : 6;
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), letter => letter.charCodeAt(0));
  } catch {
    return null;
  }
  if (bytes.length % size !== 0 || bytes.length / size > MOST_POINTS) return null;
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / size }, (_, i) => [
    view.getInt16(i * size) / GRAIN,
    view.getInt16(i * size + 2) / GRAIN,
    target === 'class' ? view.getUint8(i * size + 4) : view.getInt16(i * size + 4) / GRAIN,
  ]);
}
