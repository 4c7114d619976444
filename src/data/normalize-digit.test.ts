import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mnist } from './node/mnist.ts';
import { BOX, CENTRE, centreOfMass, normalizeDigit, SIDE } from './normalize-digit.ts';

/** A picture with dark ink where `inside` says so. */
function picture(width: number, height: number, inside: (x: number, y: number) => boolean, ink = 20, paper = 240): Uint8Array {
  return Uint8Array.from({ length: width * height }, (_, i) => (inside(i % width, Math.floor(i / width)) ? ink : paper));
}
const ring = (cx: number, cy: number, r: number, pen: number) => (x: number, y: number) => Math.abs(Math.hypot(x - cx, y - cy) - r) < pen;

function bounds(image: Uint8Array): { width: number; height: number } {
  const columns = new Set<number>();
  const rows = new Set<number>();
  image.forEach((v, i) => {
    if (v < 60) return;
    columns.add(i % SIDE);
    rows.add(Math.floor(i / SIDE));
  });
  return { width: Math.max(...columns) - Math.min(...columns) + 1, height: Math.max(...rows) - Math.min(...rows) + 1 };
}
const centre = (image: Uint8Array) => centreOfMass(image, SIDE, SIDE);
const difference = (a: Uint8Array, b: Uint8Array): number => a.reduce((sum, v, i) => sum + Math.abs(v - b[i]), 0) / 784 / 255;

describe('normalizeDigit', () => {
  it('fits the ink into 20 x 20, keeping its proportions, with its centre of mass in the middle', () => {
    const oblong = picture(200, 120, (x, y) => x >= 20 && x < 60 && y >= 10 && y < 110);
    const image = normalizeDigit(oblong, 200, 120);
    expect(bounds(image)).toEqual({ width: 8, height: BOX });
    expect(Math.abs(centre(image).x - CENTRE)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(centre(image).y - CENTRE)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...image)).toBe(255);
    expect(image[0]).toBe(0);
  });

  it('gives the same for dark on light and light on dark, for any size and place', () => {
    const dark = normalizeDigit(picture(100, 100, ring(40, 50, 30, 5)), 100, 100);
    const light = normalizeDigit(picture(100, 100, ring(40, 50, 30, 5), 235, 15), 100, 100);
    expect(light).toEqual(dark);
    const large = normalizeDigit(picture(400, 300, ring(220, 150, 120, 20)), 400, 300);
    expect(difference(large, dark)).toBeLessThan(0.02);
    const forced = normalizeDigit(picture(100, 100, ring(40, 50, 30, 5)), 100, 100, { ink: 'dark' });
    expect(forced).toEqual(dark);
  });

  it('takes shaded paper for paper', () => {
    const clean = picture(100, 100, ring(50, 50, 30, 5));
    const shaded = clean.map((v, i) => v - ((i * 7919) % 12));
    expect(difference(normalizeDigit(shaded, 100, 100), normalizeDigit(clean, 100, 100))).toBeLessThan(0.02);
  });

  it('enlarges a small picture', () => {
    const image = normalizeDigit(
      picture(8, 8, (x, y) => x === 4 && y > 0 && y < 7),
      8,
      8,
    );
    expect(bounds(image).height).toBe(BOX);
  });

  it('says when there is nothing to see', () => {
    expect(() => normalizeDigit(new Uint8Array(100).fill(200), 10, 10)).toThrow(
      'the picture shows no digit: nothing in it stands out from the background',
    );
    expect(() => normalizeDigit(new Uint8Array(99), 10, 10)).toThrow('a picture of 10 x 10 needs 100 grey values, 99 were given');
    expect(() => normalizeDigit(new Uint8Array(0), 0, 0)).toThrow('a picture of 0 x 0');
    expect(() => normalizeDigit(new Uint8Array(100).fill(200), 10, 10, { ink: 'light' })).toThrow('shows no digit');
  });

  const real = [process.env.CHAINRULE_DATA, join(import.meta.dirname, '../../../shared/data/mnist')].find(
    folder => folder && existsSync(join(folder, 't10k-images-idx3-ubyte.gz')),
  );
  it.skipIf(real === undefined)('leaves an MNIST image as it is, but for what resampling does', async () => {
    const { train } = await mnist({ data: real! });
    let sum = 0;
    for (let i = 0; i < 200; i++) {
      const image = train.raw(i) as Uint8Array;
      sum += difference(normalizeDigit(image, SIDE, SIDE), image);
      expect(Math.abs(centre(image).x - CENTRE)).toBeLessThan(0.6);
    }
    expect(sum / 200).toBeLessThan(0.03); // the mean pixel is 0.13: an image moved by one pixel differs by 0.05
  });
});
