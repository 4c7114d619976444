import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { UserError } from '../errors.ts';
import { decodePng, readPng } from './png.ts';

const GREY = 0;
const RGB = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const RGBA = 6;

/** Writes a PNG by hand: the header, other chunks, and rows of bytes, unfiltered. */
function png(width: number, depth: number, kind: number, rows: number[][], chunks: [string, number[]][] = [], interlace = 0): Uint8Array {
  const word = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const crc = (bytes: number[]): number => {
    let c = 0xffffffff;
    for (const byte of bytes) {
      c ^= byte;
      for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    }
    return ~c >>> 0;
  };
  const chunk = (type: string, data: number[]): number[] => {
    const body = [...Buffer.from(type), ...data];
    return [...word(data.length), ...body, ...word(crc(body))];
  };
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
    ...chunk('IHDR', [...word(width), ...word(rows.length), depth, kind, 0, 0, interlace]),
    ...chunks.flatMap(([type, data]) => chunk(type, data)),
    ...chunk('IDAT', [...deflateSync(Uint8Array.from(rows.flatMap(row => [0, ...row])))]),
    ...chunk('IEND', []),
  ]);
}

const pixels = (bytes: Uint8Array): number[] => Array.from(decodePng(bytes, 'x.png').pixels);
const rounded = (bytes: Uint8Array): number[] => pixels(bytes).map(Math.round);

describe('every kind of PNG becomes grey from 0 to 255', () => {
  test('grey, 1 bit, rows that do not fill their bytes', () => {
    expect(
      pixels(
        png(10, 1, GREY, [
          [0b10110000, 0b01000000],
          [0, 0b11000000],
        ]),
      ),
    ).toEqual([1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1].map(bit => bit * 255));
  });
  test('grey, 2 and 4 bits', () => {
    expect(pixels(png(3, 2, GREY, [[0b00011000], [0b11000000]]))).toEqual([0, 85, 170, 255, 0, 0]);
    expect(pixels(png(3, 4, GREY, [[0x0f, 0x80]]))).toEqual([0, 255, 136]);
  });
  test('grey, 8 and 16 bits', () => {
    expect(
      pixels(
        png(2, 8, GREY, [
          [0, 128],
          [255, 7],
        ]),
      ),
    ).toEqual([0, 128, 255, 7]);
    const [black, fine, white] = pixels(png(3, 16, GREY, [[0, 0, 0x80, 0x40, 0xff, 0xff]]));
    expect([black, white]).toEqual([0, 255]);
    expect(fine).toBeCloseTo((0x8040 * 255) / 65535, 4);
  });
  test('RGB, 8 and 16 bits', () => {
    expect(rounded(png(4, 8, RGB, [[255, 255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]]))).toEqual([255, 76, 150, 29]);
    expect(rounded(png(2, 16, RGB, [[0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]]))).toEqual([76, 255]);
  });
  test('transparency is white paper', () => {
    expect(rounded(png(3, 8, RGBA, [[0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 255]]))).toEqual([255, 127, 0]);
    expect(rounded(png(3, 8, GREY_ALPHA, [[0, 0, 0, 128, 100, 255]]))).toEqual([255, 127, 100]);
    expect(rounded(png(2, 16, GREY_ALPHA, [[0, 0, 0, 0, 0, 0, 0xff, 0xff]]))).toEqual([255, 0]);
  });
  test('a palette, with and without transparency', () => {
    const colors: [string, number[]] = ['PLTE', [0, 0, 0, 255, 255, 255, 255, 0, 0]];
    expect(rounded(png(3, 2, PALETTE, [[0b00011000]], [colors]))).toEqual([0, 255, 76]);
    expect(rounded(png(3, 8, PALETTE, [[0, 1, 2]], [colors, ['tRNS', [0, 255]]]))).toEqual([255, 255, 76]);
  });
  test('one colour declared transparent', () => {
    expect(pixels(png(3, 8, GREY, [[9, 0, 9]], [['tRNS', [0, 9]]]))).toEqual([255, 0, 255]);
    expect(rounded(png(4, 8, RGB, [[1, 2, 3, 0, 0, 0, 1, 2, 4, 0, 0, 0]], [['tRNS', [0, 1, 0, 2, 0, 3]]]))).toEqual([255, 0, 2, 0]);
  });
  test('interlaced and filtered, as encoders write them', () => {
    const data = Uint8Array.from({ length: 35 }, (_, i) => (i * 53) % 256);
    const image = { width: 7, height: 5, data, channels: 1 };
    expect(pixels(encode(image))).toEqual([...data]);
    expect(pixels(encode(image, { interlace: 'Adam7' }))).toEqual([...data]);
  });
  test('a view into a larger buffer', () => {
    const bytes = png(2, 8, GREY, [[1, 2]]);
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 7);
    expect(pixels(larger.subarray(7))).toEqual([1, 2]);
  });
});

describe('what cannot be read is an error that names the file and the reason', () => {
  const good = png(2, 8, GREY, [
    [1, 2],
    [3, 4],
  ]);
  const failing = (bytes: ArrayLike<number>): string => {
    try {
      decodePng(Uint8Array.from(bytes), 'my/7.png');
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as Error).message;
    }
    throw new Error('it was read');
  };
  test('not a PNG', () => {
    expect(failing([])).toBe('my/7.png: not a PNG file: it is empty');
    expect(failing(Buffer.from('hello, world'))).toBe('my/7.png: not a PNG file: it does not begin as a PNG does');
    expect(failing([0xff, 0xd8, 0xff, 0xe0])).toBe('my/7.png: not a PNG file: it is a JPEG');
  });
  test('cut short anywhere', () => {
    for (let length = 8; length < good.length; length++) {
      expect(failing(good.subarray(0, length)), `${length} bytes`).toMatch(/^my\/7\.png: the PNG is damaged: it is cut short$/);
    }
  });
  test('a flipped bit in the picture', () => {
    const broken = good.slice();
    broken[45] ^= 0x10;
    expect(failing(broken)).toMatch(/^my\/7\.png: the PNG is damaged: CRC mismatch for chunk IDAT/);
  });
  test('no picture in it, or one with colours that it has not', () => {
    expect(failing(png(2, 8, GREY, []))).toBe('my/7.png: the PNG is damaged: its size is 2 x 0 pixels');
    expect(failing(png(2, 8, PALETTE, [[0, 5]], [['PLTE', [0, 0, 0]]]))).toBe(
      'my/7.png: the PNG is damaged: a pixel has colour 5 of a palette of 1',
    );
  });
  test('a size that no one means', () => {
    const huge = good.slice();
    new DataView(huge.buffer).setUint32(16, 2 ** 31 - 1);
    expect(failing(huge)).toBe('my/7.png: the picture is too large: 2147483647 x 2 pixels, more than 64 million');
  });
  test('interlaced below 8 bits', () => {
    expect(failing(png(8, 1, GREY, [[0]], [], 1))).toBe('my/7.png: interlaced PNGs of 1 bit cannot be read');
  });
});

test('from a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'png-'));
  try {
    writeFileSync(join(folder, '7.png'), png(2, 8, GREY, [[1, 2]]));
    expect(await readPng(join(folder, '7.png'))).toEqual({ width: 2, height: 1, pixels: Float32Array.of(1, 2) });
    await expect(readPng(join(folder, '8.png'))).rejects.toThrow('8.png: there is no such file');
    await expect(readPng(folder)).rejects.toThrow(`${folder}: it is a folder, not a PNG file`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
