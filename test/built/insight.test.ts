import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectComplaint, jsonLines, place } from './command.ts';

const { folder, run } = place();
const SMALL = 'digits --digits-train 600 --test 200 --validation 100 --hidden 16 --batch-size 32';

test('lr-find draws a curve, suggests a rate and the command to type next, which then learns', async () => {
  const drawn = await run(`lr-find ${SMALL} --steps 100 --ascii`);
  expect(drawn.code).toBe(0);
  expect(drawn.out).toContain('Loss over learning rate');
  const [, rate] = /^Suggested: (\S+)$/m.exec(drawn.out)!;
  expect(drawn.out).toContain(`  chainrule train ${SMALL} --lr ${rate}\n`);
  const [found] = jsonLines((await run(`lr-find ${SMALL} --steps 100 --json`)).out) as never as [
    { suggestion: number; rates: number[]; command: string },
  ];
  expect(found.suggestion).toBe(Number(rate));
  expect(found.rates[0]).toBeCloseTo(1e-6, 12);
  expect(found.command).toBe(`chainrule train ${SMALL} --lr ${rate}`);
  const trained = await run(`${found.command.replace('chainrule ', '')} --epochs 3 --quiet`);
  expect(Number(/accuracy ([\d.]+) %/.exec(trained.out)![1])).toBeGreaterThan(60);
});

test('lr-find refuses what makes no sense', async () => {
  expectComplaint(await run(`lr-find ${SMALL} --from 1 --to 0.1`), 1, /--to: '0\.1' was given; it takes a number above 1/);
  expectComplaint(await run(`lr-find ${SMALL} --optimizer lbfgs`), 1, /lr-find: lbfgs finds the length of each step by itself/);
});

test('--watch without a terminal writes plain lines; --profile ends with a table whose phases add up, and is in metrics.jsonl', async () => {
  const { code, out } = await run(`train ${SMALL} --epochs 2 --watch --profile --out runs/watched`);
  expect(code).toBe(0);
  expect(out).not.toContain('\u001b');
  expect(out).toMatch(/^epoch 1\/2 {2}loss/m);
  expect(out).toMatch(/^forward pass +\S+ s +\S+ % +32 /m);
  expect(out).toMatch(/^together \(wall time\) +\S+ s +100\.0 %/m);
  const events = jsonLines(readFileSync(join(folder, 'runs/watched/metrics.jsonl'), 'utf8')) as never as {
    type: string;
    epoch: number | null;
    wall: number;
    phases: { seconds: number }[];
  }[];
  const profiles = events.filter(event => event.type === 'profile');
  expect(profiles.map(({ epoch }) => epoch)).toEqual([1, 2, null]);
  for (const { wall, phases } of profiles) expect(phases.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(wall, 6);
});

test('a net that cannot learn is warned of, once, with advice', async () => {
  const sick = `${SMALL} --recipe plain --activation sigmoid --hidden 16,16,16,16,16,16 --optimizer sgd --epochs 170`;
  const { out } = await run(`train ${sick} --quiet --out runs/sick`);
  expect(out).toMatch(
    /^Warning: the gradient of the weights of layer '1' \(Linear\) is \S+ times the size of that of layer '13': it vanishes/m,
  );
  const events = jsonLines(readFileSync(join(folder, 'runs/sick/metrics.jsonl'), 'utf8')) as never as { type: string; code?: string }[];
  expect(events.filter(event => event.code === 'vanishingGradient')).toHaveLength(1);
});
