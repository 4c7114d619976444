/** Colours that people with any colour vision tell apart: orange for class 0 and below zero, blue for class 1 and above. Marks say the same without colour. */

export type Rgb = readonly [number, number, number];

const classes: readonly Rgb[] = [
  [214, 96, 14],
  [34, 108, 184],
  [0, 138, 96],
  [186, 78, 146],
  [140, 112, 10],
  [90, 90, 100],
];
const darkClasses: readonly Rgb[] = [
  [255, 157, 92],
  [108, 180, 255],
  [86, 210, 164],
  [240, 150, 208],
  [226, 200, 98],
  [180, 182, 192],
];

export function classColour(index: number, dark: boolean): Rgb {
  return (dark ? darkClasses : classes)[index % classes.length];
}

const middle = (dark: boolean): Rgb => (dark ? [30, 33, 41] : [250, 249, 246]);

export function css([r, g, b]: Rgb, alpha = 1): string {
  return `rgb(${r} ${g} ${b} / ${alpha})`;
}

/** Between two colours; share 1 is all of `to`. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map(i => Math.round(from[i] + (to[i] - from[i]) * share)) as unknown as Rgb;
}

/** From -1 (orange) over 0 (paper) to 1 (blue). */
export function diverging(value: number, dark: boolean, strength = 0.62): Rgb {
  const size = Math.min(1, Math.abs(value));
  return mix(middle(dark), classColour(value < 0 ? 0 : 1, dark), strength * size ** 0.8);
}

const tables = new Map<string, Uint32Array>();

/** The pixels of the bytes -127 to 127, at index byte + 128, in the order that an image has them in memory. */
export function divergingTable(dark: boolean): Uint32Array {
  return table(`diverging ${dark}`, byte => diverging(byte / 127, dark));
}

/** Of one class, by how far it leads. */
export function classTable(index: number, dark: boolean): Uint32Array {
  return table(`class ${index} ${dark}`, byte => mix(middle(dark), classColour(index, dark), 0.12 + 0.5 * Math.max(0, byte / 127)));
}

function table(key: string, colour: (byte: number) => Rgb): Uint32Array {
  let found = tables.get(key);
  if (found === undefined) {
    const bytes = new Uint8Array(256 * 4);
    for (let i = 0; i < 256; i++) bytes.set([...colour(i - 128), 255], i * 4);
    found = new Uint32Array(bytes.buffer);
    tables.set(key, found);
  }
  return found;
}

export const marks = ['circle', 'square', 'triangle', 'diamond', 'cross', 'hexagon'] as const;

/** The outline of a mark around a point. */
export function markPath(mark: (typeof marks)[number] | 'up' | 'down', x: number, y: number, r: number): Path2D {
  const path = new Path2D();
  const polygon = (corners: number, turn: number, radius: number): void => {
    for (let i = 0; i < corners; i++) {
      const angle = (2 * Math.PI * i) / corners + turn;
      path.lineTo(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    }
    path.closePath();
  };
  if (mark === 'circle') path.arc(x, y, r, 0, 2 * Math.PI);
  else if (mark === 'square') path.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  else if (mark === 'triangle' || mark === 'up') polygon(3, -Math.PI / 2, 1.25 * r);
  else if (mark === 'down') polygon(3, Math.PI / 2, 1.25 * r);
  else if (mark === 'diamond') polygon(4, 0, 1.2 * r);
  else if (mark === 'hexagon') polygon(6, 0, r);
  else {
    const t = r * 0.4;
    const corners = [-t, -r, t, -r, t, -t, r, -t, r, t, t, t, t, r, -t, r, -t, t, -r, t, -r, -t, -t, -t];
    for (let i = 0; i < corners.length; i += 2) path.lineTo(x + corners[i], y + corners[i + 1]);
    path.closePath();
  }
  return path;
}
