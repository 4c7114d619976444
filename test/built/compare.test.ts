import { describe, expect, test } from 'vitest';
import { expectComplaint, jsonLines, place } from './command.ts';

const { run } = place();
const tiny = 'digits --digits-train 300 --test 100 --validation 50 --hidden 12 --epochs 2';

describe('chainrule compare', () => {
  test('trains side by side in threads, and ends with one table and one plot', async () => {
    const { code, out, err } = await run(`compare ${tiny} --vary optimizer=sgd,momentum,adam --seeds 2 --threads 2`);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toContain('3 experiments with 2 seeds each');
    expect(out.match(/^\[\d\/6\] \w+, seed \d: test accuracy/gm)?.length).toBe(6);
    expect(out).toMatch(/^momentum +\d+\.\d\d ± \d+\.\d\d %.* 2\/2$/m);
    expect(out).toContain('validation loss, mean over seeds');
    expect(out).toContain('drawn by');
  });

  test('as JSON; the same figures at any number of threads', async () => {
    const figures = async (threads: number): Promise<unknown> => {
      const { out } = await run(`compare ${tiny} --vary lr=0.001,0.01 --seeds 2 --threads ${threads} --json`);
      const [line] = jsonLines(out);
      expect(line.type).toBe('comparison');
      return (line.rows as { name: string; runs: { epochs: unknown; test: unknown }[] }[]).map(row => [
        row.name,
        row.runs.map(r => [r.epochs, r.test]),
      ]);
    };
    expect(await figures(2)).toEqual(await figures(1));
  });

  test('says what is wrong', async () => {
    expectComplaint(await run('compare digits'), 2, /what is to be compared\? Give --vary/);
    expectComplaint(await run('compare digits --vary lr=x,1'), 2, /--lr: x was given; it must be a number above 0/);
    expectComplaint(await run('compare digits --preset optimisers'), 2, /there is no preset 'optimisers'/);
    expectComplaint(await run('compare digits --vary lr=1 --seeds 0'), 2, /--seeds/);
    expectComplaint(await run(`compare ${tiny} --optimizer sgd --vary lr=1e30 --seeds 1`), 1, /the loss became/);
  });
});

describe('chainrule ensemble', () => {
  test('shows the members, the average and its gain', async () => {
    const { code, out, err } = await run(`ensemble ${tiny} -k 3 --threads 2`);
    expect(err).toBe('');
    expect(code).toBe(0);
    expect(out).toMatch(/member 3, epoch 2\/2: loss/);
    for (const row of ['member 1', 'member 3', 'mean member', 'ensemble', 'gain'])
      expect(out).toMatch(new RegExp(`^${row} +[+-]?\\d`, 'm'));
    expectComplaint(await run(`ensemble ${tiny} -k 1`), 2, /whole number of at least 2/);
  });

  test('of snapshots of one training', async () => {
    const { code, out } = await run(`ensemble ${tiny} --epochs 4 --snapshots 2 --task even=0,2,4,6,8|1,3,5,7,9`);
    expect(code).toBe(0);
    expect(out).toMatch(/^epoch 4\/4: loss/m);
    expect(out).toContain('test even_accuracy');
    for (const row of ['snapshot 1', 'snapshot 2', 'mean snapshot', 'ensemble', 'gain'])
      expect(out).toMatch(new RegExp(`^${row} +[+-]?\\d`, 'm'));
    expectComplaint(await run(`ensemble ${tiny} --snapshots 3`), 2, /^chainrule: --snapshots: snapshots is 3, and training.epochs 2/m);
    expectComplaint(await run(`ensemble ${tiny} --snapshots 2 --schedule step`), 2, /--schedule: with --snapshots/);
    expectComplaint(await run(`ensemble ${tiny} --snapshots 2 -k 3`), 2, /--snapshots/);
  });
});
