import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cutMetrics, MetricsFile } from './metrics-file.ts';

let root = '';
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'metrics-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));
const path = () => join(root, 'metrics.jsonl');
const text = () => readFile(path(), 'utf8');

describe('a metrics file', () => {
  it('has every event once it was flushed, and goes on where it ended', async () => {
    const first = new MetricsFile(root);
    first.write({ a: 1 });
    first.write({ a: 2 });
    first.flush();
    expect(await text()).toBe('{"a":1}\n{"a":2}\n');
    first.write({ a: 3 });
    first.close();
    first.close();
    const second = new MetricsFile(root);
    second.close();
    expect(await text()).toBe('{"a":1}\n{"a":2}\n{"a":3}\n');
  });

  it('cannot be where no folder is', () => {
    expect(() => new MetricsFile(join(root, 'no'))).toThrow(
      `cannot write ${join(root, 'no', 'metrics.jsonl')}: the folder does not exist.`,
    );
  });
});

describe('after a checkpoint', () => {
  const batch = (globalStep: number) => ({ type: 'batchEnd', globalStep, epoch: Math.ceil(globalStep / 2) });
  const ofEpoch = (type: string, epoch: number) => ({ type, epoch });
  const lines = [
    { type: 'trainBegin' },
    ofEpoch('epochBegin', 1),
    batch(1),
    batch(2),
    ofEpoch('epochEnd', 1),
    { type: 'checkpoint', globalStep: 2, epoch: 1 },
    ofEpoch('epochBegin', 2),
    batch(3),
    { type: 'statistics', globalStep: 3, epoch: 2 },
    batch(4),
    ofEpoch('epochEnd', 2),
    { type: 'trainEnd', reason: 'completed', globalStep: 4, epoch: 2 },
    { type: 'evaluation' },
  ];
  const written = (count: number) =>
    lines
      .slice(0, count)
      .map(line => `${JSON.stringify(line)}\n`)
      .join('');
  const at = (globalStep: number, epoch: number, position: number) => ({ globalStep, epoch, loader: { epoch, position } });

  it.each<[string, ReturnType<typeof at> | null, number]>([
    ['at an end', at(4, 2, 0), 11],
    ['of all steps, before the validation', at(4, 1, 2), 10],
    ['in the middle of an epoch', at(3, 1, 1), 9],
    ['between epochs', at(2, 1, 0), 6],
    ['in the first epoch', at(1, 0, 1), 3],
    ['that was never written', null, 1],
  ])('%s, what was told is cut', async (_, state, kept) => {
    await writeFile(path(), written(lines.length));
    expect(await cutMetrics(root, state)).toBe(lines.length - kept);
    expect(await text()).toBe(written(kept));
    expect(await cutMetrics(root, state)).toBe(0);
  });

  it('a torn line is cut, and with it what follows', async () => {
    for (const torn of ['{"type":"batchEnd","globalSt', '{"type":"ba\n{"type":"batchEnd","globalStep":2}\n', 'null\n', '\0\0\0']) {
      await writeFile(path(), written(3) + torn);
      await cutMetrics(root, at(2, 1, 0));
      expect(await text()).toBe(written(3));
    }
  });

  it('an interruption before stays told, and no file is no trouble', async () => {
    expect(await cutMetrics(root, null)).toBe(0);
    const interrupted = `${written(3)}{"type":"trainEnd","reason":"interrupted","globalStep":1,"epoch":0}\n`;
    await writeFile(path(), interrupted);
    expect(await cutMetrics(root, at(1, 0, 1))).toBe(0);
    expect(await text()).toBe(interrupted);
  });
});
