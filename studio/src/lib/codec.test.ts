import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codec, flag, list, number, numbersByName, oneOf, readNumber, text } from './codec.ts';

const one = codec(
  {
    source: text('u*v', 20),
    lr: number(0.1, { min: 0 }),
    seed: number(0, { min: 0, whole: true }),
    kind: oneOf(['a', 'b']),
    on: flag(),
    sizes: list(number(1, { whole: true }), [4, 4], 5),
    values: numbersByName({ u: 1 }),
  },
  { source: 'e' },
);

describe('codec', () => {
  it('writes what differs from the initial state, and nothing else', () => {
    expect(one.write(one.initial).toString()).toBe('');
    expect(one.write({ ...one.initial, lr: 0.5, source: 'u+v', sizes: [] }).toString()).toBe('e=u%2Bv&lr=0.5&sizes=');
  });

  it('reads back every state it writes', () => {
    const state = fc.record({
      source: fc.string({ maxLength: 20 }),
      lr: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(x => x + 0),
      seed: fc.nat(),
      kind: fc.constantFrom('a' as const, 'b' as const),
      on: fc.boolean(),
      sizes: fc.array(fc.integer(), { maxLength: 5 }),
      values: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9_]{0,5}$/), fc.integer(), { noNullPrototype: true }),
    });
    fc.assert(
      fc.property(state, given => {
        const { state: got, problems } = one.read(new URLSearchParams(one.write(given).toString()));
        expect(problems).toEqual([]);
        expect(got).toEqual(given);
      }),
    );
  });

  it('reports what it cannot read, and keeps the rest', () => {
    const { state, problems } = one.read(new URLSearchParams('lr=-1&seed=1.5&kind=c&on=yes&sizes=1,x&values=u:&e=u'));
    expect(state).toEqual({ ...one.initial, source: 'u' });
    expect(problems.map(({ key }) => key)).toEqual(['lr', 'seed', 'kind', 'on', 'sizes', 'values']);
    expect(problems.slice(0, 3).map(({ wanted }) => wanted)).toEqual(['0 ≤ x (0.5, 1e-3 …)', '0, 1, 2 …', 'a, b']);
    expect(problems[2]).toEqual({ key: 'kind', given: 'c', wanted: 'a, b' });
  });
});

it('reads numbers as people write them', () => {
  for (const [written, value] of [
    ['−2', -2],
    ['.5', 0.5],
    ['1e-3', 0.001],
    [' 7 ', 7],
  ] as const)
    expect(readNumber(written)).toBe(value);
  for (const written of ['', '1,5', '0x10', '1e999', 'NaN', '1 2']) expect(readNumber(written)).toBeUndefined();
  expect(readNumber('5', { max: 4 })).toBeUndefined();
  expect(readNumber('4.5', { whole: true })).toBeUndefined();
});
