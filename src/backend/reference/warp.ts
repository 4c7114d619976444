/** Images resampled, pixel by pixel. */
import { randomWord } from '../../random.ts';
import type { FloatArray, ImageWarp, WarpField } from '../kernels.ts';

/** The weights of the four knots around a place that lies `t` of the way from the second to the third: the cubic B-spline. */
function splineWeights(t: number): readonly [number, number, number, number] {
  const u = 1 - t;
  return [u ** 3 / 6, (3 * t ** 3 - 6 * t * t + 4) / 6, (3 * u ** 3 - 6 * u * u + 4) / 6, t ** 3 / 6];
}

/** The displacement of each pixel, to the right and down, by a field whose numbers begin at this block. */
function displacements(field: WarpField, block: number, height: number, width: number): { dx: Float64Array; dy: Float64Array } {
  const { spacing, amplitude, key0, key1 } = field;
  const columns = Math.floor((width - 1) / spacing) + 4;
  const key = { key0, key1, counter: 2 * block };
  const z = (row: number, axis: number, column: number): number =>
    amplitude * ((randomWord(key, (2 * row + axis) * columns + column) >>> 8) / 8388608 - 1);
  const [dx, dy] = [new Float64Array(height * width), new Float64Array(height * width)];
  for (let i = 0; i < height * width; i++) {
    const [row, column] = [Math.floor(i / width) / spacing, (i % width) / spacing];
    const [k, l] = [Math.floor(row), Math.floor(column)];
    const [down, along] = [splineWeights(row - k), splineWeights(column - l)];
    for (let a = 0; a < 4; a++) {
      for (let b = 0; b < 4; b++) {
        dx[i] += down[a] * along[b] * z(k + a, 0, l + b);
        dy[i] += down[a] * along[b] * z(k + a, 1, l + b);
      }
    }
  }
  return { dx, dy };
}

/** `value(i)` is number i of the images [n, channels, height, width] as they were. */
export function warpImages(value: (i: number) => number, out: FloatArray, n: number, warp: ImageWarp): void {
  const { channels, height, width, background, maps, blocks, field } = warp;
  const size = height * width;
  for (let image = 0; image < n; image++) {
    const first = image * channels * size;
    if (blocks[image] < 0) {
      for (let i = first; i < first + channels * size; i++) out[i] = value(i);
      continue;
    }
    const [a, b, c, d, x, y] = maps.subarray(6 * image);
    const bent = field === null ? null : displacements(field, blocks[image], height, width);
    for (let channel = 0; channel < channels; channel++) {
      const start = first + channel * size;
      const at = (row: number, column: number): number =>
        row >= 0 && row < height && column >= 0 && column < width ? value(start + row * width + column) : background;
      for (let i = 0; i < size; i++) {
        const [row, column] = [Math.floor(i / width), i % width];
        const u = a * column + b * row + x + (bent?.dx[i] ?? 0);
        const v = c * column + d * row + y + (bent?.dy[i] ?? 0);
        const [left, top] = [Math.floor(u), Math.floor(v)];
        const upper = at(top, left) + (u - left) * (at(top, left + 1) - at(top, left));
        const lower = at(top + 1, left) + (u - left) * (at(top + 1, left + 1) - at(top + 1, left));
        out[start + i] = upper + (v - top) * (lower - upper);
      }
    }
  }
}
