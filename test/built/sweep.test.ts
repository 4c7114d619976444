import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectComplaint, place } from './command.ts';

const { run, folder } = place();
const small = 'digits --digits-train 400 --test 60 --validation 100 --hidden 16 --batch-size 20 --optimizer sgd';
const sweep = `sweep ${small} --vary lr=1e-3..1:log --vary dropout=0,0.3 --method halving --trials 4 --eta 2 --epochs 4`;

/** Every result without its seconds, and a hash of every trial's newest weights. */
function outcome(name: string): unknown {
  const results = readdirSync(join(folder, name, 'results'))
    .sort()
    .map(file => [file, { ...JSON.parse(readFileSync(join(folder, name, 'results', file), 'utf8')), seconds: 0 }]);
  const weights = readdirSync(join(folder, name, 'trials'))
    .sort()
    .map(trial => {
      const checkpoints = join(folder, name, 'trials', trial, 'checkpoints');
      const latest = readFileSync(join(checkpoints, 'latest'), 'utf8').trim();
      return createHash('sha256')
        .update(readFileSync(join(checkpoints, latest, 'model.safetensors')))
        .digest('hex');
    });
  return { results, weights };
}

test('is the same with one thread, with two, and after kill -9 at several moments', async () => {
  const one = await run(`${sweep} --threads 1 --out one --measure-test`);
  expect(one.err).toBe('');
  expect(one.out).toContain('Rung 3 of 3: 1 trials up to 4 epochs');
  expect(one.out).toMatch(/^Test, measured once, of the winner: accuracy/m);
  const expected = outcome('one');
  await run(`${sweep} --threads 2 --out two`);
  expect(outcome('two')).toEqual(expected);
  let killed = 0;
  for (let lines = 2; ; lines += 2) {
    const words = existsSync(join(folder, 'killed/sweep.json')) ? 'sweep --resume killed' : `${sweep} --out killed`;
    const { code } = await run(`${words} --threads 2`, {
      during: (child, written) => {
        if (written.split('\n').length > lines) child.kill('SIGKILL');
      },
    });
    if (code === 0) break;
    killed++;
  }
  expect(killed).toBeGreaterThan(1);
  expect(outcome('killed')).toEqual(expected);
  expect((await run('report killed')).out).toMatch(/^killed\/report\.html: a sweep/);
  // the command it gives repeats the best to the same bits
  const again = /The best again: chainrule (.*)/.exec(one.out)![1];
  const best = JSON.parse((await run(`sweep --resume one --json`)).out).ranking[0];
  const repeated = await run(`${again} --out again --json`);
  const last = repeated.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
    .findLast(event => event.type === 'epochEnd');
  expect(last.logs.val_loss).toBe(best.results.at(-1).validation.loss);
}, 120_000);

test('says what is wrong', async () => {
  expectComplaint(await run('sweep digits --vary lr=1,2'), 2, /where is it to be kept\? Give --out DIR/);
  expectComplaint(await run(`sweep ${small} --out x`), 2, /nothing is varied; give --vary/);
  expectComplaint(await run(`sweep ${small} --vary lr=1..2 --method grid --out x`), 2, /a grid needs a count of points/);
  expectComplaint(await run(`sweep ${small} --vary lr=-1,2 --out x`), 2, /--lr: -1 was given/);
  expectComplaint(await run('sweep --resume nowhere'), 1, /nowhere: not the folder of a sweep/);
  expectComplaint(await run('sweep --resume one --lr 1'), 2, /--lr cannot be changed in a sweep that has begun/);
  expect(existsSync(join(folder, 'x'))).toBe(false);
});
