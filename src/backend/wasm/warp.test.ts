/** Images resampled: both builds against the reference backend, and what must be exact. */
import { describe, expect, it } from 'vitest';
import type { ImageWarp, Kernels, WarpField } from '../kernels.ts';
import { createReferenceBackend } from '../reference/reference-backend.ts';
import { backends, noise, read } from './testing.ts';

const table = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - 0.13) / 0.31);

/** Bytes of n images: two strokes on nothing, so that much is background. */
function strokes(n: number, channels: number, height: number, width: number): Uint8Array {
  const pixels = new Uint8Array(n * channels * height * width);
  for (let i = 0; i < n * channels; i++) {
    const [row, column] = [(i * 5) % height, (i * 3) % width];
    for (let c = 0; c < width; c++) pixels[(i * height + row) * width + c] = c % 4 === 1 ? 0 : 40 + 50 * (c % 4);
    for (let r = 0; r < height; r++) pixels[(i * height + r) * width + column] = 255 - 3 * (r % 60);
  }
  return pixels;
}

type Kind = 'shift' | 'farther' | 'affine' | 'beyond' | 'elastic' | 'both';

/** Maps about the image's centre, drawn anew for each image; every fifth image passes as it is. */
function warpOf(kind: Kind, n: number, channels: number, height: number, width: number): ImageWarp {
  const maps = new Float32Array(6 * n);
  const numbers = noise(6 * n, height + width);
  const [cx, cy] = [(width - 1) / 2, (height - 1) / 2];
  for (let i = 0; i < n; i++) {
    const [r0, r1, r2, r3, r4] = numbers.subarray(6 * i);
    const far = kind === 'beyond' ? 3 * width : kind === 'farther' ? width / 2 : 2.9;
    const angle = kind === 'affine' || kind === 'both' ? 0.5 * r2 : 0;
    const factor = kind === 'affine' || kind === 'both' ? 1 + 0.3 * r3 : kind === 'beyond' ? 2 : 1;
    const [a, b, d] = [factor * Math.cos(angle), factor * Math.sin(angle), factor * (Math.cos(angle) + (angle === 0 ? 0 : 0.2 * r4))];
    const [x, y] = kind === 'elastic' ? [0, 0] : [far * r0, far * r1];
    maps.set([a, b, -b, d, cx - a * (cx + x) - b * (cy + y), cy + b * (cx + x) - d * (cy + y)], 6 * i);
  }
  const bent = kind === 'elastic' || kind === 'both';
  const spacing = Math.sqrt(3) * (width % 2 === 0 ? 4 : 1);
  const field: WarpField | null = bent ? { spacing, amplitude: 5, key0: 0xfedcba98, key1: 12 } : null;
  const blocks = Int32Array.from({ length: n }, (_, i) => (i % 5 === 3 ? -1 : 1000 * i + 7));
  return { channels, height, width, background: table[0], maps, blocks, field };
}

function warped(kernels: Kernels, pixels: Uint8Array | Float32Array, warp: ImageWarp): Float32Array {
  const n = warp.blocks.length;
  const size = warp.channels * warp.height * warp.width;
  const out = kernels.alloc(n * size + 4);
  kernels.view(out).fill(77);
  // in another order than they are stored
  const index = Uint32Array.from({ length: n }, (_, i) => n - 1 - i);
  kernels.warpImages(pixels, index, pixels instanceof Uint8Array ? table : null, warp, out);
  const values = read(kernels, out);
  kernels.free(out);
  expect(Array.from(values.subarray(n * size))).toEqual([77, 77, 77, 77]); // nothing is written past the end
  return values.subarray(0, n * size);
}

const shapes: readonly (readonly [channels: number, height: number, width: number])[] = [
  [1, 28, 28],
  [2, 9, 13],
  [3, 6, 3],
  [1, 2, 2],
  [1, 33, 70],
];
const kinds: readonly Kind[] = ['shift', 'farther', 'affine', 'beyond', 'elastic', 'both'];
const reference = createReferenceBackend('float64');

describe.each(backends)('$name', ({ kernels }) => {
  describe.each(shapes)('%i x %i x %i', (channels, height, width) => {
    const n = 7;
    const bytes = strokes(n, channels, height, width);
    it.each(kinds)('%s: as the reference backend', kind => {
      const warp = warpOf(kind, n, channels, height, width);
      const floats = Float32Array.from(bytes, byte => table[byte]);
      const right = warped(reference, bytes, warp);
      for (const pixels of [bytes, floats]) {
        const values = warped(kernels, pixels, warp);
        // Values lie within 3.3 of each other; a place is off by some 1e-5 pixels at most, as float32 has it.
        let worst = 0;
        for (let i = 0; i < right.length; i++) worst = Math.max(worst, Math.abs(values[i] - right[i]));
        expect(worst).toBeLessThan(1e-4);
      }
      // images that pass are those stored, bit for bit
      const size = channels * height * width;
      for (let i = 3; i < n; i += 5) {
        const stored = floats.subarray((n - 1 - i) * size, (n - i) * size);
        expect(warped(kernels, bytes, warp).subarray(i * size, (i + 1) * size)).toEqual(stored);
      }
    });
  });

  const move = (x: number, y: number, [a, b, c, d] = [1, 0, 0, 1]): number[] => {
    const warp = { channels: 1, height: 2, width: 3, background: -1, blocks: Int32Array.of(0), field: null };
    const maps = Float32Array.of(a, b, c, d, -x, -y);
    return Array.from(warped(kernels, Float32Array.of(1, 2, 3, 4, 5, 6), { ...warp, maps }));
  };
  it('moves by whole pixels exactly, and by half pixels to the mean of two', () => {
    expect(move(0, 0)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(move(1, 0)).toEqual([-1, 1, 2, -1, 4, 5]);
    expect(move(-2, 0)).toEqual([3, -1, -1, 6, -1, -1]);
    expect(move(0, 1)).toEqual([-1, -1, -1, 1, 2, 3]);
    expect(move(0.5, 0)).toEqual([0, 1.5, 2.5, 1.5, 4.5, 5.5]);
    expect(move(0, 50)).toEqual([-1, -1, -1, -1, -1, -1]);
  });

  it('turns: a quarter turn permutes the pixels', () => {
    const warp = { channels: 1, height: 3, width: 3, background: 0, blocks: Int32Array.of(0), field: null };
    const maps = Float32Array.of(0, 1, -1, 0, 0, 2);
    const image = Float32Array.from({ length: 9 }, (_, i) => i);
    expect(Array.from(warped(kernels, image, { ...warp, maps }))).toEqual([6, 3, 0, 7, 4, 1, 8, 5, 2]); // clockwise as one sees it, y pointing down
  });

  it('takes a table whose first value is not the background', () => {
    const warp = { ...warpOf('both', 7, 1, 28, 28), background: 9 };
    const bytes = strokes(7, 1, 28, 28);
    const [values, right] = [warped(kernels, bytes, warp), warped(reference, bytes, warp)];
    for (let i = 0; i < right.length; i++) expect(Math.abs(values[i] - right[i])).toBeLessThan(4e-4);
  });
});
