import { describe, expect, it } from 'vitest';
import type { Dataset } from '../data/dataset.ts';
import { UserError } from '../errors.ts';
import { Random } from '../random.ts';
import { blobs } from '../train/testing.ts';
import { prepareImages, prepareTable } from './prepare.ts';
import type { TableData } from './types.ts';

const options = (more: Partial<TableData> = {}): TableData => ({
  ...{ name: 'csv', file: 'table.csv', label: 'y', target: 'auto', missing: 'error', validation: 0.2, test: 0.1 },
  ...more,
});

/** A table of `rows` rows: a wide column, a column that never varies, and a class. */
function table(rows: number, cell: (row: number, value: string) => string = (_, value) => value): string {
  const stream = new Random(1).stream('table');
  const lines = Array.from({ length: rows }, (_, i) => `${cell(i, String(100 + 10 * stream.normal()))},7,${i % 2 === 0 ? 'yes' : 'no'}`);
  return `a,b,y\n${lines.join('\n')}\n`;
}

/** One feature of every example, as a model sees it. */
function column(data: Dataset, feature: number): number[] {
  const x = new Float32Array(data.length * 2);
  void data.fillBatch(
    Uint32Array.from({ length: data.length }, (_, i) => i),
    x,
  );
  return [...x].filter((_, i) => i % 2 === feature);
}
const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list: number[]) => Math.sqrt(mean(list.map(v => (v - mean(list)) ** 2)));

describe('prepareTable', () => {
  it('parts the rows, and standardizes all by what the training part alone shows', () => {
    const { train, validation, test, table: how } = prepareTable(table(200), options(), 3);
    expect([train.length, validation!.length, test!.length]).toEqual([140, 40, 20]);
    expect(mean(column(train, 0))).toBeCloseTo(0, 5);
    expect(deviation(column(train, 0))).toBeCloseTo(1, 5);
    expect(Math.abs(mean(column(test!, 0)))).toBeGreaterThan(1e-3); // not by its own mean
    const { mean: means, std } = how!.standardizer;
    const original = (data: Dataset) => column(data, 0).map(v => v * std[0] + means[0]);
    // every row in one part, and back in its own numbers
    const all = [train, validation!, test!].flatMap(original).sort((a, b) => a - b);
    const given = table(200)
      .split('\n')
      .slice(1, -1)
      .map(line => Number(line.split(',')[0]))
      .sort((a, b) => a - b);
    all.forEach((v, i) => {
      expect(v).toBeCloseTo(given[i], 3);
    });
    expect(means[0]).toBeCloseTo(mean(original(train)), 3);
    expect(column(train, 1).every(v => v === 0)).toBe(true); // never varies
  });

  it('does not let the rows held out into the standardization', () => {
    const honest = prepareTable(table(100), options(), 3);
    // the first feature of every row held out, blown up
    const held = new Set<string>();
    const { mean: means, std } = honest.table!.standardizer;
    for (const part of [honest.validation!, honest.test!]) for (const v of column(part, 0)) held.add((v * std[0] + means[0]).toFixed(2));
    const outliers = table(100, (_, value) => (held.has(Number(value).toFixed(2)) ? '1e6' : value));
    expect(outliers).toContain('1e6');
    const again = prepareTable(outliers, options(), 3);
    expect(again.table!.standardizer).toEqual(honest.table!.standardizer);
  });

  it('is the same from the same seed, and another from another', () => {
    const first = (seed: number) => column(prepareTable(table(60), options(), seed).train, 0);
    expect(first(1)).toEqual(first(1));
    expect(first(1)).not.toEqual(first(2));
  });

  it('holds out counts, shares, or nothing; a limit cuts the training part alone', () => {
    const lengths = (more: Partial<TableData>) => {
      const { train, validation, test } = prepareTable(table(50), options(more), 1);
      return [train.length, validation?.length ?? null, test?.length ?? null];
    };
    expect(lengths({ validation: 7, test: 3 })).toEqual([40, 7, 3]);
    expect(lengths({ validation: 0, test: 0 })).toEqual([50, null, null]);
    expect(lengths({ validation: 0.01, test: 0.01 })).toEqual([48, 1, 1]);
    expect(lengths({ limit: 5 })).toEqual([5, 10, 5]);
    expect(() => lengths({ test: 50 })).toThrow(
      new UserError('table.csv: 50 rows are to be held out for test, and only 50 are left; set data.test lower'),
    );
    expect(() => lengths({ test: 20, validation: 40 })).toThrow(
      'table.csv: 40 rows are to be held out for validation, and only 30 are left; set data.validation lower',
    );
  });

  it('fills an empty cell with the mean of the training part, where asked to', () => {
    const holes = table(60, (i, value) => (i % 7 === 3 ? '' : value));
    expect(() => prepareTable(holes, options(), 1)).toThrow(UserError);
    const { train } = prepareTable(holes, options({ missing: 'mean' }), 1);
    expect(column(train, 0).filter(v => v === 0).length).toBeGreaterThan(0);
    expect(column(train, 0).some(Number.isNaN)).toBe(false);
    expect(mean(column(train, 0))).toBeCloseTo(0, 5);
  });
});

describe('prepareImages', () => {
  const whole = { train: blobs(90), test: blobs(30, 2) };

  it('holds examples of each class out of the training part, and leaves the test part', () => {
    const { train, validation, test, info, table: none } = prepareImages(whole, { validation: 30 }, 1);
    expect([train.classCounts(), validation!.classCounts(), test]).toEqual([[20, 20, 20], [10, 10, 10], whole.test]);
    expect([info, none]).toEqual([whole.train.info(), null]);
    expect(prepareImages(whole, { validation: 0 }, 1)).toMatchObject({ train: whole.train, validation: null });
    expect(prepareImages(whole, { validation: 0.1, limit: 12 }, 1).train.length).toBe(12);
  });

  it('refuses to hold out more than there is', () => {
    expect(() => prepareImages(whole, { validation: 5000 }, 1)).toThrow(
      /^split: validation is 5000; expected a share between 0 and 1, or a count from 1 to 89/,
    );
  });
});
