import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pointsFromCsv } from './csv-points.ts';
import { decodePoints, encodePoints, rounded } from './points-code.ts';
import { readData, readRun } from './run-text.ts';
import { experimentOf, initial, type PlaygroundState, playgroundCodec, reachOf } from './state.ts';
import { storyNames, storyState } from './stories.ts';

const there = (state: PlaygroundState): PlaygroundState => {
  const { state: back, problems } = playgroundCodec.read(new URLSearchParams(playgroundCodec.write(state).toString()));
  expect(problems).toEqual([]);
  return back;
};

describe('the address', () => {
  test('says nothing of the state one begins with', () => {
    expect(playgroundCodec.write(initial).toString()).toBe('');
    expect(there(initial)).toEqual(initial);
  });

  test.each(storyNames)('holds the story %s whole', name => {
    const state = { ...initial, ...storyState(name), speed: 20 as const, showTest: true };
    expect(there(state)).toEqual(state);
  });

  test('holds what every control can set', () => {
    const run = readRun(
      'hidden=4,3~activation=relu,gelu~optimizer=sgd~lr=0.3~momentum=0.9~look-ahead~schedule=plateau~schedule-patience=3~dropout=0.2~noise=0.1~l1=0.001~early-stopping~monitor=val_accuracy~averaging=swa~averaging-start=3~init=constant~init-value=0.2~seed=17~drop-last',
    );
    const state: PlaygroundState = { ...initial, runs: [initial.runs[0], run], active: 1, data: readData('shape=hills~data-seed=5', []) };
    expect(there(state)).toEqual(state);
    expect(experimentOf(state, 1)).toMatchObject({
      seed: 17,
      data: { shape: 'hills' },
      regularization: { averaging: { kind: 'swa', startEpoch: 3 } },
    });
  });

  test('holds points of your own, also none yet', () => {
    for (const points of [
      [],
      [[0.5, -1.25, 1]],
      [
        [0, 0, 0],
        [1, 2, 1],
        [-3, 2.999, 3],
      ],
    ]) {
      const state: PlaygroundState = { ...initial, data: { ...readData('shape=own~test=0', points), points } };
      expect(there(state)).toEqual(state);
    }
    const values: PlaygroundState = {
      ...initial,
      data: readData('shape=own~target=value', [
        [1, 2, 0.125],
        [0, 1, -0.5],
      ]),
    };
    expect(there(values)).toEqual(values);
  });

  test.each([
    ['d=shape=star', 'd', /shape: star was given; it must be one of circle, xor/],
    ['d=colour=3', 'd', /colour is no option/],
    ['r1=lr=-1', 'r1', /lr: -1 was given; it must be a number above 0/],
    ['r1=hidden=8~activation=relu,tanh', 'r1', /2 activations were given for 1 hidden layers/],
    ['d=shape=own&p=***', 'p', /points as the studio writes them/],
    ['speed=9', 'speed', /0, 1, 5, 20, 100/],
    ['run=3', 'run', /^1$/],
  ])('explains %s where it is wrong, and uses the rest', (query, key, wanted) => {
    const { state, problems } = playgroundCodec.read(new URLSearchParams(`${query}&test=1`));
    expect(problems).toHaveLength(1);
    expect(problems[0].key).toBe(key);
    expect(problems[0].wanted).toMatch(wanted);
    expect(state).toEqual({ ...initial, showTest: true });
  });
});

test('points survive their code', () => {
  const coordinate = fc.double({ min: -30, max: 30, noNaN: true }).map(v => rounded(v) + 0);
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate, fc.integer({ min: 0, max: 5 })), { maxLength: 50 }), points => {
      expect(decodePoints(encodePoints(points, 'class'), 'class')).toEqual(points);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(coordinate, coordinate, coordinate), { maxLength: 50 }), points => {
      expect(decodePoints(encodePoints(points, 'value'), 'value')).toEqual(points);
    }),
  );
});

test('pictures reach to the farthest of your own points', () => {
  expect(reachOf(initial.data)).toBe(3);
  expect(
    reachOf({
      ...readData('shape=own', [
        [0, -4.2, 0],
        [1, 1, 1],
      ]),
    }),
  ).toBe(4.3);
});

describe('a table as points', () => {
  const text = 'width,height,kind,note\n1,10,cat,7\n3,30,dog,8\n5,20,cat,9\n';

  test('takes two columns and a class, standardized', () => {
    const { points, target, classNames, columns } = pointsFromCsv(text, 'pets.csv', { label: 'kind' });
    expect({ target, classNames, columns }).toEqual({ target: 'class', classNames: ['cat', 'dog'], columns: ['width', 'height'] });
    expect(points).toEqual([
      [-1.225, -1.225, 0],
      [0, 1.225, 1],
      [1.225, 0, 0],
    ]);
    expect(pointsFromCsv(text, 'pets.csv', { label: 'kind', x: 'height', y: 'width' }).points[1]).toEqual([1.225, 0, 1]);
  });

  test('scales values into what is drawn', () => {
    const { points, target } = pointsFromCsv('a,b,price\n1,2,-0.5\n2,3,250.5\n4,4,125.25\n', 'p.csv');
    expect(target).toBe('value');
    expect(points.map(point => point[2])).toEqual([-0.002, 1, 0.5]);
  });

  test.each<[string, Parameters<typeof pointsFromCsv>[2], RegExp]>([
    ['a,b\n1,2\n', {}, /^p.csv: 2 columns found; three are needed/],
    ['', {}, /^p.csv: 0 columns found/],
    ['a,b,c\n1,2,x\n1,oops,y\n', {}, /^p.csv, line 3, column 'b': 'oops' is not a number/],
    ['a,b,c\n1,2,x\n1,,y\n', {}, /^p.csv, line 3, column 'b': the cell is empty/],
    ['a,b,c\n1,2,x\n1,2\n', {}, /^p.csv, line 3: 2 cells, but the header has 3/],
    ['a,b,c\nu,2,x\nv,2,y\n', {}, /^p.csv: the column 'a' holds words; choose two columns of numbers/],
    ['a,b,c\n1,2,x\n3,4,y\n', { x: 'a', y: 'a' }, /choose two different columns/],
    [
      `a,b,c\n${'ABCDEFG'
        .split('')
        .map((name, i) => `${i},${i * i},${name}`)
        .join('\n')}\n`,
      {},
      /the column 'c' has 7 classes; up to 6/,
    ],
  ])('explains %j', (table, columns, message) => {
    expect(() => pointsFromCsv(table, 'p.csv', columns)).toThrow(message);
  });
});
