import { expect, it } from 'vitest';
import { readCourse } from './course.ts';
import { batch, epochEnd, evaluation, lines, trainBegin, trainEnd } from './testing.ts';

it('holds every epoch and batch once, also of a run that was killed and went on from an earlier step', () => {
  const first = [trainBegin(), batch(1), batch(10), epochEnd(1), batch(11), batch(15), epochEnd(2, { loss: 9 }), batch(21)];
  const again = [trainBegin(1), batch(11, 7), batch(20), epochEnd(2), epochEnd(3), trainEnd(), evaluation({ loss: 1 })];
  const course = readCourse(lines(...first, ...again))!;
  expect(course.epochs.map(({ epoch, logs }) => [epoch, logs.loss])).toEqual([
    [1, 1],
    [2, 1 / 2],
    [3, 1 / 3],
  ]);
  expect(course.batches.map(one => one.globalStep)).toEqual([1, 10, 11, 20]);
  expect(course.batches[2].loss).toBe(7);
  expect(course.sittings.length).toBe(2);
  expect(course.end?.reason).toBe('completed');
  expect(course.test?.logs).toEqual({ loss: 1 });
});

it('forgets the end and the test of a run that goes on', () => {
  const course = readCourse(lines(trainBegin(), epochEnd(1), trainEnd('interrupted'), evaluation({ loss: 1 }), trainBegin(1)))!;
  expect([course.end, course.test, course.epochs.length]).toEqual([null, null, 1]);
});

it('counts lines cut short, and reads null as a figure that was not finite', () => {
  const text = `${lines(trainBegin(), epochEnd(1, { loss: Number.NaN }))}{"type":"batchE${lines(trainBegin(1))}{"ty`;
  const course = readCourse(text)!;
  expect(course.unreadable).toBe(2);
  expect(course.epochs[0].logs.loss).toBeNaN();
});

it('is null where training never began', () => {
  expect(readCourse('')).toBeNull();
  expect(readCourse('nothing\n{"type":"warning","message":"x"}\n')).toBeNull();
});
