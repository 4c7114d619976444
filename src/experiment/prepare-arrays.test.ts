import { describe, expect, it } from 'vitest';
import type { Dataset } from '../data/dataset.ts';
import type { NpyArray, NpyData } from '../io/npy.ts';
import { arraysOfNpy, inputsOf, prepareArrays } from './prepare-arrays.ts';
import type { ArraysData } from './types.ts';

const array = (data: NpyData, ...shape: number[]): NpyArray => ({
  data,
  shape,
  dtype: data.constructor.name.replace('Array', '').replace('Big', '').toLowerCase(),
});
const options = (more: Partial<ArraysData> = {}): ArraysData => ({
  ...{ name: 'npz', file: 'a.npz', target: 'auto', validation: 0.2, test: 0.1 },
  ...more,
});
const prepare = (arrays: Record<string, NpyArray>, more: Partial<ArraysData> = {}) =>
  prepareArrays(new Map(Object.entries(arrays)), options(more), 1);
const inputs = (data: Dataset): number[] => {
  const x = new Float32Array(data.length * data.featureShape.reduce((a, b) => a * b, 1));
  void data.fillBatch(
    Uint32Array.from({ length: data.length }, (_, i) => i),
    x,
  );
  return [...x];
};
const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list: number[]) => Math.sqrt(mean(list.map(v => (v - mean(list)) ** 2)));
const numbers = (count: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(i) * 10 + 100);
const classes = (count: number) => BigInt64Array.from({ length: count }, (_, i) => BigInt(i % 3));

describe('prepareArrays', () => {
  it('takes pictures of bytes, with parts for training and test of their own, as Keras keeps MNIST', () => {
    const pixels = (n: number) => Uint8Array.from({ length: n * 12 }, (_, i) => (i * 37) % 256);
    const { train, validation, test, info, table } = prepare({
      x_train: array(pixels(50), 50, 4, 3),
      y_train: array(
        Uint8Array.from({ length: 50 }, (_, i) => i % 10),
        50,
      ),
      x_test: array(pixels(20), 20, 4, 3),
      y_test: array(
        Uint8Array.from({ length: 20 }, (_, i) => (i + 5) % 10),
        20,
      ),
    });
    expect([train.length, validation!.length, test!.length]).toEqual([40, 10, 20]);
    expect(info).toMatchObject({ featureShape: [1, 4, 3], targetKind: 'class', classNames: [...'0123456789'] });
    expect(table).toBeNull();
    expect([mean(inputs(train)), deviation(inputs(train))]).toEqual([expect.closeTo(0, 5), expect.closeTo(1, 5)]);
    expect(test!.normalization).toEqual(train.normalization);
    expect(test!.target(3)).toBe(8);
  });

  it('standardizes floats feature by feature, and keeps how', () => {
    const { train, test, table } = prepare({ X: array(numbers(80), 40, 2), y: array(classes(40), 40) });
    for (const feature of [0, 1]) {
      const column = inputs(train).filter((_, i) => i % 2 === feature);
      expect([mean(column), deviation(column)]).toEqual([expect.closeTo(0, 5), expect.closeTo(1, 5)]);
    }
    expect(test!.length).toBe(4);
    expect(table!.schema.columns.map(column => column.name)).toEqual(['0', '1']);
    expect(table!.standardizer.mean[0]).toBeGreaterThan(50);
  });

  it('reads what targets mean: whole numbers and rows with a single 1 are classes, all else values', () => {
    const x = array(numbers(8), 8, 1);
    const kind = (y: NpyArray, more: Partial<ArraysData> = {}) => {
      const { targetKind, targetShape, classNames } = prepare({ x, y }, { validation: 0, test: 0, ...more }).train;
      return [targetKind, targetShape, classNames];
    };
    expect(kind(array(Int32Array.of(3, 7, 3, 7, 3, 7, 3, 7), 8))).toEqual(['class', [], ['3', '7']]);
    expect(kind(array(Float64Array.of(0, 1, 0, 1, 2, 2, 2, 2), 8, 1))).toEqual(['class', [], ['0', '1', '2']]);
    expect(kind(array(Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1), 8, 2))).toEqual(['class', [], ['0', '1']]);
    expect(kind(array(Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 2), 8, 2))).toEqual(['value', [2], []]);
    expect(kind(array(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8.5), 8))).toEqual(['value', [1], []]);
    expect(kind(array(Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1), 8), { target: 'value' })).toEqual(['value', [1], []]);
  });

  it('takes a column of one array as the targets', () => {
    const whole = array(Float64Array.of(1, 10, 2, 20, 3, 30), 3, 2);
    const arrays = arraysOfNpy(whole, 1, 'a.npy');
    expect([...(arrays.get('x')!.data as Float64Array)]).toEqual([1, 2, 3]);
    expect([...(arrays.get('y')!.data as Float64Array)]).toEqual([10, 20, 30]);
    expect(() => arraysOfNpy(whole, 2, 'a.npy')).toThrow('a.npy: it holds [3, 2]; for --label 2 rows of more than 2 columns were expected');
  });

  it.each<[string, Record<string, NpyArray>, Partial<ArraysData>, string]>([
    [
      'names that are not there',
      { a: array(numbers(2), 2) },
      {},
      'a.npz: none of its arrays is called x, X, x_train or the like; it holds a [2]. Name one with --inputs',
    ],
    [
      'an array asked for that is not there',
      { x: array(numbers(2), 2) },
      { label: 'z' },
      "a.npz: it has no array 'z'; it holds x [2]. Name one with --label",
    ],
    [
      'different counts',
      { x: array(numbers(2), 2), y: array(classes(3), 3) },
      {},
      'a.npz: 2 inputs [2] and 3 targets; as many were expected',
    ],
    [
      'NaN among inputs',
      { x: array(Float32Array.of(1, 2, 3, Number.NaN), 2, 2), y: array(classes(2), 2) },
      {},
      'a.npz: the inputs of example 1 hold NaN; fill it in or leave the example out',
    ],
    [
      'infinite targets',
      { x: array(numbers(2), 2), y: array(Float32Array.of(1, Number.POSITIVE_INFINITY), 2) },
      {},
      'a.npz: target 1 is Infinity; a finite number was expected',
    ],
    [
      'values where classes are asked for',
      { x: array(numbers(2), 2), y: array(numbers(4), 2, 2) },
      { target: 'class' },
      'a.npz: the targets are rows of 2 numbers, and not of a single 1; they are no classes',
    ],
  ])('refuses %s', (_, arrays, more, message) => {
    expect(() => prepare(arrays, more)).toThrow(message);
  });

  it('finds what to predict on: the test inputs first, or the only array', () => {
    const [a, b] = [array(numbers(1), 1), array(numbers(2), 2)];
    expect(
      inputsOf(
        new Map([
          ['x_train', a],
          ['x_test', b],
        ]),
        'a.npz',
      ),
    ).toBe(b);
    expect(inputsOf(new Map([['whatever', a]]), 'a.npz')).toBe(a);
    expect(() =>
      inputsOf(
        new Map([
          ['p', a],
          ['q', b],
        ]),
        'a.npz',
      ),
    ).toThrow('it holds p, q');
  });
});
