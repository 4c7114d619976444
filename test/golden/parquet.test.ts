/** Tables as pyarrow writes them, made by write_numpy.py beside this. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { decodeParquet } from '../../src/io/parquet.ts';

const golden = (name: string): Uint8Array => readFileSync(new URL(`tables/${name}.parquet`, import.meta.url));
const problem = (bytes: Uint8Array): string => {
  try {
    decodeParquet(bytes, 'x');
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as Error).message;
  }
};

it.each(['none', 'snappy', 'gzip', 'zstd'])('compression: %s', codec => {
  const table = decodeParquet(golden(codec), 'table');
  expect(table.names).toEqual(['length', 'count', 'small', 'colour', 'on', 'kind']);
  expect(table.rows).toEqual([
    ['1.5', '1', '1', 'red', 'true', 'a'],
    ['', '2', '2', 'blue', 'false', 'b'],
    ['3.25', '3', '3', 'red', 'true', 'a'],
    ['0.1', String(2 ** 40), '4', 'green', 'true', 'b'],
  ]);
  expect([table.unit, table.lines]).toEqual(['row', [1, 2, 3, 4]]);
});

describe('refused are', () => {
  it('dates and lists, by the name of their column', () => {
    expect(problem(golden('dates'))).toMatch(/^x: not a parquet file that can be read: row 1, column 'when': it holds a date;/);
    expect(problem(golden('lists'))).toMatch(/the column 'list' holds lists or records/);
  });

  it('what is no parquet file, and one cut short anywhere', () => {
    const whole = golden('snappy');
    for (let length = 0; length < whole.length; length += 7) expect(problem(whole.subarray(0, length)), `${length} bytes`).not.toBe('none');
  });

  it('a page that says it is larger than its compression allows, or of more values than there are rows', () => {
    const whole = Uint8Array.from(golden('snappy'));
    let refused = 0;
    for (let at = 4; at < 60; at++) {
      const changed = whole.slice();
      changed.set([0xfe, 0xff, 0xff, 0xff, 0x0f], at); // a varint of 2^31 - 1, zigzag
      if (problem(changed) !== 'none') refused++;
    }
    expect(refused).toBeGreaterThan(30);
  });

  it('a damaged byte in a gzip page', () => {
    const changed = Uint8Array.from(golden('gzip'));
    const gzip = changed.findIndex((byte, i) => byte === 0x1f && changed[i + 1] === 0x8b);
    const wanted = decodeParquet(golden('gzip'), 'x').rows;
    let refused = 0;
    for (let at = gzip + 10; at < gzip + 30; at++) {
      const broken = changed.slice();
      broken[at] ^= 1;
      if (problem(broken) !== 'none') refused++;
      else expect(decodeParquet(broken, 'x').rows).toEqual(wanted);
    }
    expect(refused).toBeGreaterThan(10);
  });
});
