import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gunzip, isGzip } from './gzip.ts';

const content = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
const compressed = new Uint8Array(gzipSync(content));

describe('gunzip', () => {
  it('gives back what was compressed', async () => {
    expect(isGzip(compressed)).toBe(true);
    expect(await gunzip(compressed, 'a.gz')).toEqual(content);
    expect(await gunzip(new Uint8Array(gzipSync(new Uint8Array(0))), 'empty.gz')).toEqual(new Uint8Array(0));
  });

  it('says when the file is cut short, wherever', async () => {
    for (const length of [3, 10, 11, 500, compressed.length - 9, compressed.length - 4, compressed.length - 1]) {
      await expect(gunzip(compressed.subarray(0, length), 'a.gz'), `cut to ${length}`).rejects.toThrow(
        /^a\.gz: the gzip content is cut short or damaged \(.+, after \d+ decompressed bytes\); get the file again$/,
      );
    }
  });

  it('says when the content is damaged', async () => {
    for (const at of [20, 700, compressed.length - 6]) {
      const damaged = compressed.slice();
      damaged[at] ^= 0x55;
      await expect(gunzip(damaged, 'a.gz'), `damaged at ${at}`).rejects.toThrow('a.gz: the gzip content is cut short or damaged');
    }
  });

  it('refuses what is no gzip, and what grows beyond the limit', async () => {
    await expect(gunzip(Uint8Array.of(60, 104, 116, 109, 108), 'a.gz')).rejects.toThrow(
      'a.gz: not a gzip file: it begins with 3c 68 74 6d, gzip begins with 1f 8b',
    );
    await expect(gunzip(new Uint8Array(0), 'a.gz')).rejects.toThrow('it begins with nothing (the file is empty)');
    await expect(gunzip(compressed, 'a.gz', 1000)).rejects.toThrow('a.gz: decompresses to more than 1000 bytes');
  });
});
