import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIdx, type IdxArray, parseIdx } from './idx.ts';

const file = (...bytes: number[]): Uint8Array => new Uint8Array(bytes);

describe('IDX', () => {
  it('reads bytes written by hand', () => {
    const idx = parseIdx(file(0, 0, 0x08, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255), 'hand');
    expect(idx.shape).toEqual([2, 3]);
    expect(Array.from(idx.data)).toEqual([1, 2, 3, 4, 5, 255]);
    expect(Array.from(parseIdx(file(0, 0, 0x0b, 1, 0, 0, 0, 2, 0xff, 0xfe, 1, 0), 'hand').data)).toEqual([-2, 256]);
    expect(Array.from(parseIdx(file(0, 0, 0x0d, 1, 0, 0, 0, 1, 0x3f, 0x80, 0, 0), 'hand').data)).toEqual([1]);
  });

  it('writes what it reads, in every type', () => {
    const arrays: ((values: number[]) => IdxArray)[] = [
      v => Uint8Array.from(v),
      v => Int8Array.from(v),
      v => Int16Array.from(v),
      v => Int32Array.from(v),
      v => Float32Array.from(v),
      v => Float64Array.from(v),
    ];
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 4 }), fc.constantFrom(...arrays), fc.integer(), (shape, make, first) => {
        const length = shape.reduce((a, b) => a * b, 1);
        const data = make(Array.from({ length }, (_, i) => first + i * 1.25));
        const back = parseIdx(encodeIdx(data, shape), 'round trip');
        expect(back.shape).toEqual(shape);
        expect(back.data).toEqual(data);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('never takes a damaged header for data', () => {
    const good = encodeIdx(new Uint8Array(24), [2, 3, 4]);
    for (let cut = 0; cut < good.length; cut++)
      expect(() => parseIdx(good.subarray(0, cut), 'f')).toThrow('f: not a whole IDX file: at byte');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        try {
          parseIdx(bytes, 'f');
        } catch (error) {
          expect(String(error)).toContain('f: not a whole IDX file');
        }
      }),
      { seed: 1 },
    );
  });

  it('says what is wrong, and where', () => {
    expect(() => parseIdx(file(0x1f, 0x8b, 8, 0), 'a.gz')).toThrow(
      'a.gz: not a whole IDX file: at byte 0, the content is gzip; decompress it first',
    );
    expect(() => parseIdx(file(1, 2, 8, 1), 'a')).toThrow('at byte 0, expected the two zero bytes of an IDX magic number, found 0x01 0x02');
    expect(() => parseIdx(file(0, 0, 7, 1), 'a')).toThrow('at byte 2, expected an element type (0x08 uint8, 0x09 int8,');
    expect(() => parseIdx(file(0, 0, 8, 3, 0, 0), 'a')).toThrow('at byte 6, the file ends within its header; 3 dimensions need 16 bytes');
    expect(() => parseIdx(file(0, 0, 8, 1, 0, 0, 0, 3, 1), 'a')).toThrow(
      'at byte 9, the file ends early: uint8 [3] needs 11 bytes in all, 9 are there (cut short, or a damaged header)',
    );
    expect(() => parseIdx(file(0, 0, 8, 1, 0, 0, 0, 1, 1, 2, 3), 'a')).toThrow('at byte 9, 2 bytes follow the last element');
    const absurd = file(0, 0, 0x0e, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255);
    expect(() => parseIdx(absurd, 'a')).toThrow('the file ends early: float64 [4294967295, 4294967295, 4294967295] needs');
  });

  it('encode refuses a shape that does not fit', () => {
    expect(() => encodeIdx(new Uint8Array(3), [2, 2])).toThrow('encodeIdx: the shape [2, 2] does not describe 3 elements');
  });
});
